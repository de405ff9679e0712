"""What this commit changes, and which findings it introduces."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from . import git
from .finding import Finding, HookError
from .scan import Sources, add


@dataclass
class Change:
    """The difference between the work tree and one base: old blob ids by path, and the paths that differ."""

    base: str | None
    old: dict[str, str]
    changed: set[str]


def changes() -> list[Change]:
    """The change against every parent of what is being committed: two for a merge, one with no base for a first commit.

    The base is the merge base of PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF when pre-commit sets them, else HEAD, and
    MERGE_HEAD beside it while a merge is under way. Raises HookError when a named ref does not exist.
    """
    start, end = (os.environ.get(name) for name in ('PRE_COMMIT_FROM_REF', 'PRE_COMMIT_TO_REF'))
    if start and end:
        return [_against(_merge_base(start, end))]
    head = git.commit('HEAD')
    if head is None:
        return [Change(None, {}, set())]
    merged = git.commit('MERGE_HEAD')
    return [_against(base) for base in (head, merged) if base]


def _merge_base(start: str, end: str) -> str:
    for ref in (start, end):
        if git.commit(ref) is None:
            raise HookError(f'{ref[:60]} is not a commit here; fetch more history (git fetch --unshallow, fetch-depth: 0)')
    found = git.run('merge-base', start, end, allow=(0, 1)).decode().split()
    # Without a common ancestor (a shallow clone, a rewritten branch) the start itself is the only base there is.
    return found[0] if found else str(git.commit(start))


def _against(base: str) -> Change:
    out = git.run(
        'diff',
        '--raw',
        '-z',
        '--no-abbrev',
        '--no-renames',
        '--no-ext-diff',
        '--no-textconv',
        '--ignore-submodules',
        base,
        '--',
    )
    fields = out.split(b'\0')
    old: dict[str, str] = {}
    changed = set()
    for meta, name in zip(fields[::2], fields[1::2], strict=False):
        old_mode, _, old_id, *_ = meta.decode().lstrip(':').split()
        path = os.fsdecode(name)
        changed.add(path)
        if old_mode.startswith('100') and old_id.strip('0'):
            old[path] = old_id
    return Change(base, old, changed)


def is_audit(paths: Sequence[str], found: Sequence[Change]) -> bool:
    """Whether some file passed has no change, so that this is a look at everything (--all-files, --files)."""
    if any(change.base is None for change in found):
        return False
    unchanged = [path for path in paths if not any(path in change.changed for change in found)]
    if not unchanged:
        return False
    # An untracked file is not in git's difference, and new all the same.
    known = set(git.run('ls-files', '-z', '--', *unchanged).split(b'\0')) if len(unchanged) < 1000 else {b'many'}
    return b'many' in known or any(os.fsencode(path) in known for path in unchanged)


def shortened(found: Sequence[Change], paths: Iterable[str]) -> list[str]:
    """The paths from which the change takes lines away against every base, and the new files while another file is gone."""
    if any(change.base is None for change in found):
        return []
    taken = [_taken_from(change.base) for change in found if change.base]
    moved = all(any(not os.path.lexists(path) for path in some) for some in taken)
    known = set().union(*(change.old for change in found))
    return [path for path in paths if all(path in some for some in taken) or (moved and path not in known)]


def _taken_from(base: str) -> set[str]:
    out = git.run('diff', '--numstat', '-z', '--no-renames', '--no-ext-diff', '--no-textconv', '--ignore-submodules', base, '--')
    rows = (row.split(b'\t', 2) for row in out.split(b'\0') if row)
    return {os.fsdecode(name) for _, taken, name in rows if taken != b'0'}


def old_sources(change: Change, wanted: Callable[[str], bool]) -> Sources:
    """The old text of every file that the change touches: the deleted ones too, for code may have moved out of them."""
    paths = [path for path in change.old if wanted(path)]
    found = Sources()
    for path, data in zip(paths, git.blobs([change.old[path] for path in paths]), strict=True):
        if data is not None:
            add(found, path, data, on_disk=False)
    return found


def introduced(
    new: Sequence[Finding], olds: Iterable[Sequence[Finding]], added: Callable[[Finding], bool] = lambda f: True
) -> list[Finding]:
    """What stands in the new text more often than in the old: a subtraction of multisets, pooled over the whole change.

    With two parents a fault is old when either has it. Of several like findings those on added lines are reported first.
    """
    known: Counter[tuple[str, str, str]] = Counter()
    per_file: dict[tuple[str, tuple[str, str, str]], int] = {}
    for old in olds:
        for place, count in Counter((f.path, f.identity) for f in old).items():
            per_file[place] = max(per_file.get(place, 0), count)
    for (_, identity), count in per_file.items():
        known[identity] += count
    surplus = Counter(f.identity for f in new)
    surplus.subtract(known)
    chosen = set()
    for number, finding in sorted(enumerate(new), key=lambda pair: not added(pair[1])):
        if surplus[finding.identity] > 0:
            surplus[finding.identity] -= 1
            chosen.add(number)
    return [finding for number, finding in enumerate(new) if number in chosen]


def added_lines(change: Change, paths: Iterable[str]) -> dict[str, set[int]]:
    """The 1-based numbers of the lines that the change adds, by path."""
    listed = sorted(set(paths))
    if change.base is None or not listed:
        return {}
    found: dict[str, set[int]] = {}
    for path in listed:
        out = git.run('diff', '-U0', '--no-color', '--no-renames', '--no-ext-diff', '--no-textconv', change.base, '--', path)
        lines = found.setdefault(path, set())
        for line in out.splitlines():
            if line.startswith(b'@@'):
                start, _, count = line.split()[2][1:].partition(b',')
                lines.update(range(int(start), int(start) + int(count or b'1')))
    return found
