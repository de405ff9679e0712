"""How findings are shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from .finding import Finding, mask

_CONTROL = re.compile(r'[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]')
_WIDTH = 160  # characters of a source line that are shown


class Summary(NamedTuple):
    """What the last line says."""

    blocking: int
    advice: int
    scope: str


def clean(text: str) -> str:
    """Text that cannot move the cursor or change the colour of a terminal."""
    return _CONTROL.sub('�', text)


def as_json(findings: Sequence[Finding]) -> str:
    """An array of the findings by name."""
    return json.dumps([finding.as_dict() for finding in findings], indent=1) + '\n'


def as_text(findings: Sequence[Finding], strict: bool, summary: Summary, colour: bool) -> str:
    """The report for people and assistants: place, message, source, why, what to write instead; last a summary."""

    def paint(code: str, text: str) -> str:
        return f'\x1b[{code}m{text}\x1b[0m' if colour else text

    parts = []
    for finding in findings:
        blocks = strict or finding.severity == 'error'
        word = paint('31;1', 'error') if blocks else paint('33', 'advice')
        place = paint('1', clean(f'{finding.path}:{finding.line}:{finding.column}').replace('\n', '�').replace('\t', ' '))
        parts.append(f'{place}: {word}: {clean(_short(finding.message))} [{finding.rule}]\n{_source(finding)}')
        if finding.why:
            parts.append(f'    why: {clean(finding.why)}\n')
        if finding.fix_hint:
            parts.append(f'    fix: {clean(finding.fix_hint)}\n')
        parts.append(f'    docs: {finding.url}\n\n')
    if findings:
        parts.append(_last(findings, summary))
    return ''.join(parts)


def as_github(findings: Sequence[Finding], strict: bool, summary: Summary) -> str:
    """Workflow commands that GitHub shows as annotations on the lines of a pull request, and the summary for the log."""
    parts = []
    for finding in findings:
        told = [_short(finding.message), f'why: {finding.why}', f'fix: {finding.fix_hint}', f'docs: {finding.url}']
        place = {'file': finding.path, 'line': finding.line, 'endLine': finding.end_line}
        if finding.end_line == finding.line:  # columns mean nothing to it where there are several lines
            place |= {'col': finding.column, 'endColumn': finding.end_column}
        place['title'] = f'sixgaps: {finding.rule}'
        named = ','.join(f'{name}={_escaped(str(value), _PROPERTY)}' for name, value in place.items())
        level = 'error' if strict or finding.severity == 'error' else 'warning'
        parts.append(f'::{level} {named}::{_escaped(chr(10).join(told), _MESSAGE)}\n')
    if findings:
        parts.append(_last(findings, summary))
    return ''.join(parts)


# What ends a message, and what ends a property before it: the runner reads these forms back.
_MESSAGE = {'%': '%25', '\r': '%0D', '\n': '%0A'}
_PROPERTY = {**_MESSAGE, ':': '%3A', ',': '%2C'}


def _escaped(text: str, marks: Mapping[str, str]) -> str:
    return clean(''.join(marks.get(letter, letter) for letter in text))


def as_mended(findings: Sequence[Finding]) -> str:
    """What --fix wrote: each place with the lines that it took out and put in."""
    parts = []
    for finding in findings:
        parts.append(f'{clean(f"{finding.path}:{finding.line}:{finding.column}")}: mended [{finding.rule}]\n')
        if finding.mend:
            old, new = finding.mend.old.splitlines(), finding.mend.new.splitlines()
            for tag, start, end, to, until in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
                if tag != 'equal':
                    parts += [f'    - {_short(clean(mask(line)))}\n' for line in old[start:end]]
                    parts += [f'    + {_short(clean(mask(line)))}\n' for line in new[to:until]]
    many = 'it, stage it' if len(findings) == 1 else 'them, stage them'
    parts.append(f'sixgaps: {len(findings)} mended; look at {many} and commit again.\n')
    return ''.join(parts)


def _short(text: str) -> str:
    folded = ' '.join(text.split())
    return folded if len(folded) <= 240 else folded[:240] + '…'


def _source(finding: Finding) -> str:
    line = clean(finding.snippet.split('\n')[0].replace('\t', ' '))
    if not line.strip():
        return ''
    indent = len(line) - len(line.lstrip())
    start = max(finding.column - 1 - indent, 0)
    line = line.strip()
    length = finding.end_column - finding.column if finding.end_line == finding.line else len(line) - start
    if start >= _WIDTH:
        return f'    {line[:_WIDTH]}…\n'
    shown = line if len(line) <= _WIDTH else line[:_WIDTH] + '…'
    return f'    {shown}\n    {" " * start}{"^" * max(1, min(length, len(shown) - start))}\n'


def _last(findings: Sequence[Finding], summary: Summary) -> str:
    what = 'stands in the files passed' if summary.scope == 'all' else 'this change introduces'
    block = f'{summary.blocking} block{"s" if summary.blocking == 1 else ""}'
    lines = [f'sixgaps: {block}, {summary.advice} advice, of what {what}.']
    mendable = sum(f.mend is not None for f in findings)
    if mendable:
        lines.append(f'--fix mends {mendable} of them.')
    if summary.blocking:
        first = next((f for f in findings if f.severity == 'error'), findings[0])
        mark = '//' if first.rule.startswith('ts-') else '#'
        lines.append(f'To let one through, write above its line: {mark} ast-grep-ignore: {first.rule}')
    return '\n'.join(lines) + '\n'
