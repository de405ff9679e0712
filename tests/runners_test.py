"""Other runners, with the real tools: the recipes of docs/runners.md as they are printed there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import FAULT, Repo

DOCS = Path(__file__).parent.parent / 'docs'
LIGHTER = re.compile(r'\bsixgaps (?=--)')  # one gap alone: loading all rules is most of what a run costs
CLEAN = 'def g():\n    return 1\n'


def recipe(name: str) -> str:
    """The block of docs/runners.md that begins with the name of its file."""
    for block in re.findall(r'```\w+\n(.*?)```', (DOCS / 'runners.md').read_text(), re.S):
        first, _, rest = block.partition('\n')
        if first.strip('# /') == name:
            return LIGHTER.sub('sixgaps-input-validation ', rest)
    raise AssertionError(name)


@pytest.fixture(scope='session')
def from_npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node_modules folder with lefthook, husky and lint-staged."""
    if shutil.which('npm') is None:
        pytest.skip('npm is not installed')
    folder = tmp_path_factory.mktemp('npm')
    (folder / 'package.json').write_text('{}')
    command = 'npm install --ignore-scripts --no-audit --no-fund --prefer-offline --fetch-retries=0 lefthook@2 husky@9 lint-staged@17'
    try:
        done = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.skip('npm took over a minute')
    if done.returncode:
        pytest.skip(f'npm cannot install: {done.stderr.strip().splitlines()[:1]}')
    return folder / 'node_modules'


def with_packages(repo: Repo, from_npm: Path) -> Repo:
    (repo.path / 'node_modules').symlink_to(from_npm)
    repo.write('.gitignore', 'node_modules\n')
    return repo


def judges_what_is_introduced(repo: Repo) -> None:
    """Old faults pass, new ones do not, in names that a shell would split, partly staged, from a folder below the top."""
    repo.save(a=FAULT, b=CLEAN)
    repo.write('a.py', FAULT + CLEAN)
    repo.git('add', '-A')
    done = repo.commit()
    assert done.returncode == 0, done.stdout + done.stderr
    repo.write("it's new/c $x.py", FAULT)
    repo.git('add', '-A')
    done = repo.commit()
    assert done.returncode != 0 and "it's new/c $x.py:2:12: error" in done.stdout + done.stderr, done.stdout + done.stderr
    assert 'a.py:' not in (done.stdout + done.stderr).replace("it's new/c $x.py:", '')
    repo.git('rm', '-qrf', "it's new", 'b.py')
    done = repo.commit()
    assert done.returncode == 0, done.stdout + done.stderr


def staged_text_is_judged(repo: Repo) -> None:
    """The fault is staged and no longer on disk, where the file is what it was: neither a pass nor a look at everything."""
    repo.save(d=FAULT.replace('f(', 'old('))
    text = (repo.path / 'd.py').read_text()
    repo.write('d.py', text + FAULT)
    repo.git('add', '-A')
    repo.write('d.py', text)
    done = repo.commit()
    said = done.stdout + done.stderr
    assert done.returncode != 0 and 'd.py:4:12: error' in said and 'd.py:2:12' not in said, said
    assert (repo.path / 'd.py').read_text() == text


def test_lefthook(repo: Repo, from_npm: Path) -> None:
    with_packages(repo, from_npm)
    repo.write('lefthook.yml', recipe('lefthook.yml'))
    repo.run('node_modules/.bin/lefthook', 'install')
    judges_what_is_introduced(repo)
    staged_text_is_judged(repo)


def test_husky_and_lint_staged(repo: Repo, from_npm: Path) -> None:
    with_packages(repo, from_npm)
    repo.write('package.json', recipe('package.json'))
    repo.run('node_modules/.bin/husky')
    repo.write('.husky/pre-commit', recipe('.husky/pre-commit'))
    judges_what_is_introduced(repo)
    staged_text_is_judged(repo)


def test_a_plain_git_hook(repo: Repo) -> None:
    hook = repo.path / '.git' / 'hooks' / 'pre-commit'
    shutil.copy(DOCS / 'git-hook.sh', hook)
    hook.write_text(LIGHTER.sub('sixgaps-input-validation ', hook.read_text()))
    judges_what_is_introduced(repo)
    repo.write('a.py', FAULT + CLEAN + '\n')
    repo.git('add', '-A')
    repo.write('a.py', FAULT + CLEAN)
    done = repo.commit()  # on disk it is what it was at HEAD
    assert done.returncode == 0 and 'judged as they stand on disk' in done.stderr, done.stdout
