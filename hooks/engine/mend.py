"""--fix: what the rules' safe fixes say is written into the files, and nothing else is."""

from __future__ import annotations

import codecs
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from .finding import Finding, Mend
from .scan import encoding


def mend(findings: Iterable[Finding]) -> tuple[list[Finding], dict[str, str]]:
    """Write the fixes of the findings that have a safe one. Returns those that are mended, and by path why a file was left.

    Of two fixes that overlap the first is written: the other one's text is no longer there, and asks for another look.
    """
    by_path: dict[str, list[tuple[Mend, Finding]]] = {}
    for finding in findings:
        if finding.mend:
            by_path.setdefault(finding.path, []).append((finding.mend, finding))
    done: list[Finding] = []
    left: dict[str, str] = {}
    for path, wanted in by_path.items():
        chosen: list[tuple[Mend, Finding]] = []
        for pair in sorted(wanted, key=lambda pair: pair[0]):
            if not chosen or pair[0].start >= chosen[-1][0].end:
                chosen.append(pair)
        try:
            reason = _write(os.path.realpath(path), [one for one, _ in chosen])
        except OSError as error:
            reason = error.strerror or str(error)
        if reason:
            left[path] = reason
        else:
            done += [finding for _, finding in chosen]
    return done, left


def _write(path: str, mends: list[Mend]) -> str:
    """Write one file, whole or not at all. Returns why not, or an empty text."""
    before = os.stat(path)
    if not before.st_mode & 0o222 or not os.access(path, os.W_OK):
        return 'it is read-only'
    data = Path(path).read_bytes()
    name = encoding(data)
    text = data.decode(name)
    if _encoded(text, name, data) != data:
        return f'it cannot be written back in its encoding, {name}'
    body, at = b'', 0
    old = text.encode('utf-8')
    for one in mends:
        if old[one.start : one.end] != one.old.encode('utf-8'):
            return 'it has changed since it was looked at; run again'
        body += old[at : one.start] + one.new.encode('utf-8')
        at = one.end
    new = _encoded((body + old[at:]).decode('utf-8'), name, data)
    handle, beside = tempfile.mkstemp(dir=os.path.dirname(path), prefix='.sixgaps-')
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(new)
        shutil.copymode(path, beside)
        if os.stat(path).st_mtime_ns != before.st_mtime_ns:
            return 'it has changed since it was looked at; run again'
        os.replace(beside, path)
    finally:
        if os.path.lexists(beside):
            os.unlink(beside)
    return ''


def _encoded(text: str, name: str, like: bytes) -> bytes:
    if name == 'utf-16':  # the byte order of the file, not that of this machine
        mark = like[:2]
        return mark + text.encode('utf-16-le' if mark == codecs.BOM_UTF16_LE else 'utf-16-be')
    return text.encode(name)
