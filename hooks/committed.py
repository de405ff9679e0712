"""Files that no grammar reads: committed secrets, what an image copies, proxies without TLS, dependencies without a version, SQL."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from .engine.finding import Place


class Spot(NamedTuple):
    """A place in a file, 1-based, and what is named there."""

    line: int
    column: int
    end_column: int
    name: str

    def at(self, path: str) -> Place:
        """The place in a file of this name."""
        return Place(path, self.line, self.column, self.line, self.end_column)


# ---------------- secrets ----------------

_EXAMPLE = re.compile(
    r'(?i)(^|[._-])(example|sample|template|tmpl|dist|defaults?|schema|test|tests|testing|ci|e2e|docker-?test|storybook|vault)($|[._-])'
)
_NOT_OURS = re.compile(
    r'(?i)(^|/)(tests?|unittests?|e2e[\w-]*|fixtures?|testdata|__tests__|mocks?|examples?|docs?|samples?|node_modules|vendor|\.devcontainer|cypress|playwright|certs?-test)(/|$)'
)
_SECRET = re.compile(
    r'(?i)(^|_)(password|passwd|pass|pwd|secret|secret_?key|api_?key|apikey|access_?key|private_?key|(auth|access|bot|api|refresh)_?token|token|encryption_?key|signing_?key|salt|credentials?)(_|$)|_key$'
)
_NO_SECRET = re.compile(
    r'(?i)(public|publishable|anon|_url$|_uri$|_id$|_name$|_path$|_file$|_ttl|expir|_length|_algorithm|_header|_enabled|_host$|_port$|cache_key|_limit|_type$|^next_public_|^vite_|^react_app_)'
)
_PLACEHOLDER = re.compile(
    r'(?i)^$|change|replace|your|example|placeholder|dummy|fake|todo|fixme|xxx|\*\*\*|\.\.\.|<.*>|\$\{|\$\(|^\$|insert|fill|secret_?here|^(none|null|nil|true|false|yes|no|on|off|\d{1,4})$'
    r'|^(test|dev|local|debug|postgres|root|admin|user|password|passwd|pass|secret|mysql|redis|minio|minioadmin|guest|mysecretpassword|supersecret)[-_\w]{0,12}$|not[-_]?(a[-_])?(real|secret)|unsafe|insecure',
)
_URL = re.compile(r'^[a-z][a-z0-9+]*://[^\s:/@]*:([^\s@/]+)@([\w.-]+)', re.I)
_KEY = re.compile(
    r'(sk-(proj-|ant-)?[A-Za-z0-9_-]{24,}|[sr]k_live_[A-Za-z0-9]{16,}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|glpat-[A-Za-z0-9_-]{20}'
    r'|xox[abp]-[0-9]{8,}-[A-Za-z0-9-]{16,}|AIza[0-9A-Za-z_-]{35}|SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,})',
)
_PRIVATE = re.compile(r'-----BEGIN (RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----\s+(?:[\w-]+: .*\s+)*[A-Za-z0-9+/=\s]{60}')


def is_env_file(path: str) -> bool:
    """A .env file that is read, not one that shows what to write: .env, .env.production, prod.env."""
    name = path.rpartition('/')[2]
    if not (name == '.env' or name.startswith('.env.') or name.endswith('.env')):
        return False
    return not _EXAMPLE.search(name.removeprefix('.env').removesuffix('.env')) and not _NOT_OURS.search(posixpath.dirname(path))


def may_hold_secret(path: str) -> bool:
    """The files that are looked at by name: .env, keys, service accounts, Terraform's state."""
    name = path.rpartition('/')[2]
    if is_env_file(path):
        return True
    if _NOT_OURS.search(posixpath.dirname(path)) or _DEVELOPERS.search(name):
        return False
    return (
        name.endswith(('.pem', '.key', '.p12', '.pfx', '.ppk', '.tfstate', '.tfstate.backup')) or name in _KEY_NAMES or _is_json_key(name)
    )


_KEY_NAMES = frozenset(('id_rsa', 'id_dsa', 'id_ecdsa', 'id_ed25519', '.netrc', '.pgpass', '.npmrc', '.pypirc', 'credentials'))


def _is_json_key(name: str) -> bool:
    return (
        name.endswith('.json') and re.search(r'(?i)service[-_.]?account|credential|firebase-adminsdk|gcp|google|[-_.]key', name) is not None
    )


def secrets(path: str, text: str) -> Iterator[Spot]:
    """What makes the file one that must not be committed: one place, the first."""
    name = path.rpartition('/')[2]
    lines = text.splitlines()
    if is_env_file(path):
        for number, line in enumerate(lines, 1):
            match = re.match(r'\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$', line)
            if match and _holds(match[1], _bare(match[2])):
                yield Spot(number, match.start(1) + 1, match.end(1) + 1, match[1])
                return
    elif name.endswith(('.tfstate', '.tfstate.backup')):
        if '"terraform_version"' in text and re.search(r'"resources":\s*\[\s*\{|"outputs":\s*\{\s*"', text):
            yield Spot(1, 1, len(lines[0]) + 1, name)
    elif name.endswith('.json'):
        match = re.search(r'"private_key"\s*:\s*"-----BEGIN [A-Z ]*PRIVATE KEY-----\\n[A-Za-z0-9+/=\\]{60}', text)
        if match:
            yield _spot(text, match.start(), 'private_key')
    elif name in ('.npmrc', '.pypirc', '.netrc', '.pgpass'):
        match = re.search(r'(?m)(_authToken|^password|\bpassword)\s*[= ]\s*([^\s$]{8,})$', text)
        if match and not _PLACEHOLDER.search(match[2]):
            yield _spot(text, match.start(1), match[1])
    elif name == 'credentials':
        match = re.search(r'(?m)^aws_secret_access_key\s*=\s*[A-Za-z0-9/+]{30,}', text)
        if match:
            yield _spot(text, match.start(), 'aws_secret_access_key')
    else:
        match = _PRIVATE.search(text)
        if match:
            yield _spot(text, match.start(), name)


_DEVELOPERS = re.compile(r'(?i)localhost|snake-?oil|self-?signed|mkcert|(^|[._-])(dev|local|test|dummy|fake|sample|example)([._-]|$)')


def _bare(value: str) -> str:
    if value[:1] in ('"', "'"):
        end = value.find(value[0], 1)
        return value[1:end] if end > 0 else value[1:]
    return re.split(r'\s+#', value)[0].strip()


def _holds(name: str, value: str) -> bool:
    if _KEY.search(value):
        return not re.search(r'(?i)example|xxxx|placeholder|your', value)
    url = _URL.match(value)
    if url:
        # A server that only this machine has is a developer's; so is a password without a digit, such as the user's own name.
        return (
            re.search(r'\d', url[1]) is not None
            and not _PLACEHOLDER.search(url[1])
            and re.match(r'(?i)localhost|127\.|0\.0\.0\.0|host\.docker', url[2]) is None
            and len(url[1]) > 5
        )
    if not _SECRET.search(name) or _NO_SECRET.search(name) or _PLACEHOLDER.search(value) or len(value) < 8:
        return False
    return '://' not in value and not value.startswith('/') and re.search(r'\d', value) is not None and ' ' not in value


def _spot(text: str, offset: int, name: str, length: int | None = None) -> Spot:
    """The spot at an offset of the text: so many characters, or all that is left of the line."""
    line = text.count('\n', 0, offset) + 1
    column = offset - text.rfind('\n', 0, offset)
    if length is None:
        end = text.find('\n', offset)
        length = (len(text) if end < 0 else end) - offset
    return Spot(line, column, column + length, name)


# ---------------- images, proxies, database users ----------------

_IMAGE = re.compile(r'(?i)(^|/)(Dockerfile|Containerfile)$')
_FROM = re.compile(r'(?im)^\s*FROM\s')
_EVERYTHING = re.compile(r'(?im)^[ \t]*(?:COPY|ADD)[ \t]+(?:--(?!from)\S+[ \t]+)*(?:\./?[ \t]+\S+.*|\[\s*"\./?",.*)$')
_PROXY = re.compile(r'(?i)(^|/)(nginx[^/]*\.conf|nginx/[^/]*\.conf|nginx/(conf\.d|sites-(available|enabled))/[^/]+)$')
_USER = re.compile(r"(?is)\b(?:create|alter)\s+(?:user|role)\b[^;]*?\b(identified\s+(?:with\s+\w+\s+)?by|password)\s+'([^'\n]{3,})'")
_DATABASE_OF_A_DEVELOPER = re.compile(
    r'(?i)(^|[/._-])(dev|local|tests?|ci|seeds?|e2e|docker|fixtures?|examples?|samples?|docker-entrypoint-initdb\.d)([/._-]|$)'
)


def is_about_images(path: str) -> bool:
    """A Dockerfile, or what says which files it gets and whether a .env is among them."""
    name = path.rpartition('/')[2]
    return (_IMAGE.search(path) is not None and not _NOT_OURS.search(path)) or name.endswith('.dockerignore') or name.startswith('.env')


def copies_everything(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> Iterator[tuple[Spot, bool]]:
    """The `COPY . .` of the last stage where nothing keeps a .env out, and whether such a file is committed."""
    last = max((match.start() for match in _FROM.finditer(text)), default=0)
    match = _EVERYTHING.search(text, last)
    if match is None or _IMAGE.search(path) is None:
        return
    files = others()
    folders = _above(posixpath.dirname(path))
    ignores = [told for name, told in files.items() if name.endswith('.dockerignore') and posixpath.dirname(name) in folders]
    near = [name for name in files if name.rpartition('/')[2].startswith('.env') and posixpath.dirname(name) in folders]
    if ignores and (not near or re.search(r'(?m)^\s*(\*{1,2}(/\*)?\s*$|(\*\*/|/)?(\.env|\*?\.env\*?|\.\*|\*\.env))', '\n'.join(ignores))):
        return
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    yield _spot(text, start, match[0].strip()), any(is_env_file(name) and any(secrets(name, files[name])) for name in near)


def is_proxy(path: str) -> bool:
    """An nginx configuration of the repository's own."""
    return _PROXY.search(path) is not None and not _NOT_OURS.search(path)


def plain_http(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> Iterator[Spot]:
    """The `listen 80` of a proxy, where no proxy of the repository ends TLS."""
    tls = re.compile(r'(?i)\bssl|\b443\b|https://')
    match = re.search(r'(?m)^\s*(listen\s+(?:\[::\]:|0\.0\.0\.0:|\*:)?80\b[^;]*);', text)
    if match is None or 'proxy_pass' not in text or tls.search(text):
        return
    if not any(tls.search(other) for name, other in others().items() if is_proxy(name)):
        yield _spot(text, match.start(1), match[1], len(match[1]))


def is_sql(path: str) -> bool:
    """SQL that makes more than a developer's database."""
    return path.endswith('.sql') and not _DATABASE_OF_A_DEVELOPER.search(path)


def users_with_password(text: str) -> Iterator[Spot]:
    """Database users that are made with a literal password."""
    for match in _USER.finditer(_without_comments(text)):
        if not re.search(r'(?i)change|replace|your|example|placeholder|[<:$%{]|xxx', match[2]):
            yield _spot(text, match.start(1), match[1], len(match[1]))


def _above(folder: str) -> set[str]:
    found = {folder, ''}
    while folder:
        folder = posixpath.dirname(folder)
        found.add(folder)
    return found


# ---------------- dependencies ----------------

_LOCKS = frozenset(
    ('uv.lock', 'poetry.lock', 'Pipfile.lock', 'pdm.lock', 'requirements.lock', 'requirements-lock.txt', 'constraints.txt', 'pylock.toml')
)
_NODE_LOCKS = frozenset(('package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'bun.lockb'))


def is_requirements(path: str) -> bool:
    """What `pip install -r` reads for the application: not the tests', the documentation's or a tool's."""
    name = path.rpartition('/')[2]
    return re.fullmatch(
        r'requirements([-_.](prod|production|base|app|main|server|api|web|worker|backend))?\.txt', name
    ) is not None and not _NOT_OURS.search(posixpath.dirname(path))


def is_manifest(path: str) -> bool:
    """A package.json of the repository's own."""
    return path.rpartition('/')[2] == 'package.json' and not _NOT_OURS.search(posixpath.dirname(path))


def is_lock(path: str) -> bool:
    """A lock file of either language."""
    return path.rpartition('/')[2] in _LOCKS | _NODE_LOCKS


def unpinned_requirements(path: str, text: str, names: Callable[[], Iterable[str]]) -> Iterator[Spot]:
    """The requirements with no version, or only a lower bound, where nothing above them locks the versions."""
    lines = [] if '--hash=' in text else text.splitlines()
    matches = [
        (number, re.match(r'([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*(>=?\s*[\w.*]+)?\s*(;.*|#.*)?$', line))
        for number, line in enumerate(lines, 1)
    ]
    found = [Spot(number, 1, match.end(1) + 1, match[1]) for number, match in matches if match]
    if found and not _locked(path, names(), _LOCKS):
        yield from found


def manifest_without_lock(path: str, text: str, names: Callable[[], Iterable[str]]) -> Iterator[Spot]:
    """The `dependencies` of a private application with no lock file in its folder or above."""
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(manifest, dict) or not manifest.get('dependencies') or not isinstance(manifest.get('scripts'), dict):
        return
    if not {'start', 'dev', 'build', 'start:prod'} & manifest['scripts'].keys() or any(
        key in manifest for key in ('files', 'publishConfig', 'peerDependencies')
    ):
        return  # a library: whoever installs it locks it
    match = re.search(r'"dependencies"\s*:', text)
    if match and not _locked(path, names(), _NODE_LOCKS):
        yield _spot(text, match.start(), 'dependencies', len('"dependencies"'))


def _locked(path: str, names: Iterable[str], locks: frozenset[str]) -> bool:
    above = _above(posixpath.dirname(path))
    return any(name.rpartition('/')[2] in locks and posixpath.dirname(name) in above for name in names)


# ---------------- SQL migrations ----------------

_MARKED_DOWN = re.compile(r'(?im)^\s*--\s*(migrate:down|\+goose\s+down|\+migrate\s+down|@?down|rollback)\b.*$')
_MARKED = re.compile(r'(?im)^\s*--\s*(migrate:|\+goose|\+migrate)')
_CHANGE = re.compile(r'(?i)\b(create|alter|drop|insert|update|delete|rename|truncate)\b')
_DROP_COLUMN = re.compile(
    r'(?is)\balter\s+table\s+(?:only\s+|if\s+exists\s+)*([\w."`\[\]]+)((?:(?!;).)*?\bdrop\s+column\s+(?:if\s+exists\s+)?["`\[]?(\w+))'
)
_COMMENT = re.compile(r'(?s)--[^\n]*|/\*.*?\*/')


def _without_comments(text: str) -> str:
    """SQL with blanks for comments, so that offsets stay."""
    return _COMMENT.sub(lambda found: re.sub(r'[^\n]', ' ', found[0]), text)


def is_migration(path: str) -> bool:
    """An SQL file among migrations."""
    return (
        path.endswith('.sql')
        and re.search(r'(?i)(^|/)(migrations?|migrate|alembic|flyway|db/changelog|drizzle)(/|$)', posixpath.dirname(path)) is not None
    )


def irreversible(path: str, text: str, names: Callable[[], Iterable[str]]) -> Iterator[Spot]:
    """An empty way back, a `.up.sql` with no `.down.sql`, and a column dropped in the file that adds its successor."""
    down = _MARKED_DOWN.search(text)
    plain = _without_comments(text)
    if path.endswith('.down.sql'):
        if not _CHANGE.search(plain) and 'raise' not in plain.lower():
            yield Spot(1, 1, 2, path.rpartition('/')[2])
        return
    if down and _MARKED.search(text):
        if not _CHANGE.search(plain[down.end() :]) and _CHANGE.search(plain[: down.start()]) and 'raise' not in plain[down.end() :].lower():
            yield _spot(text, down.start() + len(down[0]) - len(down[0].lstrip()), down[0].strip())
        plain = plain[: down.start()]
    elif path.endswith('.up.sql') and _CHANGE.search(plain) and path[: -len('.up.sql')] + '.down.sql' not in set(names()):
        yield Spot(1, 1, 2, path.rpartition('/')[2])
    for match in _DROP_COLUMN.finditer(plain):
        table = match[1].strip('"`[]')
        added = re.search(
            rf'(?is)\balter\s+table\s+(?:only\s+|if\s+exists\s+)*["`\[]?{re.escape(table)}["`\]]?(?:(?!;).)*?\badd\s+(?:column\s+)?(?!constraint|primary|unique|foreign|check|index)["`\[]?\w+',
            plain,
        )
        if added and not re.search(rf'(?is)\b(update|insert\s+into)\s+(?:only\s+)?["`\[]?{re.escape(table)}\b', plain):
            yield _spot(text, match.start(3), match[3], len(match[3]))
