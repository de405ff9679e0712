"""A whole tree of real code, at three sizes: the audit against raw ast-grep with the same rules and against other tools, in one run.

The sources of --source (default: Python's own library) are repeated until there are enough lines. Prints seconds, lines a second,
peak memory of the largest process, and ratios; docs/speed.md holds one run with the machine named.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sixgaps.engine import rules, scan
from sixgaps.six_gaps import GAPS

ENDINGS = ('.py', '.js', '.jsx', '.ts', '.tsx', '.yml', '.yaml', '.tf', '.sh')


class Run(NamedTuple):
    """What one command cost: wall-clock seconds, mebibytes of its largest process."""

    seconds: float
    memory: float


def timed(command: Sequence[str], cwd: Path) -> Run:
    """Run a command to its end, whatever its status."""
    start = time.perf_counter()
    with open(os.devnull, 'wb') as nothing:
        process = subprocess.Popen(command, cwd=cwd, stdout=nothing, stderr=nothing)
        _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return Run(time.perf_counter() - start, used.ru_maxrss / 1024)


def grow(repo: Path, source: list[Path], top: Path, lines: int) -> tuple[list[str], int]:
    """Copy sources under new folder names until there are that many lines; returns the file names and the lines."""
    names, count, copy = [], 0, 0
    while count < lines:
        for path in source:
            name = f'copy{copy}/{path.relative_to(top)}'
            target = repo / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            names.append(name)
            count += path.read_bytes().count(b'\n')
            if count >= lines:
                break
        copy += 1
    return names, count


def tools(names: list[str], work: Path) -> dict[str, list[str]]:
    """The commands to compare, by name; those that are not installed are left out."""
    here = Path(sys.executable).parent
    found = {
        'sixgaps': [str(here / 'sixgaps'), '--scope', 'all', '--format', 'json', '--', *names],
        'raw ast-grep': [scan.binary(), 'scan', '-c', str(work / 'sgconfig.yml'), '-r', str(work / 'rules.yml'), '--json=stream', '.'],
    }
    for name, arguments in (
        ('ruff', ['check', '--isolated', '--no-cache', '--select', 'S,BLE,T20,ASYNC', '--quiet', '.']),
        ('bandit', ['-q', '-r', '.']),
        ('semgrep', ['--config', 'p/python', '--metrics', 'off', '--quiet', '.']),
    ):
        program = shutil.which(name, path=f'{here}{os.pathsep}{os.environ["PATH"]}')
        if program:
            found[name] = [program, *arguments]
    return found


def main() -> int:
    """Print the table. Returns 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--source', type=Path, default=Path(sysconfig.get_path('stdlib')))
    parser.add_argument('--lines', type=int, action='append', help='default: 10000, 100000, 1000000')
    args = parser.parse_args()
    top = args.source.resolve()
    source = [
        p
        for p in sorted(top.rglob('*'))
        if p.suffix in ENDINGS and p.is_file() and not {'site-packages', 'node_modules', '.git'} & {*p.parts}
    ]
    before: dict[str, tuple[int, float]] = {}
    for size in args.lines or (10_000, 100_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder:
            repo, work = Path(folder) / 'repo', Path(folder) / 'work'
            repo.mkdir()
            work.mkdir()
            names, lines = grow(repo, source, top, size)
            _git(repo, 'init', '-q')
            _git(repo, 'add', '-A')
            _git(repo, '-c', 'user.name=b', '-c', 'user.email=b@example.com', 'commit', '-qm', 'x')
            scan.configure(work, rules.joined(document for gap in GAPS for document in rules.documents(gap.name)))
            runs = {name: timed(command, repo) for name, command in tools(names, work).items()}
            for name in names:
                with (repo / name).open('ab') as file:
                    file.write(b'\n')
            runs['introduced only'] = timed([str(Path(sys.executable).parent / 'sixgaps'), '--scope', 'introduced', '--', *names], repo)
        raw, own = runs['raw ast-grep'].seconds, runs['sixgaps'].seconds
        print(f'{lines} lines in {len(names)} files')
        for name, run in runs.items():
            speed = f'{run.seconds:7.2f} s {lines / run.seconds:10,.0f} lines/s {run.memory:6.0f} MiB, {run.seconds / raw:5.2f} x raw'
            print(f'  {name:16} {speed}', end='')
            print(f', {run.seconds / before[name][1]:5.1f} x for {lines / before[name][0]:.1f} x the lines' if name in before else '')
            before[name] = (lines, run.seconds)
        print(f'  introduced only / audit: {runs["introduced only"].seconds / own:.2f}  (aim: at most 2.2)', flush=True)
    return 0


def _git(repo: Path, *args: str) -> None:
    subprocess.run(('git', *args), cwd=repo, check=True)


if __name__ == '__main__':
    raise SystemExit(main())
