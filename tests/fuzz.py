"""Damaged sources, names and arguments against the whole hook: no traceback, no hang, no file dropped without a word.

`make fuzz INPUTS=100000` runs it; tests/properties_test.py runs a little of it each time. The sources are the snippets of
tests/rules, which every rule matches somewhere, and those of any folder given with --corpus.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from sixgaps import six_gaps
from sixgaps.engine import scan
from sixgaps.engine.rules import Document, joined

RULES = Path(__file__).parent / 'rules'
ENDINGS = {
    'py': '.py',
    'ts': '.tsx',
    'gha': '.yml',
    'gl': '.yml',
    'cmp': '.yml',
    'k8s': '.yaml',
    'tf': '.tf',
    'sh': '.sh',
    'pkg': '.json',
    'html': '.html',
}
HANG = 10  # seconds of a processor that no single input may take
SQL = [
    'create table public.notes (id uuid primary key, owner uuid);\nalter table notes enable row level security;\n',
    "create policy p on notes for all using (true) with check (auth.uid() = owner);\ninsert into notes values ('a''b');\n",
    "do $$ begin execute format('alter table %I enable row level security', t); end $$;\ndrop table notes;\n",
]
# What each grammar calls a whole file.
ROOTS = {
    'python': 'module',
    'tsx': 'program',
    'bash': 'program',
    'yaml': 'stream',
    'json': 'document',
    'html': 'document',
    'hcl': 'config_file',
}
PLACES = {'.yml': ('.github/workflows/', '', 'k8s/', '.gitlab-ci.yml/'), '.sql': ('supabase/migrations/', 'db/')}


def corpus(folders: list[str]) -> list[tuple[str, bytes]]:
    """Real sources: (ending of the file name, bytes)."""
    found = [('.sql', text.encode()) for text in SQL]
    for path in RULES.rglob('*-test.yml'):
        test = yaml.safe_load(path.read_text(encoding='utf-8'))
        ending = ENDINGS.get(path.name.split('-')[0])
        if ending:
            found += [(ending, text.encode()) for text in (*test.get('invalid', ()), *test.get('valid', ()))]
    for folder in folders:
        for path in Path(folder).rglob('*'):
            if path.is_file() and (scan.language_of(path.name) or path.suffix == '.sql') and path.stat().st_size < 40_000:
                found.append((path.suffix or path.name, path.read_bytes()))
    return found


def damaged(data: bytes, other: bytes, pick: random.Random) -> bytes:
    """One source, mutated by bytes, tokens, blocks and encodings, a few times over."""
    for _ in range(pick.randint(1, 4)):
        data = pick.choice((_bytes, _tokens, _tokens, _blocks, _blocks, _encoding))(data, other, pick)[:100_000]
    return data


def _bytes(data: bytes, other: bytes, pick: random.Random) -> bytes:
    at, length = pick.randint(0, len(data)), pick.choice((1, 1, 3, 40))
    junk = pick.choice(
        (
            pick.randbytes(length),
            b'\0',
            b'\xff\xfe',
            b'\xef\xbb\xbf',
            b'\r',
            b'`' * length,
            b'(' * length,
            b'"' * length,
            '\u2028é𝒳'.encode(),
        )
    )
    return pick.choice(
        (data[:at] + junk + data[at:], data[:at] + data[at + length :], data[:at], data[at:], data[:at] + junk + data[at + length :])
    )


def _tokens(data: bytes, other: bytes, pick: random.Random) -> bytes:
    tokens, others = (re.findall(rb'\w+|\s+|.', text) or [b''] for text in (data, other))
    for _ in range(pick.randint(1, 6)):
        at = pick.randrange(len(tokens))
        what = pick.randrange(5)
        if what == 0 and len(tokens) > 1:
            del tokens[at]
        elif what == 1:
            tokens.insert(at, tokens[at])
        elif what == 2:
            tokens[at] = pick.choice(others)
        elif what == 3:
            tokens[at] *= pick.choice((2, 50))
        else:
            there = pick.randrange(len(tokens))
            tokens[at], tokens[there] = tokens[there], tokens[at]
    return b''.join(tokens)


def _spans(data: bytes) -> list[tuple[int, int]]:
    """Subtrees as their brackets and their indented blocks show them."""
    found, opened = [], []
    for at, byte in enumerate(data):
        if byte in b'([{':
            opened.append(at)
        elif byte in b')]}' and opened:
            found.append((opened.pop(), at + 1))
    found += [block.span() for block in re.finditer(rb'^([ \t]+)\S.*\n(?:\1.*\n|\n)*', data, re.M)]
    return found or [(0, len(data))]


def _blocks(data: bytes, other: bytes, pick: random.Random) -> bytes:
    start, end = pick.choice(_spans(data))
    there, until = pick.choice(_spans(other))
    return pick.choice(
        (
            data[:start] + data[end:],  # cut
            data[:start] + other[there:until] + data[end:],  # paste
            data[:end] + data[start:end] + data[end:],  # duplicate
            data[:end] + b'\n' + data[start:end] * 30 + data[end:],
            data[: pick.randint(start, end)],  # truncate
        )
    )


def _encoding(data: bytes, other: bytes, pick: random.Random) -> bytes:
    text = data.decode('utf-8', 'replace')
    name = pick.choice(('utf-16', 'utf-16-be', 'utf-8-sig', 'latin-1', 'cp1252', 'utf-32', 'crlf', 'cr', 'mixed'))
    if name == 'crlf':
        return data.replace(b'\n', b'\r\n')
    if name == 'cr':
        return data.replace(b'\n', b'\r')
    if name == 'mixed':
        return data + other.decode('utf-8', 'replace').encode('utf-16')
    return text.encode(name, 'replace')


def name_of(number: int, ending: str, pick: random.Random) -> bytes:
    """A file name that some file system allows."""
    folder = pick.choice((*PLACES.get(ending, ()), '', 'src/', 'app/routes/', "it's/", 'a b/', 'é/', '-x/', '[id]/', '$HOME/', 'x\ny/'))
    stem = pick.choice(('a', 'main', '--output', '-', 'q\'"', 'a b', '日本', '\\', ';ls', '*', '[x]', 'x\ty', '%s{0}', '.'))
    raw = os.fsencode(f'{folder}{stem}{number}') + pick.choice((b'', b'', b'', b'\xff\xfe', b'\n'))
    return raw + os.fsencode(ending if ending.startswith('.') else f'/{ending}')


def arguments(pick: random.Random) -> list[str]:
    """Arguments as people and scripts get them wrong."""
    some = (
        *('--strict', '--no-color', '--scope', 'all', 'auto', 'introduced', '--format', 'json', 'text', '-h', '--scop'),
        *('--disable', 'code-from-strings', '--warn', 'nothing', '--error', '', '--output', '/dev/full'),
        *('--', 'gone.py', '.', '..', '/', '\udcff.py', 'a\0.py', 'x' * 5000),
    )
    return [pick.choice(some) for _ in range(pick.randint(0, 6))]


def _run(argv: list[str]) -> tuple[int, str, str, float]:
    out, err = io.TextIOWrapper(io.BytesIO(), 'utf-8', 'replace'), io.StringIO()
    start = sum(os.times()[:4])
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = six_gaps.main(argv)
        except SystemExit as ended:  # argparse
            status = int(ended.code or 0)
    out.flush()
    said = out.buffer.getvalue().decode('utf-8', 'replace')  # type: ignore[attr-defined]
    return status, said, err.getvalue(), sum(os.times()[:4]) - start


def _wrong(status: int, err: str) -> str:
    if (
        status not in (0, 1, 2)
        or 'Traceback' in err
        or 'a fault in sixgaps itself' in err
        or 'ast-grep was killed' in err
        or 'ast-grep failed' in err
    ):
        return f'status {status}: {err.strip()[-300:]}'
    return ''


def failures(inputs: int, seed: int, sources: list[tuple[str, bytes]], batch: int = 400, keep: Path | None = None) -> Iterator[str]:
    """What went wrong, one text each, over that many damaged inputs."""
    pick = random.Random(seed)
    for start in range(0, inputs, batch):
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            subprocess.run(['git', 'init', '-q'], check=True)
            names = list(_written(start, min(batch, inputs - start), sources, pick))
            if pick.random() < 0.2:
                subprocess.run(['git', 'add', '-A'], check=True, capture_output=True)
                subprocess.run(['git', '-c', 'user.name=f', '-c', 'user.email=f@example.com', 'commit', '-qm', 'x'], check=True)
                for name in names[::2]:
                    Path(name).write_bytes(damaged(Path(name).read_bytes(), pick.choice(sources)[1], pick))
            yield from _one_batch(names, pick, keep)


def _written(start: int, count: int, sources: list[tuple[str, bytes]], pick: random.Random) -> Iterator[str]:
    for number in range(start, start + count):
        ending, data = pick.choice(sources)
        name = os.fsdecode(name_of(number, ending, pick))
        with contextlib.suppress(OSError):  # a folder where a file stands already
            os.makedirs(os.path.dirname(name) or '.', exist_ok=True)
            Path(name).write_bytes(damaged(data, pick.choice(sources)[1], pick))
            yield name


def _one_batch(names: list[str], pick: random.Random, keep: Path | None) -> Iterator[str]:
    status, _, err, took = _run(['--scope', pick.choice(('all', 'auto')), '--format', pick.choice(('text', 'json')), '--', *names])
    if _wrong(status, err) or took > 4 * HANG:  # which one was it
        for name in names:
            status, _, err, took = _run(['--scope', 'all', '--', name])
            if (wrong := _wrong(status, err)) or took > HANG:
                if keep:
                    (keep / f'{abs(hash(name))}{Path(name).suffix}').write_bytes(Path(name).read_bytes())
                yield f'{name!r}: {wrong or f"{took:.1f} s"}'
    yield from _dropped(names, err)
    status, _, err, _ = _run(arguments(pick))
    if wrong := _wrong(status, err):
        yield f'arguments: {wrong}'


def _dropped(names: list[str], err: str) -> Iterator[str]:
    """Files that are neither scanned nor named: a rule that matches any file as a whole must match each."""
    found = scan.sources(names)
    whole = joined(
        Document(
            f'w-{language}',
            language,
            '',
            f'id: w-{language}\nlanguage: {language}\nmessage: x\nrule: {{any: [{{kind: {kind}}}, {{kind: ERROR}}]}}',
        )
        for language, kind in ROOTS.items()
    )
    seen = {match.place.path for match in scan.scan(whole, found)}
    for path in set(found.paths()) - seen:
        if found.text(path).strip():
            yield f'{path!r}: dropped without a word: {Path(path).read_bytes()[:80]!r}'


def main() -> int:
    """Fuzz as asked. Returns 1 when something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--inputs', type=int, default=2000)
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--corpus', action='append', default=[], metavar='DIR')
    parser.add_argument('--keep', type=Path, help='a folder for the inputs that failed')
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.randrange(1 << 30)
    sources = corpus(args.corpus)
    print(f'{args.inputs} inputs out of {len(sources)} sources, seed {seed}', flush=True)
    wrong = 0
    for text in failures(args.inputs, seed, sources, keep=args.keep):
        wrong += 1
        print(text.encode('utf-8', 'backslashreplace').decode(), flush=True)
    print(f'{wrong} failures')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
