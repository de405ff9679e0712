"""Why nothing is said of a file: each place that a rule's pattern matches, and the fact that takes the finding away.

usage: python tests/why_silent.py [--rule ID] FILE [FILE ...]      from the top of the repository that the files are in
"""

from __future__ import annotations

import argparse

from sixgaps.engine.facts import Tree, judged
from sixgaps.engine.rules import documents, joined
from sixgaps.engine.scan import scan, sources
from sixgaps.six_gaps import GAPS


def main() -> int:
    """Print a line a match: path:line, rule, and what became of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rule', action='append', help='only this rule')
    parser.add_argument('files', nargs='+')
    args = parser.parse_args()
    chosen = [document for gap in GAPS for document in documents(gap.name) if not args.rule or document.id in args.rule]
    for match, why in judged(scan(joined(chosen), sources(args.files)), Tree()):
        print(f'{match.place.path}:{match.place.line} {match.rule}: {why or "stands"}')
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
