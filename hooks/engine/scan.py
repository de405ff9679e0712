"""ast-grep: its configuration, its process, its output."""

from __future__ import annotations

import codecs
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from .finding import HookError, Mend, Place
from .rules import LANGUAGE_GLOBS, PATTERNS, plain, shared_matchers

VERSION = '0.51'
# ast-grep passes over a file beyond both limits without a word; so it is named here.
_TOO_LARGE = 3_000_000
_TOO_MANY_LINES = 200_000
LINK_OUT = 'a symbolic link leads out of the repository'
SUBMODULE = 'a submodule, which has hooks of its own'
_TIMEOUT = 600  # seconds: a hang must end as an error, not as a hung commit
_ARGUMENTS = 24_000 if os.name == 'nt' else 900_000  # bytes of file names that one process is given
IGNORE = 'ast-grep-ignore'  # in a comment it suppresses what stands on its line or below it
_UNHEARD = 'ast-grep_ignore'  # as long, so that columns stay
# A Helm directive on a line of its own: no YAML. Its braces become a comment, so that the rest of the file is read, at the same places.
_DIRECTIVE = re.compile(r'^([ \t]*(?:- )?)\{\{(?=.*\}\}[ \t]*\r?$)', re.M)
_CODING = re.compile(rb'^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)')


class Match(NamedTuple):
    """One thing that ast-grep found: 1-based place, text of the node, captures by name with their places."""

    rule: str
    place: Place
    text: str
    lines: str
    message: str
    note: str
    severity: str
    metadata: dict[str, Any]
    captures: dict[str, tuple[Place, str]]
    mend: Mend | None


class Sources:
    """The files to scan: by name where ast-grep reads them itself, by text where it would not.

    `read` are paths on disk, `texts` replace what is on disk (old versions, decoded files), `passed_over` says of each
    file that cannot be scanned why.
    """

    def __init__(self) -> None:
        self.read: list[str] = []
        self.texts: dict[str, str] = {}
        self.passed_over: dict[str, str] = {}

    def paths(self) -> list[str]:
        """Every path that is scanned."""
        return [*self.read, *self.texts]

    def only(self, paths: Iterable[str]) -> Sources:
        """These files, those of them that are here."""
        kept, found = set(paths), Sources()
        found.read = [path for path in self.read if path in kept]
        found.texts = {path: text for path, text in self.texts.items() if path in kept}
        return found

    def text(self, path: str) -> str:
        """The text of one of the files."""
        if path in self.texts:
            return self.texts[path]
        return decode(Path(path).read_bytes())

    def heard(self) -> Sources:
        """The same files with the comments that suppress made words like any other; `unheard` is the way back."""
        found = Sources()
        for path in self.paths():
            text = self.text(path)
            if IGNORE in text:
                found.texts[path] = text.replace(IGNORE, _UNHEARD)
            elif path in self.texts:
                found.texts[path] = text
            else:
                found.read.append(path)
        return found


def unheard(match: Match) -> Match:
    """A match in `Sources.heard` as it stands in the file."""
    texts = {name: getattr(match, name).replace(_UNHEARD, IGNORE) for name in ('text', 'lines', 'message')}
    return match._replace(**texts)


_BY_NAME = {pattern: language for language, patterns in PATTERNS.items() for pattern in patterns if '*' not in pattern}
_BY_ENDING = {p[1:]: language for language, patterns in PATTERNS.items() for p in patterns if p.startswith('*')}
_BY_START = {p[:-1]: language for language, patterns in PATTERNS.items() for p in patterns if p.endswith('*')}


def language_of(path: str) -> str | None:
    """The language that a file is scanned in, None for a file that no rule reads."""
    name = path.rpartition('/')[2]
    if name in _BY_NAME:
        return _BY_NAME[name]
    start, dot, _ = name.partition('.')
    if dot and f'{start}.' in _BY_START:
        return _BY_START[f'{start}.']
    return _BY_ENDING.get('.' + name.rpartition('.')[2]) if dot else None


def decode(data: bytes) -> str:
    """The text of a file: UTF-8, else by its BOM or coding line, else Latin-1, which never fails."""
    return data.decode(encoding(data))


def encoding(data: bytes) -> str:
    """The name of the encoding that a file's bytes are in."""
    if _reads(data, 'utf-8'):
        return 'utf-8'
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return 'utf-16' if _reads(data, 'utf-16') else 'latin-1'
    for line in data.split(b'\n', 2)[:2]:
        declared = _CODING.match(line)
        if declared:
            name = declared[1].decode('ascii')
            return name if _reads(data, name) else 'latin-1'
    return 'latin-1'


def _reads(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except (LookupError, UnicodeError):
        return False
    return True


def sources(paths: Iterable[str]) -> Sources:
    """Sort files into those that ast-grep reads by name, those it is given as text, and those nobody can scan."""
    found = Sources()
    for path in dict.fromkeys(paths):
        if language_of(path) is None:
            continue
        reason = why_not(path)
        if reason:
            found.passed_over[path] = reason
            continue
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            found.passed_over[path] = error.strerror or str(error)
            continue
        add(found, path, data, on_disk=True)
    return found


def why_not(path: str) -> str:
    """Why a path cannot be read as a file of this repository, or ''."""
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            return SUBMODULE
        if leads_out(path):
            return LINK_OUT
        if not os.path.isfile(path):
            return 'not a regular file' if os.path.lexists(path) else 'it is gone'
        return '' if os.access(path, os.R_OK) else 'Permission denied'
    except OSError as error:
        return error.strerror or str(error)


def add(found: Sources, path: str, data: bytes, *, on_disk: bool) -> None:
    """Put one file's bytes where they belong."""
    if len(data) > _TOO_LARGE and data.count(b'\n') > _TOO_MANY_LINES:
        found.passed_over[path] = f'over {_TOO_LARGE} bytes and {_TOO_MANY_LINES} lines'
        return
    try:
        data.decode('utf-8')
        path.encode('utf-8')
    except UnicodeError:
        found.texts[path] = decode(data)
        return
    if b'{{' in data and language_of(path) == 'yaml':
        text = decode(data)
        readable = _DIRECTIVE.sub(r'\1# ', text)
        if readable != text:
            found.texts[path] = readable
            return
    if on_disk:
        found.read.append(path)
    else:
        found.texts[path] = decode(data)


def leads_out(path: str) -> bool:
    """Whether a path below the current folder is, by a symbolic link of its own or of a folder above it, outside."""
    if os.path.isabs(path) or path.startswith('../'):
        return False  # named so by the user
    here = os.getcwd()
    where = os.path.realpath(path) if os.path.islink(path) else _real(here, os.path.dirname(path))
    return os.path.commonpath((_real(here, ''), where)) != _real(here, '')


@cache
def _real(here: str, folder: str) -> str:
    return os.path.realpath(os.path.join(here, folder))


def binary() -> str:
    """The ast-grep to run: beside this Python first, for a console script called by its path has no PATH of its own."""
    name = 'ast-grep.exe' if os.name == 'nt' else 'ast-grep'
    for place in (sysconfig.get_path('scripts'), os.path.dirname(sys.executable)):
        if place and os.path.isfile(os.path.join(place, name)):
            return os.path.join(place, name)
    found = shutil.which(name)
    if found is None:
        raise HookError(f'ast-grep is not installed; run: {os.path.basename(sys.executable)} -m pip install "ast-grep-cli~={VERSION}.0"')
    return found


@cache
def _require_version(program: str) -> None:
    """Raises HookError when ast-grep is of another version, whose rules and output may differ without a word."""
    try:
        said = subprocess.run((program, '--version'), capture_output=True, timeout=_TIMEOUT).stdout.decode('utf-8', 'replace').split()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HookError(f'ast-grep could not be started: {error}; reinstall ast-grep-cli') from None
    if said and said[0] == 'ast-grep' and not said[-1].startswith(f'{VERSION}.'):
        raise HookError(f'ast-grep is version {said[-1]:.20}, not {VERSION}; run: pip install "ast-grep-cli~={VERSION}.0"')


@contextmanager
def workspace() -> Iterator[Path]:
    """A temporary folder for the configuration and for the texts that are not on disk."""
    try:
        made = tempfile.mkdtemp(prefix='sixgaps-')
    except OSError as error:
        raise HookError(f'cannot write to the temporary folder: {error}; set TMPDIR to one that has room') from None
    try:
        yield Path(made)
    except OSError as error:
        raise HookError(f'cannot write to the temporary folder: {error}; set TMPDIR to one that has room') from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def configure(work: Path, rule_text: str) -> None:
    """Write the configuration and the rules into a folder."""
    # Always our own configuration: without one, a sgconfig.yml of the scanned repository would be picked up.
    globs = json.dumps({language: list(patterns) for language, patterns in LANGUAGE_GLOBS.items()})
    # Loading matchers is most of what a small scan costs: only those that these rules stand on.
    (work / 'utils').mkdir()
    for name, text in shared_matchers(rule_text).items():
        (work / 'utils' / f'{name}.yml').write_text(plain(text), encoding='utf-8')
    (work / 'sgconfig.yml').write_text(f'ruleDirs: []\nutilDirs: [utils]\nlanguageGlobs: {globs}\n', encoding='utf-8')
    (work / 'rules.yml').write_text(plain(rule_text), encoding='utf-8')


def scan(rule_text: str, files: Sources) -> list[Match]:
    """Everything that the rules match in the files, in no particular order.

    Raises HookError when ast-grep is missing, fails, is killed, runs over time or prints what is no JSON.
    """
    if not rule_text or not (files.read or files.texts):
        return []
    with workspace() as work:
        configure(work, rule_text)
        found = []
        for batch in _batches(files.read):
            found += [_match(row, row['file']) for row in _run(work, batch, None)]
        if files.texts:
            # A name that is not UTF-8 makes ast-grep panic, so copies stand under names that are, in folders of the same names.
            tree = work / 'tree'
            named: dict[str, str] = {}
            for number, (path, text) in enumerate(files.texts.items()):
                safe = f'{number}/{_safe(path)}'
                named[safe] = path
                copy = tree / safe
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(text, encoding='utf-8', errors='replace', newline='')
            for batch in _batches(list(named)):
                found += [_match(row, named[row['file'].replace(os.sep, '/')]) for row in _run(work, batch, tree)]
    return found


def _safe(path: str) -> str:
    parts = path.replace('\\', '/').split('/')
    kept = (part for part in parts if part not in ('', '.', '..'))
    return '/'.join(re.sub(r'[^\w.@()\[\] +-]', '_', part.encode('utf-8', 'replace').decode())[-120:] for part in kept)


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for path in paths:
        cost = len(os.fsencode(path)) + 9
        if batch and size + cost > _ARGUMENTS:
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += cost
    if batch:
        yield batch


def _run(work: Path, paths: Sequence[str], cwd: Path | None) -> Iterator[dict[str, Any]]:
    program = binary()
    _require_version(program)
    command = (
        program,
        'scan',
        '--config',
        str(work / 'sgconfig.yml'),
        '--rule',
        str(work / 'rules.yml'),
        '--json=stream',
        '--include-metadata',
        '--',
        *paths,
    )
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, timeout=_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise HookError(
            f'ast-grep took over {_TIMEOUT} seconds and was stopped; pass fewer files, and report the file that is slow'
        ) from None
    except OSError as error:
        raise HookError(f'ast-grep could not be started: {error}; reinstall ast-grep-cli') from None
    said = done.stderr.decode('utf-8', 'replace').strip()
    # 1 is "an error-level rule matched", but also some failures: the closing line tells them apart.
    if done.returncode not in (0, 1) or (done.returncode == 1 and 'Scan succeeded' not in said):
        first = next((line for line in said.splitlines() if line.strip()), '')
        status = f'was killed by signal {-done.returncode}' if done.returncode < 0 else f'failed with status {done.returncode}'
        raise HookError(
            f'ast-grep {status}: {first or "it said nothing"}; check that ast-grep-cli is version {VERSION} and reinstall sixgaps'
        )
    lost = [line for line in said.splitlines() if line.startswith('ERROR:')]
    if lost:
        raise HookError(f'ast-grep could not read a file: {lost[0].removeprefix("ERROR:").strip()}')
    rows = []
    for line in done.stdout.splitlines():
        try:
            row = json.loads(line)
            row['ruleId'], row['range'], row['file'], row['message']
        except (ValueError, KeyError, TypeError):
            raise HookError(f'ast-grep printed what is not a result: {line[:60]!r}; check that ast-grep-cli is version {VERSION}') from None
        rows.append(row)
    if done.returncode == 1 and not rows:
        raise HookError(f'ast-grep reported faults and printed none; check that ast-grep-cli is version {VERSION}')
    return iter(rows)


def _place(path: str, span: dict[str, Any]) -> Place:
    start, end = span['start'], span['end']
    return Place(path, start['line'] + 1, start['column'] + 1, end['line'] + 1, end['column'] + 1)


def _match(row: dict[str, Any], path: str) -> Match:
    single = (row.get('metaVariables') or {}).get('single') or {}
    return Match(
        rule=row['ruleId'],
        place=_place(path, row['range']),
        text=row['text'],
        lines=row['lines'],
        message=row['message'],
        note=row.get('note') or '',
        severity=row['severity'],
        metadata=row.get('metadata') or {},
        captures={name: (_place(path, node['range']), node['text']) for name, node in single.items()},
        mend=_mend(row),
    )


def _mend(row: dict[str, Any]) -> Mend | None:
    """What the rule's fix writes, None where it has none or changes nothing."""
    new, old = row.get('replacement'), row['text']
    if new is None:
        return None
    indent = len(row['lines']) - len(row['lines'].lstrip(' '))
    pad = ' ' * indent
    first, *rest = new.split('\n')
    stood = old.split('\n')[1:]
    # ast-grep takes the indentation off each line but the first and puts it on again; where a line has less (an empty one,
    # one of a string) it only puts it on.
    if not all(line.startswith(pad) for line in stood):
        if len(rest) != len(stood) or not all(line.startswith(pad) for line in rest):
            return None
        new = '\n'.join([first, *(one if was.startswith(pad) else one[indent:] for was, one in zip(stood, rest, strict=True))])
    offsets = row['replacementOffsets']
    return Mend(offsets['start'], offsets['end'], old, new) if new != old else None
