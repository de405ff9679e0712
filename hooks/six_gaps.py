"""All six gaps in one pass."""

from __future__ import annotations

from collections.abc import Sequence

from . import authorization, deployment_pipeline, error_handling, infrastructure, input_validation, observability
from .engine.command import run

GAPS = tuple(script.GAP for script in (input_validation, authorization, error_handling, observability, deployment_pipeline, infrastructure))


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the files in argv. Returns 0, 1 when something blocks, 2 when the hook could not do its work."""
    return run(GAPS, argv, 'sixgaps')


if __name__ == '__main__':
    raise SystemExit(main())
