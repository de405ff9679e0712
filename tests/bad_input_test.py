"""Bad input gets one clear line and status 2, or is scanned; nothing passes in silence."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest
from conftest import FAULT, Repo, one_line, refused
from sixgaps import six_gaps
from sixgaps.engine import command, rules, scan


@pytest.fixture
def fake_ast_grep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    def fake(script: str) -> None:
        path = tmp_path / 'fake'
        path.write_text(f'#!{sys.executable}\n{script}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(scan, 'binary', lambda: str(path))
        (tmp_path / 'a.py').write_text(FAULT)
        monkeypatch.chdir(tmp_path)

    return fake


@pytest.mark.parametrize(
    ('script', 'said'),
    [
        ('import os; os.kill(os.getpid(), 9)', 'killed by signal 9'),
        ('print("not json")', 'printed what is not a result'),
        ('print("{\\"text\\": 1")', 'printed what is not a result'),
        ('raise SystemExit(1)', 'it said nothing'),
        ('raise SystemExit(101)', 'failed with status 101'),
        ('import sys; sys.stderr.write("Scan succeeded"); raise SystemExit(1)', 'printed none'),
    ],
)
def test_ast_grep_fails(script: str, said: str, fake_ast_grep: object, capsys: pytest.CaptureFixture[str]) -> None:
    fake_ast_grep(script)  # type: ignore[operator]
    assert six_gaps.main(['a.py']) == 2
    err = capsys.readouterr().err
    assert said in err and one_line(err)


def test_ast_grep_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'a.py').write_text(FAULT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scan.sysconfig, 'get_path', lambda name: str(tmp_path))
    monkeypatch.setattr(scan.sys, 'executable', str(tmp_path / 'python'))
    monkeypatch.setenv('PATH', str(tmp_path))
    assert six_gaps.main(['a.py']) == 2
    err = capsys.readouterr().err
    assert 'pip install' in err and one_line(err)


@pytest.mark.parametrize(
    ('error', 'said'), [(ModuleNotFoundError(name='sqlglot'), 'sqlglot is not installed'), (KeyError('x'), 'a fault in sixgaps itself')]
)
def test_a_fault_of_ours_is_no_block(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*args: object) -> None:
        raise error

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, 'sources', fail)
    assert six_gaps.main(['a.py']) == 2
    err = capsys.readouterr().err
    assert said in err and one_line(err)


def test_git_absent(repo: Repo) -> None:
    repo.write('a.py', FAULT)
    done = repo.sixgaps('a.py', PATH=str(repo.path))
    assert done.returncode == 2
    assert 'git is not on PATH' in done.stderr and one_line(done.stderr)


def test_broken_rule_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'a.py').write_text(FAULT)
    monkeypatch.chdir(tmp_path)
    broken = rules.Document('x', 'python', 'x', 'id: x\nlanguage: python\nrule: {kind: no_such_kind}')
    monkeypatch.setattr('sixgaps.engine.command.documents', lambda name: (broken,))
    assert six_gaps.main(['a.py']) == 2
    assert one_line(capsys.readouterr().err)


@pytest.mark.parametrize('kind', ['gone', 'folder', 'fifo', 'loop', 'unreadable'])
def test_what_is_no_file(repo: Repo, kind: str) -> None:
    path = repo.path / 'a.py'
    if kind == 'folder':
        path.mkdir()
    elif kind == 'fifo':
        os.mkfifo(path)
    elif kind == 'loop':
        path.symlink_to('a.py')
    elif kind == 'unreadable':
        if os.geteuid() == 0:
            pytest.skip('root reads everything')
        path.write_text(FAULT)
        path.chmod(0)
    done = repo.sixgaps('a.py')
    assert done.returncode == 2
    assert 'a.py' in done.stderr and one_line(done.stderr)


@pytest.mark.parametrize('data', [b'# caf\xe9\n', b'# -*- coding: latin-1 -*-\n# \xe9\n', '# é\n'.encode('utf-16'), b'\xef\xbb\xbf'])
def test_encodings_are_scanned(repo: Repo, data: bytes) -> None:
    body = FAULT.encode('utf-16')[2:] if data[:2] == b'\xff\xfe' else FAULT.encode()
    repo.write('a.py', data + body)
    assert refused(repo.sixgaps('a.py'))


def test_a_file_over_the_limit_is_named(repo: Repo) -> None:
    repo.write('a.py', 'x = 1234567890\n' * 250_000)
    done = repo.sixgaps('a.py')
    assert 'not scanned: a.py: over' in done.stderr


def test_a_link_out_of_the_repository_is_not_followed(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / 'secret.py').write_text(FAULT)
    (repo.path / 'a.py').symlink_to(tmp_path / 'secret.py')
    done = repo.sixgaps('a.py')
    assert done.stdout == '' and 'leads out of the repository' in done.stderr


def test_the_users_own_configuration_does_not_leak_in(repo: Repo) -> None:
    repo.write('sgconfig.yml', 'ruleDirs: [nowhere]\ncustomLanguages: {x: {libraryPath: evil.so, extensions: [py]}}\n')
    repo.write('a.py', FAULT)
    assert refused(repo.sixgaps('a.py'))


def test_outside_git_everything_is_reported(tmp_path: Path) -> None:
    folder = Repo(tmp_path)
    folder.write('a.py', FAULT)
    assert refused(folder.sixgaps('a.py'))


def test_from_a_folder_below_the_top(repo: Repo) -> None:
    repo.write('app/a.py', FAULT)
    below = Repo(repo.path / 'app')
    done = below.sixgaps('a.py')
    assert refused(done) and 'app/a.py:2:12' in done.stdout


def test_json(repo: Repo) -> None:
    repo.write('a.py', FAULT)
    done = repo.sixgaps('--format', 'json', 'a.py')
    (found,) = json.loads(done.stdout)
    assert (found['path'], found['line'], found['column'], found['end_column']) == ('a.py', 2, 12, 22)
    assert found['gap'] == 1 and found['check'] == 'code-from-strings' and found['rule'] == 'py-code-from-strings'
    assert found['severity'] == 'error' and found['why'] and found['fix_hint']
    assert repo.sixgaps('--format', 'json').stdout == '[]\n'
    repo.sixgaps('--format', 'json', '--output', 'out.json', 'a.py')
    assert json.loads((repo.path / 'out.json').read_text())[0] == found


def test_severity_arguments(repo: Repo) -> None:
    repo.write('a.py', FAULT)
    assert repo.sixgaps('--disable', 'code-from-strings', 'a.py').stdout == ''
    assert repo.sixgaps('--warn', 'py-code-from-strings', 'a.py').returncode == 0
    assert repo.sixgaps('--warn', 'py-code-from-strings', '--strict', 'a.py').returncode == 1


def test_no_terminal_escape_of_a_source_line_reaches_the_screen(repo: Repo) -> None:
    repo.write('a.py', 'eval(x + "\x1b[31m\x07")\n')
    assert '\x1b' not in repo.sixgaps('a.py').stdout
