"""Arguments -> scan -> facts -> introduced -> report -> exit status: what every hook does."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple, TextIO

from . import change, report
from .facts import Tree, each, standing, taken_away
from .finding import Finding, HookError, mask
from .git import root
from .mend import mend
from .rules import Document, documents, folder, joined, lost, template
from .scan import Match, Sources, language_of, scan, sources

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
    try:
        return _run(gaps, args)
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


def _arguments(argv: Sequence[str] | None, prog: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=prog, description='Refuse a commit that introduces a fault, and say how to mend it.')
    parser.add_argument('files', nargs='*', metavar='FILE', help='the files to look at; pre-commit passes the staged ones')
    parser.add_argument(
        '--scope',
        choices=('auto', 'introduced', 'all'),
        default='auto',
        help='report what this change introduces, or all that stands in the files (default: auto)',
    )
    parser.add_argument('--strict', action='store_true', help='advice blocks too')
    parser.add_argument('--disable', action='append', default=[], metavar='ID', help='say nothing of this check or rule')
    parser.add_argument('--warn', action='append', default=[], metavar='ID', help='make this check or rule advice')
    parser.add_argument('--error', action='append', default=[], metavar='ID', help='make this check or rule block')
    parser.add_argument('--fix', action='store_true', help='write the safe fixes of what is reported into the files')
    parser.add_argument('--format', choices=('text', 'json'), default='text')
    parser.add_argument('--output', metavar='FILE', help='write the report to a file instead of standard output')
    parser.add_argument('--no-color', action='store_true', help='no colour, even on a terminal')
    return parser.parse_args(argv)


def _run(gaps: Sequence[Gap], args: argparse.Namespace) -> int:
    collection = _Collection(gaps, args)
    paths = _from_root(args.files)
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
    _write(args, found, report.Summary(blocking, len(found) - blocking, scope))
    status = 1 if blocking or mended else 0
    for path, reason in left.items():
        _show(f'sixgaps: not mended: {report.clean(path)}: {reason}\n', sys.stderr)
        status = 2
    return _passed_over(files, status)


def _look(collection: _Collection, paths: Sequence[str], scope: str) -> tuple[Sources, list[Finding], str]:
    """The files as they were read, what is reported of them in order, and whether that is `all` or what is `introduced`."""
    files = sources(paths)
    extra_files = [path for path in dict.fromkeys(paths) if collection.is_extra(path)]
    in_git = root() is not None
    found = collection.findings(files, extra_files, Tree(in_git=in_git))
    reported = scope if scope == 'introduced' else 'all'
    if found and scope != 'all':
        found, reported = _introduced(collection, found, files.paths() + extra_files, scope, in_git)
    if reported == 'all':
        found = [finding for finding in found if not finding.lost]
    found.sort(key=lambda f: (f.path, f.line, f.column, f.rule))
    return files, found, reported


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
        if os.path.isdir(path) and not os.path.islink(path) and not os.path.lexists(os.path.join(path, '.git')):
            raise HookError(f'{path} is a folder; pass files, or look at everything with: pre-commit run --all-files')


def _introduced(collection: _Collection, found: list[Finding], paths: list[str], scope: str, in_git: bool) -> tuple[list[Finding], str]:
    if not in_git:
        if scope == 'introduced':
            raise HookError('--scope introduced needs a git repository; here is none')
        return found, 'all'
    changes = change.changes()
    same = change.unchanged(paths, changes)
    if scope == 'auto' and same:
        return found, 'all'
    found = [finding for finding in found if finding.path not in same]
    asked = [finding for finding in found if finding.lost]
    left = _surplus(collection, [finding for finding in found if not finding.lost], paths, changes)
    if asked:
        left = taken_away(
            left + asked, [change.old_sources(one, lambda path: language_of(path) is not None) for one in changes if one.base]
        )
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
        added = change.added_lines(changes[0], (f.path for f in left))
        left = change.introduced(pool, olds, lambda f: bool(added.get(f.path, set()) & set(range(f.line, f.end_line + 1))))
    passed = set(paths)
    return [finding for finding in left if finding.path in passed]


def _write(args: argparse.Namespace, found: Sequence[Finding], summary: report.Summary) -> None:
    if args.format == 'json':
        text = report.as_json(found)
    else:
        colour = not args.no_color and not args.output and sys.stdout.isatty() and not os.environ.get('NO_COLOR')
        text = report.as_text(found, args.strict, summary, colour)
    if args.output:
        try:
            with open(args.output, 'w', encoding='utf-8', errors='replace') as file:
                file.write(text)
        except OSError as error:
            raise HookError(f'cannot write {args.output}: {error.strerror}') from None
        return
    _show(text, sys.stdout)


def _show(text: str, stream: TextIO) -> None:
    stream.buffer.write(text.encode('utf-8', 'replace'))
    stream.flush()


def _passed_over(files: Sources, status: int) -> int:
    for path, reason in files.passed_over.items():
        print(f'sixgaps: not scanned: {report.clean(path)}: {reason}'.encode('utf-8', 'replace').decode(), file=sys.stderr)
        if not reason.startswith(('over ', 'a symbolic link')):
            status = 2
    return status


class _Collection:
    """The rules and checks that this run applies, and at which severity."""

    def __init__(self, gaps: Sequence[Gap], args: argparse.Namespace) -> None:
        self._gap_of = {document.id: gap.number for gap in gaps for document in documents(gap.name)}
        self._by_id = {document.id: document for gap in gaps for document in documents(gap.name)}
        self._extras = [(gap.number, extra) for gap in gaps for extra in gap.extras]
        check_of = {i: document.check for i, document in self._by_id.items()}
        check_of.update({rule: check for _, extra in self._extras for rule, check in extra.rules.items()})
        self._check_of = check_of
        self._set: dict[str, str] = {}
        for severity, names in (('warning', args.warn), ('error', args.error), ('off', args.disable)):
            for name in names:
                self._set.update(dict.fromkeys(self._named(name), severity))
        self._rules = [document for document in self._by_id.values() if self._set.get(document.id) != 'off']
        if args.scope == 'all':  # what a change took away is no question to a whole tree
            self._rules = [document for document in self._rules if not lost(document)]

    def _named(self, name: str) -> list[str]:
        found = [rule for rule, check in self._check_of.items() if name in (rule, check)]
        if not found:
            from difflib import get_close_matches

            if any(name in (document.id, document.check) for document in _all_rules()):
                return []  # another gap's: the same arguments may serve several hooks
            close = get_close_matches(name, {*self._check_of, *self._check_of.values()}, 1, 0)
            raise HookError(f'there is no check or rule {name!r}; the closest is {close[0] if close else "none"}')
        return found

    def is_extra(self, path: str) -> bool:
        """Whether a check in Python reads this file."""
        return any(extra.selects(path) for _, extra in self._extras)

    def before(self, one: change.Change) -> list[Finding]:
        """What was found in the old text of the files that a change touches."""
        old = change.old_sources(one, lambda path: language_of(path) is not None or self.is_extra(path))
        tree = Tree(old, one.changed - old.texts.keys())
        rest = [path for path in old.texts if self.is_extra(path)]
        scanned = Sources()
        scanned.texts = {path: text for path, text in old.texts.items() if language_of(path) is not None}
        return self.findings(scanned, rest, tree, before=True)

    def findings(self, files: Sources, extra_files: Sequence[str], tree: Tree, before: bool = False) -> list[Finding]:
        """Everything found in the files, facts applied, suppressed findings left out.

        `before`: the files are the old ones. What a rule needs is then not asked: a fault that an old file held is old
        even where only this change gives it its meaning.
        """
        # Loading rules is most of what a small commit costs: only those of the languages at hand.
        languages = {language_of(path) for path in files.paths()}
        matches = scan(joined(rule for rule in self._rules if rule.language in languages), files)
        if before:
            matches = [match for match in matches if 'lost' not in match.metadata]  # asked of the new text alone
            for match in matches:
                match.metadata.pop('needs', None)
        matches = standing(matches, tree)
        matches = each(matches, self._by_id, tree, self._filled)
        found = []
        for match in {(m.rule, m.place, m.message): m for m in matches}.values():
            finding, moved = self._finding(match)
            if not (moved and _suppressed(finding, files.text(finding.path))):
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
        kept = (finding for finding in found if self._set.get(finding.rule) != 'off' and not _suppressed(finding, text))
        return [replace(finding, gap=number, severity=self._set.get(finding.rule, finding.severity)) for finding in kept]

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
        severity = self._set.get(match.rule) or ('error' if match.severity == 'error' else 'warning')
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


def _all_rules() -> list[Document]:
    return [document for path in folder().glob('*.yml') if path.stem != 'facts' for document in documents(path.stem)]


def _suppressed(finding: Finding, text: str) -> bool:
    """ast-grep's own comment on the line or above it, for findings that ast-grep does not place itself."""
    lines = text.splitlines()
    for number in (finding.line - 1, finding.line - 2):
        if 0 <= number < len(lines):
            _, mark, ids = lines[number].partition('ast-grep-ignore')
            if mark and (not ids.startswith(':') or finding.rule in ids[1:].replace(',', ' ').split()):
                return True
    return False
