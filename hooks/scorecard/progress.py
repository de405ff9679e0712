"""A line on stderr that says what is being done and for how long, on a terminal and nowhere else."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_EVERY = 0.2  # seconds
_PATIENCE = 0.5  # seconds before anything is shown


@contextmanager
def progress(prog: str) -> Iterator[Callable[[str], None]]:
    """A function to tell what is being done; the line is gone when the work is."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    doing = ['starting']
    done = threading.Event()
    start = time.monotonic()

    def show() -> None:
        while not done.wait(_EVERY):
            passed = time.monotonic() - start
            if passed > _PATIENCE:
                print(f'\r\x1b[K{prog}: {doing[0]} … {passed:.0f} s', end='', file=sys.stderr, flush=True)

    def tell(text: str) -> None:
        doing[0] = text

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield tell
    finally:
        done.set()
        thread.join()
        print('\r\x1b[K', end='', file=sys.stderr, flush=True)
