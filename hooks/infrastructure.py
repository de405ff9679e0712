"""Gap 6: it runs on one machine, for one user, with the secrets in the code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from . import committed
from .engine.command import Extra, Gap, run
from .engine.finding import Finding, Place

_CHECK = 'env-file-committed'
_WHY = 'whoever can read the repository, now or ever, has these values; taking the file out again does not take them out of the history.'
_SAYS = {
    'repo-env-file-committed': (
        '`{name}` stands in a committed .env file',
        'git rm --cached the file, add it to .gitignore and .dockerignore, commit a .env.example without values, '
        'and change every secret in it.',
    ),
    'repo-private-key-committed': (
        'a private key is committed: {name}',
        'git rm --cached the file, keep the key in the secret store of the platform, and make a new pair: this one is known.',
    ),
    'repo-state-file-committed': (
        "Terraform's state is committed: {name}",
        'git rm --cached the file, *.tfstate* into .gitignore, a remote backend with locking, '
        'and change the passwords in it: they stand there in plain text.',
    ),
}


def _rule(path: str) -> str:
    if committed.is_env_file(path):
        return 'repo-env-file-committed'
    return 'repo-state-file-committed' if '.tfstate' in path else 'repo-private-key-committed'


def _secrets(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    rule = _rule(path)
    message, fix = _SAYS[rule]
    return [
        Finding(
            path,
            spot.line,
            spot.column,
            spot.line,
            spot.end_column,
            snippet=f'{spot.name}=…' if rule == 'repo-env-file-committed' else spot.name,  # never the secret itself
            gap=6,
            check=_CHECK,
            rule=rule,
            severity='error',
            risk='critical',
            message=message.format(name=spot.name),
            why=_WHY,
            fix_hint=fix,
            text=spot.name,
        )
        for spot in committed.secrets(path, text)
    ]


_IMAGE, _PROXY, _USER = 'dk-everything-copied', 'repo-plain-http-proxy', 'sql-hardcoded-secret'
_HARDCODED, _HEADERS = 'hardcoded-secret', 'missing-security-headers'


def _images(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    return [
        Finding.placed(
            Place(path, spot.line, spot.column, spot.line, spot.end_column),
            text,
            gap=6,
            check=_HARDCODED,
            rule=_IMAGE,
            severity='error' if committed_env else 'warning',
            risk='high' if committed_env else 'medium',
            message=f'`{spot.name}` takes the .env into the image with everything else',
            why='whoever can pull the image reads every secret in it, and .git, uploads and local databases with them.',
            fix_hint='a .dockerignore with `.env*`, `.git`, `node_modules`, `*.sqlite3`; or COPY the folders that the program needs.',
            text=spot.name,
        )
        for spot, committed_env in committed.copies_everything(path, text, others)
    ]


def _proxies(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    return [
        Finding.placed(
            Place(path, spot.line, spot.column, spot.line, spot.end_column),
            text,
            gap=6,
            check=_HEADERS,
            rule=_PROXY,
            severity='warning',
            risk='high',
            message=f'the proxy answers on plain HTTP (`{spot.name}`), and no proxy of this repository ends TLS',
            why='passwords, cookies and tokens cross every network between the visitor and the server in clear.',
            fix_hint='listen 443 ssl with a certificate (certbot, or Caddy, which gets its own), '
            '`return 301 https://$host$request_uri;` on port 80, '
            'and `add_header Strict-Transport-Security "max-age=63072000" always;`.',
            text=spot.name,
        )
        for spot in committed.plain_http(path, text, others)
    ]


def _users(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    return [
        Finding(
            path,
            spot.line,
            spot.column,
            spot.line,
            spot.end_column,
            gap=6,
            check=_HARDCODED,
            rule=_USER,
            severity='error',
            risk='critical',
            message='a database user is made with a password that stands in the file',
            why='whoever can read the repository, now or ever, can read and change the data of every installation that ran this.',
            fix_hint='make the user outside the schema, with the password from the secret store: '
            "`PASSWORD :'pw'` and `psql -v pw=$DB_PASSWORD`.",
            snippet=f"{spot.name} '…'",
            text=spot.name,
        )
        for spot in committed.users_with_password(text)
    ]


_FILES = Extra(dict.fromkeys(_SAYS, _CHECK), committed.may_hold_secret, _secrets)
_MORE = (
    Extra({_IMAGE: _HARDCODED}, committed.is_about_images, _images),
    Extra({_PROXY: _HEADERS}, committed.is_proxy, _proxies),
    Extra({_USER: _HARDCODED}, committed.is_sql, _users),
)
GAP = Gap(6, 'infrastructure', (_FILES, *_MORE))


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the files in argv. Returns 0, 1 when something blocks, 2 when the hook could not do its work."""
    return run([GAP], argv, 'sixgaps-infrastructure')


if __name__ == '__main__':
    raise SystemExit(main())
