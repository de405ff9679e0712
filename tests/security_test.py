"""Behind each promise of SECURITY.md stands a test here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FAULT, SCRIPTS, Repo, refused

SECRET = 'gh' + 'p_' + 'Zq7Lw2Xk9Vb4Nm1Rt6Yc3Hs8Jd5Fg0Pa2Ke'
PASSWORD = 'correct-horse-battery-9Q'


@pytest.fixture
def trap(repo: Repo, tmp_path: Path) -> Path:
    """A repository whose every configured command leaves a trace; returns where."""
    trace = tmp_path / 'trace'
    repo.save(a=FAULT)
    repo.write('a.py', FAULT * 2)
    command = tmp_path / 'command'
    command.write_text(f'#!/bin/sh\necho "$0 $*" >> {trace}\ncat\n')
    command.chmod(0o755)
    for key in ('core.fsmonitor', 'core.pager', 'core.editor', 'core.sshCommand', 'diff.external', 'diff.x.command', 'diff.x.textconv'):
        repo.git('config', key, str(command))
    for key in ('filter.x.clean', 'filter.x.smudge', 'filter.x.process', 'filter.a.b=c.clean'):
        repo.git('config', key, str(command))
    repo.git('config', 'filter.x.required', 'true')
    repo.write('.gitattributes', '*.py filter=x diff=x\n')
    for hook in ('pre-commit', 'post-index-change', 'post-checkout'):
        (repo.path / '.git' / 'hooks').mkdir(exist_ok=True)
        (repo.path / '.git' / 'hooks' / hook).write_text(command.read_text())
        (repo.path / '.git' / 'hooks' / hook).chmod(0o755)
    repo.write('sgconfig.yml', 'ruleDirs: [nowhere]\ncustomLanguages: {x: {libraryPath: evil.so, extensions: [py]}}\n')
    return trace


def test_no_command_that_the_repository_configures_is_run(repo: Repo, trap: Path) -> None:
    assert refused(repo.sixgaps('a.py'))
    assert refused(repo.sixgaps('--scope', 'all', 'a.py'))
    assert not trap.exists(), trap.read_text()
    repo.run('git', 'diff', check=False)
    assert trap.exists()  # the trap is armed: git itself springs it


def test_no_code_of_the_repository_is_imported(repo: Repo) -> None:
    for name in ('sqlglot', 'yaml', 'json', 'sitecustomize', 'sixgaps'):
        repo.write(f'{name}.py', 'open("ran", "w")\n')
    repo.write('a.py', FAULT)
    repo.write('m.sql', 'create table t (id int);')
    assert refused(repo.sixgaps('a.py', 'm.sql'))
    assert not (repo.path / 'ran').exists()


def test_no_link_leads_out(repo: Repo, tmp_path: Path) -> None:
    outside = tmp_path / 'outside'
    outside.mkdir()
    for name in ('a.py', 'm.sql', 'deploy.yml'):
        (outside / name).write_text(FAULT)
    (repo.path / 'folder').symlink_to(outside)
    (repo.path / 'm.sql').symlink_to(outside / 'm.sql')
    (repo.path / '.github').mkdir()
    (repo.path / '.github' / 'workflows').symlink_to(outside)
    paths = ['folder/a.py', 'folder/m.sql', 'm.sql', '.github/workflows/deploy.yml']
    done = repo.sixgaps(*paths)
    assert done.stdout == '' and done.returncode == 0
    assert done.stderr.count('leads out of the repository') == len(paths)


def test_a_link_inside_is_followed(repo: Repo) -> None:
    repo.write('real/a.py', FAULT)
    (repo.path / 'folder').symlink_to('real')
    assert refused(repo.sixgaps('folder/a.py'))


@pytest.mark.parametrize('format', ['text', 'json', 'sarif', 'github'])
def test_nothing_moves_the_cursor(repo: Repo, format: str) -> None:
    name = 'a\x1b[2J\u202e\r.py'
    repo.write(name, 'eval(x + "\x1b[31m\x07\u202e")\n')
    repo.write('\x1b]0;x\x07.md.py', b'\xff\xfe\xff')
    done = repo.sixgaps('--format', format, name, '\x1b]0;x\x07.md.py', '\x1b[2Jgone.py')
    for said in (done.stdout, done.stderr):
        assert not {'\x1b', '\x07', '\r', '\u202e'} & set(said)
    assert done.returncode == 2 and 'gone.py' in done.stderr


@pytest.mark.parametrize('format', ['text', 'json', 'sarif', 'github'])
def test_a_secret_is_never_shown_whole(repo: Repo, format: str) -> None:
    repo.write(
        'a.py',
        f'import requests\n\nAPI_KEY = "{SECRET}"\nDATABASE_URL = "postgres://app:{PASSWORD}@db.internal/app"\n\n\n'
        f'def call():\n    password = "{PASSWORD}"; requests.post("https://x.example/y", headers={{"Authorization": "Bearer {SECRET}"}})\n'
        f'    requests.post("https://x.example/y", json={{"password": "{PASSWORD}"}})\n',
    )
    repo.write('Dockerfile', f'FROM python:3.12\nENV DB_PASSWORD={PASSWORD}\nUSER app\n')
    repo.write('.env', f'DB_PASSWORD={PASSWORD}\nGITHUB_TOKEN={SECRET}\n')
    repo.write('docker-compose.yml', f'services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: {PASSWORD}\n')
    done = repo.sixgaps('--format', format, '--scope', 'all', 'a.py', 'Dockerfile', '.env', 'docker-compose.yml')
    assert done.returncode == 1 and 'a.py' in done.stdout
    assert SECRET not in done.stdout and PASSWORD not in done.stdout


BOMBS = {
    '.github/workflows/laughs.yml': 'a: &a [x, x, x, x, x, x, x, x, x]\n'
    + ''.join(f'{chr(98 + n)}: &{chr(98 + n)} [{", ".join([f"*{chr(97 + n)}"] * 9)}]\n' for n in range(20))
    + 'jobs: *u\n',
    '.github/workflows/deep.yml': 'jobs: ' + '[' * 20_000 + ']' * 20_000 + '\n',
    '.github/workflows/cycle.yml': 'jobs: &a\n  deploy: *a\n',
    'supabase/migrations/1.sql': 'create table t (id int check (' + '(' * 20_000 + '1' + ')' * 20_000 + '));\n',
    'supabase/migrations/2.sql': 'create policy p on t using (' + ' or '.join(['a = b'] * 40_000) + ');\n',
    'supabase/migrations/3.sql': "insert into t values ('" + "''" * 200_000 + '\n',
    'deep.py': 'x = ' + '(' * 20_000 + ')' * 20_000 + '\n',
    'deep.json': '[' * 50_000 + ']' * 50_000 + '\n',
}


@pytest.mark.parametrize('name', BOMBS)
def test_a_bomb_is_bounded(repo: Repo, name: str) -> None:
    repo.write(name, BOMBS[name])
    repo.write('supabase/config.toml', '')
    repo.git('add', '-A')
    done = subprocess.run([str(SCRIPTS / 'sixgaps'), name], cwd=repo.path, env=repo.env, capture_output=True, text=True, timeout=60)
    assert 'Traceback' not in done.stderr and 'a fault in sixgaps' not in done.stderr
    assert done.returncode in (0, 1) or (done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1), done.stderr


def test_nothing_goes_over_the_network(repo: Repo) -> None:
    """The modules that could are not even loaded."""
    repo.write('a.py', FAULT)
    code = (
        'import sys; from sixgaps.six_gaps import main; main(["a.py"]);'
        'assert not {"socket", "ssl", "http.client", "urllib.request"} & set(sys.modules), sorted(sys.modules)'
    )
    done = subprocess.run([sys.executable, '-c', code], cwd=repo.path, env=repo.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_promise_has_a_test() -> None:
    text = (Path(__file__).parent.parent / 'SECURITY.md').read_text(encoding='utf-8')
    named = {word.strip('`') for word in text.split() if word.startswith('`test_')}
    assert named and named <= set(globals())
    assert {name for name in globals() if name.startswith('test_')} - named <= {
        'test_every_promise_has_a_test',
        'test_a_link_inside_is_followed',
    }
