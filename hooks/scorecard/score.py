"""The arithmetic: what a verdict is worth, by the risk of its check. docs/scorecard.md says the same in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .checks import PILLARS
from .verdicts import Verdict

WEIGHTS = {'critical': 8, 'high': 4, 'medium': 2, 'low': 1}
WORTH = {'pass': 1.0, 'partial': 0.5, 'fail': 0.0}


def pillar_score(verdicts: Iterable[Verdict]) -> float | None:
    """0 to 100: the weight that was earned of the weight that was asked, None where nothing applies."""
    asked = [one for one in verdicts if one.verdict in WORTH]
    if not asked:
        return None
    earned = sum(WEIGHTS[one.check.risk] * WORTH[one.verdict] for one in asked)
    return 100 * earned / sum(WEIGHTS[one.check.risk] for one in asked)


def overall_score(verdicts: Sequence[Verdict]) -> float | None:
    """0 to 100: the mean of the pillars that have a score, None where none has.

    Each pillar counts the same, so that many good answers about the code do not hide that there is no test and no pipeline.
    """
    scores = [pillar_score(one for one in verdicts if one.check.pillar == pillar) for pillar in PILLARS]
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None


def fix_first(verdicts: Sequence[Verdict], number: int = 5) -> list[Verdict]:
    """What to mend first: the most weight that is not earned, failures before what is partial, then what adds most to the overall score."""
    asked = dict.fromkeys(PILLARS, 0)
    for one in verdicts:
        if one.verdict in WORTH:
            asked[one.check.pillar] += WEIGHTS[one.check.risk]

    def order(one: Verdict) -> tuple[float, float, float]:
        missed = WEIGHTS[one.check.risk] * (1 - WORTH[one.verdict])
        return -missed, WORTH[one.verdict], -missed / asked[one.check.pillar]

    return sorted((one for one in verdicts if WORTH.get(one.verdict, 1) < 1), key=order)[:number]
