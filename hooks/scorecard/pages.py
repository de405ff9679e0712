"""The documentation pages of the checks, written from checks.yml: `python -m sixgaps.scorecard.pages FOLDER`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..six_gaps import GAPS
from .checks import GAPS as GAP_NAMES
from .checks import PILLARS, Catalogue, Check, Sign, load
from .score import WEIGHTS


def page(check: Check, catalogue: Catalogue) -> str:
    """The page of one check, as Markdown."""
    asked = ', and '.join(' or '.join(catalogue.signs[name].what for name in alternatives) for alternatives in check.applies)
    lines = [
        f'# {check.title}',
        '',
        f'`{check.id}` · pillar {check.pillar} · gap {check.gap}, {GAP_NAMES[check.gap]} · risk {check.risk}, weight {WEIGHTS[check.risk]}',
        '',
        f'**Why.** {check.why}',
        '',
        f'**Close it.** {check.close}',
        '',
        '## When it is asked',
        '',
        f'Where the repository shows {asked}.' + (' Of several services each is asked.' if check.by_service else ''),
    ]
    if check.proof:
        lines += ['', '## What proves it', '', f'{check.proof.what[:1].upper()}{check.proof.what[1:]}, any of:', '']
        lines += [f'- {line}' for line in _sign(check.proof, catalogue)]
        if check.enough:
            lines += ['', f'Fewer than one for every {round(1 / check.enough)} files of {catalogue.signs[check.of].what} is partial.']
        lines += ['', 'Without it the check fails.']
    if check.disproof:
        against = check.disproof
        lines += ['', '## What speaks against it', '']
        lines += [f'- findings of the check `{name}`' for name in against.checks]
        lines += [f'- a file `{glob}` in the repository' for glob in against.files]
        limit = f'more than {against.partial:.1%} of them' if against.partial else 'any of them'
        lines += [
            '',
            f'They are counted against the {catalogue.signs[against.of].what} of the repository. '
            f'Findings at {limit} fail the check when at least one is an error; fewer, or advice alone, are partial.',
        ]
        if check.proof is None:
            lines += ['', f'It passes by the {catalogue.signs[against.of].what} that were looked at and have no finding.']
    return '\n'.join(lines) + '\n'


def _sign(sign: Sign, catalogue: Catalogue) -> Iterator[str]:
    if sign.dependencies:
        yield 'a dependency: ' + ', '.join(f'`{name}`' for name in sign.dependencies)
    if sign.files:
        yield 'a file: ' + ', '.join(f'`{glob}`' for glob in sign.files)
    for glob, pattern in sign.text:
        yield f'a line of `{glob}` that matches `{pattern}`'
    if sign.facts:
        yield 'in the code: ' + ', '.join(f'`{name}`' for name in sign.facts) + ' (rules/scorecard.yml, rules/facts.yml)'
    for name in sign.signs:
        yield from _sign(catalogue.signs[name], catalogue)


def index(catalogue: Catalogue) -> str:
    """The list of all checks by pillar, as Markdown."""
    lines = ['# The checks of the scorecard', '', 'Written from `hooks/scorecard/checks.yml` by `make docs`.']
    for pillar in PILLARS:
        lines += ['', f'## {pillar}', '', '| check | gap | risk |', '|---|---|---|']
        lines += [f'| [{c.title}]({c.id}.md) | {c.gap} | {c.risk} |' for c in catalogue.checks if c.pillar == pillar]
    return '\n'.join(lines) + '\n'


def pages(catalogue: Catalogue) -> dict[str, str]:
    """Every page by the name of its file."""
    return {'README.md': index(catalogue), **{f'{check.id}.md': page(check, catalogue) for check in catalogue.checks}}


def main(argv: Sequence[str]) -> int:
    """Write the pages into the folder that argv names."""
    folder = Path(argv[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(load(GAPS)).items():
        (folder / name).write_text(text, encoding='utf-8')
    return 0


if __name__ == '__main__':
    raise SystemExit(main(sys.argv[1:]))
