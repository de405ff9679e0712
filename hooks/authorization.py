"""Gap 2: who may do what is not asked."""

from __future__ import annotations

from collections.abc import Sequence

from .engine.command import Gap, run

GAP = Gap(2, 'authorization')


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the files in argv. Returns 0, 1 when something blocks, 2 when the hook could not do its work."""
    return run([GAP], argv, 'sixgaps-authorization')


if __name__ == '__main__':
    raise SystemExit(main())
