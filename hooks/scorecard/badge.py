"""The badge: one small SVG that needs no font and no server."""

from __future__ import annotations

from .terminal import grade, number

_LABEL = 'production readiness'
_COLOURS = {'good': '#1a7f37', 'middling': '#9a6700', 'poor': '#b42318', 'none': '#59636e'}  # white text reads on each of them
_WIDTHS = (132, 64)  # pixels of the two halves


def svg(score: float | None) -> str:
    """The badge of a score from 0 to 100, or of none."""
    said = 'no score' if score is None else f'{number(score)} / 100'
    left, right = _WIDTHS
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{_LABEL}: {said}">'
        f'<title>{_LABEL}: {said}</title>'
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#424a53"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{_COLOURS[grade(score)]}"/></g>'
        '<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2:g}" y="14" textLength="{left - 12}">{_LABEL}</text>'
        f'<text x="{left + right / 2:g}" y="14">{said}</text></g></svg>\n'
    )
