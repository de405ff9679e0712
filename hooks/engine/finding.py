"""What a hook reports, and why it could not report."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

# Where the page of each check is read, docs/checks/ in the repository: the one place that knows the repository's address.
REPOSITORY = 'https://github.com/OWNER/sixgaps'
_PAGE = REPOSITORY + '/blob/main/docs/checks/{check}.md'


class HookError(Exception):
    """The hook could not do its work; the text is one line that says what to do. Becomes exit status 2."""


@dataclass(frozen=True)
class Place:
    """A stretch of a file: 1-based lines, 1-based columns in characters, the end column exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def within(self, other: Place) -> bool:
        """Whether this place lies inside the other one, which is in the same file."""
        return (other.line, other.column) <= (self.line, self.column) and (self.end_line, self.end_column) <= (
            other.end_line,
            other.end_column,
        )


class Mend(NamedTuple):
    """What a rule's fix writes: the bytes from start to end of the file's text as UTF-8, what stands there, what is to."""

    start: int
    end: int
    old: str
    new: str


@dataclass(frozen=True)
class Finding:
    """One fault at one place: 1-based lines, 1-based columns in characters."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    gap: int
    check: str
    rule: str
    severity: str
    risk: str
    message: str
    why: str
    fix_hint: str
    snippet: str
    replacement: str | None = None
    text: str = field(default='', repr=False)
    lost: tuple[str, ...] = field(default=(), repr=False)  # it stands where the change took places of these facts away
    captures: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    mend: Mend | None = field(default=None, repr=False)  # of a fix that is marked safe

    @classmethod
    def placed(cls, place: Place, source: str, **what: Any) -> Finding:
        """A finding at a place of the file whose whole text is `source`, with the place's first line as its snippet."""
        lines = source.splitlines()
        snippet = lines[place.line - 1] if place.line <= len(lines) else ''
        return cls(place.path, place.line, place.column, place.end_line, place.end_column, snippet=snippet, **what)

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes two findings the same fault: never the line number, so that code may move."""
        return self.rule, self.message, ' '.join(self.text.split())

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.path, self.line, self.column, self.end_line, self.end_column)

    @property
    def url(self) -> str:
        """The page of its check."""
        return _PAGE.format(check=self.check)

    def as_dict(self) -> dict[str, Any]:
        """The finding by name, as JSON shows it."""
        fields = asdict(self)
        for name in ('text', 'lost', 'captures', 'mend'):
            del fields[name]
        return {**fields, 'url': self.url}


class Fault(NamedTuple):
    """What a check in Python says of each place that it finds; `{name}` in its message and fix is what is named there."""

    check: str
    rule: str
    severity: str
    risk: str
    message: str
    why: str
    fix: str

    def at(self, place: Place, source: str, name: str, snippet: str | None = None, **more: str) -> Finding:
        """The finding at a place of the file whose whole text is `source`; `snippet` is shown instead of the place's line."""
        found = Finding.placed(
            place,
            source,
            gap=0,  # the engine knows whose check it is
            check=self.check,
            rule=self.rule,
            severity=self.severity,
            risk=self.risk,
            message=self.message.format(name=name, **more),
            why=self.why,
            fix_hint=self.fix.format(name=name, **more),
            text=name,
        )
        return found if snippet is None else replace(found, snippet=snippet)


_KNOWN_SECRET = re.compile(
    r'\b((?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?|gh[pousr]_|github_pat_|xox[abprs]-|AKIA|ASIA|AIza|SG\.|glpat-|npm_|whsec_)'
    r'[\w\-./+]{8,}',
)
_URL_PASSWORD = re.compile(r'(://[^\s:/@]*:)[^\s@/]{3,}(@)')
_ASSIGNED = re.compile(
    r"""((?:passw(?:or)?d|passphrase|secret|token|api_?key|private_?key|credential)\w*["'`]?\s*[:=]\s*["'`])([^"'`\n]{6,})(?=["'`])""", re.I
)
_LITERAL = re.compile(r"""(["'`])((?:(?!\1)[^\\\n]|\\.){6,})\1""")
_UNQUOTED = re.compile(r'((?:^|[=:-])\s*)([^\s"\'`${}=:]{8,})(?=\s*\}?\s*$)')
_SECRET_CWE = frozenset({'CWE-798', 'CWE-259', 'CWE-321', 'CWE-312', 'CWE-522', 'CWE-540', 'CWE-1392'})


def mask(text: str, cwe: str = '') -> str:
    """The text with secrets shown by their first four characters only.

    Key prefixes, passwords in URLs and what is assigned to a secret's name are masked always, every literal when the weakness
    itself is a secret in the code.
    """
    text = _KNOWN_SECRET.sub(lambda m: m[0][: max(4, len(m[1]))] + '…', text)
    text = _URL_PASSWORD.sub(r'\1…\2', text)
    text = _ASSIGNED.sub(lambda m: f'{m[1]}{m[2][:4]}…', text)
    if cwe in _SECRET_CWE:
        text = _LITERAL.sub(lambda m: f'{m[1]}{m[2][:4]}…{m[1]}', text)
        text = _UNQUOTED.sub(lambda m: f'{m[1]}{m[2][:4]}…', text)
    return text
