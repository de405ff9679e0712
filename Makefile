# What people do every day. `make setup` once (Python 3.10+, git, make and the package index are all it needs); the others call it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup try test lint docs bench linear fuzz clean

setup: .venv/ready

.venv/ready: setup.cfg setup.py pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

try: .venv/ready       # a commit of an AI-written prototype, refused by real pre-commit in a fresh repository
	$(BIN)/python tests/try_it.py

test: .venv/ready
	$(BIN)/python -m pytest -q -n auto

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/ready      # docs/checks/ and docs/scorecard/: a page a check, out of the rules and their tests, and out of checks.yml
	$(BIN)/python docs/generate.py
	$(BIN)/python -m sixgaps.scorecard.pages docs/scorecard

bench: .venv/ready     # ratios measured in one run, against raw ast-grep with the same rules
	$(BIN)/python benchmarks/ten_files.py

linear: .venv/ready    # every rule alone on generated worst cases, at one size and at twice that size
	$(BIN)/python benchmarks/linear.py

INPUTS ?= 2000
fuzz: .venv/ready       # damaged sources, names and arguments: make fuzz INPUTS=100000
	$(BIN)/python tests/fuzz.py --inputs $(INPUTS)

clean:
	rm -rf .venv build dist *.egg-info
