"""Which job deploys, and whether a test gates it."""

from __future__ import annotations

import pytest
from conftest import Repo, refused
from sixgaps.jobs import deploys_without_tests

GITHUB = '.github/workflows/deploy.yml'
DEPLOY = """\
on: [push]
jobs:
  ship:
    runs-on: ubuntu-latest
    steps:
      - run: kubectl apply -f k8s/
"""
TEST_JOB = """\
  test:
    steps:
      - run: pytest
"""


@pytest.mark.parametrize(
    'text',
    [
        DEPLOY,
        DEPLOY + TEST_JOB,  # a test beside it does not gate it
        DEPLOY.replace('kubectl apply -f k8s/', 'fly deploy --remote-only'),
        DEPLOY.replace('run: kubectl apply -f k8s/', 'uses: appleboy/ssh-action@v1'),
        DEPLOY + '      - run: pytest\n',  # after the deploy
        DEPLOY.replace(
            '      - run: kubectl', '      - uses: nick-fields/retry@v3\n        with:\n          command: npm ci\n      - run: kubectl'
        ),
    ],
)
def test_a_deploy_that_nothing_gates(text: str) -> None:
    (place,) = deploys_without_tests(GITHUB, text, {})
    assert (place.line, place.column, place.job) == (3, 3, 'ship')


@pytest.mark.parametrize(
    ('text', 'others'),
    [
        (DEPLOY.replace('      - run: kubectl', '      - run: npm test\n      - run: kubectl'), {}),
        (DEPLOY.replace('    runs-on', '    needs: test\n    runs-on') + TEST_JOB, {}),
        # an action that runs a command until it succeeds: the tests stand in what it is given
        (
            DEPLOY.replace(
                '      - run: kubectl',
                '      - uses: nick-fields/retry@v3\n        with:\n          command: npm run test:ci\n      - run: kubectl',
            ),
            {},
        ),
        (DEPLOY.replace('    runs-on', '    needs: [build]\n    runs-on') + '  build:\n    needs: test\n    steps: []\n' + TEST_JOB, {}),
        (DEPLOY.replace('on: [push]', 'on: {workflow_run: {workflows: [CI]}}'), {'.github/workflows/ci.yml': 'name: CI\nrun: pytest\n'}),
        (
            DEPLOY.replace('    runs-on', '    needs: ci\n    runs-on') + '  ci:\n    uses: ./.github/workflows/ci.yml\n',
            {'.github/workflows/ci.yml': 'run: make test\n'},
        ),
        (DEPLOY.replace('on: [push]', 'on: {workflow_call: {inputs: {}}}'), {}),
        (DEPLOY, {'.github/workflows/test.yml': 'on: [pull_request]\njobs: {t: {steps: [{run: pytest}]}}\n'}),
        ('on: [push]\njobs:\n  lint:\n    steps:\n      - run: ruff check .\n', {}),
        ('[]', {}),
    ],
)
def test_a_deploy_that_is_gated(text: str, others: dict[str, str]) -> None:
    assert deploys_without_tests(GITHUB, text, others) == []


def test_gitlab_stages() -> None:
    ship = 'ship:\n  stage: deploy\n  script: [helm upgrade app chart]\n'
    assert [place.job for place in deploys_without_tests('.gitlab-ci.yml', ship, {})] == ['ship']
    tested = 'stages: [test, deploy]\nunit:\n  stage: test\n  script: pytest\n' + ship
    assert deploys_without_tests('.gitlab-ci.yml', tested, {}) == []
    late = 'stages: [deploy, test]\nunit:\n  stage: test\n  script: pytest\n' + ship
    assert len(deploys_without_tests('.gitlab-ci.yml', late, {})) == 1


def test_invalid_yaml_names_the_line() -> None:
    with pytest.raises(ValueError, match='line 3'):
        deploys_without_tests(GITHUB, 'jobs:\n  a: [\n', {})


def test_as_a_hook(repo: Repo) -> None:
    repo.write(GITHUB, DEPLOY)
    done = repo.sixgaps(GITHUB)
    assert refused(done, ('gha-deploy-without-tests',))
    assert f'{GITHUB}:3:3: error' in done.stdout
    repo.write(GITHUB, DEPLOY.replace('  ship:', '  ship:  # ast-grep-ignore: gha-deploy-without-tests'))
    assert repo.sixgaps(GITHUB).returncode == 0
    repo.write(GITHUB, 'jobs: [\n')
    assert repo.sixgaps(GITHUB).returncode == 2


def test_taking_the_gate_out_of_an_old_pipeline_is_refused(repo: Repo) -> None:
    gated = DEPLOY.replace('    runs-on', '    needs: test\n    runs-on') + TEST_JOB
    repo.write(GITHUB, gated)
    repo.save()
    repo.write(GITHUB, gated.replace('    needs: test\n', ''))
    assert refused(repo.sixgaps(GITHUB), ('gha-deploy-without-tests',))
