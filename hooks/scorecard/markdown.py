"""The report as Markdown, for a pull request or a wiki."""

from __future__ import annotations

import re

from ..engine.report import clean
from .card import Scorecard
from .checks import PILLARS
from .compare import Movement
from .terminal import number, points

_SPECIAL = re.compile(r'([\\*_{}\[\]()#|~!@])')
_MARKUP = str.maketrans({'&': '&amp;', '<': '&lt;', '>': '&gt;', '`': '&#96;'})
_EVIDENCE = 20  # lines of evidence for each check


def text(card: Scorecard, moved: Movement | None) -> str:
    """The whole report, with a newline at its end."""
    lines = [f'# Production readiness of {_plain(card.name)}', '']
    if card.overall is None:
        return '\n'.join([*lines, 'There is nothing here to judge: no check applies, so there is no score.']) + '\n'
    since = f' ({points(moved.points)} since {_code(moved.ref)})' if moved and moved.points is not None else ''
    lines += [f'**{number(card.overall)} of 100**{since}', '']
    lines += ['| pillar | score | moved |', '|---|---:|---:|'] if moved else ['| pillar | score |', '|---|---:|']
    for name in PILLARS:
        lines.append(f'| {name} | {number(card.pillar(name))} |' + (f' {points(moved.pillar(name))} |' if moved else ''))
    if card.fix_first():
        lines += ['', '## Fix first', '']
        for place, one in enumerate(card.fix_first(), 1):
            lines.append(f'{place}. **{_plain(one.check.title)}** ({one.check.risk}, {one.verdict}): {_plain(one.check.close)}')
    if moved is not None:
        lines += ['', f'## Changed since {_code(moved.ref)}', '']
        lines += [f'- {_plain(c.after.check.title)}: {c.before.verdict} → {c.after.verdict}' for c in moved.changes] or [
            'No verdict changed.'
        ]
    for name in PILLARS:
        lines += ['', f'## {name} {number(card.pillar(name))}', '', '| check | risk | verdict | what decided it |', '|---|---|---|---|']
        for one in card.of_pillar(name):
            places = [_code(str(place)) for place in one.evidence[:_EVIDENCE]]
            more = [f'and {len(one.evidence) - _EVIDENCE} more'] if len(one.evidence) > _EVIDENCE else []
            said = '<br>'.join([_plain(one.reason), *places, *more])
            lines.append(f'| {_plain(one.check.title)} ({_code(one.check.id)}) | {one.check.risk} | {one.verdict} | {said} |')
    return '\n'.join(lines) + '\n'


def _plain(words: str) -> str:
    return _SPECIAL.sub(r'\\\1', _one_line(words)).translate(_MARKUP)


def _code(words: str) -> str:
    # Inside a table a pipe ends the cell even in code, and a backtick ends the code.
    return '`' + _one_line(words).replace('`', 'ˋ').replace('|', '¦') + '`'


def _one_line(words: str) -> str:
    return ' '.join(clean(words).split())
