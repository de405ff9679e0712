"""Gap 5: what reaches production is not tested, pinned or reversible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from . import committed
from .engine.command import Extra, Gap, run
from .engine.finding import Finding, Place

_WHY = 'a commit that breaks the build or the checkout page is live minutes later, and the users are the test.'
_FIX = 'a job that runs the tests, and `needs: [test]` on the deploying job (GitLab: an earlier stage).'


def _is_workflow(path: str) -> bool:
    return ('.github/workflows/' in path and path.endswith(('.yml', '.yaml'))) or path.rpartition('/')[2] == '.gitlab-ci.yml'


def _deploys_without_tests(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    from .jobs import deploys_without_tests  # PyYAML takes longer to import than a clean run takes: only for a pipeline

    places = deploys_without_tests(path, text, others())
    rule = 'gha-deploy-without-tests' if '.github/' in path else 'gl-deploy-without-tests'
    return [
        Finding.placed(
            Place(path, *place[:4]),
            text,
            gap=5,
            check='deploy-without-tests',
            rule=rule,
            severity='error',
            risk='high',
            message=f'`{place.job}` deploys, and no test stands before it',
            why=_WHY,
            fix_hint=_FIX,
            text=place.job,
        )
        for place in places
    ]


_JOBS = Extra(
    {'gha-deploy-without-tests': 'deploy-without-tests', 'gl-deploy-without-tests': 'deploy-without-tests'},
    _is_workflow,
    _deploys_without_tests,
)

_UNPINNED, _IRREVERSIBLE = 'unpinned-dependency', 'irreversible-migration'
_OWN = {
    'py-requirement-without-version': (
        '`{name}` has no version, or only a lowest one, and no lock file stands beside it',
        'a release of somebody else breaks the next build, or brings its backdoor, without a commit of yours.',
        '`{name}==1.2.3` for each line (`pip freeze`, `pip-compile --generate-hashes`), or a committed uv.lock or poetry.lock.',
    ),
    'pkg-dependencies-without-lock-file': (
        'these ranges have no lock file: no two installs are the same',
        'what was tested is not what is installed next time; a release of somebody else breaks the build or brings its backdoor.',
        'commit package-lock.json (pnpm-lock.yaml, yarn.lock, bun.lock) and install with `npm ci`.',
    ),
    'sql-irreversible-migration': (
        '`{name}`: there is no way back from this migration',
        'when the new version fails the old one meets a schema it does not know, and the only way back is a restore.',
        'undo in the down part what the up part did; a column that changes is added first, filled (`UPDATE … SET new = old`), '
        'and the old one is dropped by a later release.',
    ),
}


def _listed(rule: str, check: str, path: str, text: str, spots: Iterable[committed.Spot]) -> list[Finding]:
    message, why, fix = _OWN[rule]
    return [
        Finding.placed(
            Place(path, spot.line, spot.column, spot.line, spot.end_column),
            text,
            gap=5,
            check=check,
            rule=rule,
            severity='warning',
            risk='medium',
            message=message.format(name=spot.name),
            why=why,
            fix_hint=fix.format(name=spot.name),
            text=spot.name,
        )
        for spot in spots
    ]


def _unpinned(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    if committed.is_requirements(path):
        return _listed('py-requirement-without-version', _UNPINNED, path, text, committed.unpinned_requirements(path, text, others))
    if committed.is_manifest(path):
        return _listed('pkg-dependencies-without-lock-file', _UNPINNED, path, text, committed.manifest_without_lock(path, text, others))
    return []


def _migration(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    return _listed('sql-irreversible-migration', _IRREVERSIBLE, path, text, committed.irreversible(path, text, others))


def _dependencies(path: str) -> bool:
    return committed.is_requirements(path) or committed.is_manifest(path) or committed.is_lock(path)


_DEPENDENCIES = Extra(
    {'py-requirement-without-version': _UNPINNED, 'pkg-dependencies-without-lock-file': _UNPINNED}, _dependencies, _unpinned
)
_MIGRATIONS = Extra({'sql-irreversible-migration': _IRREVERSIBLE}, committed.is_migration, _migration)
GAP = Gap(5, 'deployment-pipeline', (_JOBS, _DEPENDENCIES, _MIGRATIONS))


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the files in argv. Returns 0, 1 when something blocks, 2 when the hook could not do its work."""
    return run([GAP], argv, 'sixgaps-deployment-pipeline')


if __name__ == '__main__':
    raise SystemExit(main())
