"""Arguments -> scan -> facts -> introduced -> report -> exit status: what every hook does."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from typing import NamedTuple, TextIO

from . import change, config, report
from .facts import Tree, each, standing, taken_away
from .finding import Finding, HookError, mask
from .git import is_submodule, root
from .mend import mend
from .rules import Document, documents, every_rule, joined, lost, template
from .scan import IGNORE, LINK_OUT, SUBMODULE, Match, Sources, language_of, scan, sources, unheard, why_not

_ROUNDS = 5  # looks after a mend: one for each fix that lay inside another


class Extra(NamedTuple):
    """What a pattern cannot express: a check in Python over the files it names, under the ids of its rules.

    `find` takes one path, its text, and a function that reads the repository's other files that `selects` names; it raises
    ValueError when the text cannot be read as what it should be.
    """

    rules: Mapping[str, str]  # rule id -> check id
    selects: Callable[[str], bool]
    find: Callable[[str, str, Callable[[], Mapping[str, str]]], list[Finding]]


@dataclass(frozen=True)
class Gap:
    """One gap: its number, the name of its rule file, and its checks that are not rules."""

    number: int
    name: str
    extras: Sequence[Extra] = field(default=())


def run(gaps: Sequence[Gap], argv: Sequence[str] | None, prog: str) -> int:
    """One hook over the files in argv. 0: nothing blocks; 1: something does; 2: the hook could not do its work."""
    args = _arguments(argv, prog)
    return guarded(prog, lambda: _run(gaps, args))


def guarded(prog: str, work: Callable[[], int]) -> int:
    """The exit status of some work: its own, or 2 with one line on stderr when it could not be done. Never a traceback."""
    try:
        return work()
    except HookError as error:
        print(f'{prog}: {report.clean(str(error))}'.replace('\n', ' '), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except ImportError as error:
        print(f'{prog}: {error.name} is not installed; reinstall sixgaps', file=sys.stderr)
        return 2
    except Exception as error:  # a status of 1 would read as "something blocks"
        at = error.__traceback__
        while at and at.tb_next:
            at = at.tb_next
        place = f'{os.path.basename(at.tb_frame.f_code.co_filename)}:{at.tb_lineno}' if at else 'an unknown place'
        print(f'{prog}: a fault in sixgaps itself, please report it: {error!r:.200} at {place}', file=sys.stderr)
        return 2


class Audit(NamedTuple):
    """What one pass over some files found: the faults, the places of the facts asked for, and why a file was passed over."""

    findings: list[Finding]
    facts: list[Match]
    files: Sources


def audit(gaps: Sequence[Gap], paths: Sequence[str], asked: Sequence[Document], tree: Tree) -> Audit:
    """Everything that stands in the files, and every place of the facts asked for, in one ast-grep pass.

    What a repository's configuration says of severities is left aside: all are judged alike.
    """
    collection = _Collection(gaps, argparse.Namespace(**{key: () for key in config.LISTS}), config.Config(False, ()))
    files, extra_files = collection.read(paths)
    facts: list[Match] = []
    return Audit(collection.findings(files, extra_files, tree, asked=asked, facts=facts), facts, files)


def _arguments(argv: Sequence[str] | None, prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=prog, description='Refuse a commit that introduces a fault, and say how to mend it.')
    parser.add_argument('files', nargs='*', metavar='FILE', help='the files to look at; pre-commit passes the staged ones')
    parser.add_argument(
        '--scope',
        choices=('auto', 'introduced', 'all'),
        default='auto',
        help='report what this change introduces, or all that stands in the files (default: auto)',
    )
    parser.add_argument('--strict', action=argparse.BooleanOptionalAction, help='advice blocks too')
    parser.add_argument('--disable', action='append', default=[], metavar='ID', help='say nothing of this check or rule')
    parser.add_argument('--warn', action='append', default=[], metavar='ID', help='make this check or rule advice')
    parser.add_argument('--error', action='append', default=[], metavar='ID', help='make this check or rule block')
    parser.add_argument('--fix', action='store_true', help='write the safe fixes of what is reported into the files')
    parser.add_argument('--format', choices=('text', 'json', 'sarif', 'github'), default='text')
    parser.add_argument('--output', metavar='FILE', help='write the report to a file instead of standard output')
    parser.add_argument('--no-color', action='store_true', help='no colour, even on a terminal')
    return parser.parse_args(argv)


def _run(gaps: Sequence[Gap], args: argparse.Namespace) -> int:
    paths = _from_root(args.files)
    settings = config.read()
    if args.strict is None:
        args.strict = settings.strict
    collection = _Collection(gaps, args, settings)
    _refuse_folders(paths)
    files, found, scope = _look(collection, paths, args.scope)
    mended: list[Finding] = []
    left: dict[str, str] = {}
    if args.fix:
        for _ in range(_ROUNDS):
            done, refused = mend(finding for finding in found if finding.path not in left)
            left.update(refused)
            if not done:
                break
            mended += done
            # The scope stays what it was: a file that is mended back to its old text does not make this an audit.
            files, found, scope = _look(collection, paths, scope)
    blocking = sum(args.strict or f.severity == 'error' for f in found)
    if mended:
        _show(report.as_mended(mended), sys.stdout if args.format == 'text' else sys.stderr)
    suppressed = _suppressed_too(collection, paths, found, scope) if args.format == 'sarif' else []
    _write(args, found, suppressed, report.Summary(blocking, len(found) - blocking, scope), files)
    status = 1 if blocking or mended else 0
    for path, reason in left.items():
        _show(f'sixgaps: not mended: {report.clean(path)}: {reason}\n', sys.stderr)
        status = 2
    return told_of(files, status)


def _look(collection: _Collection, paths: Sequence[str], scope: str) -> tuple[Sources, list[Finding], str]:
    """The files as they were read, what is reported of them in order, and whether that is `all` or what is `introduced`."""
    files, extra_files = collection.read(paths)
    in_git = root() is not None
    found = collection.findings(files, extra_files, Tree(in_git=in_git))
    reported = 'all'
    if scope != 'all' and (found or in_git):
        found, reported = _introduced(collection, found, files, extra_files, scope, in_git)
    # What is off on a path is off only now: code that moves from one path to another must still be seen to move.
    found = [finding for finding in found if finding.severity != 'off']
    return files, sorted(found, key=lambda f: (f.path, f.line, f.column, f.rule)), reported


def _suppressed_too(collection: _Collection, paths: Sequence[str], found: Sequence[Finding], scope: str) -> list[Finding]:
    """What would be reported beside the findings if no comment in the source let it through."""
    read = [path for path in paths if (language_of(path) or collection.is_extra(path)) and not why_not(path)]
    if not any(IGNORE in Tree().read(path) for path in read):
        return []
    files, every, _ = _look(collection.deaf(), paths, scope)
    shown = {(f.place, f.rule, f.message) for f in found}
    others = [f for f in every if (f.place, f.rule, f.message) not in shown]
    # Of like findings another one may now be the one that is introduced: what no comment lets through is none of these.
    return others if scope == 'all' else [f for f in others if _suppressed(f, files.text(f.path))]


def _from_root(paths: Sequence[str]) -> list[str]:
    """The paths as git names them, from the top of the repository, which becomes the current folder."""
    top, here = root(), os.getcwd()
    named = [os.path.normpath(path).replace(os.sep, '/') if path else path for path in paths]
    if top is None or top == here:
        return [_relative(path, here) for path in named]
    moved = [_relative(os.path.normpath(os.path.join(here, path)), top) for path in named]
    os.chdir(top)
    return moved


def _relative(path: str, top: str) -> str:
    if os.path.isabs(path) and os.path.commonpath((path, top)) == top:
        return os.path.relpath(path, top).replace(os.sep, '/')
    return path


def _refuse_folders(paths: Sequence[str]) -> None:
    for path in paths:
        if os.path.isdir(path) and not os.path.islink(path) and not is_submodule(path):
            raise HookError(f'{path} is a folder; pass files, or look at everything with: pre-commit run --all-files')


def _introduced(
    collection: _Collection, found: list[Finding], files: Sources, extra_files: list[str], scope: str, in_git: bool
) -> tuple[list[Finding], str]:
    if not in_git:
        if scope == 'introduced':
            raise HookError('--scope introduced needs a git repository; here is none')
        return found, 'all'
    paths = files.paths() + extra_files
    changes = change.changes()
    same = change.unchanged(paths, changes)
    if scope == 'auto' and same:
        return found, 'all'
    found = [finding for finding in found if finding.path not in same]
    left = _surplus(collection, found, paths, changes)
    shortened = change.shortened(changes, [path for path in files.paths() if path not in same])
    if shortened:
        asked = collection.findings(files.only(shortened), [], Tree(), lost_only=True)
        if asked:
            left = taken_away(left + asked, [change.old_sources(one, lambda path: language_of(path) is not None) for one in changes])
    return left, 'introduced'


def _surplus(collection: _Collection, found: list[Finding], paths: list[str], changes: list[change.Change]) -> list[Finding]:
    """What the new text has more of than the old. The old text is not scanned when nothing was found."""
    if not found:
        return []
    # Code may have moved between a file that was passed and one that was not: both sides of the subtraction need all of it.
    beside = [path for path in dict.fromkeys(p for one in changes for p in one.changed) if path not in set(paths) and os.path.isfile(path)]
    pool = found + collection.findings(sources(beside), [path for path in beside if collection.is_extra(path)], Tree())
    olds = [collection.before(one) for one in changes if one.base is not None]
    left = change.introduced(pool, olds)
    if left and len(left) < len(pool):  # which of several like findings is the new one: the one on an added line
        alike = {finding.identity for finding in left}
        added = change.added_lines(changes[0], (f.path for f in pool if f.identity in alike))
        left = change.introduced(pool, olds, lambda f: bool(added.get(f.path, set()) & set(range(f.line, f.end_line + 1))))
    passed = set(paths)
    return [finding for finding in left if finding.path in passed]


def _write(
    args: argparse.Namespace, found: Sequence[Finding], suppressed: Sequence[Finding], summary: report.Summary, files: Sources
) -> None:
    if args.format == 'json':
        text = report.as_json(found)
    elif args.format == 'sarif':
        from .sarif import as_sarif  # what it imports takes longer than a clean run

        text = as_sarif(found, suppressed, files.passed_over, args.strict, not any(map(_fails, files.passed_over.values())))
    elif args.format == 'github':
        text = report.as_github(found, args.strict, summary)
    else:
        text = report.as_text(found, args.strict, summary, coloured(args.no_color, args.output))
    deliver(text, args.output)


def coloured(no_color: bool, output: str | None) -> bool:
    """Whether the report may be coloured: it goes to a terminal, and nobody asked for none."""
    return not no_color and not output and sys.stdout.isatty() and not os.environ.get('NO_COLOR')


def deliver(text: str, output: str | None) -> None:
    """Write a report to a file, or to standard output. Raises HookError when the file cannot be written."""
    if output:
        try:
            with open(output, 'w', encoding='utf-8', errors='replace') as file:
                file.write(text)
        except OSError as error:
            raise HookError(f'cannot write {output}: {error.strerror}') from None
        return
    _show(text, sys.stdout)


def _show(text: str, stream: TextIO) -> None:
    stream.buffer.write(text.encode('utf-8', 'replace'))
    stream.flush()


def told_of(files: Sources, status: int) -> int:
    """The status, or 2 after a line on stderr for each file that should have been read and was not."""
    for path, reason in files.passed_over.items():
        print(f'sixgaps: not scanned: {report.clean(path)}: {reason}'.encode('utf-8', 'replace').decode(), file=sys.stderr)
        if _fails(reason):
            status = 2
    return status


def _fails(reason: str) -> bool:
    """Whether a file that was passed over for this reason is more than the hook may leave out."""
    return not reason.startswith(('over ', LINK_OUT, SUBMODULE))


class _Collection:
    """The rules and checks that this run applies, and at which severity."""

    def __init__(self, gaps: Sequence[Gap], args: argparse.Namespace, settings: config.Config) -> None:
        self._gap_of = {document.id: gap.number for gap in gaps for document in documents(gap.name)}
        self._by_id = {document.id: document for gap in gaps for document in documents(gap.name)}
        self._extras = [(gap.number, extra) for gap in gaps for extra in gap.extras]
        self._heeds = True
        check_of = {i: document.check for i, document in self._by_id.items()}
        check_of.update({rule: check for _, extra in self._extras for rule, check in extra.rules.items()})
        given = tuple((name, severity) for key, severity in config.LISTS.items() for name in getattr(args, key))
        self._severities = config.Severities((*settings.layers, config.Layer('', given)), check_of, _every_id)
        chosen = [document for document in self._by_id.values() if not self._severities.off(document.id)]
        self._rules = [document for document in chosen if not lost(document)]
        self._lost = [document for document in chosen if lost(document)]

    def deaf(self) -> _Collection:
        """The same, but no comment suppresses anything."""
        other = copy(self)
        other._heeds = False
        return other

    def is_extra(self, path: str) -> bool:
        """Whether a check in Python reads this file."""
        return any(extra.selects(path) for _, extra in self._extras)

    def read(self, paths: Sequence[str]) -> tuple[Sources, list[str]]:
        """The files that rules read, and those of all that a check in Python reads; what cannot be read is passed over with its reason."""
        files = sources(paths)
        for path in paths:  # files that only a check in Python reads, and folders that are submodules
            if language_of(path) is None and (self.is_extra(path) or os.path.isdir(path)) and (reason := why_not(path)):
                files.passed_over[path] = reason
        return files, [path for path in dict.fromkeys(paths) if self.is_extra(path) and path not in files.passed_over]

    def before(self, one: change.Change) -> list[Finding]:
        """What was found in the old text of the files that a change touches."""
        old = change.old_sources(one, lambda path: language_of(path) is not None or self.is_extra(path))
        tree = Tree(old, one.changed - old.texts.keys())
        rest = [path for path in old.texts if self.is_extra(path)]
        scanned = Sources()
        scanned.texts = {path: text for path, text in old.texts.items() if language_of(path) is not None}
        return self.findings(scanned, rest, tree, before=True)

    def findings(
        self,
        files: Sources,
        extra_files: Sequence[str],
        tree: Tree,
        before: bool = False,
        lost_only: bool = False,
        asked: Sequence[Document] = (),
        facts: list[Match] | None = None,
    ) -> list[Finding]:
        """Everything found in the files, facts applied, suppressed findings left out.

        `before`: the files are the old ones. What a rule needs is then not asked: a fault that an old file held is old
        even where only this change gives it its meaning. `lost_only`: by the rules that ask what a change took away.
        The places of the documents `asked` for go to `facts`.
        """
        # Loading rules is most of what a small commit costs: only those of the languages at hand.
        languages = {language_of(path) for path in files.paths()}
        chosen = self._lost if lost_only else self._rules
        wanted = joined(rule for rule in (*chosen, *asked) if rule.language in languages)
        matches = scan(wanted, files) if self._heeds else [unheard(match) for match in scan(wanted, files.heard())]
        if facts is not None:
            facts += [match for match in matches if match.rule not in self._by_id]
            matches = [match for match in matches if match.rule in self._by_id]
        if before:
            for match in matches:
                match.metadata.pop('needs', None)
        matches = standing(matches, tree)
        matches = each(matches, self._by_id, tree, self._filled)
        found = []
        for match in {(m.rule, m.place, m.message): m for m in matches}.values():
            finding, moved = self._finding(match)
            if not (moved and self._heeds and _suppressed(finding, files.text(finding.path))):
                found.append(finding)
        for number, extra in self._extras:
            read = cache(lambda selects=extra.selects: {name: tree.read(name) for name in tree.named(selects)})  # once for all its files
            for path in filter(extra.selects, extra_files):
                found += self._extra(number, extra, path, files, tree, read)
        return found

    def _extra(
        self, number: int, extra: Extra, path: str, files: Sources, tree: Tree, read: Callable[[], Mapping[str, str]]
    ) -> list[Finding]:
        text = tree.read(path)
        try:
            found = extra.find(path, text, lambda: {name: other for name, other in read().items() if name != path})
        except ValueError as error:
            files.passed_over[path] = f'{error}; mend the file'
            return []
        kept = (finding for finding in found if not (self._heeds and _suppressed(finding, text)))
        return [replace(f, gap=number, severity=self._severities.of(f.rule, path, f.severity)) for f in kept]

    def _filled(self, match: Match, fact: Match) -> Match:
        """The match moved to the place of a fact, its message filled with the fact's captures."""
        message = template(self._by_id[match.rule])
        captures = {**match.captures, **fact.captures}
        for name in sorted(captures, key=len, reverse=True):
            message = message.replace(f'${name}', captures[name][1])
        return match._replace(place=fact.place, text=fact.text, lines=fact.lines, message=message, captures=captures)

    def _finding(self, match: Match) -> tuple[Finding, bool]:
        place, text, lines = match.place, match.text, match.lines
        at = match.metadata.get('at')
        moved = 'each' in match.metadata
        if at and at in match.captures:
            where, text = match.captures[at]
            above = where.line - place.line
            lines = '\n'.join(lines.split('\n')[above : above + where.end_line - where.line + 1])
            moved, place = where != place, where
        why = fix = ''
        for line in match.note.splitlines():
            if line.startswith('Why:'):
                why = line[4:].strip()
            elif line.startswith('Fix:'):
                fix = line[4:].strip()
        cwe = str(match.metadata.get('cwe', ''))
        severity = self._severities.of(match.rule, place.path, 'error' if match.severity == 'error' else 'warning')
        return (
            Finding(
                path=place.path,
                line=place.line,
                column=place.column,
                end_line=place.end_line,
                end_column=place.end_column,
                gap=self._gap_of[match.rule],
                check=str(match.metadata.get('check', '')),
                rule=match.rule,
                severity=severity,
                risk=str(match.metadata.get('risk', 'medium')),
                message=mask(' '.join(match.message.split()), cwe),
                why=why,
                fix_hint=fix,
                snippet=mask('\n'.join(lines.split('\n')[:10]), cwe),
                replacement=match.mend.new if match.mend and not moved else None,
                text=text,
                lost=tuple(match.metadata.get('lost', ())),
                captures=tuple((name, captured) for name, (_, captured) in match.captures.items()),
                mend=match.mend if match.metadata.get('fix') == 'safe' else None,
            ),
            moved,
        )


def _every_id() -> set[str]:
    """The ids of the checks and rules of all hooks, for the same settings may serve several."""
    gaps: Sequence[Gap] = import_module('..six_gaps', __package__).GAPS
    pairs = [(document.id, document.check) for document in every_rule()]
    pairs += [pair for gap in gaps for extra in gap.extras for pair in extra.rules.items()]
    return {name for pair in pairs for name in pair}


def _suppressed(finding: Finding, text: str) -> bool:
    """ast-grep's own comment on the line or above it, for findings that ast-grep does not place itself."""
    lines = text.splitlines()
    for number in (finding.line - 1, finding.line - 2):
        if 0 <= number < len(lines):
            _, mark, ids = lines[number].partition(IGNORE)
            if mark and (not ids.startswith(':') or finding.rule in ids[1:].replace(',', ' ').split()):
                return True
    return False
