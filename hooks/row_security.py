"""Row level security in the SQL of a Supabase or PostgREST project: which tables are open to whoever holds the public key.

The browser talks to such a database itself; row level security is the only thing between a stranger and every row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlglot import exp, parse_one, tokenize
from sqlglot.errors import SqlglotError

_LONGEST = 100_000  # characters of one statement that are read; generated data is longer, a policy never is
_DEEPEST = 50  # parentheses of a policy's condition
_MATTERS = re.compile(
    r'(?:create\s+(?:(?:global|local|unlogged)\s+)*table|alter\s+table|drop\s+table|(?:create|alter|drop)\s+policy|do\b|revoke\b'
    r'|create\s+(?:or\s+replace\s+)?function)\b',
    re.I,
)
_NEXT = re.compile(
    r'--[^\n]*|/\*|\b[eE]\'[^\'\\]*(?:(?:\\.|\'\')[^\'\\]*)*\'|\'[^\']*(?:\'\'[^\']*)*\'|"[^"]*(?:""[^"]*)*"'
    r'|\$(?:[A-Za-z_]\w*)?\$|;|[\'"]|^[ \t]*\\[^\n]*',
    re.S | re.M,
)
_BLANK = re.compile(r'(?:\s+|--[^\n]*)+')
_COMMENT = re.compile(r'/\*|\*/')
_HEADER_ENDS = re.compile(r'\(|\bas\b|\bpartition\b', re.I)
_UNREAD_MATTERS = re.compile(r'\b(?:create|alter|drop)\s+(?:table|policy)\b', re.I)
_COPY = re.compile(r'copy\b.*\bfrom\s+stdin\b', re.I | re.S)
_DOWN = re.compile(r'^--[ \t]*(?:migrate:down|\+(?:goose|migrate)[ \t]+down)', re.I | re.M)
_ENABLES = re.compile(r'enable\s+row\s+level\s+security', re.I)
_STATIC = re.compile(
    r'alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?((?:[\w$]+|"[^"]+")(?:\.(?:[\w$]+|"[^"]+"))?)\s+enable\s+row\s+level\s+security', re.I
)
_BOOKKEEPING = re.compile(r'^(_prisma_migrations|schema_migrations|knex_migrations(_lock)?|migrations|drizzle_migrations|spatial_ref_sys)$')
_OF_A_TEST = re.compile(
    r'(^|/)(tests?|__tests__|fixtures?|examples?|node_modules|vendor|testdata)/|[._]test\.sql$|(^|[/.])down\.sql$', re.I
)


class Open(NamedTuple):
    """What stands open: 1-based lines and columns of the name; `policy` and `does` are empty for a table without row security."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    table: str
    policy: str = ''
    does: str = ''
    sure: bool = True
    unread: bool = False


class _Statement(NamedTuple):
    start: int  # offset in the file
    text: str
    line: int


class _Table(NamedTuple):
    schema: str
    name: str

    def __str__(self) -> str:
        return self.name if self.schema == 'public' else f'{self.schema}.{self.name}'


def open_to_all(path: str, text: str, others: Mapping[str, str]) -> list[Open]:
    """The tables and policies of one file that stand open once all SQL of its project has run, in the order of file names.

    `others` are the texts of the repository's other SQL files, manifests and configurations by path. Nothing is found in a
    repository that is not Supabase's or PostgREST's.
    """
    if _OF_A_TEST.search(path):
        return []
    files = {**others, path: text}
    served = _served(path, files)
    if not served:
        return []
    group = tuple((name, files[name]) for name in sorted(files) if _together(name, path) and not _OF_A_TEST.search(name))
    found = [one for one in _after(group) if one.path == path]
    return [one if served == 'surely' else one._replace(sure=False) for one in found]


def _served(path: str, files: Mapping[str, str]) -> str:
    """Whether browsers reach the tables of this file: '' no, 'surely', 'likely'."""
    top = _supabase_folder(path)
    for name, text in files.items():
        if name.endswith('supabase/config.toml') and (top is None or name == f'{top}config.toml'):
            api = re.search(r'^\[api\]$(.*?)(?=^\[|\Z)', text, re.M | re.S)
            settings = api[1] if api else ''
            schemas = re.search(r'^\s*schemas\s*=\s*\[(.*?)\]', settings, re.M | re.S)
            if re.search(r'^\s*enabled\s*=\s*false', settings, re.M) or (schemas and 'public' not in schemas[1]):
                return ''
    if top is not None:
        return 'surely'
    used = any(name.endswith('package.json') and '"@supabase/' in text for name, text in files.items())
    postgrest = any(name.endswith('postgrest.conf') for name in files)
    if not (used or postgrest or any(name.endswith('supabase/config.toml') for name in files)):
        return ''
    # Another database may stand beside Supabase's: its own words tell whose these tables are.
    own = re.compile(r'\bauth\.(uid|users|role|jwt)\b|\bto\s+(anon|authenticated)\b|\bservice_role\b', re.I)
    return 'surely' if any(own.search(text) for name, text in files.items() if _together(name, path)) else 'likely'


def _supabase_folder(path: str) -> str | None:
    found = re.match(r'(?:.*/)?supabase/', path)
    return found[0] if found else None


def _together(name: str, path: str) -> bool:
    """Whether two files describe the same database."""
    if not name.endswith('.sql'):
        return False
    top = _supabase_folder(path)
    if top is not None or _supabase_folder(name) is not None:
        return top == _supabase_folder(name)
    return _folder(name) == _folder(path)


def _folder(path: str) -> str:
    folder, _, name = path.rpartition('/')
    return folder.rpartition('/')[0] if name == 'migration.sql' else folder  # Prisma: a folder for each


@lru_cache(maxsize=4)
def _after(files: tuple[tuple[str, str], ...]) -> list[Open]:
    state = _State()
    for path, text in files:
        for statement in _statements(text):
            state.run(path, text, statement)
    return state.open()


@lru_cache(maxsize=4096)
def _statements(text: str) -> tuple[_Statement, ...]:
    """The statements that matter here. psql's commands and the data of COPY are passed over; dollar quotes and comments are respected."""
    down = _DOWN.search(text)
    end = down.start() if down else len(text)
    found: list[_Statement] = []
    line, counted = 1, 0
    start = position = 0

    def keep(stop: int) -> None:
        nonlocal line, counted
        begin = _first(text, start, stop)
        if begin < stop and _MATTERS.match(text, begin):
            line += text.count('\n', counted, begin)
            counted = begin
            found.append(_Statement(begin, text[begin : min(stop, begin + _LONGEST)], line))

    while position < end:
        match = _NEXT.search(text, position, end)
        if match is None:
            break
        word = match[0]
        position = match.end()
        if word == ';':
            keep(match.start())
            if _COPY.match(text, _first(text, start, match.start()), match.start()):
                data = text.find('\n\\.', position, end)
                position = end if data < 0 else data + 3
            start = position
        elif word.lstrip().startswith('\\'):
            if not text[start : match.start()].strip():
                start = position
        elif word == '/*':
            position = _comment_end(text, position, end)
        elif word.startswith('$'):
            closing = text.find(word, position, end)
            if closing < 0:
                return (*found, *_unread(text, match.start(), end))
            position = closing + len(word)
        elif word in ('"', "'"):
            return (*found, *_unread(text, match.start(), end))
    keep(end)
    return tuple(found)


def _unread(text: str, quote: int, end: int) -> list[_Statement]:
    """A quote that nothing closes: what stands behind it cannot be told from text, and is named when it would matter."""
    if _UNREAD_MATTERS.search(text, quote, end) is None:
        return []
    return [_Statement(quote, '', text.count('\n', 0, quote) + 1)]


def _first(text: str, start: int, stop: int) -> int:
    """Where the statement begins behind white space and comments."""
    while start < stop:
        space = _BLANK.match(text, start, stop)
        if space:
            start = space.end()
        elif text.startswith('/*', start):
            start = _comment_end(text, start + 2, stop)
        else:
            break
    return start


def _comment_end(text: str, position: int, end: int) -> int:
    depth = 1
    for mark in _COMMENT.finditer(text, position, end):
        depth += 1 if mark[0] == '/*' else -1
        if depth == 0:
            return mark.end()
    return end


class _Reader:
    """The tokens of one statement, read from the left."""

    def __init__(self, tokens: Sequence[Any]) -> None:
        self.tokens = tokens
        self.at = 0

    def word(self) -> str:
        return self.tokens[self.at].text.lower() if self.at < len(self.tokens) else ''

    def take(self, *words: str) -> bool:
        """Whether these words come next; they are passed then."""
        if [token.text.lower() for token in self.tokens[self.at : self.at + len(words)]] != list(words):
            return False
        self.at += len(words)
        return True

    def name(self) -> tuple[str, Any]:
        """An identifier, folded to lower case unless it is quoted."""
        if self.at >= len(self.tokens):
            raise ValueError('the statement ends where a name should stand')
        token = self.tokens[self.at]
        self.at += 1
        return (token.text if token.token_type.name == 'IDENTIFIER' else token.text.lower()), token

    def table(self) -> tuple[_Table, Any]:
        name, token = self.name()
        schema = 'public'
        while self.take('.'):
            schema, (name, token) = name, self.name()
        return _Table(schema, name), token

    def group(self) -> list[Any]:
        """What stands between parentheses."""
        if not self.take('('):
            return []
        begin, depth = self.at, 1
        while self.at < len(self.tokens) and depth:
            text = self.tokens[self.at].text
            depth += 1 if text == '(' else -1 if text == ')' else 0
            self.at += 1
        return list(self.tokens[begin : self.at - 1])


class _State:
    """The database as far as row security goes, while the statements run."""

    def __init__(self) -> None:
        self._tables: dict[_Table, Open] = {}
        self._secured: set[_Table] = set()
        self._policies: dict[tuple[_Table, str], Open] = {}
        self._commands: dict[tuple[_Table, str], tuple[str, bool, list[str]]] = {}
        self._all = False
        self._unread: list[Open] = []
        self._path = self._text = ''

    def open(self) -> list[Open]:
        """What stands open at the end."""
        tables = [
            place
            for table, place in self._tables.items()
            if not self._all and table.schema == 'public' and table not in self._secured and not _BOOKKEEPING.match(table.name)
        ]
        return tables + list(self._policies.values()) + self._unread

    def run(self, path: str, text: str, statement: _Statement) -> None:
        """One statement. One that cannot be read is said to be so, and the rest goes on."""
        self._path, self._text = path, text
        if not statement.text:
            self._not_read(statement)
            return
        what = re.split(r'\s+', statement.text.lower(), maxsplit=4)
        if what[0] == 'do' or 'function' in what[:4]:
            self._body(statement.text, function=what[0] != 'do')
            return
        readable = statement.text
        if what[0] == 'create' and 'table' in what[:4]:
            readable = _HEADER_ENDS.split(readable, maxsplit=1)[0][:500]  # the columns do not matter, and may be beyond any parser
        try:
            self._one(statement, _Reader(tokenize(readable, read='postgres')))
        except (SqlglotError, ValueError, RecursionError):
            self._not_read(statement)

    def _not_read(self, statement: _Statement) -> None:
        place = Open(self._path, statement.line, 1, statement.line, 2, '', sure=False, unread=True)
        self._unread.append(place)

    def _place(self, statement: _Statement, token: Any, table: _Table) -> Open:
        begin = statement.start + token.start
        column = begin - self._text.rfind('\n', 0, begin)
        line = statement.line + statement.text.count('\n', 0, token.start)
        return Open(self._path, line, column, line, column + token.end - token.start + 1, str(table))

    def _body(self, text: str, function: bool) -> None:
        """A DO block or a function: it may secure tables by name, or all that it finds in the catalogue."""
        if not _ENABLES.search(text):
            return
        named = _STATIC.findall(text)
        for name in named:
            parts = [part[1:-1] if part.startswith('"') else part.lower() for part in re.findall(r'"[^"]+"|[\w$]+', name)]
            self._secured.add(_Table(parts[0] if len(parts) > 1 else 'public', parts[-1]))
        if len(_ENABLES.findall(text)) > len(named) and (not function or 'pg_event_trigger' in text):
            self._all = True

    def _one(self, statement: _Statement, reader: _Reader) -> None:
        if reader.take('create'):
            if reader.take('policy'):
                self._policy(statement, reader)
                return
            while reader.word() in ('global', 'local', 'unlogged'):
                reader.at += 1
            reader.take('table')
            reader.take('if', 'not', 'exists')
            table, token = reader.table()
            self._tables.setdefault(table, self._place(statement, token, table))
        elif reader.take('drop', 'table'):
            reader.take('if', 'exists')
            while True:
                table, _ = reader.table()
                self._forget(table)
                if not reader.take(','):
                    break
        elif reader.take('drop', 'policy'):
            reader.take('if', 'exists')
            name, _ = reader.name()
            if reader.take('on'):
                key = (reader.table()[0], name)
                self._policies.pop(key, None)
                self._commands.pop(key, None)
        elif reader.take('alter', 'policy'):
            self._policy(statement, reader)
        elif reader.take('alter', 'table'):
            self._alter(statement, reader)
        elif reader.take('revoke'):
            self._revoke(reader)

    def _forget(self, table: _Table) -> None:
        self._tables.pop(table, None)
        self._secured.discard(table)
        for key in [key for key in self._policies if key[0] == table]:
            del self._policies[key]

    def _alter(self, statement: _Statement, reader: _Reader) -> None:
        reader.take('if', 'exists')
        reader.take('only')
        table, token = reader.table()
        if reader.take('rename', 'to'):
            self._rename(table, _Table(table.schema, reader.name()[0]))
            return
        if reader.take('set', 'schema'):
            self._rename(table, _Table(reader.name()[0], table.name))
            return
        while reader.at < len(reader.tokens):
            if reader.take('enable', 'row', 'level', 'security'):
                self._secured.add(table)
            elif reader.take('disable', 'row', 'level', 'security'):
                self._secured.discard(table)
                self._tables[table] = self._place(statement, token, table)
            else:
                reader.at += 1

    def _rename(self, old: _Table, new: _Table) -> None:
        if old in self._tables:
            self._tables[new] = self._tables.pop(old)._replace(table=str(new))
        if old in self._secured:
            self._secured.discard(old)
            self._secured.add(new)
        for key in [key for key in self._policies if key[0] == old]:
            self._policies[(new, key[1])] = self._policies.pop(key)

    def _revoke(self, reader: _Reader) -> None:
        """revoke all on profiles from anon, authenticated: nobody reaches the table, whatever its rows allow."""
        words = [token.text.lower() for token in reader.tokens]
        if 'from' not in words or 'on' not in words or not {'anon', 'authenticated'} <= set(words[words.index('from') :]):
            return
        if not {'all', 'privileges'} & set(words[: words.index('on')]):
            return
        reader.at = words.index('on') + 1
        if reader.take('all', 'tables', 'in', 'schema', 'public') or reader.take('schema', 'public'):
            self._secured.update(self._tables)
            return
        reader.take('table')
        while True:
            self._secured.add(reader.table()[0])
            if not reader.take(','):
                break

    def _policy(self, statement: _Statement, reader: _Reader) -> None:
        name, token = reader.name()
        if not reader.take('on'):
            return
        table, _ = reader.table()
        if reader.take('rename', 'to'):
            return
        key = (table, name)
        does, restrictive, roles = self._commands.get(key, ('all', False, ['public']))  # what ALTER POLICY leaves as it was
        using: list[Any] = []
        check: list[Any] = []
        while reader.at < len(reader.tokens):
            if reader.take('as'):
                restrictive = reader.name()[0] == 'restrictive'
            elif reader.take('for'):
                does = reader.name()[0]
            elif reader.take('to'):
                roles = [reader.name()[0]]
                while reader.take(','):
                    roles.append(reader.name()[0])
            elif reader.take('using'):
                using = reader.group()
            elif reader.take('with', 'check'):
                check = reader.group()
            else:
                reader.at += 1
        self._commands[key] = (does, restrictive, roles)
        if restrictive or does == 'select' or not {'public', 'anon', 'authenticated'} & set(roles):
            self._policies.pop(key, None)
            return
        # Insert asks only the check; update, delete and all choose their rows by using.
        condition = check if does == 'insert' else using
        if condition:
            self._policies.pop(key, None)
            if _always(condition, statement.text):
                self._policies[key] = self._place(statement, token, table)._replace(policy=name, does=does, sure=does != 'insert')


def _always(tokens: Sequence[Any], text: str) -> bool:
    """Whether a condition holds for every row: true, (true), 1 = 1, true or …"""
    depth = longest = 0
    for token in tokens:
        depth += 1 if token.text == '(' else -1 if token.text == ')' else 0
        longest = max(longest, depth)
    if longest > _DEEPEST or len(tokens) > 2000:
        return False
    try:
        return _true(parse_one(text[tokens[0].start : tokens[-1].end + 1], read='postgres'))
    except (SqlglotError, RecursionError):
        return False


def _true(node: object) -> bool:
    if isinstance(node, exp.Paren | exp.Cast | exp.Subquery):
        return _true(node.this)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Or):
        return _true(node.left) or _true(node.right)
    if isinstance(node, exp.And):
        return _true(node.left) and _true(node.right)
    if isinstance(node, exp.EQ):
        return isinstance(node.left, exp.Literal | exp.Boolean) and node.left == node.right
    return False
