"""[tool.sixgaps] in pyproject.toml and .sixgaps.toml: what they set, what wins, and one line for each mistake."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FAULT, Repo, refused
from sixgaps import authorization, input_validation, six_gaps
from sixgaps.engine import config

CHECK, RULE = 'code-from-strings', 'py-code-from-strings'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside git with one fault in it."""
    (tmp_path / 'scripts').mkdir()
    for name in ('a.py', 'scripts/a.py'):
        (tmp_path / name).write_text(FAULT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ('text', 'args', 'status'),
    [
        ('', [], 1),
        (f'disable = ["{CHECK}"]', [], 0),
        (f'disable = ["{RULE}"]', [], 0),
        (f'warn = ["{CHECK}"]', [], 0),
        (f'warn = ["{CHECK}"]\nstrict = true', [], 1),
        (f'warn = ["{CHECK}"]\nstrict = true', ['--no-strict'], 0),
        (f'warn = ["{CHECK}"]', ['--error', CHECK], 1),
        (f'disable = ["{CHECK}"]', ['--error', RULE], 1),
        (f'disable = ["{CHECK}"]\nerror = ["{RULE}"]', [], 1),  # a rule's own id says more than its check's
        (f'error = ["{CHECK}"]', ['--disable', RULE], 0),
        (f'paths."*.py" = {{disable = ["{CHECK}"]}}', [], 0),
        (f'paths."*.py" = {{disable = ["{CHECK}"]}}', ['--error', CHECK], 1),
        (f'disable = ["{CHECK}"]\npaths."a.py" = {{error = ["{CHECK}"]}}', [], 1),
        (f'paths."*.py" = {{disable = ["{CHECK}"]}}\npaths."a.*" = {{error = ["{RULE}"]}}', [], 1),  # the later path wins
    ],
)
def test_what_is_set_and_what_wins(here: Path, text: str, args: list[str], status: int) -> None:
    (here / 'pyproject.toml').write_text(f'[project]\nname = "x"\n[tool.sixgaps]\n{text}\n')
    assert input_validation.main([*args, 'a.py']) == status


def test_a_path_has_its_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / '.sixgaps.toml').write_text(f'[paths."scripts/**"]\ndisable = ["{CHECK}"]\n')
    assert input_validation.main(['--no-color', 'a.py', 'scripts/a.py']) == 1
    out = capsys.readouterr().out
    assert 'a.py:2:12: error' in out and 'scripts/' not in out


@pytest.mark.parametrize(
    ('glob', 'path', 'fits'),
    [
        ('scripts', 'scripts/a/b.py', True),
        ('scripts/', 'app/scripts/b.py', True),
        ('/scripts', 'app/scripts/b.py', False),
        ('scripts/**', 'scripts/a/b.py', True),
        ('scripts/*.py', 'scripts/a/b.py', False),
        ('scripts/*.py', 'scripts/b.py', True),
        ('**/legacy/*.py', 'legacy/b.py', True),
        ('**/legacy/*.py', 'a/b/legacy/b.py', True),
        ('*.py', 'a/b.py', True),
        ('*.py', 'a/b.pyi', False),
        ('v[0-9].py', 'v1.py', True),
        ('v[!0-9].py', 'v1.py', False),
        ('a+b(1).py', 'a+b(1).py', True),
        ('a?c.py', 'a/c.py', False),
    ],
)
def test_globs(glob: str, path: str, fits: bool) -> None:
    assert bool(config._pattern(glob).fullmatch(path)) is fits


@pytest.mark.parametrize(
    ('name', 'text', 'said'),
    [
        ('.sixgaps.toml', b'disabled = []', ".sixgaps.toml: there is no key 'disabled'; the closest is disable"),
        ('.sixgaps.toml', b'paths."a/**" = {wran = []}', 'paths."a/**": there is no key \'wran\'; the closest is warn'),
        ('.sixgaps.toml', b'disable = ["code-from-string"]', f"'code-from-string'; the closest is {CHECK}"),
        ('.sixgaps.toml', b'paths.a = {warn = ["x-code-from-strings"]}', 'paths."a": there is no check or rule'),
        ('.sixgaps.toml', b'disable = "x"', 'disable is a list of check or rule ids'),
        ('.sixgaps.toml', b'warn = [1]', 'warn is a list of check or rule ids'),
        ('.sixgaps.toml', b'strict = "yes"', 'strict is true or false'),
        ('.sixgaps.toml', b'paths = ["a"]', 'paths holds a table for each glob'),
        ('.sixgaps.toml', b'strict = true\r\n\r\nwarn = [\r\n', '.sixgaps.toml:4: not TOML: '),
        ('.sixgaps.toml', b'strict = true\n\nwarn = x\n', '.sixgaps.toml:3: not TOML: '),
        ('.sixgaps.toml', b'strict = true\n# caf\xe9\n', '.sixgaps.toml:2: not UTF-8'),
        ('.sixgaps.toml', b'[tool.sixgaps]\nstrict = true', "there is no key 'tool'"),
        ('.sixgaps.toml', b'a = ' + b'[' * 100_000, '.sixgaps.toml:'),
        ('pyproject.toml', b'[tool]\nsixgaps = 1', 'tool.sixgaps is a table'),
        ('pyproject.toml', b'[tool.sixgaps]\nstrict = 1', 'pyproject.toml: [tool.sixgaps]: strict is true or false'),
        ('pyproject.toml', b'[tool.sixgaps]\n\nstrict = ', 'pyproject.toml:3: not TOML'),
    ],
)
def test_a_mistake_is_one_line_and_status_2(here: Path, name: str, text: bytes, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    (here / name).write_bytes(text)
    assert six_gaps.main([]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count('\n') == 1 and 'fault in sixgaps' not in err


def test_what_is_no_file_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(here / '.sixgaps.toml')
    assert input_validation.main(['a.py']) == 2
    assert '.sixgaps.toml is not a regular file' in capsys.readouterr().err


def test_two_places_are_one_too_many(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / '.sixgaps.toml').write_text('strict = true')
    (here / 'pyproject.toml').write_text('[tool.sixgaps]\nstrict = true')
    assert input_validation.main(['a.py']) == 2
    assert 'both configure sixgaps' in capsys.readouterr().err


def test_a_pyproject_that_is_not_about_it_is_left_alone(here: Path) -> None:
    (here / 'pyproject.toml').write_text('not TOML')
    assert input_validation.main(['a.py']) == 1
    (here / 'pyproject.toml').write_text('[project]\ndependencies = ["sixgaps"]')
    assert input_validation.main(['a.py']) == 1


def test_a_link_out_of_the_repository_is_not_followed(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp('elsewhere') / 'x.toml'
    elsewhere.write_text(f'[tool.sixgaps]\ndisable = ["{CHECK}"]')
    (here / 'pyproject.toml').symlink_to(elsewhere)
    assert input_validation.main(['a.py']) == 1
    (here / '.sixgaps.toml').symlink_to(elsewhere)
    assert input_validation.main(['a.py']) == 2


def test_ids_of_other_gaps_are_no_mistake(here: Path) -> None:
    ids = (CHECK, 'deploy-without-tests', 'gha-deploy-without-tests')  # of rules, and of a check in Python
    (here / '.sixgaps.toml').write_text(f'disable = {[*ids]}')
    assert authorization.main(['a.py']) == 0


def test_it_is_read_at_the_top_of_the_repository(repo: Repo) -> None:
    repo.write('.sixgaps.toml', f'disable = ["{CHECK}"]')
    repo.write('app/a.py', FAULT)
    repo.write('app/.sixgaps.toml', 'nonsense')
    assert Repo(repo.path / 'app').sixgaps('a.py').returncode == 0


def test_a_change_is_judged_by_it_and_code_that_moves_out_of_a_path_is_not_new(repo: Repo) -> None:
    repo.write('.sixgaps.toml', f'paths.scripts = {{disable = ["{CHECK}"]}}')
    repo.write('scripts/a.py', FAULT)
    repo.save()
    repo.git('mv', 'scripts/a.py', 'a.py')
    assert repo.sixgaps('a.py').returncode == 0
    repo.write('scripts/b.py', FAULT)
    repo.write('b.py', FAULT)
    repo.git('add', '-A')
    done = repo.sixgaps('a.py', 'b.py', 'scripts/b.py')
    assert refused(done) and 'scripts/b.py' not in done.stdout


def test_no_toml_parser_is_loaded_for_nothing(here: Path) -> None:
    (here / 'pyproject.toml').write_text('[project]\nname = "x"\n')
    asked = (
        'import sys; from sixgaps.engine import config; config.read(); raise SystemExit("tomllib" in sys.modules or "tomli" in sys.modules)'
    )
    assert subprocess.run((sys.executable, '-c', asked)).returncode == 0
