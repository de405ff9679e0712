"""The report as one page that needs nothing else: style, script and charts stand in it, and everything of the repository is escaped."""

from __future__ import annotations

import base64
import hashlib
import html as markup
from collections.abc import Iterable
from pathlib import Path

from ..engine.report import clean
from .card import Scorecard
from .checks import GAPS, PILLARS, RISKS
from .compare import Movement
from .repository import Evidence
from .terminal import grade, number, points
from .verdicts import VERDICTS, Verdict

_ROUND = 2 * 3.14159265 * 44  # the length of the ring, in units of the drawing


def html(card: Scorecard, moved: Movement | None) -> str:
    """The whole page."""
    style, script = (Path(__file__).with_name(name).read_text(encoding='utf-8') for name in ('page.css', 'page.js'))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Should anything ever slip through the escaping, it still cannot run or load anything.
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<title>Production readiness of {_text(card.name)}</title>\n<style>\n{style}</style>\n</head>\n<body>',
        '<a class="skip" href="#checks">To the checks</a>\n<header>',
        f'<h1>Production readiness of {_text(card.name)}</h1>',
        f'<p class="quiet">{_counted(card)} in {card.paths:,} files{_since(moved)}</p>\n</header>\n<main>',
        _overview(card, moved),
        _first(card),
        _moved(moved),
        '<h2 id="checks">Checks</h2>',
        _filters(),
        *(_pillar(card, name) for name in PILLARS),
        f'</main>\n<script>{script}</script>\n</body>\n</html>\n',
    ]
    return '\n'.join(part for part in parts if part)


def _text(words: str) -> str:
    return markup.escape(clean(words).replace('\n', '�').encode('utf-8', 'replace').decode())


def _counted(card: Scorecard) -> str:
    return f'{len(card.verdicts)} checks: ' + ', '.join(f'{count} {verdict}' for verdict, count in card.counted().items())


def _since(moved: Movement | None) -> str:
    if moved is None or moved.points is None:
        return ''
    return f'; {points(moved.points)} points since <code>{_text(moved.ref)}</code>'


def _overview(card: Scorecard, moved: Movement | None) -> str:
    rows = []
    for name in PILLARS:
        score = card.pillar(name)
        change = f' <small>{points(moved.pillar(name))}</small>' if moved and moved.pillar(name) else ''
        rows.append(f'<li><span>{name}</span>{_bar(name, score)}<b>{number(score)}{change}</b></li>')
    return f'<div class="overview">{_ring(card.overall)}\n<ul class="charts">\n' + '\n'.join(rows) + '\n</ul></div>'


def _ring(score: float | None) -> str:
    said = 'no score: no check applies' if score is None else f'{number(score)} of 100'
    part = _ROUND * (score or 0) / 100
    circle = 'cx="55" cy="55" r="44"'
    arc = f'<circle class="ring {grade(score)}" {circle} transform="rotate(-90 55 55)" stroke-dasharray="{part:.2f} {_ROUND:.2f}"/>'
    return (
        f'<svg viewBox="0 0 110 110" role="img" aria-label="overall score: {said}">'
        f'<circle class="ring track" {circle}/>{arc if score else ""}'
        f'<text class="figure" x="55" y="62">{number(score)}</text><text class="of" x="55" y="78">of 100</text></svg>'
    )


def _bar(name: str, score: float | None) -> str:
    said = 'no check applies' if score is None else f'{number(score)} of 100'
    return (
        f'<svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{name}: {said}">'
        '<rect class="track" width="100" height="10"/>'
        f'<rect class="{grade(score)}" width="{score or 0:.1f}" height="10"/></svg>'
    )


def _first(card: Scorecard) -> str:
    found = card.fix_first()
    if not found:
        return (
            '<h2>Fix first</h2><p>Nothing is left to fix.</p>'
            if card.overall is not None
            else '<p>There is nothing here to judge: no check applies.</p>'
        )
    rows = []
    for one in found:
        rows.append(
            f'<li><a href="#{one.check.id}">{_text(one.check.title)}</a> <span class="quiet">{one.check.risk}, {one.verdict}</span>'
            f'<p>{_text(one.check.close)}</p></li>'
        )
    return '<h2>Fix first</h2>\n<ol class="first">\n' + '\n'.join(rows) + '\n</ol>'


def _moved(moved: Movement | None) -> str:
    if moved is None:
        return ''
    head = f'<h2>Changed since <code>{_text(moved.ref)}</code></h2>'
    if not moved.changes:
        return f'{head}<p>No verdict changed.</p>'
    rows = (
        f'<li>{_verdict(one.before.verdict)} → {_verdict(one.after.verdict)}'
        f' <a href="#{one.after.check.id}">{_text(one.after.check.title)}</a></li>'
        for one in moved.changes
    )
    return f'{head}\n<ul class="moved">' + '\n'.join(rows) + '</ul>'


def _filters() -> str:
    def choice(name: str, values: Iterable[str]) -> str:
        options = ''.join(f'<option>{value}</option>' for value in values)
        return f'<label>{name}<select name="{name}"><option value="">all</option>{options}</select></label>'

    return (
        f'<form class="scripted">{choice("pillar", PILLARS)}{choice("risk", RISKS)}{choice("verdict", VERDICTS)}'
        '<button type="reset">Show all</button><button type="button" id="all">Open or close</button><output></output></form>'
    )


def _pillar(card: Scorecard, name: str) -> str:
    order = ('fail', 'partial', 'pass', 'not applicable')
    found = sorted(card.of_pillar(name), key=lambda one: (order.index(one.verdict), RISKS.index(one.check.risk)))
    score = card.pillar(name)
    return (
        f'<section class="pillar" aria-labelledby="pillar-{name}">'
        f'<h2 id="pillar-{name}">{name} <span class="quiet">{number(score)}</span></h2>\n' + '\n'.join(map(_check, found)) + '\n</section>'
    )


def _check(one: Verdict) -> str:
    check = one.check
    places = '\n'.join(map(_place, one.evidence))
    return (
        f'<details id="{check.id}" data-pillar="{check.pillar}" data-risk="{check.risk}" data-verdict="{one.verdict}">'
        f'<summary>{_verdict(one.verdict)}<b>{_text(check.title)}</b><small>{check.risk}</small></summary>\n<div class="body">'
        f'<p>{_text(one.reason[:1].upper() + one.reason[1:])}.</p>\n'
        + (f'<ul class="evidence">{places}</ul>\n' if places else '')
        + f'<dl><dt>Why</dt><dd>{_text(check.why)}</dd><dt>Close it</dt><dd>{_text(check.close)}</dd>'
        f'<dt>More</dt><dd><a href="{check.link}" rel="noopener">{check.page}</a>, gap {check.gap}: {GAPS[check.gap]}</dd></dl>'
        '</div></details>'
    )


def _verdict(verdict: str) -> str:
    return f'<span class="verdict v-{verdict.replace(" ", "-")}">{verdict}</span>'


def _place(place: Evidence) -> str:
    said = f' <code>{_text(place.text)}</code>' if place.text else ''
    return f'<li><code class="place">{_text(str(place))}</code>{said}</li>'
