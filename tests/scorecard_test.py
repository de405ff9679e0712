"""The scorecard: what it says of whole repositories, its arithmetic, its formats, and what it refuses."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from conftest import Repo
from sixgaps.engine.facts import Tree
from sixgaps.engine.finding import HookError
from sixgaps.engine.scan import Sources
from sixgaps.scorecard import manifests, markdown, page, pages, score, terminal
from sixgaps.scorecard.card import Scorecard, look
from sixgaps.scorecard.checks import PILLARS, RISKS, Check, load
from sixgaps.scorecard.compare import as_json, movement
from sixgaps.scorecard.repository import Evidence, is_aside
from sixgaps.scorecard.verdicts import Verdict
from sixgaps.six_gaps import GAPS

ROOT = Path(__file__).parent.parent
CATALOGUE = load(GAPS)
HOSTILE = '<img src=x onerror=alert(1)>"\'&`|.py'
API = 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/items")\ndef items() -> list[int]:\n    return [1]\n'


def scorecard(repo: Repo, *args: str) -> subprocess.CompletedProcess[str]:
    done = repo.run(str(Path(sys.executable).parent / 'sixgaps-scorecard'), *args, check=False)
    assert 'Traceback' not in done.stderr, done.stderr
    return done


def looked(repo: Repo, **files: str) -> Scorecard:
    """The scorecard of a repository with some files."""
    for name, text in files.items():
        repo.write(name, text)
    repo.git('add', '-A')
    here = os.getcwd()
    os.chdir(repo.path)
    try:
        card = look(CATALOGUE, Tree())
    finally:
        os.chdir(here)
    assert not card.files.passed_over
    return card


def judged(repo: Repo, **files: str) -> dict[str, Any]:
    """The same as JSON has it, its checks by id."""
    card: dict[str, Any] = json.loads(as_json(looked(repo, **files), None))
    card['checks'] = {check['id']: check for check in card['checks']}
    return card


def verdicts(card: dict[str, Any], *ids: str) -> list[str]:
    return [card['checks'][name]['verdict'] for name in ids]


# ---------------- repositories ----------------


def test_an_empty_repository_has_no_score_and_reaches_none(repo: Repo) -> None:
    card = judged(repo)
    assert card['score'] is None
    assert {check['verdict'] for check in card['checks'].values()} == {'not applicable'}
    done = scorecard(repo, '--fail-under', '1')
    assert done.returncode == 1
    assert 'nothing here to judge' in done.stdout
    assert len(done.stderr.splitlines()) == 1


def test_a_library_is_not_asked_what_only_services_need(repo: Repo) -> None:
    card = judged(
        repo,
        **{
            'pyproject.toml': '[project]\nname = "x"\ndependencies = []\n[tool.mypy]\nstrict = true\n',
            'x/__init__.py': 'def double(number: int) -> int:\n    return 2 * number\n',
            'tests/test_x.py': 'from x import double\n\n\ndef test_double() -> None:\n    assert double(2) == 4\n',
        },
    )
    asked = (
        'rate-limiting',
        'health-endpoint',
        'structured-logs',
        'schema-migrations',
        'backups',
        'staging',
        'runs-anywhere',
        'error-tracking',
        'env-files-stay-out',
    )
    assert set(verdicts(card, *asked)) == {'not applicable'}
    assert verdicts(card, 'tests-exist', 'types-are-checked') == ['pass', 'pass']
    assert verdicts(card, 'ci-exists') == ['fail']
    assert card['checks']['types-are-checked']['evidence'][0] == {'path': 'pyproject.toml', 'line': 4, 'text': '[tool.mypy]'}


def test_a_front_end_only_is_asked_for_error_reports_and_no_server(repo: Repo) -> None:
    package = {'dependencies': {'react': '18.0.0', 'react-dom': '18.0.0'}}
    card = judged(repo, **{'package.json': json.dumps(package, indent=1), 'src/App.jsx': 'export const App = () => <p>hello</p>;\n'})
    assert verdicts(card, 'the-front-end-reports-errors', 'locked-node', 'tests-exist') == ['fail', 'fail', 'fail']
    assert set(verdicts(card, 'rate-limiting', 'health-endpoint', 'metrics', 'backups', 'locked-python')) == {'not applicable'}


def test_of_several_services_each_is_asked(repo: Repo) -> None:
    files = {f'{name}/requirements.txt': 'fastapi==0.115\n' for name in ('orders', 'billing')}
    files |= {f'{name}/main.py': API for name in ('orders', 'billing')}
    files['orders/requirements.txt'] += 'sentry-sdk==2.0\n'
    card = judged(repo, **files)
    check = card['checks']['error-tracking']
    assert check['verdict'] == 'partial'
    assert check['reason'].endswith('not in billing')
    assert {'path': 'orders/requirements.txt', 'line': 2, 'text': 'sentry-sdk==2.0'} in check['evidence']
    assert verdicts(card, 'health-endpoint') == ['fail']
    # What services share counts for both.
    assert verdicts(judged(repo, **{'shared/errors.py': 'import sentry_sdk\n'}), 'error-tracking') == ['pass']


def test_a_fault_weighs_by_the_places_where_it_could_stand(repo: Repo) -> None:
    guilty = 'import requests\n\n\ndef f(url):\n    return requests.get(url).json()\n'
    assert verdicts(judged(repo, **{'a.py': guilty}), 'calls-have-timeouts') == ['fail']
    calls = ''.join(f'    requests.get(url + "{n}", timeout=5).raise_for_status()\n' for n in range(9))
    card = judged(repo, **{'b.py': f'import requests\n\n\ndef g(url):\n{calls}'})
    check = card['checks']['calls-have-timeouts']
    assert check['verdict'] == 'partial'
    assert check['reason'] == '1 finding for 10 places (calls to other services), 10.0%'
    assert check['evidence'][0]['path'] == 'a.py' and check['evidence'][0]['line'] == 5


def test_examples_and_tests_prove_nothing(repo: Repo) -> None:
    card = judged(repo, **{'app.py': API, 'examples/app.py': 'import sentry_sdk\n', 'tests/test_a.py': 'import sentry_sdk\n'})
    assert verdicts(card, 'error-tracking', 'tests-exist') == ['fail', 'pass']
    assert is_aside('web/src/a.test.tsx') and is_aside('tests.py') and not is_aside('latest/contests.py')


def test_committed_secrets_fail_and_are_not_shown(repo: Repo) -> None:
    secret = 'sk_live_51Hq8vKd2eZvKYlo2C9xT4mN'
    card = judged(repo, **{'.gitignore': '.env\n', 'app.py': f'import os\n{API}STRIPE_KEY = "{secret}"\nMODE = os.environ["MODE"]\n'})
    assert verdicts(card, 'secrets-are-not-in-the-code', 'env-files-stay-out') == ['fail', 'pass']
    repo.write('.env', f'STRIPE_KEY={secret}\n')
    repo.git('add', '-f', '.env')
    found = looked(repo)
    assert [one.verdict for one in found.verdicts if one.check.id == 'env-files-stay-out'] == ['fail']
    for said in (as_json(found, None), terminal.text(found, None, False), markdown.text(found, None), page.html(found, None)):
        assert secret not in said


# ---------------- arithmetic ----------------


def check(name: str, pillar: str, risk: str) -> Check:
    return Check(name, name, 1, pillar, risk, (('code',),), False, None, 0, '', None, 'why', 'close')


def verdict(name: str, pillar: str, risk: str, said: str) -> Verdict:
    return Verdict(check(name, pillar, risk), said, 'reason', ())


def test_the_arithmetic_by_hand() -> None:
    found = [
        verdict('a', 'testing', 'critical', 'fail'),
        verdict('b', 'testing', 'high', 'pass'),
        verdict('c', 'testing', 'high', 'pass'),
        verdict('d', 'testing', 'medium', 'partial'),
        verdict('e', 'testing', 'low', 'not applicable'),
        verdict('f', 'security', 'high', 'pass'),
        verdict('g', 'security', 'low', 'fail'),
    ]
    # testing: asked 8 + 4 + 4 + 2 = 18, earned 0 + 4 + 4 + 1 = 9; security: asked 4 + 1 = 5, earned 4
    assert score.pillar_score(found[:5]) == 50
    assert score.pillar_score(found[5:]) == 80
    assert score.overall_score(found) == (50 + 80) / 2
    assert score.pillar_score(found[4:5]) is None
    assert [one.check.id for one in score.fix_first(found)] == ['a', 'g', 'd']  # 8, then 1 that fails and 1 that is half earned
    said = (ROOT / 'docs' / 'scorecard.md').read_text()
    assert 'earned 0 + 4 + 4 + 1 = 9: a score of 50. With 80 in security and nothing asked elsewhere the overall score is 65.' in said


def test_the_score_of_a_repository_follows_from_its_verdicts(repo: Repo) -> None:
    card = judged(repo, **{'app.py': API, 'requirements.txt': 'fastapi\n'})
    weights, worth = {'critical': 8, 'high': 4, 'medium': 2, 'low': 1}, {'pass': 2, 'partial': 1, 'fail': 0}
    scores = []
    for pillar in PILLARS:
        asked = [c for c in card['checks'].values() if c['pillar'] == pillar and c['verdict'] in worth]
        if not asked:
            assert card['pillars'][pillar] is None
            continue
        earned = sum(weights[c['risk']] * worth[c['verdict']] for c in asked) / 2
        scores.append(100 * earned / sum(weights[c['risk']] for c in asked))
        assert card['pillars'][pillar] == round(scores[-1], 1)
    assert card['score'] == round(sum(scores) / len(scores), 1)
    assert sum(card['counts'].values()) == len(card['checks']) == len(CATALOGUE.checks)
    assert len(card['fix_first']) == 5
    for found in card['checks'].values():  # no pass without evidence, no failure without a word
        assert found['reason']
        assert found['evidence'] or found['verdict'] != 'pass', found


# ---------------- what a user may ask ----------------


def test_fail_under_is_a_gate(repo: Repo) -> None:
    now = judged(repo, Dockerfile='FROM python:3.12\n')['score']
    assert scorecard(repo, '--fail-under', str(int(now))).returncode == 0
    done = scorecard(repo, '--fail-under', str(int(now) + 1))
    assert done.returncode == 1
    assert done.stderr == f'sixgaps-scorecard: the score is {now:.1f}, under {int(now) + 1}\n'


def test_compare_shows_what_moved_and_touches_nothing(repo: Repo) -> None:
    repo.write('app.py', API)
    repo.write('requirements.txt', 'fastapi==0.115\n')
    repo.write('a link', 'x')
    repo.save()
    os.symlink('app.py', repo.path / 'link.py')
    repo.git('add', 'link.py')
    repo.save()
    repo.write('app.py', API + '\n\n@app.get("/health")\ndef health() -> str:\n    return "ok"\n')
    repo.write('untracked.txt', 'mine')
    before = repo.git('status', '--porcelain').stdout
    card = json.loads(scorecard(repo, '--format', 'json', '--compare', 'HEAD').stdout)
    assert {'id': 'health-endpoint', 'before': 'fail', 'after': 'pass'} in card['compare']['changes']
    assert abs(card['compare']['points'] - (card['score'] - card['compare']['score'])) < 0.11
    assert repo.git('status', '--porcelain').stdout == before


def test_the_same_tree_has_the_same_score_read_from_git(repo: Repo) -> None:
    shutil.copytree(ROOT / 'tests' / 'prototype', repo.path, dirs_exist_ok=True)
    repo.save()
    card = json.loads(scorecard(repo, '--format', 'json', '--compare', 'HEAD').stdout)
    assert card['compare']['changes'] == []
    assert card['compare']['points'] == 0


def test_every_format_says_the_same(repo: Repo) -> None:
    found = looked(repo, **{'app.py': API, 'requirements.txt': 'fastapi\n'})
    card = json.loads(as_json(found, None))
    text = terminal.text(found, None, colour=False)
    assert '\x1b' not in text
    assert f'{card["score"]:.0f} of 100' in text
    assert f'**{card["score"]:.0f} of 100**' in markdown.text(found, None)
    web = page.html(found, None)
    for one in card['checks']:
        assert f'id="{one["id"]}" data-pillar="{one["pillar"]}" data-risk="{one["risk"]}" data-verdict="{one["verdict"]}"' in web
        assert one['id'] not in card['fix_first'] or one['close'] in text
        for place in one['evidence']:
            assert f'>{place["path"]}{":" if place["line"] else ""}{place["line"] or ""}<' in web
    assert scorecard(repo, '--output', 'out.html', '--badge', 'b.svg', '--format', 'html').stdout == ''
    assert (repo.path / 'out.html').read_text() == web
    badge = ElementTree.fromstring((repo.path / 'b.svg').read_text())
    assert badge.attrib['aria-label'] == f'production readiness: {card["score"]:.0f} / 100'


def test_every_format_shows_what_moved(repo: Repo) -> None:
    before = looked(repo, **{'app.py': API})
    after = looked(repo, **{'app.py': API + '\n\n@app.get("/health")\ndef health() -> str:\n    return "ok"\n'})
    moved = movement(before, after, 'v1')
    assert moved.points is not None and moved.points > 0
    assert '✓ A health route tells whether it runs: fail -> pass' in terminal.text(after, moved, colour=False)
    assert '- A health route tells whether it runs: fail → pass' in markdown.text(after, moved)
    assert '<h2>Changed since <code>v1</code></h2>' in page.html(after, moved)


def test_from_a_folder_below_and_outside_git(repo: Repo) -> None:
    repo.write('Dockerfile', 'FROM python:3.12\n')
    repo.write('deep/er/run.sh', 'set -e\n')
    repo.git('add', '-A')
    here = judged(repo)
    below = Repo(repo.path / 'deep' / 'er')
    done = scorecard(below, '--format', 'json')
    assert json.loads(done.stdout)['score'] == here['score']
    assert done.stderr == ''  # progress is for terminals
    shutil.rmtree(repo.path / '.git')
    assert json.loads(scorecard(repo, '--format', 'json').stdout)['score'] == here['score']
    done = scorecard(repo, '--compare', 'HEAD')
    assert done.returncode == 2
    assert done.stderr == 'sixgaps-scorecard: --compare needs a git repository; here is none\n'


@pytest.mark.parametrize(
    ('args', 'said'),
    [
        (('--compare', 'nowhere'), "'nowhere' is not a commit here"),
        (('--compare=--output=x',), 'is not a commit here'),
        (('--output', 'no/such/folder.txt'), 'cannot write'),
        (('--badge', 'no/such/folder.svg'), 'cannot write'),
        (('--fail-under', '101'), "'101' is no number from 0 to 100"),
        (('--fail-under', 'nan'), "'nan' is no number from 0 to 100"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(repo: Repo, args: tuple[str, ...], said: str) -> None:
    repo.save(a='x = 1\n')
    done = scorecard(repo, *args)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]


def test_a_manifest_that_cannot_be_read_is_named_and_no_pass(repo: Repo) -> None:
    repo.write('package.json', '{"dependencies": ')
    repo.git('add', '-A')
    done = scorecard(repo)
    assert done.returncode == 2
    assert done.stderr.startswith('sixgaps: not scanned: package.json: ')


def test_the_hook_runs_by_hand_only(repo: Repo) -> None:
    entry = Path(sys.executable).parent / 'sixgaps-scorecard'
    hook = next(hook for hook in yaml.safe_load((ROOT / '.pre-commit-hooks.yaml').read_text()) if hook['id'] == 'scorecard')
    hook |= {'entry': f'{entry} --fail-under 100', 'language': 'system'}
    repo.write('.pre-commit-config.yaml', yaml.safe_dump({'repos': [{'repo': 'local', 'hooks': [hook]}]}))
    repo.save(a='x = 1\n')
    assert 'production readiness' not in repo.run('pre-commit', 'run', '--all-files').stdout
    done = repo.run('pre-commit', 'run', '--hook-stage', 'manual', 'scorecard', check=False)
    assert done.returncode == 1
    assert 'Fix first' in done.stdout


# ---------------- hostile names ----------------


def hostile() -> Scorecard:
    found = [
        Verdict(
            check('tests-exist', 'testing', 'critical'), 'fail', f'not in {HOSTILE}', (Evidence(HOSTILE, 3, f'</script>{HOSTILE}\x1b[31m'),)
        ),
        Verdict(check('a-b', 'security', 'low'), 'pass', 'reason', (Evidence('a\udc80b\nc', 0, ''),)),
        Verdict(check('c-d', 'ci-cd', 'medium'), 'not applicable', 'no sign', ()),
    ]
    return Scorecard(HOSTILE, tuple(found), Sources(), 3)


def test_names_and_lines_are_escaped_everywhere() -> None:
    card = hostile()
    web = page.html(card, movement(card, card, HOSTILE))
    assert '<img' not in web and web.count('</script>') == 1 and '\x1b' not in web
    web.encode('utf-8')
    plain = terminal.text(card, movement(card, card, HOSTILE), colour=False)
    assert '\x1b' not in plain
    coloured = terminal.text(card, None, colour=True)
    assert re.search(r'\x1b\[31m[^█\x1b]*onerror', coloured) is None
    mark = markdown.text(card, movement(card, card, HOSTILE))
    assert '<img' not in re.sub(r'`[^`]*`', '', mark)
    rows = [line for line in mark.splitlines() if line.startswith('| tests')]
    assert all(len(re.findall(r'(?<!\\)\|', row)) == 5 for row in rows) and rows


CHROMIUM = next((found for name in ('chromium', 'chromium-browser', 'google-chrome') if (found := shutil.which(name))), None)


@pytest.mark.skipif(CHROMIUM is None, reason='there is no Chromium on PATH to open the page in')
def test_the_page_in_a_real_browser(tmp_path: Path) -> None:
    """The filters, links and the policy work; the driver is a script that is put beside the page's own."""
    web = page.html(hostile(), None)
    assert CHROMIUM is not None
    driver = """
      const say = [];
      const visible = () => [...document.querySelectorAll('details')].filter((one) => !one.hidden).map((one) => one.id).join();
      const pick = (name, value) => {
        const choice = document.querySelector(`[name=${name}]`);
        choice.value = value;
        choice.dispatchEvent(new Event('change', {bubbles: true}));
        say.push(visible());
      };
      say.push(visible());
      pick('verdict', 'fail');
      pick('pillar', 'security');
      say.push(document.querySelector('output').value);
      location.hash = '#a-b';
      setTimeout(() => {
        say.push(visible(), document.getElementById('a-b').open, document.activeElement.tagName, document.images.length);
        dispatchEvent(new Event('beforeprint'));
        say.push(document.querySelectorAll('details:not([open])').length);
        document.title = say.join(';');
      }, 500);
    """
    # The policy allows only the page's own script: without it the driver may run too.
    driven = re.sub(r'<meta http-equiv[^>]*>', '', web).replace('</body>', f'<script>{driver}</script></body>')
    (tmp_path / 'page.html').write_text(driven, encoding='utf-8')
    (tmp_path / 'strict.html').write_text(web.replace('</body>', '<script>document.title = "broken in"</script></body>'), encoding='utf-8')

    def dumped(name: str) -> str:
        command = (
            CHROMIUM,
            '--headless=new',
            '--no-sandbox',
            '--disable-gpu',
            f'--user-data-dir={tmp_path}/profile',
            '--virtual-time-budget=3000',
        )
        return subprocess.run((*command, '--dump-dom', f'file://{tmp_path}/{name}'), capture_output=True, text=True, timeout=60).stdout

    said = re.search(r'<title>(.*?)</title>', dumped('page.html'))
    assert said is not None
    everything = 'a-b,tests-exist,c-d'
    assert said[1] == f'{everything};tests-exist;;0 of 3 checks;{everything};true;SUMMARY;0;0'
    strict = dumped('strict.html')
    assert 'class="js"' in strict  # the page's own script did run
    assert '<title>broken in' not in strict


# ---------------- the catalogue ----------------


def test_sixty_checks_over_all_pillars_gaps_and_risks() -> None:
    checks = CATALOGUE.checks
    assert len(checks) >= 60
    assert {one.pillar for one in checks} == set(PILLARS)
    assert {one.gap for one in checks} == {1, 2, 3, 4, 5, 6}
    assert {one.risk for one in checks} == set(RISKS)
    assert len({one.title for one in checks}) == len({one.close for one in checks}) == len({one.why for one in checks}) == len(checks)


def test_the_pages_are_those_of_the_checks() -> None:
    folder = ROOT / 'docs' / 'scorecard'
    for name, text in pages.pages(CATALOGUE).items():
        assert (folder / name).read_text() == text, f'{name} is old: run make docs'
    assert all((ROOT / one.page).is_file() for one in CATALOGUE.checks)


SIGNS: dict[str, Any] = {'code': {'what': 'code', 'files': ['**/*.py']}, 'service': {'what': 'a service', 'signs': ['code']}}
GOOD: dict[str, Any] = {
    'id': 'a-b',
    'title': 'A',
    'gap': 1,
    'pillar': 'security',
    'risk': 'low',
    'applies': ['code'],
    'proof': {'what': 'x', 'files': ['*']},
    'why': 'w',
    'close': 'c',
}


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'id': 'A b'}, 'check number 1 has no id of small letters'),
        ({'gap': 7}, "check 'a-b': gap must be 1 to 6, not 7"),
        ({'pillar': 'legal'}, "pillar must be one of architecture, security, testing, observability, ci-cd, infrastructure, not 'legal'"),
        ({'risk': None}, 'risk must be one of critical, high, medium, low, not None'),
        ({'close': ' '}, "check 'a-b': close is missing"),
        ({'applies': []}, "check 'a-b': applies is missing"),
        ({'applies': ['moon']}, "check 'a-b': there is no sign 'moon'"),
        ({'proof': {'what': 'x', 'facts': ['py-no-such']}}, "there is no fact 'py-no-such'"),
        ({'proof': {'what': 'x'}}, 'it names nothing to look for'),
        ({'proof': {'what': 'x', 'text': {'*': '('}}}, "'(' is no regular expression"),
        ({'proof': {'what': 'x', 'files': ['*'], 'enough': 0.5}}, 'enough and of belong together'),
        ({'proof': None}, 'proof: it must be a mapping'),
        ({'disproof': {'checks': ['no-such'], 'of': 'code'}}, "no rule has the check 'no-such'"),
        ({'disproof': {'checks': ['mass-assignment'], 'of': 'code', 'partial': 2}}, 'partial must be a number from 0 to 1, not 2'),
        ({'colour': 'red'}, "'colour' is no key of it"),
    ],
)
def test_a_wrong_entry_is_refused_in_one_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = tmp_path / 'checks.yml'
    path.write_text(yaml.safe_dump({'signs': SIGNS, 'checks': [{**GOOD, **change}]}))
    with pytest.raises(HookError) as caught:
        load(GAPS, path)
    assert said in str(caught.value)
    assert str(caught.value).startswith('checks.yml: ') and '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('a: [', 'is no YAML'),
        ('[]', 'it must hold signs and checks'),
        (yaml.safe_dump({'signs': SIGNS, 'checks': [GOOD, GOOD]}), "'a-b' is there twice"),
        (yaml.safe_dump({'signs': {**SIGNS, 'x': {'what': 'x', 'signs': ['x']}}, 'checks': []}), "sign 'x' stands on itself: x -> x"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / 'checks.yml').write_text(text)
    with pytest.raises(HookError, match=re.escape(said)) as caught:
        load(GAPS, tmp_path / 'checks.yml')
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('name', 'text', 'expected'),
    [
        (
            'requirements.txt',
            '# c\n-r base.txt\nFlask_SQLAlchemy[x]>=3 ; python_version > "3"\nredis\n',
            {'flask-sqlalchemy': 3, 'redis': 4},
        ),
        (
            'pyproject.toml',
            '[project]\nname = "x"\ndependencies = [\n  "Django[argon2]>=5",\n  "celery",\n]\nreadme = "x"\n',
            {'django': 4, 'celery': 5},
        ),
        ('pyproject.toml', '[tool.poetry.dependencies]\npython = "^3"\nfastapi = {version = "1"}\n[tool.x]\ny = 1\n', {'fastapi': 3}),
        ('pyproject.toml', '[dependency-groups]\ndev = ["pytest>=8", "mypy"]\n', {'pytest': 2, 'mypy': 2}),
        ('setup.cfg', '[options]\ninstall_requires =\n    requests>=2\nzip_safe = no\n', {'requests': 3}),
        ('package.json', '{"dependencies": {"@sentry/node": "1"},\n"devDependencies": {"vitest": "1"}}', {'@sentry/node': 1, 'vitest': 2}),
        ('Pipfile', '[packages]\nflask = "*"\n', {'flask': 2}),
    ],
)
def test_manifests(name: str, text: str, expected: dict[str, int]) -> None:
    assert manifests.is_manifest(name)
    assert dict(manifests.dependencies(name, text)) == expected
