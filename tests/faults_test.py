"""Whatever breaks around a hook is said in one line with status 2, and leaves nothing behind."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import FAULT, SCRIPTS, Repo, one_line, refused
from sixgaps import six_gaps
from sixgaps.engine import scan

SIXGAPS = str(SCRIPTS / 'sixgaps')


def test_another_version_of_ast_grep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake = tmp_path / 'ast-grep'
    fake.write_text('#!/bin/sh\necho ast-grep 0.99.1\n')
    fake.chmod(0o755)
    monkeypatch.setattr(scan, 'binary', lambda: str(fake))
    (tmp_path / 'a.py').write_text(FAULT)
    monkeypatch.chdir(tmp_path)
    assert six_gaps.main(['a.py']) == 2
    err = capsys.readouterr().err
    assert '0.99.1' in err and 'pip install' in err and one_line(err)


def _no_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))  # like a full disk: the write fails part of the way


def test_no_room_in_the_temporary_folder(repo: Repo, tmp_path: Path) -> None:
    repo.write('a.py', FAULT)
    room = tmp_path / 'room'
    room.mkdir()
    done = subprocess.run(
        [SIXGAPS, 'a.py'], cwd=repo.path, env={**repo.env, 'TMPDIR': str(room)}, capture_output=True, text=True, preexec_fn=_no_room
    )
    assert done.returncode == 2 and 'TMPDIR' in done.stderr and one_line(done.stderr)
    assert not list(room.iterdir())


def test_nowhere_to_write_the_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'a.py').write_text(FAULT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scan.tempfile, 'tempdir', str(tmp_path / 'nowhere'))
    assert six_gaps.main(['a.py']) == 2
    err = capsys.readouterr().err
    assert 'TMPDIR' in err and one_line(err)


def test_the_report_cannot_be_written(repo: Repo) -> None:
    repo.write('a.py', FAULT)
    for where in ('/dev/full', 'no/such/folder/out.json'):
        done = repo.sixgaps('--output', where, 'a.py')
        assert done.returncode == 2 and where in done.stderr and one_line(done.stderr)


def test_no_home_and_the_c_locale(repo: Repo) -> None:
    repo.save(a=FAULT)
    repo.write('a.py', FAULT + FAULT.replace('f(', 'é('))
    env = {key: value for key, value in repo.env.items() if key not in ('HOME', 'LANG', 'PYTHONUTF8')}
    done = subprocess.run([SIXGAPS, 'a.py'], cwd=repo.path, env={**env, 'LC_ALL': 'C'}, capture_output=True, text=True)
    assert refused(done)


def test_a_lock_of_another_git_does_not_matter(repo: Repo) -> None:
    repo.save(a=FAULT)
    repo.write('a.py', FAULT * 2)
    (repo.path / '.git' / 'index.lock').touch()
    assert refused(repo.sixgaps('a.py'))


def test_a_corrupt_index(repo: Repo) -> None:
    repo.save(a=FAULT)
    repo.write('a.py', FAULT * 2)
    (repo.path / '.git' / 'index').write_text('garbage')
    done = repo.sixgaps('a.py')
    assert done.returncode == 2 and 'index' in done.stderr and one_line(done.stderr)


def test_a_missing_object(repo: Repo) -> None:
    """Without the old text everything in the file counts as new: said by the findings, never by a pass."""
    repo.save(a=FAULT)
    blob = repo.git('rev-parse', 'HEAD:a.py').stdout.strip()
    (repo.path / '.git' / 'objects' / blob[:2] / blob[2:]).unlink()
    repo.write('a.py', FAULT * 2)
    done = repo.sixgaps('a.py')
    assert refused(done) or (done.returncode == 2 and one_line(done.stderr))


def test_two_commits_at_once_in_two_worktrees(hooked: Repo, tmp_path: Path) -> None:
    hooked.git('worktree', 'add', '-q', '-b', 'other', str(tmp_path / 'other'))
    other = Repo(tmp_path / 'other')
    hooked.write('a.py', FAULT)
    other.write('b.py', 'def f(text):\n    return text\n')
    for one in (hooked, other):
        one.git('add', '-A')
    running = [
        subprocess.Popen(
            ['git', 'commit', '-m', 'x'], cwd=one.path, env=one.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for one in (hooked, other)
    ]
    said = [one.communicate(timeout=120)[0] for one in running]
    assert running[0].returncode == 1 and 'a.py:2:12' in said[0]
    assert running[1].returncode == 0, said[1]


def test_interrupted(repo: Repo, tmp_path: Path) -> None:
    repo.write('a.py', FAULT)
    room, started, slow = tmp_path / 'room', tmp_path / 'started', tmp_path / 'slow'
    room.mkdir()
    slow.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec echo ast-grep {scan.VERSION}.0\ntouch {started}\nexec sleep 60\n')
    slow.chmod(0o755)
    code = (
        'import sys; from sixgaps.engine import scan; from sixgaps import six_gaps;'
        f'scan.binary = lambda: {str(slow)!r}; sys.exit(six_gaps.main(["a.py"]))'
    )
    running = subprocess.Popen(
        [sys.executable, '-c', code],
        cwd=repo.path,
        env={**repo.env, 'TMPDIR': str(room)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal's Ctrl-C reaches the whole group
        preexec_fn=_hears_interrupts,
    )
    _until(started.exists)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130 and 'Traceback' not in err and out == ''
    assert not list(room.iterdir())


def _hears_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what runs in the background of a script inherits that it is ignored


def _until(true: Callable[[], bool]) -> None:
    for _ in range(2000):
        if true():
            return
        time.sleep(0.005)
    raise AssertionError('it never came to pass')


@pytest.mark.skipif(sys.platform == 'win32', reason='file names of this kind')
def test_more_file_names_than_one_process_takes(repo: Repo) -> None:
    names = [f'{"long" * 20}/{"folder" * 20}/{number}.py' for number in range(6000)]  # over a million bytes
    for name in names[:-1]:
        repo.write(name, '')
    repo.write(names[-1], FAULT)
    scanned = scan.sources([os.path.join(repo.path, name) for name in names])
    assert len(scanned.read) == len(names)
    assert len(list(scan._batches(scanned.read))) > 1
    half = len(names) // 2  # pre-commit splits as well: the operating system's limit is on each of our processes too
    assert repo.sixgaps(*names[:half]).returncode == 0
    assert refused(repo.sixgaps(*names[half:]))
