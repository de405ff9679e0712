"""What changed since a commit: its tree is read with git into a temporary folder, and the work tree is not touched."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..engine import git
from ..engine.facts import Tree
from ..engine.finding import HookError
from ..engine.scan import language_of, workspace
from .card import Scorecard, look, rounded
from .checks import PILLARS, Catalogue
from .manifests import is_manifest
from .repository import globs_of
from .verdicts import Verdict

_AT_ONCE = 500  # blobs that git is asked for at a time, so that a large tree is never whole in memory
_REGULAR = ('100644', '100755')


@dataclass(frozen=True)
class Change:
    """One check whose verdict moved."""

    before: Verdict
    after: Verdict


@dataclass(frozen=True)
class Movement:
    """The way from an older scorecard to the one at hand."""

    ref: str
    before: Scorecard
    after: Scorecard
    changes: tuple[Change, ...]

    @property
    def points(self) -> float | None:
        """By how much the overall score moved, None where one of the two has none."""
        return _less(self.after.overall, self.before.overall)

    def pillar(self, name: str) -> float | None:
        """By how much the score of a pillar moved."""
        return _less(self.after.pillar(name), self.before.pillar(name))


def _less(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


def movement(before: Scorecard, after: Scorecard, ref: str) -> Movement:
    """What changed between two scorecards made with the same checks."""
    pairs = zip(before.verdicts, after.verdicts, strict=True)
    return Movement(ref, before, after, tuple(Change(old, new) for old, new in pairs if old.verdict != new.verdict))


def look_at(ref: str, catalogue: Catalogue, tell: Callable[[str], None]) -> Scorecard:
    """The scorecard of an older tree. Raises HookError when the name stands for no commit here."""
    commit = git.commit(ref)
    if commit is None:
        raise HookError(f'{ref[:60]!r} is not a commit here; fetch more history (git fetch --unshallow, fetch-depth: 0)')
    tell(f'reading {ref[:40]}')
    here = os.getcwd()
    with workspace() as work:
        _write_out(commit, str(work), catalogue)
        os.chdir(work)
        try:
            return look(catalogue, Tree(in_git=False), ref, lambda what: tell(f'{what} of {ref[:40]}'))
        finally:
            os.chdir(here)


def _write_out(commit: str, folder: str, catalogue: Catalogue) -> None:
    """Every regular file of a commit; those that nothing reads are left empty, for only their names count."""
    asked = globs_of(catalogue)
    named = list(_listed(commit))
    wanted = [(path, oid) for path, oid in named if language_of(path) or is_manifest(path) or path.endswith('.sql') or asked.match(path)]
    held = {path for path, _ in wanted}
    for path, _ in named:
        if path not in held:
            _write(folder, path, b'')
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        for (path, _), data in zip(part, git.blobs([oid for _, oid in part]), strict=True):
            if data is None:
                raise HookError(f'git does not have {path[:80]!r} of {commit[:12]} here; fetch it (git fetch --refetch)')
            _write(folder, path, data)


def _listed(commit: str) -> Iterator[tuple[str, str]]:
    """Path and blob of each regular file: links and submodules are none."""
    for entry in git.run('ls-tree', '-r', '-z', '--full-tree', commit).split(b'\0'):
        if entry:
            meta, _, name = entry.partition(b'\t')
            mode, _, oid = meta.decode().split()
            if mode in _REGULAR:
                yield os.fsdecode(name), oid


def _write(folder: str, path: str, data: bytes) -> None:
    parts = path.split('/')
    if any(part in ('', '.', '..') or part.lower() == '.git' for part in parts) or (os.name == 'nt' and '\\' in path):
        return  # git itself refuses to check out such a name
    target = os.path.join(folder, *parts)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, 'wb') as file:
        file.write(data)


def as_json(card: Scorecard, moved: Movement | None) -> str:
    """The scorecard, and what moved, by name."""
    data = card.as_dict()
    if moved is not None:
        data['compare'] = {
            'ref': moved.ref,
            'score': rounded(moved.before.overall),
            'points': rounded(moved.points),
            'pillars': {name: rounded(moved.pillar(name)) for name in PILLARS},
            'changes': [{'id': one.after.check.id, 'before': one.before.verdict, 'after': one.after.verdict} for one in moved.changes],
        }
    return json.dumps(data, indent=1) + '\n'
