"""The README tells the truth about the hooks, the arguments and what it shows."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sixgaps import six_gaps
from sixgaps.six_gaps import GAPS

ROOT = Path(__file__).parent.parent
README = (ROOT / 'README.md').read_text()
HOOKS = yaml.safe_load((ROOT / '.pre-commit-hooks.yaml').read_text())


def test_every_hook_is_in_the_table_and_installed() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / 'setup.cfg')
    scripts = dict(line.split(' = ') for line in setup['options.entry_points']['console_scripts'].strip().splitlines())
    assert {hook['id'] for hook in HOOKS} == {'six-gaps', 'scorecard', *(gap.name for gap in GAPS)}
    for hook in HOOKS:
        assert f'| `{hook["id"]}` |' in README
        assert hook['entry'] in scripts
        assert hook['require_serial'] is True


def test_every_argument_is_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        six_gaps.main(['--help'])
    for word in capsys.readouterr().out.replace('[', ' ').replace(']', ' ').replace(',', ' ').split():
        if word.startswith('--') and word != '--help':
            assert f'`{word}' in README, word


def test_the_main_job_shows_what_the_readme_shows() -> None:
    done = subprocess.run((sys.executable, ROOT / 'tests' / 'try_it.py'), capture_output=True, text=True)
    assert done.returncode == 0
    said = done.stdout + done.stderr
    shown = [line for line in README.split('```')[1].splitlines() if ': error: ' in line]
    assert len(shown) == 2 and all(line in said for line in shown)


@pytest.mark.parametrize('gap', [gap.name for gap in GAPS])
def test_each_gap_has_a_hook_that_runs(gap: str) -> None:
    entry = Path(sys.executable).parent / f'sixgaps-{gap}'
    assert subprocess.run((entry,), capture_output=True).returncode == 0


def test_nothing_of_this_machine_is_named() -> None:
    listed = subprocess.run(('git', 'ls-files', '-z'), cwd=ROOT, capture_output=True, text=True).stdout.split('\0')
    for name in filter(None, listed):
        text = (ROOT / name).read_text(errors='replace')
        assert str(Path.home()) + '/' not in text, name
