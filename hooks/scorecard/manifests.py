"""The dependencies that manifests name, with the line that names them: Python's and npm's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

# What a requirement begins with, up to its version, marker or extra.
_REQUIREMENT = re.compile(r'^\s*["\']?([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?=[<>=!~;@#,"\'\s]|$)')
_QUOTED = re.compile(r'["\']([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:[<>=!~;@][^"\']*)?["\']')
_TABLE = re.compile(r'^\s*\[+([^\]]+)\]+\s*(?:#.*)?$')
_KEY = re.compile(r'^\s*["\']?([A-Za-z0-9][\w.-]*)["\']?\s*=')
_TABLES = re.compile(r'^(tool\.poetry(\.group\.[\w-]+)?\.(dev-)?dependencies|(dev-)?packages)$')
_ARRAYS = re.compile(r'^(project\.optional-dependencies|dependency-groups|tool\.pdm\.dev-dependencies)$')
_NPM = ('dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies')


def is_manifest(path: str) -> bool:
    """Whether a file names dependencies that are read here."""
    folder, _, name = path.rpartition('/')
    if re.search(r'(^|/)templates?/', path):
        return False  # what projects are made from: full of holes, and depending on nothing
    if name in ('package.json', 'pyproject.toml', 'setup.cfg', 'setup.py', 'Pipfile'):
        return True
    return re.search(r'requirements?[\w.-]*\.(txt|in)$', name) is not None or (name.endswith('.txt') and folder.endswith('requirements'))


def normal(name: str) -> str:
    """A name as registries compare it: small letters, one hyphen for each run of dots, hyphens and underscores."""
    return name.lower() if name.startswith('@') else re.sub(r'[-_.]+', '-', name.lower())


def dependencies(path: str, text: str) -> Iterator[tuple[str, int]]:
    """Each dependency of a manifest by its normal name, with its 1-based line. Raises ValueError when package.json is no JSON."""
    name = path.rpartition('/')[2]
    found = {'package.json': _npm, 'pyproject.toml': _toml, 'Pipfile': _toml, 'setup.cfg': _cfg, 'setup.py': _setup}.get(name, _lines)(text)
    return ((normal(dependency), line) for dependency, line in found)


def _npm(text: str) -> Iterator[tuple[str, int]]:
    data = json.loads(text)
    lines = text.splitlines()
    for section in _NPM:
        named = data.get(section) if isinstance(data, dict) else None
        for name in named if isinstance(named, dict) else ():
            quoted = json.dumps(name)
            yield name, next((number for number, line in enumerate(lines, 1) if quoted in line), 1)


def _lines(text: str) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.splitlines(), 1):
        match = _REQUIREMENT.match(line)
        if match and not line.lstrip().startswith(('-', '#')):
            yield match[1], number


def _toml(text: str) -> Iterator[tuple[str, int]]:
    table, within = '', False
    for number, line in enumerate(text.splitlines(), 1):
        head = _TABLE.match(line)
        if head and not within:
            table = head[1].strip()
            continue
        if _TABLES.match(table):
            key = _KEY.match(line)
            if key and key[1] != 'python':
                yield key[1], number
            continue
        begins = (table == 'project' and re.match(r'\s*dependencies\s*=', line)) or (_ARRAYS.match(table) and _KEY.match(line))
        if begins or within:
            listed = line.partition('=')[2] if begins else line
            for match in _QUOTED.finditer(listed):
                yield match[1], number
            # An extra in brackets is no end of the list: only what stands outside quotes counts.
            bare = re.sub(r'"[^"]*"|\'[^\']*\'|#.*', '', listed)
            within = ']' not in bare and (within or '[' in bare)


def _cfg(text: str) -> Iterator[tuple[str, int]]:
    within = False
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r'(install_requires|tests_require|[\w-]+)\s*=', line):
            within = line.startswith(('install_requires', 'tests_require'))
        elif line and not line[0].isspace():
            within = False
        match = _REQUIREMENT.match(line) if within and line[:1].isspace() else None
        if match:
            yield match[1], number


def _setup(text: str) -> Iterator[tuple[str, int]]:
    within = False
    for number, line in enumerate(text.splitlines(), 1):
        within = within or re.search(r'\b(install_requires|extras_require|tests_require)\b', line) is not None
        if within:
            for match in _QUOTED.finditer(line):
                yield match[1], number
        if within and ']' in line:
            within = False
