"""The arithmetic: what a verdict is worth, by the risk of its check. docs/scorecard.md says the same in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .verdicts import Verdict

WEIGHTS = {'critical': 8, 'high': 4, 'medium': 2, 'low': 1}
WORTH = {'pass': 1.0, 'partial': 0.5, 'fail': 0.0}
_ORDER = {'fail': 0, 'partial': 1}


def score(verdicts: Iterable[Verdict]) -> float | None:
    """0 to 100: the weight that was earned of the weight that was asked, None where nothing applies."""
    earned = asked = 0.0
    for one in verdicts:
        if one.verdict in WORTH:
            asked += WEIGHTS[one.check.risk]
            earned += WEIGHTS[one.check.risk] * WORTH[one.verdict]
    return 100 * earned / asked if asked else None


def fix_first(verdicts: Sequence[Verdict], number: int = 5) -> list[Verdict]:
    """What to mend first: what would earn most, failures before what is partial, in the order of checks.yml."""
    open_ones = [one for one in verdicts if one.verdict in _ORDER]
    return sorted(open_ones, key=lambda one: (-WEIGHTS[one.check.risk] * (1 - WORTH[one.verdict]), _ORDER[one.verdict]))[:number]
