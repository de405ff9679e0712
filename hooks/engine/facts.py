"""What stands elsewhere in the repository, and what a rule makes of it.

A rule's metadata names facts: `unless` (the finding falls where one stands) and `needs` (it stands only where each does),
each `id[@file|@folder|@tree|@NAME][=NAME|~NAME|^NAME]`, alternatives parted by `|`; `@NAME`: where what `$NAME` captured is
defined, and of that name; `^NAME`: the fact's path is the beginning of the one that the finding captured. Facts are rules in
rules/facts.yml.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from . import git
from .finding import Finding, HookError
from .imports import Definition, Imports
from .rules import PATTERNS, Document, documents, joined, marks, words
from .scan import Match, Sources, decode, language_of, leads_out, scan, sources

_NEAREST = 40  # files that are asked first whether a fact stands at all
_ENTRY = re.compile(r'^([\w-]+)(?:@(file|folder|tree|anywhere|[A-Z]\w*))?(?:([=~^])(\w+))?$')


class Entry(NamedTuple):
    """One condition: a fact, where it must stand, and how its capture must agree with the finding's."""

    fact: str
    scope: str
    join: str
    name: str


class Fact(NamedTuple):
    """A fact that stands somewhere: its captures by name; `anything` agrees with every join (a whole module is meant)."""

    id: str
    path: str
    captures: dict[str, str]
    anything: bool = False


def parse(text: str) -> tuple[Entry, ...]:
    """The alternatives of one entry of `unless` or `needs`. Raises HookError when the entry is malformed."""
    found = []
    for part in text.split('|'):
        match = _ENTRY.match(part.strip())
        if match is None:
            raise HookError(f'a rule names the malformed fact {text!r}; reinstall sixgaps')
        found.append(Entry(match[1], match[2] or 'anywhere', match[3] or '', match[4] or ''))
    return tuple(found)


def conditions(match: Match) -> tuple[list[tuple[Entry, ...]], list[tuple[Entry, ...]]]:
    """What excuses a match and what it needs."""
    return [parse(text) for text in match.metadata.get('unless', ())], [parse(text) for text in match.metadata.get('needs', ())]


class Tree:
    """The files that facts are looked for in: the work tree, with some files replaced by other texts or taken away."""

    def __init__(self, replaced: Sources | None = None, gone: Iterable[str] = (), in_git: bool = True) -> None:
        self._replaced = replaced.texts if replaced else {}
        self._gone = set(gone)
        self._in_git = in_git

    def exists(self, path: str) -> bool:
        """Whether the tree has a file of this name."""
        return path in self._replaced or (path not in self._gone and os.path.isfile(path))

    def read(self, path: str) -> str:
        """The text of one file, empty when it cannot be read."""
        if path in self._replaced:
            return self._replaced[path]
        try:
            if leads_out(path):
                return ''
            with open(path, 'rb') as file:
                return decode(file.read(3_000_000))
        except OSError:
            return ''

    def holding(self, wanted: Sequence[str], language: str) -> list[str]:
        """The files of a language that hold any of the words."""
        if self._in_git:
            patterns = [f':(glob)**/{pattern}' for pattern in PATTERNS[language]]
            args = [part for word in wanted for part in ('-e', word)]
            out = git.run('grep', '-l', '-z', '-I', '-F', '--no-textconv', *args, '--', *patterns, allow=(0, 1), globs=True)
            found = [os.fsdecode(name) for name in out.split(b'\0') if name]
        else:
            found = [path for path in _walk() if language_of(path) == language and any(word in self.read(path) for word in wanted)]
        kept = [path for path in found if path not in self._gone and path not in self._replaced]
        return kept + [path for path, text in self._replaced.items() if language_of(path) == language and any(w in text for w in wanted)]

    def named(self, wanted: Callable[[str], bool]) -> list[str]:
        """The files whose names a function accepts."""
        on_disk = map(os.fsdecode, git.run('ls-files', '-z').split(b'\0')) if self._in_git else _walk()
        kept = [path for path in on_disk if path and path not in self._gone and path not in self._replaced and wanted(path)]
        return kept + [path for path in self._replaced if wanted(path)]

    def sources(self, paths: Iterable[str]) -> Sources:
        """The files ready to scan."""
        listed = list(dict.fromkeys(paths))
        found = sources(path for path in listed if path not in self._replaced and path not in self._gone)
        found.texts.update({path: self._replaced[path] for path in listed if path in self._replaced})
        return found


def _walk() -> Iterable[str]:
    for folder, folders, files in os.walk('.'):
        folders[:] = [name for name in folders if name not in ('node_modules', '.venv', 'venv', '.git', '__pycache__')]
        for name in files:
            yield posixpath.normpath(posixpath.join(folder.replace(os.sep, '/'), name))


def taken_away(findings: Sequence[Finding], olds: Sequence[Sources]) -> list[Finding]:
    """The findings, without those whose rule says `lost` of facts that stand as often in the new text as in the old.

    Only places with the same captures count: what the rule's handler had is compared with what it has. The old text is the
    file's own; of a file that is new, the text of the files that are gone. With two parents both must have had it.
    """
    asked = [finding for finding in findings if finding.lost]
    if not asked or not olds:
        return [finding for finding in findings if not finding.lost]
    names = {name for finding in asked for name in finding.lost}
    chosen = joined(document for document in documents('facts') if document.id in names)
    new = _places(scan(chosen, sources(finding.path for finding in asked)))
    paths = {finding.path for finding in asked}
    before = []
    for old in olds:
        some = Sources()
        some.texts = {path: text for path, text in old.texts.items() if path in paths or not os.path.lexists(path)}
        before.append((set(old.texts), _places(scan(chosen, some))))

    def fewer(finding: Finding, fact: str) -> bool:
        now = _counted(new, fact, finding, {finding.path})
        return all(_counted(places, fact, finding, {finding.path} & known or known - paths) > now for known, places in before)

    stand = [finding for finding in findings if all(fewer(finding, fact) for fact in finding.lost)]
    best: dict[tuple[str, int, int, str], Finding] = {}  # one place, one finding: what was taken away says more, and the surest says it
    for finding in stand:
        here = (finding.path, finding.line, finding.column, finding.check)
        if finding.lost and (here not in best or finding.severity == 'error'):
            best[here] = finding
    return [f for f in stand if best.get((f.path, f.line, f.column, f.check), f) is f]


def _places(matches: Sequence[Match]) -> dict[str, list[Match]]:
    found: dict[str, list[Match]] = {}
    for match in matches:
        found.setdefault(match.rule, []).append(match)
    return found


def _counted(places: dict[str, list[Match]], fact: str, finding: Finding, paths: set[str]) -> int:
    captures = dict(finding.captures)
    return sum(
        match.place.path in paths and all(captures.get(name) == text for name, (_, text) in match.captures.items())
        for match in places.get(fact, ())
    )


def standing(matches: Sequence[Match], tree: Tree) -> list[Match]:
    """The matches whose facts let them stand. Nothing is read when no match names a fact."""
    return [match for match, why in judged(matches, tree) if not why]


def judged(matches: Sequence[Match], tree: Tree) -> list[tuple[Match, str]]:
    """Each match with what takes it away: the fact that excuses it and where that stands, or the fact it lacks; '' when it stands."""
    named = [(match, *conditions(match)) for match in matches]
    entries = [entry for _, unless, needs in named for alternatives in (*unless, *needs) for entry in alternatives]
    if not entries:
        return [(match, '') for match in matches]
    known = _Known(entries, [match for match, unless, needs in named if unless or needs], tree)
    return [(match, known.verdict(match, unless, needs)) for match, unless, needs in named]


class _Known:
    """The facts that some conditions ask for, found once."""

    def __init__(self, entries: Sequence[Entry], matches: Sequence[Match], tree: Tree) -> None:
        self._facts: dict[str, list[Fact]] = {}
        self._by_folder: dict[tuple[str, str], list[Fact]] = {}
        self._imports = Imports(tree.exists, tree.read)
        self._defined: dict[tuple[str, str], Definition] = {}
        scopes: dict[str, set[str]] = {}
        for entry in entries:
            scopes.setdefault(entry.fact, set()).add(entry.scope)
        chosen = [(document, _scopes(document, scopes)) for document in documents('facts')]
        chosen = [(document, where) for document, where in chosen if where]
        made = {name for document, _ in chosen if (mark := marks(document)) for name in (mark[1], *mark[2])}
        unknown = scopes.keys() - {document.id for document, _ in chosen} - made
        if unknown:
            raise HookError(f'a rule names the fact {min(unknown)!r}, which rules/facts.yml does not hold; reinstall sixgaps')
        paths = [match.place.path for match in matches]
        names = {entry.scope for entry in entries if _is_name(entry.scope)}
        defined = [self._definition(match, name).path for match in matches for name in names if name in match.captures]
        plain = {entry.fact for entry in entries if entry.scope == 'anywhere' and not entry.join}
        plain -= {entry.fact for entry in entries if entry.scope != 'anywhere' or entry.join} | made
        plain -= {document.id for document, _ in chosen if marks(document)}
        located = [pair for pair in chosen if pair[0].id not in plain]
        found = self._scan(located, [*_where(located, paths, tree), *defined], tree) if located else []
        self._follow({document.id: mark for document, _ in chosen if (mark := marks(document))}, found)
        self._ask([pair for pair in chosen if pair[0].id in plain], paths, tree)

    def _ask(self, chosen: Sequence[tuple[Document, set[str]]], paths: Sequence[str], tree: Tree) -> None:
        """Find whether each of the chosen facts stands anywhere: in the files nearest to the findings first, for that mostly settles it."""
        if not chosen:
            return
        where = sorted(_where(chosen, paths, tree), key=lambda path: -max(len(posixpath.commonprefix((path, one))) for one in paths[:20]))
        for part in (where[:_NEAREST], where[_NEAREST:]):
            left = [(document, scopes) for document, scopes in chosen if document.id not in self._facts]
            if left and part:
                self._scan(left, part, tree)

    def _scan(self, chosen: Sequence[tuple[Document, set[str]]], where: Sequence[str], tree: Tree) -> list[Match]:
        found = scan(joined(document for document, _ in chosen), tree.sources(where))
        for match in found:
            self._add(Fact(match.rule, match.place.path, {n: text for n, (_, text) in match.captures.items()}))
        return found

    def _add(self, fact: Fact) -> None:
        self._facts.setdefault(fact.id, []).append(fact)
        self._by_folder.setdefault((fact.id, posixpath.dirname(fact.path)), []).append(fact)

    def _follow(self, marked: dict[str, tuple[str, str, tuple[str, ...]]], found: Sequence[Match]) -> None:
        """Put the derived facts where the names are defined, and carry them on through mounts."""
        carried = []
        for match in found:
            if match.rule not in marked or marked[match.rule][0] not in match.captures:
                continue
            name, made, carries = marked[match.rule]
            target = self._imports.resolve(match.place.path, match.captures[name][1].strip())
            self._add(Fact(made, target.path, {name: target.name or ''}, target.name is None))
            if carries:
                into = match.captures.get('INTO')
                carried.append((match.place.path, into[1] if into else None, target, name, carries))
        done: set[tuple[str, str, str | None]] = set()
        for _ in range(len(carried)):
            before = len(done)
            for path, into_name, target, name, carries in carried:
                for fact in carries:
                    key = (fact, target.path, target.name)
                    here = [f for f in self._facts.get(fact, ()) if f.path == path]
                    if key not in done and any(f.anything or into_name is None or into_name in f.captures.values() for f in here):
                        done.add(key)
                        self._add(Fact(fact, target.path, {name: target.name or ''}, target.name is None))
            if len(done) == before:
                break

    def verdict(self, match: Match, unless: Sequence[tuple[Entry, ...]], needs: Sequence[tuple[Entry, ...]]) -> str:
        """Why this match does not stand, '' when it does."""
        for alternatives in unless:
            for entry in alternatives:
                fact = self._found(entry, match)
                if fact:
                    return f'excused by {entry.fact} in {fact.path}'
        for alternatives in needs:
            if not any(self._found(entry, match) for entry in alternatives):
                return f'needs {" or ".join(entry.fact for entry in alternatives)}'
        return ''

    def _definition(self, match: Match, name: str) -> Definition:
        key = (match.place.path, match.captures[name][1].strip())
        if key not in self._defined:
            self._defined[key] = self._imports.resolve(*key)
        return self._defined[key]

    def _found(self, entry: Entry, match: Match) -> Fact | None:
        if _is_name(entry.scope):
            if entry.scope not in match.captures:
                return None
            path, name = self._definition(match, entry.scope)
            near = self._near(entry._replace(scope='file'), path)
            return next((f for f in near if f.anything or name is None or name in f.captures.values()), None)
        return next((fact for fact in self._near(entry, match.place.path) if _agrees(entry, fact, match)), None)

    def _near(self, entry: Entry, path: str) -> Iterable[Fact]:
        if entry.scope == 'anywhere':
            return self._facts.get(entry.fact, ())
        folder = posixpath.dirname(path)
        if entry.scope == 'folder':
            return self._by_folder.get((entry.fact, folder), ())
        if entry.scope == 'file':
            return (fact for fact in self._by_folder.get((entry.fact, folder), ()) if fact.path == path)
        return (fact for above in _above(folder) for fact in self._by_folder.get((entry.fact, above), ()))


def _is_name(scope: str) -> bool:
    return scope[:1].isupper()


def _above(folder: str) -> list[str]:
    found = [folder]
    while folder:
        folder = posixpath.dirname(folder)
        found.append(folder)
    return found


def _agrees(entry: Entry, fact: Fact, match: Match) -> bool:
    if not entry.join or fact.anything:
        return True
    values = [fact.captures[entry.name]] if entry.name in fact.captures else [v for v in fact.captures.values() if v]
    if entry.join == '=':
        return entry.name in match.captures and match.captures[entry.name][1] in values
    if entry.join == '^':
        asked = _path(match.captures[entry.name][1]) if entry.name in match.captures else ''
        return any(asked == value or asked.startswith(value + '/') for value in map(_path, values))
    mentioned = set(re.findall(r'\w+', match.text))
    return any(value in mentioned for value in values)


def _path(text: str) -> str:
    return text.strip('"\'`').rstrip('*/')


def _scopes(document: Document, wanted: dict[str, set[str]]) -> set[str]:
    """Where a fact document is asked for; a document that marks names elsewhere is looked for everywhere."""
    found = set(wanted.get(document.id, ()))
    mark = marks(document)
    if mark and (mark[1] in wanted or any(name in wanted for name in mark[2])):
        found.add('anywhere')
    return found


def _where(chosen: Sequence[tuple[Document, set[str]]], paths: Sequence[str], tree: Tree) -> list[str]:
    """The files that the chosen facts can stand in, as few as can be."""
    found = dict.fromkeys(paths)  # what a fact says of the finding's own file costs no search
    wanted: dict[str, set[str]] = {}
    for document, where in chosen:
        if any(scope != 'file' and not _is_name(scope) for scope in where):
            wanted.setdefault(document.language, set()).update(words(document))
    near = {above for path in paths for above in _above(posixpath.dirname(path))}
    everywhere = any('anywhere' in where for _, where in chosen)
    for language, some in wanted.items():
        if some:
            found.update(dict.fromkeys(p for p in tree.holding(sorted(some), language) if everywhere or posixpath.dirname(p) in near))
    return list(found)


def each(matches: Sequence[Match], by_id: dict[str, Document], tree: Tree, filled: Callable[[Match, Match], Match]) -> list[Match]:
    """Matches whose rule says `each`: one for every place of that fact inside the node whose captures no `except` place has."""
    plain = [match for match in matches if 'each' not in match.metadata]
    spread = [match for match in matches if 'each' in match.metadata]
    if not spread:
        return plain
    names = {name for match in spread for key in ('each', 'except') if (name := match.metadata.get(key))}
    chosen = [document for document in documents('facts') if document.id in names]
    unknown = names - {document.id for document in chosen}
    if unknown:
        raise HookError(f'a rule names the fact {min(unknown)!r}, which rules/facts.yml does not hold; reinstall sixgaps')
    found: dict[tuple[str, str], list[Match]] = {}
    for fact in scan(joined(chosen), tree.sources(match.place.path for match in spread)):
        found.setdefault((fact.rule, fact.place.path), []).append(fact)
    for match in spread:
        path = match.place.path
        checked = [f for f in found.get((match.metadata.get('except', ''), path), ()) if f.place.within(match.place)]
        known = {(name, text) for fact in checked for name, (_, text) in fact.captures.items()}
        for fact in found.get((match.metadata['each'], path), ()):
            if fact.place.within(match.place) and not any((name, text) in known for name, (_, text) in fact.captures.items()):
                plain.append(filled(match, fact))
    return plain
