"""Arguments -> scorecard -> report -> exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ..engine.command import coloured, deliver, guarded, told_of
from ..engine.facts import Tree
from ..engine.finding import HookError
from ..engine.git import root
from ..six_gaps import GAPS
from . import badge, compare, markdown, page, terminal
from .card import Scorecard, look
from .checks import load
from .progress import progress

PROG = 'sixgaps-scorecard'


def main(argv: Sequence[str] | None = None) -> int:
    """Judge the repository. Returns 0, 1 when its score is under --fail-under, 2 when the work could not be done."""
    args = _arguments(argv)
    return guarded(PROG, lambda: _run(args))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=PROG, description='How far is this repository from production, what decided that, and what to mend first.'
    )
    parser.add_argument('--format', choices=('text', 'markdown', 'json', 'html'), default='text')
    parser.add_argument('--output', metavar='FILE', help='write the report to a file instead of standard output')
    parser.add_argument('--badge', metavar='FILE.svg', help='write a badge with the score to a file')
    parser.add_argument('--fail-under', type=_points, metavar='N', help='exit with 1 when the score is under N (0 to 100)')
    parser.add_argument('--compare', metavar='REF', help='show what changed since a commit, branch or tag')
    parser.add_argument('--no-color', action='store_true', help='no colour, even on a terminal')
    return parser.parse_args(argv)


def _points(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f'{text!r} is no number from 0 to 100')
    return value


def _run(args: argparse.Namespace) -> int:
    catalogue = load(GAPS)
    top = root()
    output, picture = (os.path.abspath(name) if name else None for name in (args.output, args.badge))
    for name in filter(None, (output, picture)):  # a long look should not end with a report that goes nowhere
        if not os.path.isdir(os.path.dirname(name)):
            raise HookError(f'cannot write {os.path.basename(name)}: there is no folder {os.path.dirname(name)}')
    if args.compare is not None and top is None:
        raise HookError('--compare needs a git repository; here is none')
    if top is not None:
        os.chdir(top)
    with progress(PROG) as tell:
        before = compare.look_at(args.compare, catalogue, tell) if args.compare is not None else None
        card = look(catalogue, Tree(in_git=top is not None), tell=tell)
    movement = compare.movement(before, card, args.compare) if before else None
    deliver(_report(args, card, movement), output)
    if picture:
        deliver(badge.svg(card.overall), picture)
    status = told_of(card.files, 0)
    if status == 0 and args.fail_under is not None and _under(card, args.fail_under):
        return 1
    return status


def _report(args: argparse.Namespace, card: Scorecard, movement: compare.Movement | None) -> str:
    if args.format == 'json':
        return compare.as_json(card, movement)
    if args.format == 'markdown':
        return markdown.text(card, movement)
    if args.format == 'html':
        return page.html(card, movement)
    return terminal.text(card, movement, coloured(args.no_color, args.output))


def _under(card: Scorecard, asked: float) -> bool:
    score = card.overall
    if score is None:  # nothing was judged, and what was not judged has not passed
        print(f'{PROG}: there is nothing here to judge, so no score of {asked:g} was reached', file=sys.stderr)
        return True
    if score < asked:
        print(f'{PROG}: the score is {score:.1f}, under {asked:g}', file=sys.stderr)
    return score < asked


if __name__ == '__main__':
    raise SystemExit(main())
