"""Gap 6: it runs on one machine, for one user, with the secrets in the code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from . import committed
from .engine.command import Extra, Gap, run
from .engine.finding import Finding

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


_FILES = Extra(dict.fromkeys(_SAYS, _CHECK), committed.may_hold_secret, _secrets)
GAP = Gap(6, 'infrastructure', (_FILES,))


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the files in argv. Returns 0, 1 when something blocks, 2 when the hook could not do its work."""
    return run([GAP], argv, 'sixgaps-infrastructure')


if __name__ == '__main__':
    raise SystemExit(main())
