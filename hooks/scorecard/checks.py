"""checks.yml: the signs that a repository may show and the checks that ask for them. A wrong entry is refused in one line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..engine.command import Gap
from ..engine.finding import REPOSITORY, HookError
from ..engine.rules import Document, documents

PILLARS = ('architecture', 'security', 'testing', 'observability', 'ci-cd', 'infrastructure')
RUNS = 'service'  # the sign by which a folder with a manifest is a service, and not a package that services share
RISKS = ('critical', 'high', 'medium', 'low')
GAPS = {1: 'input validation', 2: 'authorization', 3: 'error handling', 4: 'observability', 5: 'deployment pipeline', 6: 'infrastructure'}
_SIGN = frozenset(('what', 'facts', 'files', 'except', 'dependencies', 'text', 'signs', 'tests'))
_PROOF = _SIGN | {'enough', 'of'}
_DISPROOF = frozenset(('checks', 'files', 'of', 'partial'))
_CHECK = frozenset(('id', 'title', 'gap', 'pillar', 'risk', 'applies', 'each', 'proof', 'disproof', 'why', 'close'))
_NAME = re.compile(r'[a-z0-9]+(-[a-z0-9]+)*')


@dataclass(frozen=True)
class Sign:
    """What can be found in a repository: `what` names it in a sentence, `tests` counts places in tests and examples too."""

    what: str
    facts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    but: tuple[str, ...] = ()  # globs of files that are none, whatever `files` says
    dependencies: tuple[str, ...] = ()
    text: tuple[tuple[str, str], ...] = ()  # glob -> regex of one line
    signs: tuple[str, ...] = ()
    tests: bool = False


@dataclass(frozen=True)
class Disproof:
    """Findings that speak against a check: the ids of their checks, or files that should not be there.

    `of` is the sign whose places they could have stood at; up to the share `partial` of them (0 to 1) the verdict is partial.
    """

    checks: tuple[str, ...]
    files: tuple[str, ...]
    of: str
    partial: float


@dataclass(frozen=True)
class Check:
    """One question of the scorecard. Each tuple of `applies` holds alternatives of which one sign must stand."""

    id: str
    title: str
    gap: int
    pillar: str
    risk: str
    applies: tuple[tuple[str, ...], ...]
    by_service: bool
    proof: Sign | None
    enough: float  # proofs for each place of `of`, 0: one will do
    of: str
    disproof: Disproof | None
    why: str
    close: str

    @property
    def page(self) -> str:
        """The path of its documentation page in the repository of sixgaps."""
        return f'docs/scorecard/{self.id}.md'

    @property
    def link(self) -> str:
        """The address of that page."""
        return f'{REPOSITORY}/blob/main/{self.page}'


@dataclass(frozen=True)
class Catalogue:
    """Everything that checks.yml says."""

    signs: Mapping[str, Sign]
    checks: tuple[Check, ...]

    def every_sign(self) -> list[Sign]:
        """The named signs and those that checks hold themselves."""
        return [*self.signs.values(), *(check.proof for check in self.checks if check.proof)]

    def facts(self) -> list[Document]:
        """The documents whose places the scorecard asks for."""
        wanted = {fact for sign in self.every_sign() for fact in sign.facts}
        return [document for name in ('facts', 'scorecard') for document in documents(name) if document.id in wanted]


def load(gaps: Sequence[Gap], path: Path | None = None) -> Catalogue:
    """The catalogue of a file, by default the one that is installed. Raises HookError with one line that names the wrong entry."""
    source = path or Path(__file__).with_name('checks.yml')
    try:
        data = yaml.safe_load(source.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        raise HookError(f'cannot read {source.name}: {error}; reinstall sixgaps') from None
    except yaml.YAMLError as error:
        raise HookError(f'{source.name} is no YAML: {" ".join(str(error).split())}') from None
    try:
        return _Reader(gaps).catalogue(data)
    except _Wrong as error:
        raise HookError(f'{source.name}: {error}') from None


class _Wrong(Exception):
    """What is wrong with an entry, in one line."""


class _Reader:
    """Turns what YAML gave into a catalogue, and refuses what does not fit."""

    def __init__(self, gaps: Sequence[Gap]) -> None:
        self._facts = {document.id for name in ('facts', 'scorecard') for document in documents(name)}
        self._findings = {document.check for gap in gaps for document in documents(gap.name)}
        self._findings |= {check for gap in gaps for extra in gap.extras for check in extra.rules.values()}
        self._signs: Collection[str] = ()

    def catalogue(self, data: Any) -> Catalogue:
        if not isinstance(data, dict) or set(data) != {'signs', 'checks'}:
            raise _Wrong('it must hold signs and checks, and nothing else')
        if not isinstance(data['signs'], dict) or not isinstance(data['checks'], list):
            raise _Wrong('signs must be a mapping and checks a list')
        self._signs = data['signs'].keys()
        self._known_sign('signs', RUNS)
        signs = {name: self._sign(f'sign {name!r}', entry, _SIGN) for name, entry in data['signs'].items()}
        for name in signs:
            _refuse_circles(name, signs, ())
        checks: list[Check] = []
        for number, entry in enumerate(data['checks'], 1):
            check = self._check(number, entry)
            if any(check.id == other.id for other in checks):
                raise _Wrong(f'check {check.id!r} is there twice')
            checks.append(check)
        return Catalogue(signs, tuple(checks))

    def _check(self, number: int, entry: Any) -> Check:
        name = entry.get('id') if isinstance(entry, dict) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _Wrong(f'check number {number} has no id of small letters, digits and hyphens')
        where = f'check {name!r}'
        _known(where, entry, _CHECK)
        for key in ('title', 'why', 'close'):
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                raise _Wrong(f'{where}: {key} is missing')
        if entry.get('gap') not in GAPS:
            raise _Wrong(f'{where}: gap must be 1 to 6, not {entry.get("gap")!r}')
        for key, allowed in (('pillar', PILLARS), ('risk', RISKS)):
            if entry.get(key) not in allowed:
                raise _Wrong(f'{where}: {key} must be one of {", ".join(allowed)}, not {entry.get(key)!r}')
        if entry.get('each', 'repository') not in ('repository', 'service'):
            raise _Wrong(f'{where}: each must be service, or be left out, not {entry["each"]!r}')
        applies = tuple(tuple(part.split('|')) for part in _strings(where, entry, 'applies'))
        if not applies:
            raise _Wrong(f'{where}: applies is missing; name the sign of what it is asked of')
        for sign in (sign for alternatives in applies for sign in alternatives):
            self._known_sign(where, sign)
        proof = self._sign(f'{where}, proof', entry['proof'], _PROOF) if 'proof' in entry else None
        disproof = self._disproof(f'{where}, disproof', entry['disproof']) if 'disproof' in entry else None
        if proof is None and disproof is None:
            raise _Wrong(f'{where}: it has neither proof nor disproof, so it can never be decided')
        asked = entry.get('proof', {})
        enough, of = _share(f'{where}, proof', asked, 'enough', 0.0), asked.get('of', '')
        if bool(enough) != bool(of):
            raise _Wrong(f'{where}, proof: enough and of belong together')
        if of:
            self._known_sign(f'{where}, proof', of)
        return Check(
            id=name,
            title=entry['title'],
            gap=entry['gap'],
            pillar=entry['pillar'],
            risk=entry['risk'],
            applies=applies,
            by_service=entry.get('each') == 'service',
            proof=proof,
            enough=enough,
            of=of,
            disproof=disproof,
            why=' '.join(entry['why'].split()),
            close=' '.join(entry['close'].split()),
        )

    def _sign(self, where: str, entry: Any, keys: frozenset[str]) -> Sign:
        _known(where, entry, keys)
        if not isinstance(entry.get('what'), str):
            raise _Wrong(f'{where}: what is missing; say in a few words what is looked for')
        facts, signs = _strings(where, entry, 'facts'), _strings(where, entry, 'signs')
        for fact in facts:
            if fact not in self._facts:
                raise _Wrong(f'{where}: there is no fact {fact!r} in rules/facts.yml or rules/scorecard.yml')
        for sign in signs:
            self._known_sign(where, sign)
        text = entry.get('text', {})
        if not isinstance(text, dict) or not all(isinstance(part, str) for pair in text.items() for part in pair):
            raise _Wrong(f'{where}: text must map globs to regular expressions')
        for pattern in text.values():
            try:
                re.compile(pattern)
            except re.error as error:
                raise _Wrong(f'{where}: {pattern!r} is no regular expression: {error}') from None
        files, dependencies = _strings(where, entry, 'files'), _strings(where, entry, 'dependencies')
        if not (facts or signs or text or files or dependencies):
            raise _Wrong(f'{where}: it names nothing to look for')
        if not isinstance(entry.get('tests', False), bool):
            raise _Wrong(f'{where}: tests must be true or false')
        return Sign(
            what=entry['what'],
            facts=facts,
            files=files,
            but=_strings(where, entry, 'except'),
            dependencies=dependencies,
            text=tuple(text.items()),
            signs=signs,
            tests=entry.get('tests', False),
        )

    def _disproof(self, where: str, entry: Any) -> Disproof:
        _known(where, entry, _DISPROOF)
        checks, files = _strings(where, entry, 'checks'), _strings(where, entry, 'files')
        if not checks and not files:
            raise _Wrong(f'{where}: it names neither checks nor files')
        for check in checks:
            if check not in self._findings:
                raise _Wrong(f'{where}: no rule has the check {check!r}')
        self._known_sign(where, entry.get('of'))
        return Disproof(checks, files, entry['of'], _share(where, entry, 'partial', 0.1))

    def _known_sign(self, where: str, name: Any) -> None:
        if name not in self._signs:
            raise _Wrong(f'{where}: there is no sign {name!r}')


def _known(where: str, entry: Any, keys: frozenset[str]) -> None:
    if not isinstance(entry, dict):
        raise _Wrong(f'{where}: it must be a mapping')
    for key in entry:
        if key not in keys:
            raise _Wrong(f'{where}: {key!r} is no key of it; there are {", ".join(sorted(keys))}')


def _strings(where: str, entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = entry.get(key, [])
    if not isinstance(found, list) or not all(isinstance(part, str) and part for part in found):
        raise _Wrong(f'{where}: {key} must be a list of words')
    return tuple(found)


def _share(where: str, entry: Mapping[str, Any], key: str, default: float) -> float:
    found = entry.get(key, default)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 <= found <= 1:
        raise _Wrong(f'{where}: {key} must be a number from 0 to 1, not {found!r}')
    return float(found)


def _refuse_circles(name: str, signs: Mapping[str, Sign], above: tuple[str, ...]) -> None:
    if name in above:
        raise _Wrong(f'sign {name!r} stands on itself: {" -> ".join((*above, name))}')
    for part in signs[name].signs:
        _refuse_circles(part, signs, (*above, name))
