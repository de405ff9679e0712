"""The job graph of a pipeline: which job deploys, and whether a test gates it. Read with PyYAML, positions kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import yaml

_DEPLOYS = re.compile(
    r'\b(kubectl\s+(apply|set|rollout|create|replace)|helm\s+(upgrade|install)|terraform\s+apply|pulumi\s+up|(fly|flyctl)\s+deploy'
    r'|vercel\b.*--prod|netlify\s+deploy|heroku\s+container:release|git\s+push\s+(heroku|dokku)|gcloud\s+(run|app|functions)\s+deploy'
    r'|aws\s+(ecs\s+update-service|lambda\s+update-function-code|s3\s+sync|deploy\s)|serverless\s+deploy|sls\s+deploy|cdk\s+deploy'
    r'|railway\s+up|ansible-playbook|pm2\s+(reload|restart|deploy)|docker\s+stack\s+deploy|wrangler\s+deploy|eb\s+deploy'
    r'|(ssh|rsync|scp)\s+[^\n]*@)',
)
_DEPLOY_ACTIONS = re.compile(
    r'^(appleboy/(ssh|scp)-action|akhileshns/heroku-deploy|superfly/flyctl-actions|amondnet/vercel-action|easingthemes/ssh-deploy'
    r'|azure/webapps-deploy|azure/k8s-deploy|aws-actions/amazon-ecs-deploy-task-definition|google-github-actions/deploy-[\w-]+'
    r'|burnett01/rsync-deployments|digitalocean/app_action|cloudflare/(wrangler|pages)-action|netlify/actions[\w/-]*)@',
    re.I,
)
_TESTS = re.compile(
    r'\b(pytest|tox|nox|unittest|manage\.py\s+test|(npm|pnpm|yarn|bun)\s+(run\s+)?(test|t\b|ci:test|check)[\w:-]*|npx\s+(jest|vitest|playwright)'
    r'|vitest|jest|playwright\s+test|make\s+(test|check)\w*|go\s+test|cargo\s+(test|nextest)|mvn\s+[^\n]*(test|verify)'
    r'|gradlew?\s+[^\n]*(test|check|build)|rspec|phpunit|dotnet\s+test|mix\s+test|bundle\s+exec\s+rake\s+test|node\s+--test|turbo\s+(run\s+)?test)',
)
_PUBLISHES = re.compile(
    r'\b((npm|pnpm|yarn|bun)\s+publish|twine\s+upload|(poetry|uv|flit|hatch|cargo)\s+publish|docker\s+(buildx\s+build\s[^\n]*--push|push)|gh\s+release\s+create|helm\s+push'
    r'|gem\s+push|goreleaser\s+release)',
)
_PUBLISH_ACTIONS = re.compile(
    r'^(pypa/gh-action-pypi-publish|softprops/action-gh-release|ncipollo/release-action|goreleaser/goreleaser-action'
    r'|JS-DevTools/npm-publish)@',
    re.I,
)
_CALLED_TO_SHIP = re.compile(r'^\./.*(deploy|publish|release)[\w-]*\.ya?ml$', re.I)
_READS_JOB = re.compile(r'\bneeds\.([A-Za-z_][\w-]*)\.(?:outputs|result)\b')
_LIMIT = 20_000  # nodes of one document: aliases can make a small file a huge tree


class Place(NamedTuple):
    """A deploying job that no test gates: 1-based lines and columns of its name."""

    line: int
    column: int
    end_line: int
    end_column: int
    job: str


def _is_github(path: str) -> bool:
    return re.search(r'(^|/)\.github/workflows/[^/]+\.ya?ml$', path) is not None


def deploys_without_tests(path: str, text: str, others: Mapping[str, str]) -> list[Place]:
    """The jobs of one pipeline that deploy with no test before them.

    `others` are the texts of the repository's other pipelines by path: a reusable workflow that is called, or one whose
    completion starts this one, may hold the tests. Raises ValueError, with the 1-based line, when the YAML cannot be read.
    """
    top = _load(text)
    if not isinstance(top, yaml.MappingNode):
        return []
    return list(_github(top, others) if _is_github(path) else _gitlab(top))


class Loose(NamedTuple):
    """A job that starts before what it stands on is done: 1-based lines and columns of its name, and the job it should wait for."""

    line: int
    column: int
    end_line: int
    end_column: int
    job: str
    waits_not_for: str
    sure: bool  # it reads what the other job says; otherwise only its siblings wait


def jobs_that_do_not_wait(text: str) -> list[Loose]:
    """The jobs of a GitHub workflow that read another job's outputs or result without needing it, or ship while their siblings wait.

    Raises ValueError, with the 1-based line, when the YAML cannot be read.
    """
    top = _load(text)
    bodies = {str(key.value): (key, body) for key, body in _pairs(_get(top, 'jobs'))}
    needs = {name: set(_texts(_get(body, 'needs'))) for name, (_, body) in bodies.items()}
    ships = {name for name, (key, body) in bodies.items() if _ships(body)}
    found: list[Loose] = []
    for name, (key, body) in bodies.items():
        place = _place(key)
        read = {job for told in _texts(body) for job in _READS_JOB.findall(told) if job in bodies and job != name}
        missing = sorted(read - needs[name])
        if missing:
            found.append(Loose(*place, missing[0], sure=True))
        elif name in ships and not needs[name]:
            waited = sorted(gate for other in ships - {name} for gate in needs[other] if gate not in ships)
            if waited:
                found.append(Loose(*place, waited[0], sure=False))
    return found


def _ships(body: yaml.Node) -> bool:
    if _CALLED_TO_SHIP.match(next(iter(_texts(_get(body, 'uses'))), '')):
        return True
    steps = _get(body, 'steps')
    for step in steps.value if isinstance(steps, yaml.SequenceNode) else ():
        run = '\n'.join(_texts(_get(step, 'run')))
        if _DEPLOYS.search(run) or _PUBLISHES.search(run):
            return True
        if any(_DEPLOY_ACTIONS.match(name) or _PUBLISH_ACTIONS.match(name) for name in _texts(_get(step, 'uses'))):
            return True
    return False


@lru_cache(maxsize=64)  # one pipeline is asked several questions, and others call it
def _load(text: str) -> yaml.Node | None:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f'line {line}: {error.problem}') from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f'line 1: {str(error).splitlines()[0]}') from None
    return node


def _pairs(node: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key, value


def _get(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, value in _pairs(node) if key.value == name), None)


def _texts(node: yaml.Node | None) -> list[str]:
    """The scalars of a scalar, a list or a nested list, in order, as many as the limit allows."""
    found: list[str] = []
    waiting = [node] if node is not None else []
    seen = 0
    while waiting and seen < _LIMIT:
        current = waiting.pop()
        seen += 1
        if isinstance(current, yaml.ScalarNode):
            found.append(str(current.value))
        elif isinstance(current, yaml.SequenceNode):
            waiting.extend(reversed(current.value))
        elif isinstance(current, yaml.MappingNode):
            waiting.extend(value for _, value in reversed(current.value))
    return found


class _Job(NamedTuple):
    key: yaml.ScalarNode
    deploys: bool
    tests: bool  # before what deploys
    needs: list[str]


def _github(top: yaml.Node, others: Mapping[str, str]) -> Iterator[Place]:
    jobs = {str(key.value): _github_job(key, body, others) for key, body in _pairs(_get(top, 'jobs'))}
    if _gated_elsewhere(top, others):
        return
    for job in jobs.values():
        if job.deploys and not _tested(job, jobs, set()):
            yield _place(job.key)


def _github_job(key: yaml.ScalarNode, body: yaml.Node, others: Mapping[str, str]) -> _Job:
    deploys = tests = False
    steps = _get(body, 'steps')
    for step in steps.value if isinstance(steps, yaml.SequenceNode) else ():
        run, uses = _texts(_get(step, 'run')), _texts(_get(step, 'uses'))
        told = '\n'.join(line for line in '\n'.join([*run, *_texts(_get(step, 'with'))]).splitlines() if not line.lstrip().startswith('#'))
        if not deploys and _TESTS.search('\n'.join([*run, *_texts(_get(_get(step, 'with'), 'command'))])):
            tests = True
        if _DEPLOYS.search('\n'.join(run)) or any(_DEPLOY_ACTIONS.match(name) for name in uses):
            first_deploy = _DEPLOYS.search(told)
            first_test = _TESTS.search(told)
            if not deploys and first_test and first_deploy and first_test.start() < first_deploy.start():
                tests = True
            deploys = True
    called = next(iter(_texts(_get(body, 'uses'))), '')
    if called.startswith('./'):
        tests = tests or any(_TESTS.search(text) for name, text in others.items() if name.endswith(called[2:]))
    return _Job(key, deploys, tests, _texts(_get(body, 'needs')))


def _tested(job: _Job, jobs: Mapping[str, _Job], seen: set[str]) -> bool:
    if job.tests:
        return True
    for name in job.needs:
        if name in jobs and name not in seen:
            seen.add(name)
            if _tested(jobs[name], jobs, seen):
                return True
    return False


def _gated_elsewhere(top: yaml.Node, others: Mapping[str, str]) -> bool:
    # The key `on` is a plain scalar here; only a loader with YAML 1.1 types makes a boolean of it.
    triggers = _get(top, 'on')
    if _get(triggers, 'workflow_call') is not None:
        return True  # whoever calls it gates it
    names = _texts(_get(_get(triggers, 'workflow_run'), 'workflows'))
    for text in others.values():
        if not _TESTS.search(text):
            continue
        # Tests on pull requests gate what is merged where the branch is protected, which no file tells: no reason to block.
        if re.search(r'\bpull_request\b|\bmerge_group\b', text):
            return True
        declared = re.search(r'^name:\s*["\']?(.+?)["\']?\s*$', text, re.M)
        if declared and declared[1] in names:
            return True
    return False


_GITLAB_WORDS = frozenset(
    ('default', 'include', 'stages', 'variables', 'workflow', 'image', 'services', 'cache', 'before_script', 'after_script', 'spec')
)


def _gitlab(top: yaml.Node) -> Iterator[Place]:
    if _get(top, 'include') is not None:
        return  # the tests may stand in what is included, which is not here
    stages = _texts(_get(top, 'stages')) or ['build', 'test', 'deploy']
    order = {name: number for number, name in enumerate(['.pre', *stages, '.post'])}
    found: list[tuple[_Job, int]] = []
    for key, body in _pairs(top):
        if key.value in _GITLAB_WORDS or not isinstance(body, yaml.MappingNode):
            continue
        script = '\n'.join(_texts(_get(body, 'before_script')) + _texts(_get(body, 'script')))
        deploy, test = _DEPLOYS.search(script), _TESTS.search(script)
        tests = test is not None and (deploy is None or test.start() < deploy.start())
        stage = next(iter(_texts(_get(body, 'stage'))), 'test')
        found.append((_Job(key, deploy is not None and not str(key.value).startswith('.'), tests, []), order.get(stage, len(order))))
    for job, stage_number in found:
        if job.deploys and not job.tests and not any(other.tests and number < stage_number for other, number in found):
            yield _place(job.key)


def _place(key: yaml.ScalarNode) -> Place:
    start, end = key.start_mark, key.end_mark
    return Place(start.line + 1, start.column + 1, end.line + 1, end.column + 1, str(key.value))
