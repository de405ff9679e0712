"""Gap 5: what reaches production is not tested, pinned or reversible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
GAP = Gap(5, 'deployment-pipeline', (_JOBS,))


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the files in argv. Returns 0, 1 when something blocks, 2 when the hook could not do its work."""
    return run([GAP], argv, 'sixgaps-deployment-pipeline')


if __name__ == '__main__':
    raise SystemExit(main())
