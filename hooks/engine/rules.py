"""The rule files as text: ast-grep reads YAML, the engine only cuts documents apart and knows their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from .finding import HookError

# ast-grep takes a language from the ending of a file; these say which endings and names it would not know.
LANGUAGE_GLOBS = {
    'tsx': ('*.js', '*.jsx', '*.ts', '*.mjs', '*.cjs', '*.mts', '*.cts'),
    'bash': (
        'Dockerfile',
        'Dockerfile.*',
        '*.Dockerfile',
        '*.dockerfile',
        'Containerfile',
        'Containerfile.*',
        'Procfile',
        'Makefile',
        '*.mk',
    ),
    'html': ('*.jinja', '*.jinja2', '*.j2', '*.njk', '*.ejs', '*.hbs', '*.handlebars'),
}
# Which files a language is found in: git pathspecs, and what the engine scans at all.
PATTERNS = {
    'python': ('*.py', '*.pyi'),
    'tsx': (*LANGUAGE_GLOBS['tsx'], '*.tsx'),
    'bash': (*LANGUAGE_GLOBS['bash'], '*.sh', '*.bash'),
    'yaml': ('*.yml', '*.yaml'),
    'json': ('*.json',),
    'html': (*LANGUAGE_GLOBS['html'], '*.html', '*.htm'),
    'hcl': ('*.tf', '*.hcl', '*.tfvars'),
}

_ID = re.compile(r'^id: *["\']?([\w-]+)', re.M)
_LANGUAGE = re.compile(r'^language: *["\']?(\w+)', re.M)
_CHECK = re.compile(r'\bcheck: *["\']?([\w-]+)')
_WORDS = re.compile(r'\bwords: *\[(.*?)\]', re.S)
_MARKS = re.compile(r'\bmarks: *["\']?(\w+)')
_AS = re.compile(r'\bas: *["\']?([\w-]+)')
_LOST = re.compile(r'\blost: *\[(.*?)\]', re.S)
_MATCHES = re.compile(r'\bmatches: *["\']?([\w-]+)')
_CARRIES = re.compile(r'\bcarries: *\[(.*?)\]', re.S)
_CLASS = re.compile(r'\\{1,2}[wWsSdb]')
_ASCII = {'w': '[0-9A-Za-z_]', 'W': '[^0-9A-Za-z_]', 's': r'[ \t-\r]', 'S': r'[^ \t-\r]', 'd': '[0-9]', 'b': r'(?-u:\b)'}
_AS_ASCII = {mark + letter: text.replace('\\', mark) for letter, text in _ASCII.items() for mark in ('\\', '\\\\')}


class Document(NamedTuple):
    """One rule or fact, with what the engine needs to know of it before ast-grep runs."""

    id: str
    language: str
    check: str
    text: str


def folder() -> Path:
    """Where the rule files are installed."""
    root = __package__.partition('.')[0]
    found = import_module(f'{root}.rules').__file__
    if found is None:
        raise HookError('the rule files are missing from this installation; reinstall sixgaps')
    return Path(found).parent


@cache
def documents(name: str) -> tuple[Document, ...]:
    """The documents of rules/NAME.yml, in order. Raises HookError when the file cannot be read or names no id."""
    path = folder() / f'{name}.yml'
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise HookError(f'cannot read the rule file {path.name}: {error}; reinstall sixgaps') from None
    found = []
    for part in re.split(r'^---\s*$', text, flags=re.M):
        if not any(line.strip() and not line.startswith('#') for line in part.splitlines()):
            continue
        name_of, language = _ID.search(part), _LANGUAGE.search(part)
        if name_of is None or language is None:
            raise HookError(f'{path.name} holds a document without id or language; reinstall sixgaps')
        check = _CHECK.search(part)
        found.append(Document(name_of[1], language[1].lower(), check[1] if check else '', part))
    return tuple(found)


def template(document: Document) -> str:
    """The message of a rule with its $NAMES not yet filled in."""
    match = re.search(r'^message: *(?:"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|(.*))$', document.text, re.M)
    if match is None:
        return ''
    return (match[1].replace('\\"', '"') if match[1] is not None else match[2] or match[3] or '').strip()


def unfilled(document: Document) -> str:
    """The message of a rule where there is no finding to fill it."""
    return re.sub(r'\$+[A-Z_0-9]+', '…', template(document))


def every_rule() -> list[Document]:
    """The rules of all gaps."""
    return [
        document for path in sorted(folder().glob('*.yml')) if path.stem not in ('facts', 'scorecard') for document in documents(path.stem)
    ]


def metadata(document: Document) -> dict[str, Any]:
    """All metadata of a rule, which takes a YAML parser; a hook that only scans has no use for it."""
    import yaml

    loaded = yaml.safe_load(document.text)
    return dict(loaded.get('metadata') or {})


def _listed(found: re.Match[str] | None) -> tuple[str, ...]:
    if found is None:
        return ()
    return tuple(word.strip().strip('"\'') for word in found[1].split(',') if word.strip())


def words(document: Document) -> tuple[str, ...]:
    """The words that a fact's code cannot do without."""
    return _listed(_WORDS.search(document.text))


def marks(document: Document) -> tuple[str, str, tuple[str, ...]] | None:
    """The capture that a fact marks the definition of, the fact it makes there, and the facts that it carries along."""
    name, made = _MARKS.search(document.text), _AS.search(document.text)
    if name is None or made is None:
        return None
    return name[1], made[1], _listed(_CARRIES.search(document.text))


def lost(document: Document) -> tuple[str, ...]:
    """The facts that a change must have taken away for the rule to stand."""
    return _listed(_LOST.search(document.text))


@cache
def _shared() -> dict[str, Path]:
    return {path.stem: path for path in (folder() / 'utils').rglob('*.yml')}


def shared_matchers(rule_text: str) -> dict[str, str]:
    """The shared matchers that rules stand on, directly or through one another: id -> text."""
    found: dict[str, str] = {}
    waiting = [rule_text]
    while waiting:
        for name in _MATCHES.findall(waiting.pop()):
            if name not in found and name in _shared():
                found[name] = _shared()[name].read_text(encoding='utf-8')
                waiting.append(found[name])
    return found


def joined(chosen: Iterable[Document]) -> str:
    """One rule file out of many documents, which asks ast-grep not to print the text around each finding once more as labels."""
    return '\n---\n'.join(document.text.replace('\nrule:', '\nlabels: {}\nrule:', 1) for document in chosen)


def plain(text: str) -> str:
    """Rules as ast-grep is given them: classes in regexes are ASCII, for the tables of Unicode are half of what loading costs."""
    return _CLASS.sub(lambda found: _AS_ASCII[found[0]], text)
