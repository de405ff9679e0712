"""The real `ast-grep lsp`, started as sixgaps-editor says, shows a fault of a file that an editor opens."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from conftest import FAULT, SCRIPTS
from sixgaps import editor

CONTINUES = 'from app import app\n\n@app.post("/x")\ndef x():\n    db.session.add(y)\n    db.session.commit()\n'


def messages(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    while header := stream.readline():
        length = int(header.split(b':')[1])
        while stream.readline().strip():
            pass
        yield json.loads(stream.read(length))


def test_the_language_server_publishes_what_the_rules_find(tmp_path_factory: pytest.TempPathFactory) -> None:
    tmp_path = tmp_path_factory.mktemp('editor')  # the rules leave out what lies in a folder of tests
    made = subprocess.run((SCRIPTS / 'sixgaps-editor', tmp_path / 'rules'), capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    command = json.loads(made.stdout)
    project = tmp_path / 'project'
    project.mkdir()
    said: queue.Queue[dict[str, Any]] = queue.Queue()
    with subprocess.Popen(
        (command['command'], *command['args']), cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        assert server.stdin and server.stdout
        to, out = server.stdin, server.stdout

        def read() -> None:
            for message in messages(out):
                said.put(message)

        threading.Thread(target=read, daemon=True).start()

        def send(method: str, params: dict[str, Any], **more: int) -> None:
            body = json.dumps({'jsonrpc': '2.0', 'method': method, 'params': params, **more}).encode()
            to.write(b'Content-Length: %d\r\n\r\n' % len(body) + body)
            to.flush()

        def published(name: str, language: str, text: str) -> list[dict[str, Any]]:
            uri = (project / name).as_uri()
            send('textDocument/didOpen', {'textDocument': {'uri': uri, 'languageId': language, 'version': 1, 'text': text}})
            while True:
                message = said.get(timeout=60)
                if message.get('method') == 'textDocument/publishDiagnostics' and message['params']['uri'] == uri:
                    found: list[dict[str, Any]] = message['params']['diagnostics']
                    return found

        try:
            send('initialize', {'processId': None, 'rootUri': project.as_uri(), 'capabilities': {}}, id=1)
            while said.get(timeout=60).get('id') != 1:
                pass
            send('initialized', {})
            (found,) = published('a.py', 'python', FAULT)
            assert (found['code'], found['severity']) == ('py-code-from-strings', 1)
            assert found['range']['start'] == {'line': 1, 'character': 11}
            place = {'textDocument': {'uri': (project / 'a.py').as_uri()}, 'position': {'line': 1, 'character': 12}}
            send('textDocument/hover', place, id=2)
            while (message := said.get(timeout=60)).get('id') != 2:
                pass
            assert 'Fix: ' in json.dumps(message['result'])
            assert [one['code'] for one in published('a.js', 'javascript', 'eval(text);\n')] == ['ts-code-from-strings']
            # Whether a guard stands elsewhere is not for an editor to say.
            assert published('b.py', 'python', CONTINUES) == []
        finally:
            server.kill()


def test_a_folder_of_somebody_else_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'sgconfig.yml').write_text('ruleDirs: [mine]\n')
    assert editor.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == f'sixgaps-editor: {tmp_path} holds something else; name a new folder\n'
    assert editor.main([str(tmp_path / 'sgconfig.yml')]) == 2
    assert (tmp_path / 'sgconfig.yml').read_text() == 'ruleDirs: [mine]\n'
    for _ in range(2):
        assert editor.main([str(tmp_path / 'new')]) == 0
