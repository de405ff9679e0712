"""What must hold of any source, not only of the examples: properties, and a little of tests/fuzz.py."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import fuzz
import pytest
from conftest import Repo
from hypothesis import given
from hypothesis import strategies as st
from sixgaps.engine import change
from sixgaps.engine.finding import Finding

SOURCES = [(ending, data.decode()) for ending, data in fuzz.corpus([]) if ending in ('.py', '.tsx')]


def finding(rule: str, path: str, line: int) -> Finding:
    return Finding(path, line, 1, line, 5, 1, 'c', rule, 'error', 'high', f'message of {rule}', '', '', '', text=rule)


FINDINGS = st.lists(st.builds(finding, st.sampled_from('abc'), st.sampled_from(('x.py', 'y.py')), st.integers(1, 9)), max_size=12)


@given(FINDINGS)
def test_nothing_is_introduced_by_what_stood_before(found: list[Finding]) -> None:
    assert change.introduced(found, [found]) == []
    assert change.introduced(found, [[]]) == found


@given(FINDINGS, st.randoms())
def test_moving_introduces_nothing(found: list[Finding], pick: random.Random) -> None:
    moved = [finding(f.rule, pick.choice(('x.py', 'z.py')), pick.randint(1, 99)) for f in found]
    pick.shuffle(moved)
    assert change.introduced(moved, [found]) == []


@given(FINDINGS, FINDINGS)
def test_the_surplus_is_counted(old: list[Finding], new: list[Finding]) -> None:
    left = change.introduced(new, [old])
    for rule in 'abc':
        here, before, now = (sum(f.rule == rule for f in some) for some in (left, old, new))
        assert here == max(0, now - before)


@pytest.fixture
def pairs(repo: Repo) -> Iterator[list[str]]:
    """A repository with forty sources in its history; returns their names."""
    pick = random.Random(4)
    names = []
    for number, (ending, text) in enumerate(pick.sample(SOURCES, 40)):
        names.append(f'app/s{number}{ending}')
        repo.write(names[-1], text)
    repo.git('add', '-A')
    repo.git('commit', '-qm', 'before')
    yield names


def test_blank_lines_comments_and_order_introduce_nothing(repo: Repo, pairs: list[str]) -> None:
    for name in pairs:
        text = (repo.path / name).read_text()
        mark = '#' if name.endswith('.py') else '//'
        repo.write(name, f'\n{mark} a comment\n\n{text}\n\n{mark} the end\n')
    done = repo.sixgaps('--scope', 'introduced', '--strict', *pairs)
    assert done.returncode == 0 and done.stdout == '', done.stdout


def test_files_renamed_introduce_nothing(repo: Repo, pairs: list[str]) -> None:
    moved = [name.replace('app/s', 'app/t') for name in pairs]
    for old, new in zip(pairs, moved, strict=True):
        repo.git('mv', old, new)
    done = repo.sixgaps('--scope', 'introduced', '--strict', *moved)
    assert done.returncode == 0 and done.stdout == '', done.stdout


def test_order_and_batch_do_not_matter(repo: Repo, pairs: list[str]) -> None:
    one = repo.sixgaps('--scope', 'all', '--format', 'json', *pairs).stdout
    assert one.count('"rule"') > 20
    assert repo.sixgaps('--scope', 'all', '--format', 'json', *reversed(pairs)).stdout == one
    half = len(pairs) // 2
    parts = [repo.sixgaps('--scope', 'all', '--format', 'json', *some).stdout for some in (pairs[:half], pairs[half:])]
    assert sum(part.count('"rule"') for part in parts) == one.count('"rule"')


def test_damaged_sources_names_and_arguments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # and back at the end
    assert list(fuzz.failures(60, 7, fuzz.corpus([]))) == []
