"""Gap 5: what reaches production is not tested, pinned or reversible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from . import committed
from .engine.command import Extra, Gap, run
from .engine.finding import Fault, Finding, Place

_CHECK, _UNPINNED, _IRREVERSIBLE = 'deploy-without-tests', 'unpinned-dependency', 'irreversible-migration'
_GITHUB = Fault(
    _CHECK,
    'gha-deploy-without-tests',
    'error',
    'high',
    '`{name}` deploys, and no test stands before it',
    'a commit that breaks the build or the checkout page is live minutes later, and the users are the test.',
    'a job that runs the tests, and `needs: [test]` on the deploying job (GitLab: an earlier stage).',
)
_GITLAB = _GITHUB._replace(rule='gl-deploy-without-tests')
_READS = Fault(
    _CHECK,
    'gha-job-does-not-wait',
    'error',
    'high',
    '`{name}` reads needs.{gate}, and does not wait for it',
    'it starts at once, what it reads of the other job is empty, and the conditions that were to hold it back hold nothing.',
    '`needs: [{gate}]` on the job, beside what it needs already.',
)
_SHIPS = _READS._replace(
    rule='gha-ships-before-siblings',
    severity='warning',
    risk='medium',
    message='`{name}` ships while its siblings wait for `{gate}`, and does not wait for it',
    why='it ships at once, also when the job that the others wait for fails: half a release, or one that no test has passed.',
)
_REQUIREMENT = Fault(
    _UNPINNED,
    'py-requirement-without-version',
    'warning',
    'medium',
    '`{name}` has no version, or only a lowest one, and no lock file stands beside it',
    'a release of somebody else breaks the next build, or brings its backdoor, without a commit of yours.',
    '`{name}==1.2.3` for each line (`pip freeze`, `pip-compile --generate-hashes`), or a committed uv.lock or poetry.lock.',
)
_MANIFEST = Fault(
    _UNPINNED,
    'pkg-dependencies-without-lock-file',
    'warning',
    'medium',
    'these ranges have no lock file: no two installs are the same',
    'what was tested is not what is installed next time; a release of somebody else breaks the build or brings its backdoor.',
    'commit package-lock.json (pnpm-lock.yaml, yarn.lock, bun.lock) and install with `npm ci`.',
)
_NO_WAY_BACK = Fault(
    _IRREVERSIBLE,
    'sql-irreversible-migration',
    'warning',
    'medium',
    '`{name}`: there is no way back from this migration',
    'when the new version fails the old one meets a schema it does not know, and the only way back is a restore.',
    'undo in the down part what the up part did; a column that changes is added first, filled (`UPDATE … SET new = old`), '
    'and the old one is dropped by a later release.',
)


def _is_workflow(path: str) -> bool:
    return ('.github/workflows/' in path and path.endswith(('.yml', '.yaml'))) or path.rpartition('/')[2] == '.gitlab-ci.yml'


def _jobs(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    from .jobs import deploys_without_tests, jobs_that_do_not_wait  # PyYAML takes longer to import than a clean run takes

    in_github = '.github/' in path
    untested = deploys_without_tests(path, text, others())
    loose = jobs_that_do_not_wait(text) if in_github else []
    told = {place.job for place in untested}
    found = [(_GITHUB if in_github else _GITLAB).at(Place(path, *place[:4]), text, place.job) for place in untested]
    return found + [
        (_READS if one.sure else _SHIPS).at(Place(path, *one[:4]), text, one.job, gate=one.waits_not_for)
        for one in loose
        if one.job not in told
    ]


def _dependencies(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    if committed.is_requirements(path):
        return [_REQUIREMENT.at(spot.at(path), text, spot.name) for spot in committed.unpinned_requirements(path, text, others)]
    if committed.is_manifest(path):
        return [_MANIFEST.at(spot.at(path), text, spot.name) for spot in committed.manifest_without_lock(path, text, others)]
    return []


def _migrations(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    return [_NO_WAY_BACK.at(spot.at(path), text, spot.name) for spot in committed.irreversible(path, text, others)]


def _names_dependencies(path: str) -> bool:
    return committed.is_requirements(path) or committed.is_manifest(path) or committed.is_lock(path)


_EXTRAS = (
    Extra({fault.rule: fault.check for fault in (_GITHUB, _GITLAB, _READS, _SHIPS)}, _is_workflow, _jobs),
    Extra({fault.rule: fault.check for fault in (_REQUIREMENT, _MANIFEST)}, _names_dependencies, _dependencies),
    Extra({_NO_WAY_BACK.rule: _NO_WAY_BACK.check}, committed.is_migration, _migrations),
)
GAP = Gap(5, 'deployment-pipeline', _EXTRAS)


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the files in argv. Returns 0, 1 when something blocks, 2 when the hook could not do its work."""
    return run([GAP], argv, 'sixgaps-deployment-pipeline')


if __name__ == '__main__':
    raise SystemExit(main())
