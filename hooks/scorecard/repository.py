"""What a repository shows: the places of every sign, found once, with the services that it consists of."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from ..engine.command import audit
from ..engine.facts import Tree
from ..engine.finding import Finding, mask
from ..engine.scan import Sources, language_of
from ..six_gaps import GAPS
from .checks import Catalogue, Sign
from .manifests import dependencies, is_manifest, normal

# Code that is not what runs: it proves nothing, unless a sign says tests: true.
_ASIDE = re.compile(
    r'(^|/)(tests?|__tests__|testing|specs?|e2e|examples?|samples?|fixtures?|__mocks__|mocks?|cypress|playwright|vendor|vendored|third[_-]party'
    r'|node_modules|demos?|benchmarks?|stories|testdata|test-utils?)/'
    r'|(^|/)(test_[^/]*|[^/]*_test|conftest|tests)\.py$|\.(test|spec|stories|e2e|cy|e2e-spec)\.[cm]?[jt]sx?$',
)
_SERVICE = re.compile(r'(^|/)(package\.json|pyproject\.toml|requirements\.txt|setup\.py|setup\.cfg|manage\.py|Pipfile)$')
_WIDTH = 200  # characters of a line that is shown
_ASKED = 2000  # characters of a line that a sign is looked for in: what is generated has lines of megabytes


@dataclass(frozen=True)
class Evidence:
    """One place that speaks for or against a check: 1-based line, 0 for a file as a whole; its text, or a finding's message."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f'{self.path}:{self.line}' if self.line else self.path


class Repository:
    """The tree under the current folder: `paths` is every file of it, findings and places of facts come from one ast-grep pass."""

    def __init__(self, catalogue: Catalogue, tree: Tree, tell: Callable[[str], None] = lambda _: None) -> None:
        self._catalogue = catalogue
        self._tree = tree
        self.paths = sorted(path for path in tree.named(lambda _: True) if tree.exists(path))
        tell(f'scanning {len(self.paths):,} files')
        scanned = audit(GAPS, self.paths, catalogue.facts(), tree)
        self.files: Sources = scanned.files
        self._findings: dict[str, list[Finding]] = {}
        for finding in scanned.findings:
            self._findings.setdefault(finding.check, []).append(finding)
        self._facts: dict[str, list[Evidence]] = {}
        for match in scanned.facts:
            place = Evidence(match.place.path, match.place.line, _shown(match.lines or match.text))
            self._facts.setdefault(match.rule, []).append(place)
        self._dependencies: dict[str, list[Evidence]] = {}
        for path in self.paths:
            if is_manifest(path) and not is_aside(path):
                self._read_manifest(path)
        self.services = sorted({posixpath.dirname(path) for path in self.paths if _SERVICE.search(path) and not is_aside(path)})
        self._places: dict[Sign, list[Evidence]] = {}
        self._texts: dict[str, list[str]] = {}

    def _read_manifest(self, path: str) -> None:
        text = self._tree.read(path)
        lines = text.splitlines()
        try:
            for name, line in dependencies(path, text):
                self._dependencies.setdefault(name, []).append(Evidence(path, line, _shown(lines[line - 1])))
        except ValueError as error:
            self.files.passed_over[path] = f'{str(error).splitlines()[0]}; mend the file'

    @property
    def scanned(self) -> int:
        """How many files rules were asked of."""
        return sum(language_of(path) is not None for path in self.paths)

    def findings(self, checks: Iterable[str]) -> list[Finding]:
        """What was found under some check ids, by place."""
        found = [finding for check in checks for finding in self._findings.get(check, ())]
        return sorted(found, key=lambda f: (f.path, f.line, f.column, f.rule))

    def sign(self, name: str) -> Sign:
        """A sign of the catalogue."""
        return self._catalogue.signs[name]

    def named(self, name: str) -> list[Evidence]:
        """The places of a named sign."""
        return self.places(self.sign(name))

    def places(self, sign: Sign) -> list[Evidence]:
        """Every place where a sign shows, by path and line, one for each line."""
        if sign not in self._places:
            found: dict[tuple[str, int], Evidence] = {}
            for place in self._look(sign):
                if sign.tests or not is_aside(place.path):
                    found.setdefault((place.path, place.line), place)
            self._places[sign] = sorted(found.values(), key=lambda place: (place.path, place.line))
        return self._places[sign]

    def _look(self, sign: Sign) -> Iterable[Evidence]:
        for fact in sign.facts:
            yield from self._facts.get(fact, ())
        for name in sign.dependencies:
            yield from self._dependencies.get(normal(name), ())
        yield from (Evidence(path, 0, '') for path in self._matching(sign.files, sign.but))
        for glob, pattern in sign.text:
            asked = re.compile(pattern)
            for path in self._matching((glob,), sign.but):
                for number, line in enumerate(self._lines(path), 1):
                    if asked.search(line):
                        yield Evidence(path, number, _shown(line))
        for name in sign.signs:
            yield from self.named(name)

    def _matching(self, globs: Sequence[str], but: Sequence[str]) -> list[str]:
        if not globs:
            return []
        asked, left = _globs(tuple(globs)), _globs(tuple(but))
        return [path for path in self.paths if asked.match(path) and not (but and left.match(path))]

    def _lines(self, path: str) -> list[str]:
        if path not in self._texts:
            self._texts[path] = [line[:_ASKED] for line in self._tree.read(path).splitlines()]
        return self._texts[path]

    def service_of(self, path: str) -> str:
        """The folder of the service that a file belongs to, '' for the repository itself."""
        folder = posixpath.dirname(path)
        while folder and folder not in self.services:
            folder = posixpath.dirname(folder)
        return folder


def is_aside(path: str) -> bool:
    """Whether a file is a test, an example or somebody else's: it says nothing of what runs."""
    return _ASIDE.search(path) is not None


@cache
def _globs(globs: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for several globs: ** is any folders, * and ? stay within one, [ab] is a class."""
    parts = []
    for glob in globs:
        out = ''
        for piece in re.findall(r'\*\*/|\*\*|\*|\?|\[[^\]]+\]|.', glob):
            out += {'**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]'}.get(piece) or (piece if len(piece) > 1 else re.escape(piece))
        parts.append(f'{out}\\Z')
    return re.compile('|'.join(parts), re.S)


def _shown(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), '')
    return mask(line if len(line) <= _WIDTH else line[:_WIDTH] + '…', 'CWE-798' if _SECRET.search(line) else '')


_SECRET = re.compile(r'(?i)(secret|passw|token|api_?key|private_?key|credential)\w*["\']?\s*[:=]')


def globs_of(catalogue: Catalogue) -> re.Pattern[str]:
    """One expression for the paths of all files whose lines the catalogue asks."""
    return _globs(tuple(sorted({glob for sign in catalogue.every_sign() for glob, _ in sign.text})))
