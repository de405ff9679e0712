"""The scorecard of one tree: every verdict, the scores, what to mend first."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..engine.facts import Tree
from ..engine.scan import Sources
from .checks import PILLARS, Catalogue
from .repository import Repository
from .score import fix_first, overall_score, pillar_score
from .verdicts import VERDICTS, Verdict, decide


@dataclass(frozen=True)
class Scorecard:
    """What is known of one tree. `files` says what was scanned and what was passed over, `paths` how many files there are."""

    name: str
    verdicts: tuple[Verdict, ...]
    files: Sources
    paths: int

    @property
    def overall(self) -> float | None:
        """0 to 100, None where no check applies."""
        return overall_score(self.verdicts)

    def pillar(self, name: str) -> float | None:
        """The score of one pillar, 0 to 100, None where none of its checks applies."""
        return pillar_score(self.of_pillar(name))

    def of_pillar(self, name: str) -> list[Verdict]:
        """The verdicts on the checks of one pillar."""
        return [one for one in self.verdicts if one.check.pillar == name]

    def counted(self) -> dict[str, int]:
        """How many checks got each verdict."""
        return {verdict: sum(one.verdict == verdict for one in self.verdicts) for verdict in VERDICTS}

    def fix_first(self) -> list[Verdict]:
        """The five to mend first."""
        return fix_first(self.verdicts)

    def as_dict(self) -> dict[str, Any]:
        """The scorecard as JSON shows it; scores are rounded to one decimal."""
        return {
            'repository': self.name,
            'score': rounded(self.overall),
            'pillars': {name: rounded(self.pillar(name)) for name in PILLARS},
            'counts': self.counted(),
            'fix_first': [one.check.id for one in self.fix_first()],
            'checks': [_as_dict(one) for one in self.verdicts],
        }


def _as_dict(one: Verdict) -> dict[str, Any]:
    check = one.check
    return {
        'id': check.id,
        'title': check.title,
        'gap': check.gap,
        'pillar': check.pillar,
        'risk': check.risk,
        'verdict': one.verdict,
        'reason': one.reason,
        'evidence': [{'path': place.path, 'line': place.line or None, 'text': place.text} for place in one.evidence],
        'why': check.why,
        'close': check.close,
        'page': check.link,
    }


def rounded(value: float | None) -> float | None:
    """A score with one decimal."""
    return None if value is None else round(value, 1)


def look(catalogue: Catalogue, tree: Tree, name: str = '', tell: Callable[[str], None] = lambda _: None) -> Scorecard:
    """The scorecard of the tree under the current folder. `tell` is told what is being done, in a few words."""
    repository = Repository(catalogue, tree, tell)
    tell('deciding')
    verdicts = tuple(decide(check, repository) for check in catalogue.checks)
    return Scorecard(name or os.path.basename(os.getcwd()), verdicts, repository.files, len(repository.paths))
