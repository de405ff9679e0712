"""A commit introduces a fault, or it does not: real git, real pre-commit, every state a repository can be in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from conftest import CONFIG, FAULT, SCRIPTS, Repo, refused

CLEAN = 'def g():\n    return 1\n'
ENDPOINT = """\
from fastapi import FastAPI
app = FastAPI()
@app.post("/user")
def create_user(data: dict):
    db.execute(f"INSERT INTO users VALUES ('{data['email']}')")
"""


def test_the_endpoint_of_the_article_is_refused(hooked: Repo) -> None:
    hooked.write('main.py', ENDPOINT)
    hooked.git('add', '-A')
    done = hooked.commit()
    assert refused(done, ('py-untyped-body', 'py-sql-built-from-strings'))
    said = done.stdout + done.stderr
    assert 'main.py:4:17: error' in said
    assert 'main.py:5:' in said
    assert 'why: ' in said and 'fix: ' in said


def test_first_commit(repo: Repo) -> None:
    repo.write('.pre-commit-config.yaml', CONFIG.format(entry=SCRIPTS / 'sixgaps'))
    repo.run('pre-commit', 'install')
    repo.write('a.py', FAULT)
    repo.git('add', '-A')
    assert refused(repo.commit())


def test_an_old_fault_stops_nobody(hooked: Repo) -> None:
    hooked.save(a=FAULT)
    hooked.write('a.py', FAULT + CLEAN)
    hooked.git('add', '-A')
    assert hooked.commit().returncode == 0


def test_a_second_fault_beside_an_old_one_is_the_one_reported(hooked: Repo) -> None:
    hooked.save(a=FAULT)
    hooked.write('a.py', 'def h(text):\n    return eval(text)\n\n\n' + FAULT)
    hooked.git('add', '-A')
    done = hooked.commit()
    assert refused(done)
    assert 'a.py:2:12' in done.stdout + done.stderr
    assert 'a.py:6:12' not in done.stdout + done.stderr


def test_of_like_faults_in_two_files_the_new_one_is_reported(repo: Repo) -> None:
    names = [f'{letter}.py' for letter in 'abcdef']
    repo.save(**{name[0]: FAULT for name in names if name != 'd.py'})
    for name in names:
        repo.write(name, FAULT if name == 'd.py' else '\n' + FAULT)
    repo.git('add', '-A')
    done = repo.sixgaps(*names)
    assert done.stdout.count(': error: ') == 1 and 'd.py:2:12' in done.stdout


def test_amend(hooked: Repo) -> None:
    hooked.save(a=CLEAN)
    hooked.write('a.py', FAULT)
    hooked.git('add', '-A')
    assert refused(hooked.commit('--amend'))


def test_rename(hooked: Repo) -> None:
    hooked.save(a=FAULT)
    hooked.git('mv', 'a.py', 'b c.py')
    assert hooked.commit().returncode == 0


def test_moving_a_fault_between_files_is_no_fault(hooked: Repo) -> None:
    hooked.save(a=FAULT + CLEAN, b=CLEAN)
    hooked.write('a.py', CLEAN)
    hooked.write('b.py', CLEAN + FAULT)
    hooked.git('add', '-A')
    assert hooked.commit().returncode == 0


def test_copy_is_a_second_fault(hooked: Repo) -> None:
    hooked.save(a=FAULT)
    hooked.write('b.py', FAULT)
    hooked.write('a.py', FAULT + CLEAN)
    hooked.git('add', '-A')
    assert refused(hooked.commit())


def test_delete(hooked: Repo) -> None:
    hooked.save(a=FAULT)
    hooked.git('rm', '-q', 'a.py')
    assert hooked.commit().returncode == 0


def test_partly_staged(hooked: Repo) -> None:
    hooked.save(a=CLEAN)
    hooked.write('a.py', CLEAN + '\n')
    hooked.git('add', '-A')
    hooked.write('a.py', CLEAN + FAULT)
    assert hooked.commit().returncode == 0
    hooked.git('add', '-A')
    assert refused(hooked.commit())


def test_commit_all_and_commit_path(hooked: Repo) -> None:
    hooked.save(a=CLEAN, b=CLEAN)
    hooked.write('a.py', FAULT)
    assert refused(hooked.commit('-a'))
    assert refused(hooked.commit('a.py'))
    hooked.write('b.py', CLEAN + '\n')
    assert hooked.commit('b.py').returncode == 0


def test_mode_only_change(hooked: Repo) -> None:
    hooked.save(a=FAULT)
    os.chmod(hooked.path / 'a.py', 0o755)
    hooked.git('add', '-A')
    assert hooked.commit().returncode == 0


def test_line_endings(hooked: Repo) -> None:
    hooked.save(a=FAULT)
    hooked.write('a.py', (FAULT + CLEAN).replace('\n', '\r\n'))
    hooked.git('add', '-A')
    assert hooked.commit().returncode == 0


def test_merge_with_conflict(hooked: Repo) -> None:
    hooked.save(a=CLEAN)
    hooked.git('checkout', '-q', '-b', 'other')
    hooked.save(a=CLEAN + 'x = 1\n' + FAULT)
    hooked.git('checkout', '-q', 'main')
    hooked.save(a=CLEAN + 'x = 2\n')
    assert hooked.git('merge', 'other', check=False).returncode != 0
    hooked.write('a.py', CLEAN + 'x = 3\n' + FAULT)
    hooked.git('add', '-A')
    assert hooked.git('commit', '--no-edit', check=False).returncode == 0


def test_merge_that_adds_a_fault_of_its_own(hooked: Repo) -> None:
    hooked.save(a=CLEAN)
    hooked.git('checkout', '-q', '-b', 'other')
    hooked.save(a=CLEAN + 'x = 1\n')
    hooked.git('checkout', '-q', 'main')
    hooked.save(a=CLEAN + 'x = 2\n')
    hooked.git('merge', 'other', check=False)
    hooked.write('a.py', FAULT)
    hooked.git('add', '-A')
    assert refused(hooked.git('commit', '--no-edit', check=False))


def test_cherry_pick_and_rebase(hooked: Repo) -> None:
    hooked.save(a=CLEAN)
    hooked.git('checkout', '-q', '-b', 'other')
    hooked.save(b=CLEAN)
    hooked.git('checkout', '-q', 'main')
    hooked.save(c=FAULT)
    assert hooked.git('cherry-pick', 'other', check=False).returncode == 0
    hooked.git('checkout', '-q', 'other')
    hooked.save(d=CLEAN)
    assert hooked.git('rebase', 'main', check=False).returncode == 0


def test_detached_head(hooked: Repo) -> None:
    hooked.save(a=CLEAN)
    hooked.git('checkout', '-q', '--detach')
    hooked.write('a.py', FAULT)
    hooked.git('add', '-A')
    assert refused(hooked.commit())


def test_worktree(hooked: Repo, tmp_path: Path) -> None:
    hooked.save(a=FAULT)
    hooked.git('worktree', 'add', '-q', str(tmp_path / 'tree'))
    tree = Repo(tmp_path / 'tree')
    tree.write('a.py', FAULT + CLEAN)
    tree.git('add', '-A')
    assert tree.commit().returncode == 0
    tree.write('b.py', FAULT)
    tree.git('add', '-A')
    assert refused(tree.commit())


def test_submodule(hooked: Repo, tmp_path: Path) -> None:
    inner = Repo(tmp_path / 'inner')
    inner.path.mkdir()
    inner.git('init', '-q')
    inner.save(a=FAULT)
    hooked.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', str(inner.path), 'sub')
    assert hooked.commit().returncode == 0
    sub = Repo(hooked.path / 'sub')
    sub.write('a.py', FAULT + CLEAN)
    assert sub.sixgaps('a.py').returncode == 0
    sub.write('b.py', FAULT)
    assert refused(sub.sixgaps('b.py'))


def test_shallow_clone(hooked: Repo, tmp_path: Path) -> None:
    hooked.save(a=FAULT)
    hooked.save(b=CLEAN)
    hooked.git('clone', '-q', '--depth', '1', f'file://{hooked.path}', str(tmp_path / 'shallow'))
    clone = Repo(tmp_path / 'shallow')
    clone.write('a.py', FAULT + CLEAN)
    assert clone.sixgaps('a.py').returncode == 0
    missing = clone.sixgaps('a.py', PRE_COMMIT_FROM_REF='f' * 40, PRE_COMMIT_TO_REF='HEAD')
    assert missing.returncode == 2
    assert 'fetch more history' in missing.stderr


def test_all_files_is_an_audit_and_a_range_is_not(hooked: Repo) -> None:
    hooked.save(a=FAULT, b=CLEAN)
    done = hooked.run('pre-commit', 'run', '--all-files', check=False)
    assert refused(done)
    assert 'stands in the files passed' in done.stdout
    hooked.save(b=CLEAN + '\n')
    ranged = ('pre-commit', 'run', '--from-ref', 'HEAD~1', '--to-ref', 'HEAD')
    assert hooked.run(*ranged, check=False).returncode == 0
    hooked.save(b=FAULT)
    done = hooked.run(*ranged, check=False)
    assert refused(done)
    assert 'this change introduces' in done.stdout
    assert 'a.py' not in done.stdout


def test_suppression_lets_one_through_and_nothing_else(hooked: Repo) -> None:
    hooked.write('a.py', FAULT.replace('eval(text)', 'eval(text)  # ast-grep-ignore: py-code-from-strings'))
    hooked.git('add', '-A')
    assert hooked.commit().returncode == 0
    hooked.write('b.py', '# ast-grep-ignore: py-code-from-strings\n' + FAULT)
    hooked.git('add', '-A')
    assert refused(hooked.commit())
    hooked.write('b.py', FAULT.replace('eval(text)', 'eval(text)  # ast-grep-ignore: another-rule'))
    hooked.git('add', '-A')
    assert refused(hooked.commit())


@pytest.mark.parametrize(
    'name', ['with space.py', 'quote\'".py', 'new\nline.py', '-leading.py', 'ünï.py', b'lat\xe9in.py', 'tests/x[1].py']
)
def test_file_names(repo: Repo, name: str | bytes) -> None:
    repo.save()
    repo.write(name, FAULT.replace('eval', 'f') if 'tests' in str(name) else FAULT)
    repo.git('add', '-A')
    done = repo.sixgaps('--', os.fsdecode(name))
    assert done.returncode == (0 if 'tests' in str(name) else 1), done.stderr
    repo.git('commit', '-qm', 'x')
    repo.write(name, FAULT + CLEAN)
    assert repo.sixgaps('--', os.fsdecode(name)).returncode == 0


def test_prek(hooked: Repo) -> None:
    hooked.save(a=FAULT)
    hooked.run('prek', 'install', '-f')
    hooked.write('a.py', FAULT + CLEAN)
    hooked.git('add', '-A')
    assert hooked.commit().returncode == 0
    hooked.write('b.py', FAULT)
    hooked.git('add', '-A')
    assert refused(hooked.commit())


def test_the_repository_installs_as_a_hook_repository(repo: Repo, tmp_path: Path) -> None:
    """What a user does: name this repository and a hook id, and let pre-commit build it."""
    source = Path(__file__).parent.parent
    packaged = Repo(tmp_path / 'hooks')
    ignore = shutil.ignore_patterns('.git', '.venv', '*.egg-info', '__pycache__', 'build', '.*_cache')
    shutil.copytree(source, packaged.path, ignore=ignore)
    packaged.git('init', '-q')
    packaged.save()
    rev = packaged.git('rev-parse', 'HEAD').stdout.strip()
    hooks = '\n'.join(f'      - id: {name}' for name in ('input-validation', 'infrastructure'))
    repo.write('.pre-commit-config.yaml', f'repos:\n  - repo: {packaged.path}\n    rev: {rev}\n    hooks:\n{hooks}\n')
    repo.write('main.py', ENDPOINT)
    repo.git('add', '-A')
    done = repo.run('pre-commit', 'run', check=False, PRE_COMMIT_HOME=str(tmp_path / 'home'))
    assert refused(done, ('py-untyped-body',)), done.stdout + done.stderr
