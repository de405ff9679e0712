"""action.yml and docs/ci.md: the action's own script on a real range, and zizmor's opinion of what users are told to paste."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import FAULT, SCRIPTS, Repo
from sixgaps import six_gaps

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / 'action.yml').read_text())
SNIPPETS = dict(re.findall(r'```yaml\n# (\S+)\n(.*?)```', (ROOT / 'docs' / 'ci.md').read_text(), re.S))


@pytest.fixture
def pulled(repo: Repo) -> Repo:
    """A branch with a new fault beside an old one, and a base that went on meanwhile."""
    repo.save(old=FAULT)
    repo.git('checkout', '-q', '-b', 'feature')
    repo.save(**{'old': '\n' + FAULT, 'new one': FAULT})
    repo.git('checkout', '-q', 'main')
    repo.save(unrelated='def g(x):\n    return eval(x)\n')
    repo.git('checkout', '-q', 'feature')
    return repo


def acted(repo: Repo, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's last step with the inputs in its environment."""
    step = ACTION['runs']['steps'][-1]
    folder = repo.path.parent / 'venv'
    (folder / 'bin').mkdir(parents=True, exist_ok=True)
    if not (folder / 'bin' / 'sixgaps').exists():
        (folder / 'bin' / 'sixgaps').symlink_to(SCRIPTS / 'sixgaps')
    given = {name.upper(): value['default'] for name, value in ACTION['inputs'].items()}
    assert set(step['env']) == {*given, 'FOLDER', 'BRANCH'}
    env = {**given, 'FOLDER': str(folder), 'BRANCH': 'main', 'FROM': 'main', **inputs}
    return repo.run('bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c', step['run'], check=False, **env)


def test_of_a_range_what_it_introduces_is_annotated(pulled: Repo) -> None:
    done = acted(pulled)
    assert done.returncode == 1, done.stderr
    assert [line.split(',')[0] for line in done.stdout.splitlines() if line.startswith('::')] == ['::error file=new one.py']


def test_its_inputs(pulled: Repo) -> None:
    done = acted(pulled, SCOPE='all', FORMAT='json', OUTPUT='out.json', ARGS='--warn=code-from-strings\n\n--no-color')
    assert (done.returncode, done.stdout) == (0, '')
    assert (pulled.path / 'out.json').read_text().count('"rule"') == 2


def test_a_base_that_is_not_there_says_what_to_do(pulled: Repo) -> None:
    done = acted(pulled, FROM='0123456789012345678901234567890123456789')
    assert done.returncode == 2 and 'fetch-depth: 0' in done.stdout
    pulled.git('update-ref', 'refs/remotes/origin/main', 'main')
    assert acted(pulled, FROM='0' * 40, ARGS='--disable=code-from-strings').returncode == 0  # a new branch


def test_nothing_changed(pulled: Repo) -> None:
    assert acted(pulled, FROM='HEAD').returncode == 0


def test_zizmor_and_our_own_hook_accept_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert {*SNIPPETS} == {'.github/workflows/sixgaps.yml', '.github/workflows/sixgaps-audit.yml', '.gitlab-ci.yml'}
    for name, text in {**SNIPPETS, 'action.yml': (ROOT / 'action.yml').read_text()}.items():
        assert yaml.safe_load(text)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text.replace('COMMIT', '0123456789' * 4))
    command = (SCRIPTS / 'zizmor', '--offline', '--quiet', '--persona', 'auditor', tmp_path)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.chdir(tmp_path)
    assert six_gaps.main(['--strict', *SNIPPETS]) == 0, capsys.readouterr().out


def test_what_the_documentation_passes_to_the_action_it_takes() -> None:
    for name, text in SNIPPETS.items():
        jobs = yaml.safe_load(text).get('jobs', {})
        ours = [step for job in jobs.values() for step in job['steps'] if step.get('uses', '').startswith('OWNER/sixgaps@')]
        assert bool(ours) == name.startswith('.github')
        assert all(set(step.get('with', ())) <= set(ACTION['inputs']) for step in ours)


@pytest.mark.skipif(sys.platform == 'win32', reason='paths of a POSIX shell')
def test_the_shell_lines_of_anywhere_else(pulled: Repo) -> None:
    (lines,) = re.findall(r'```sh\n(.*?)```', (ROOT / 'docs' / 'ci.md').read_text(), re.S)
    pulled.git('update-ref', 'refs/remotes/origin/main', 'main')
    done = pulled.run('bash', '-c', lines, check=False)
    assert 'new one.py:2' in done.stdout and 'old.py' not in done.stdout
