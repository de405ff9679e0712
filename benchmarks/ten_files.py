"""Ten changed clean files: the hook against the start of Python plus raw ast-grep with the same rules, in one run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sixgaps.engine import rules, scan
from sixgaps.six_gaps import GAPS

ROUNDS = 15
CLEAN = '''\
import logging

logger = logging.getLogger(__name__)


class Basket{n}:
    """What a customer has put in."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int]] = []

    def add(self, name: str, count: int) -> None:
        if not 0 < count <= 100:
            raise ValueError(f'{{count}} is no count')
        self.lines.append((name, count))
        logger.info('added %s', name)

    def total(self, prices: dict[str, int]) -> int:
        return sum(prices[name] * count for name, count in self.lines)
'''


def seconds(*command: str, cwd: Path) -> float:
    """Wall-clock seconds of one run."""
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, capture_output=True)
    return time.perf_counter() - start


def main() -> int:
    """Print the medians and their ratio. Returns 0."""
    with tempfile.TemporaryDirectory() as folder:
        repo, work = Path(folder) / 'repo', Path(folder) / 'work'
        repo.mkdir()
        work.mkdir()
        files = [f'basket_{n}.py' for n in range(10)]
        for n, name in enumerate(files):
            (repo / name).write_text(CLEAN.format(n=n) * 5)
        for command in (('init', '-q'), ('add', '-A'), ('-c', 'user.name=b', '-c', 'user.email=b@example.com', 'commit', '-qm', 'x')):
            subprocess.run(('git', *command), cwd=repo, check=True)
        for name in files:
            with (repo / name).open('a') as file:
                file.write('\n')
        scan.configure(work, rules.joined(document for gap in GAPS for document in rules.documents(gap.name)))
        raw = (scan.binary(), 'scan', '-c', str(work / 'sgconfig.yml'), '-r', str(work / 'rules.yml'), '--json=stream', *files)
        hook = (str(Path(sys.executable).with_name('sixgaps')), *files)
        python = (sys.executable, '-c', 'pass')
        times: dict[str, list[float]] = {'hook': [], 'raw': [], 'python': []}
        for _ in range(ROUNDS):
            for name, command in (('hook', hook), ('raw', raw), ('python', python)):
                times[name].append(seconds(*command, cwd=repo))
        ratio = statistics.median(h / (r + p) for h, r, p in zip(times['hook'], times['raw'], times['python'], strict=True))
    for name, runs in times.items():
        print(f'{name:8} median {statistics.median(runs) * 1000:6.1f} ms')
    print(f'hook / (python start + raw ast-grep): {ratio:.2f}  (aim: at most 1.5)')
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
