"""The one place where git is called."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache

from .finding import HookError

# Nothing that the repository configures may run: no fsmonitor, no pager, no external diff, no text conversion, no filter.
_SAFE = (
    '-c',
    'core.fsmonitor=false',
    '-c',
    'core.pager=cat',
    '-c',
    'core.quotePath=false',
    '--no-pager',
    '--literal-pathspecs',
)


def root() -> str | None:
    """The top of the work tree that the current folder is in, or None outside git; no process is started."""
    here = os.getcwd()
    while True:
        if os.path.lexists(os.path.join(here, '.git')):
            return here
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above


def run(*args: str, stdin: bytes = b'', allow: Sequence[int] = (0,), globs: bool = False) -> bytes:
    """What git prints. Raises HookError when git is missing or ends with a status that is not allowed."""
    safe = _SAFE[:-1] if globs else _SAFE
    return _run((*safe, *args), args[0], stdin, allow, _without_filters() if args[0] == 'diff' else {})


def _run(command: Sequence[str], name: str, stdin: bytes, allow: Sequence[int], env: Mapping[str, str]) -> bytes:
    try:
        done = subprocess.run(
            ('git', *command),
            input=stdin,
            capture_output=True,
            env={**os.environ, 'LC_ALL': 'C', 'GIT_OPTIONAL_LOCKS': '0', **env},
        )
    except FileNotFoundError:
        raise HookError('git is not on PATH; install git, or put it on PATH') from None
    except OSError as error:
        raise HookError(f'git could not be started: {error}') from None
    if done.returncode not in allow:
        said = done.stderr.decode('utf-8', 'replace').strip().splitlines()
        raise HookError(f'git {name} failed: {said[0] if said else f"status {done.returncode}"}')
    return done.stdout


@cache
def _without_filters() -> Mapping[str, str]:
    """Variables that empty every filter command of the configuration, for a diff runs them on files whose time has changed."""
    asked = _run(
        (*_SAFE, 'config', '-z', '--name-only', '--get-regexp', r'^filter\..*\.(clean|process|required)$'), 'config', b'', (0, 1), {}
    )
    names = [os.fsdecode(name) for name in dict.fromkeys(asked.split(b'\0')) if name]
    start = int(os.environ.get('GIT_CONFIG_COUNT') or 0)
    found = {'GIT_CONFIG_COUNT': str(start + len(names))} if names else {}
    for number, name in enumerate(names, start):
        found[f'GIT_CONFIG_KEY_{number}'] = name
        found[f'GIT_CONFIG_VALUE_{number}'] = 'false' if name.endswith('.required') else ''
    return found


def is_submodule(path: str) -> bool:
    """Whether a folder is a submodule of this repository, checked out or not."""
    return root() is not None and run('ls-files', '--stage', '--', path).startswith(b'160000 ')


def commit(ref: str) -> str | None:
    """The id of the commit that a name stands for, or None when there is none."""
    out = run('rev-parse', '--verify', '--quiet', '--end-of-options', f'{ref}^{{commit}}', allow=(0, 1, 128))
    return out.decode().strip() or None


def blobs(ids: Sequence[str]) -> list[bytes | None]:
    """The contents of blobs by id, None where the object is missing (a partial clone, say)."""
    out = run('cat-file', '--batch', stdin=''.join(f'{oid}\n' for oid in ids).encode())
    found: list[bytes | None] = []
    at = 0
    for _ in ids:
        end = out.index(b'\n', at)
        head = out[at:end].split()
        at = end + 1
        if head[-1] == b'missing':
            found.append(None)
            continue
        size = int(head[-1])
        found.append(out[at : at + size])
        at += size + 1
    return found
