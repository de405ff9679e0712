"""Gap 5: what reaches production is not tested, pinned or reversible."""

from __future__ import annotations

from collections.abc import Sequence

from .engine.command import Gap, run

GAP = Gap(5, 'deployment-pipeline')


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the files in argv. Returns 0, 1 when something blocks, 2 when the hook could not do its work."""
    return run([GAP], argv, 'sixgaps-deployment-pipeline')


if __name__ == '__main__':
    raise SystemExit(main())
