"""The report on a terminal: bars for the pillars, what to fix first, then every check by pillar."""

from __future__ import annotations

from collections.abc import Callable

from ..engine.report import clean
from .card import Scorecard
from .checks import PILLARS
from .compare import Movement
from .verdicts import Verdict

_BAR = 30  # characters
_EVIDENCE = 3  # lines of evidence for each check
_MARKS = {'pass': ('✓', '32'), 'partial': ('~', '33'), 'fail': ('✗', '31;1'), 'not applicable': ('-', '2')}
_RISKS = {'critical': '31;1', 'high': '31', 'medium': '33', 'low': '2'}
Paint = Callable[[str, str], str]


def text(card: Scorecard, moved: Movement | None, colour: bool) -> str:
    """The whole report, with a newline at its end."""

    def paint(code: str, words: str) -> str:
        return f'\x1b[{code}m{words}\x1b[0m' if colour else words

    parts = [*_head(card, moved, paint), '', *_first(card, paint)]
    if moved is not None:
        parts += ['', *_moved(moved, paint)]
    for name in PILLARS:
        parts += ['', *_pillar(card, name, paint)]
    counts = card.counted()
    said = ', '.join(f'{number} {verdict}' for verdict, number in counts.items())
    parts += ['', f'{len(card.verdicts)} checks: {said}.']
    return '\n'.join(parts) + '\n'


def number(score: float | None) -> str:
    """A score as it is shown: whole points, or a dash where there is none."""
    return '–' if score is None else f'{score:.0f}'


def points(moved: float | None) -> str:
    """A movement with its sign."""
    return '' if moved is None else f'{moved:+.1f}'


def grade(score: float | None) -> str:
    """Where a score stands: good from 80, middling from 50, poor below, none."""
    if score is None:
        return 'none'
    return 'good' if score >= 80 else 'middling' if score >= 50 else 'poor'


_COLOURS = {'good': '32', 'middling': '33', 'poor': '31', 'none': '2'}


def _bar(score: float | None, paint: Paint) -> str:
    full = round(_BAR * (score or 0) / 100)
    return paint(_COLOURS[grade(score)], '█' * full) + paint('2', '░' * (_BAR - full))


def _head(card: Scorecard, moved: Movement | None, paint: Paint) -> list[str]:
    change = f'  {points(moved.points)} since {clean(moved.ref)}' if moved and moved.points is not None else ''
    lines = [paint('1', f'Production readiness of {_one_line(card.name)}'), '']
    if card.overall is None:
        return [*lines, 'There is nothing here to judge: no check applies, so there is no score.']
    lines.append(f'{"overall":<16}{_bar(card.overall, paint)} {paint("1", f"{number(card.overall):>3}")} of 100{change}')
    for name in PILLARS:
        change = f'  {points(moved.pillar(name))}' if moved and moved.pillar(name) else ''
        lines.append(f'{name:<16}{_bar(card.pillar(name), paint)} {number(card.pillar(name)):>3}{change}')
    return lines


def _first(card: Scorecard, paint: Paint) -> list[str]:
    found = card.fix_first()
    if not found:
        return [] if card.overall is None else ['Nothing is left to fix.']
    lines = [paint('1', 'Fix first')]
    for place, one in enumerate(found, 1):
        lines.append(f'{place}. {paint("1", one.check.title)} ({paint(_RISKS[one.check.risk], one.check.risk)}, {one.verdict})')
        lines += _evidence(one)[:2]
        lines.append(f'     {one.check.close}')
    return lines


def _moved(moved: Movement, paint: Paint) -> list[str]:
    if not moved.changes:
        return [f'No verdict changed since {clean(moved.ref)}.']
    lines = [paint('1', f'Changed since {_one_line(moved.ref)}')]
    for one in moved.changes:
        mark, code = _MARKS[one.after.verdict]
        lines.append(f'{paint(code, mark)} {one.after.check.title}: {one.before.verdict} -> {one.after.verdict}')
    return lines


def _pillar(card: Scorecard, name: str, paint: Paint) -> list[str]:
    lines = [paint('1', f'{name} {number(card.pillar(name))}')]
    asked = [one for one in card.of_pillar(name) if one.verdict != 'not applicable']
    for one in sorted(asked, key=lambda one: ('fail', 'partial', 'pass').index(one.verdict)):
        mark, code = _MARKS[one.verdict]
        lines.append(f'{paint(code, mark)} {one.check.title} {paint("2", f"[{one.check.id}, {one.check.risk}]")}')
        if one.verdict != 'pass':
            lines += _evidence(one)
        elif one.evidence:
            lines.append(f'     {_one_line(one.reason)} ({_one_line(str(one.evidence[0]))})')
    left = [one.check.id for one in card.of_pillar(name) if one.verdict == 'not applicable']
    if left:
        lines.append(paint('2', f'- not applicable: {", ".join(left)}'))
    return lines


def _evidence(one: Verdict) -> list[str]:
    lines = [f'     {_one_line(one.reason)}']
    for place in one.evidence[:_EVIDENCE]:
        lines.append(f'     {_one_line(str(place))}' + (f'  {_one_line(place.text)[:120]}' if place.text else ''))
    more = len(one.evidence) - _EVIDENCE
    return [*lines, f'     and {more} more'] if more > 0 else lines


def _one_line(words: str) -> str:
    return clean(words).replace('\n', '�').replace('\t', ' ')
