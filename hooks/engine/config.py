"""What a repository says in [tool.sixgaps] of its pyproject.toml, or in .sixgaps.toml, at its top."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, NamedTuple

from .finding import HookError

_OWN, _SHARED = '.sixgaps.toml', 'pyproject.toml'
# The lists a file may hold; of one id in several, the later one here wins.
LISTS = {'warn': 'warning', 'error': 'error', 'disable': 'off'}
_EXAMPLE = 'such as disable = ["print-logging"]'


class Layer(NamedTuple):
    """Severities by check or rule id, in the order they are applied, and the paths they hold for."""

    where: str  # how an error names it
    ids: tuple[tuple[str, str], ...]
    covers: re.Pattern[str] | None = None  # None: every path


class Config(NamedTuple):
    """What the repository sets. Of two layers that cover a path the later one wins; the command line is put behind them."""

    strict: bool
    layers: tuple[Layer, ...]


class Severities:
    """What the layers make of each rule; `check_of` are the rules of this run, `elsewhere` tells the ids of all."""

    def __init__(self, layers: Iterable[Layer], check_of: Mapping[str, str], elsewhere: Callable[[], Container[str]]) -> None:
        self._layers = [(layer.covers, _by_rule(layer, check_of, elsewhere)) for layer in layers]

    def of(self, rule: str, path: str, own: str) -> str:
        """The severity of a rule on a path, `own` where nothing is said."""
        for covers, severities in reversed(self._layers):
            if rule in severities and (covers is None or covers.fullmatch(path)):
                return severities[rule]
        return own

    def off(self, rule: str) -> bool:
        """Whether a rule is off on every path, and need not be loaded."""
        for covers, severities in reversed(self._layers):
            if rule in severities and (covers is None or severities[rule] != 'off'):
                return severities[rule] == 'off'
        return False


def _by_rule(layer: Layer, check_of: Mapping[str, str], elsewhere: Callable[[], Container[str]]) -> dict[str, str]:
    """The layer's severities by rule id. A rule's own id says more than its check's."""
    found: dict[str, str] = {}
    for name, severity in sorted(layer.ids, key=lambda one: one[0] in check_of):
        named = [rule for rule, check in check_of.items() if name in (rule, check)]
        if not named and name not in elsewhere():
            from difflib import get_close_matches

            close = get_close_matches(name, {*check_of, *check_of.values()}, 1, 0)
            place = f'{layer.where}: ' if layer.where else ''
            raise HookError(f'{place}there is no check or rule {name!r}; the closest is {close[0] if close else "none"}')
        found.update(dict.fromkeys(named, severity))
    return found


def read() -> Config:
    """The configuration of the repository whose top is the current folder. Raises HookError, naming file and line, when it is wrong."""
    own, shared = _text(_OWN), _text(_SHARED)
    if shared is not None and b'sixgaps' not in shared:  # the import of a TOML parser is for those who need it
        shared = None
    table = _table(_parsed(_SHARED, shared).get('tool'), 'sixgaps') if shared is not None else None
    if own is not None:
        if table is not None:
            raise HookError(f'{_OWN} and [tool.sixgaps] in {_SHARED} both configure sixgaps; keep one of them')
        return _config(_parsed(_OWN, own), _OWN)
    return _config(table, f'{_SHARED}: [tool.sixgaps]') if table is not None else Config(False, ())


def _text(name: str) -> bytes | None:
    if not os.path.lexists(name):
        return None
    if not os.path.isfile(name):
        raise HookError(f'{name} is not a regular file; make it one, or remove it')
    if os.path.commonpath((os.path.realpath(name), here := os.path.realpath(os.curdir))) != here:
        if name == _SHARED:
            return None
        raise HookError(f'{name} is a link that leads out of the repository and is not followed; put a file there')
    try:
        with open(name, 'rb') as file:
            return file.read()
    except OSError as error:
        raise HookError(f'cannot read {name}: {error.strerror}') from None


def _parsed(name: str, data: bytes) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(data.decode('utf-8-sig').replace('\r\n', '\n'))
    except UnicodeDecodeError as error:
        raise HookError(f'{name}:{data[: error.start].count(10) + 1}: not UTF-8; save it as UTF-8') from None
    except tomllib.TOMLDecodeError as error:
        told = re.fullmatch(r'(.*) \(at (?:line (\d+), column (\d+)|end of document)\)', str(error), re.S)
        line = told[2] if told and told[2] else data.count(b'\n') + 1
        raise HookError(f'{name}:{line}: not TOML: {told[1] if told else error}') from None
    except RecursionError:
        raise HookError(f'{name}:1: nested too deep to be read') from None


def _table(value: object, key: str) -> dict[str, Any] | None:
    found = value.get(key) if isinstance(value, dict) else None
    if found is not None and not isinstance(found, dict):
        raise HookError(f'{_SHARED}: tool.{key} is a table: [tool.{key}]')
    return found


def _config(table: Mapping[str, Any], where: str) -> Config:
    _known(table, (*LISTS, 'strict', 'paths'), where)
    strict, paths = table.get('strict', False), table.get('paths', {})
    if not isinstance(strict, bool):
        raise HookError(f'{where}: strict is true or false')
    if not isinstance(paths, dict) or not all(isinstance(lists, dict) for lists in paths.values()):
        raise HookError(f'{where}: paths holds a table for each glob, such as paths."scripts/**" = {{disable = ["print-logging"]}}')
    layers = [Layer(where, _ids(table, where))]
    for glob, lists in paths.items():
        below = f'{where}, paths."{glob}"'
        _known(lists, LISTS, below)
        layers.append(Layer(below, _ids(lists, below), _pattern(glob)))
    return Config(strict, tuple(layers))


def _known(table: Mapping[str, Any], keys: Iterable[str], where: str) -> None:
    for key in table:
        if key not in keys:
            from difflib import get_close_matches

            raise HookError(f'{where}: there is no key {key!r}; the closest is {get_close_matches(key, keys, 1, 0)[0]}')


def _ids(table: Mapping[str, Any], where: str) -> tuple[tuple[str, str], ...]:
    found = []
    for key, severity in LISTS.items():
        names = table.get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise HookError(f'{where}: {key} is a list of check or rule ids, {_EXAMPLE}')
        found += [(name, severity) for name in names]
    return tuple(found)


def _pattern(glob: str) -> re.Pattern[str]:
    """A glob as .gitignore means it: `**` is any depth, one without a slash fits at any depth, a folder stands for all that is in it."""
    body = ''
    for part in re.findall(r'\*\*/|\*\*|\*|\?|\[[!^]?[^\]/]+\]|.', glob.strip('/'), re.S):
        if part == '**/':
            body += '(?:.*/)?'
        elif part == '**':
            body += '.*'
        elif part in ('*', '?'):
            body += '[^/]' + part.replace('?', '')
        elif len(part) > 1:
            body += '[' + ('^' if part[1] in '!^' else '') + re.escape(part[1:-1].lstrip('!^')).replace(r'\-', '-') + ']'
        else:
            body += re.escape(part)
    anywhere = '' if '/' in glob.rstrip('/') else '(?:.*/)?'
    try:
        return re.compile(f'{anywhere}{body}(?:/.*)?', re.S)
    except re.error:
        raise HookError(f'the glob {glob!r} cannot be read') from None
