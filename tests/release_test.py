"""What is released: wheel and sdist hold what the tree holds, pass twine, and work where nothing else of the project is."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import FAULT, SCRIPTS

ROOT = Path(__file__).parent.parent
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / 'setup.cfg')
VERSION = SETUP['metadata']['version']


def tree(*names: str) -> list[str]:
    """The files of the project, those not yet committed too."""
    listed = subprocess.run(('git', 'ls-files', '-zco', '--exclude-standard', '--', *names), cwd=ROOT, capture_output=True, text=True)
    return [name for name in listed.stdout.split('\0') if name and (ROOT / name).is_file()]


@pytest.fixture(scope='module')
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was made of it."""
    copy, made = tmp_path_factory.mktemp('copy'), tmp_path_factory.mktemp('dist')
    for name in tree('hooks', 'rules', 'setup.cfg', 'setup.py', 'pyproject.toml', 'README.md', 'LICENSE'):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    done = subprocess.run((sys.executable, '-m', 'build', '--no-isolation', '--outdir', made, copy), capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return made


def test_the_wheel_holds_every_file_of_the_tree(built: Path) -> None:
    (wheel,) = built.glob('*.whl')
    held = {name for name in zipfile.ZipFile(wheel).namelist() if '.dist-info/' not in name}
    wanted = {re.sub('^hooks/', '', name) if name.startswith('hooks/') else name for name in tree('hooks', 'rules')}
    assert held == {f'sixgaps/{name}' for name in wanted}


def test_the_sdist_holds_what_a_build_needs(built: Path) -> None:
    (sdist,) = built.glob('*.tar.gz')
    with tarfile.open(sdist) as archive:
        held = {name.partition('/')[2] for name in archive.getnames()}
    assert {*tree('hooks', 'rules'), 'README.md', 'LICENSE', 'setup.cfg', 'setup.py', 'pyproject.toml'} <= held


def test_twine_accepts_both(built: Path) -> None:
    done = subprocess.run((sys.executable, '-m', 'twine', 'check', '--strict', *built.iterdir()), capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count('PASSED') == 2, done.stdout + done.stderr


def test_the_wheel_works_without_the_tree(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob('*.whl')
    zipfile.ZipFile(wheel).extractall(tmp_path / 'installed')
    (tmp_path / 'a.py').write_text(FAULT)
    start = 'import sixgaps.six_gaps as s; assert s.__file__.startswith({!r}); raise SystemExit(s.main(["--format", "sarif", "a.py"]))'
    env = {**os.environ, 'PYTHONPATH': str(tmp_path / 'installed'), 'PATH': f'{SCRIPTS}{os.pathsep}{os.environ["PATH"]}'}
    command = (sys.executable, '-c', start.format(str(tmp_path / 'installed')))
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 1 and '"ruleId": "py-code-from-strings"' in done.stdout, done.stderr


def test_the_version_is_in_one_place_and_what_quotes_it_agrees() -> None:
    elsewhere = [name for name in tree('hooks', 'rules', 'pyproject.toml', 'setup.py') if f'{VERSION}' in (ROOT / name).read_text()]
    assert elsewhere == []
    for name in ('README.md', 'docs/ci.md'):
        assert set(re.findall(r'(?:rev: |# )v(\d+\.\d+\.\d+)$', (ROOT / name).read_text(), re.M)) - {'4.2.2'} == {VERSION}, name
    assert re.search(r'^## (\S+)', (ROOT / 'CHANGELOG.md').read_text(), re.M)[1] == VERSION  # type: ignore[index]
