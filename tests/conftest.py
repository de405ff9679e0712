"""Real repositories for real commits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from try_it import CONFIG as CONFIG

SCRIPTS = Path(sys.executable).parent
FAULT = 'def f(text):\n    return eval(text)\n'


class Repo:
    """A git repository of its own in a temporary folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(('GIT_', 'PRE_COMMIT'))}
        self.env.update(
            PATH=f'{SCRIPTS}{os.pathsep}{os.environ["PATH"]}',
            GIT_CONFIG_GLOBAL=os.devnull,
            GIT_CONFIG_SYSTEM=os.devnull,
            GIT_AUTHOR_NAME='a',
            GIT_AUTHOR_EMAIL='a@example.com',
            GIT_COMMITTER_NAME='a',
            GIT_COMMITTER_EMAIL='a@example.com',
            GIT_EDITOR='true',
        )

    def run(self, *command: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, cwd=self.path, env={**self.env, **env}, capture_output=True, text=True, errors='replace')
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def git(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run('git', *args, check=check)

    def write(self, name: str | bytes, text: str | bytes) -> None:
        path = os.path.join(os.fsencode(self.path), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def save(self, **files: str) -> None:
        """Put files into history behind the hooks' back."""
        for name, text in files.items():
            self.write(f'{name}.py', text)
        self.git('add', '-A')
        self.git('commit', '-q', '--no-verify', '--allow-empty', '-m', 'before')

    def commit(self, *args: str) -> subprocess.CompletedProcess[str]:
        return self.git('commit', '-m', 'change', *args, check=False)

    def sixgaps(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run(str(SCRIPTS / 'sixgaps'), *args, check=False, **env)


def refused(done: subprocess.CompletedProcess[str], rules: Sequence[str] = ('py-code-from-strings',)) -> bool:
    said = done.stdout + done.stderr
    assert 'Traceback' not in said, said
    return done.returncode == 1 and all(f'[{rule}]' in said for rule in rules)


def one_line(err: str) -> bool:
    return len(err.strip().splitlines()) == 1 and 'Traceback' not in err


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository."""
    made = Repo(tmp_path / 'repo')
    made.path.mkdir()
    made.git('init', '-q', '-b', 'main')
    return made


@pytest.fixture
def hooked(repo: Repo) -> Repo:
    """A repository with one commit and real pre-commit installed."""
    repo.write('.pre-commit-config.yaml', CONFIG.format(entry=SCRIPTS / 'sixgaps'))
    repo.save()
    repo.run('pre-commit', 'install')
    return repo
