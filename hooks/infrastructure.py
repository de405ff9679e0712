"""Gap 6: it runs on one machine, for one user, with the secrets in the code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from . import committed
from .engine.command import Extra, Gap, run
from .engine.finding import Fault, Finding

_ENV = Fault(
    'env-file-committed',
    'repo-env-file-committed',
    'error',
    'critical',
    '`{name}` stands in a committed .env file',
    'whoever can read the repository, now or ever, has these values; taking the file out again does not take them out of the history.',
    'git rm --cached the file, add it to .gitignore and .dockerignore, commit a .env.example without values, '
    'and change every secret in it.',
)
_KEY = _ENV._replace(
    rule='repo-private-key-committed',
    message='a private key is committed: {name}',
    fix='git rm --cached the file, keep the key in the secret store of the platform, and make a new pair: this one is known.',
)
_STATE = _ENV._replace(
    rule='repo-state-file-committed',
    message="Terraform's state is committed: {name}",
    fix='git rm --cached the file, *.tfstate* into .gitignore, a remote backend with locking, '
    'and change the passwords in it: they stand there in plain text.',
)
_IMAGE = Fault(
    'hardcoded-secret',
    'dk-everything-copied',
    'warning',
    'medium',
    '`{name}` takes the .env into the image with everything else',
    'whoever can pull the image reads every secret in it, and .git, uploads and local databases with them.',
    'a .dockerignore with `.env*`, `.git`, `node_modules`, `*.sqlite3`; or COPY the folders that the program needs.',
)
_IMAGE_WITH_ENV = _IMAGE._replace(severity='error', risk='high')
_PROXY = Fault(
    'missing-security-headers',
    'repo-plain-http-proxy',
    'warning',
    'high',
    'the proxy answers on plain HTTP (`{name}`), and no proxy of this repository ends TLS',
    'passwords, cookies and tokens cross every network between the visitor and the server in clear.',
    'listen 443 ssl with a certificate (certbot, or Caddy, which gets its own), `return 301 https://$host$request_uri;` on port 80, '
    'and `add_header Strict-Transport-Security "max-age=63072000" always;`.',
)
_USER = Fault(
    'hardcoded-secret',
    'sql-hardcoded-secret',
    'error',
    'critical',
    'a database user is made with a password that stands in the file',
    'whoever can read the repository, now or ever, can read and change the data of every installation that ran this.',
    "make the user outside the schema, with the password from the secret store: `PASSWORD :'pw'` and `psql -v pw=$DB_PASSWORD`.",
)


def _secrets(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    fault = _ENV if committed.is_env_file(path) else _STATE if '.tfstate' in path else _KEY
    # What is shown is never the secret itself.
    return [
        fault.at(spot.at(path), text, spot.name, snippet=f'{spot.name}=…' if fault is _ENV else spot.name)
        for spot in committed.secrets(path, text)
    ]


def _images(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    return [
        (_IMAGE_WITH_ENV if with_env else _IMAGE).at(spot.at(path), text, spot.name)
        for spot, with_env in committed.copies_everything(path, text, others)
    ]


def _proxies(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    return [_PROXY.at(spot.at(path), text, spot.name) for spot in committed.plain_http(path, text, others)]


def _users(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    return [_USER.at(spot.at(path), text, spot.name, snippet=f"{spot.name} '…'") for spot in committed.users_with_password(text)]


_EXTRAS = (
    Extra({fault.rule: fault.check for fault in (_ENV, _KEY, _STATE)}, committed.may_hold_secret, _secrets),
    Extra({_IMAGE.rule: _IMAGE.check}, committed.is_about_images, _images),
    Extra({_PROXY.rule: _PROXY.check}, committed.is_proxy, _proxies),
    Extra({_USER.rule: _USER.check}, committed.is_sql, _users),
)
GAP = Gap(6, 'infrastructure', _EXTRAS)


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the files in argv. Returns 0, 1 when something blocks, 2 when the hook could not do its work."""
    return run([GAP], argv, 'sixgaps-infrastructure')


if __name__ == '__main__':
    raise SystemExit(main())
