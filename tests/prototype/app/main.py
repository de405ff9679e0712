import sqlite3

import requests
from fastapi import FastAPI

app = FastAPI()
db = sqlite3.connect("app.db", check_same_thread=False)


@app.post("/user")
def create_user(data: dict):
    db.execute(f"INSERT INTO users VALUES ('{data['email']}')")
    db.commit()
    return {"ok": True}


@app.get("/weather")
def weather(city: str):
    try:
        return requests.get("https://api.example.com/weather", params={"q": city}).json()
    except:
        return {"ok": True}
