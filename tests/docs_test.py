"""docs/ says what the rules say: the pages are rebuilt, every check has one, no link leads nowhere."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Repo
from sixgaps import six_gaps
from sixgaps.engine.rules import documents
from sixgaps.six_gaps import GAPS

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / 'docs' / 'checks'
IN_PYTHON: list[dict[str, Any]] = yaml.safe_load((ROOT / 'docs' / 'python-checks.yml').read_text())


@pytest.fixture(scope='module')
def wanted() -> dict[str, str]:
    """The pages as they would be written now."""
    spec = importlib.util.spec_from_file_location('generate', ROOT / 'docs' / 'generate.py')
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.pages())


def test_the_pages_are_rebuilt(wanted: dict[str, str]) -> None:
    here = {path.name: path.read_text(encoding='utf-8') for path in FOLDER.glob('*')}
    stale = {name for name in here.keys() | wanted.keys() if here.get(name) != wanted.get(name)}
    assert not stale, 'run `make docs`'


def test_every_check_has_a_page_with_its_rules_and_both_snippets(wanted: dict[str, str]) -> None:
    for gap in GAPS:
        rules = {**{d.id: d.check for d in documents(gap.name)}, **{r: c for extra in gap.extras for r, c in extra.rules.items()}}
        for rule, check in rules.items():
            page = wanted[f'{check}.md']
            assert f'| `{rule}` |' in page and '\nBefore:\n' in page and '\nAfter:\n' in page
            assert f'[{check}]({check}.md)' in wanted['README.md']


def test_a_page_has_what_a_reader_looks_for(wanted: dict[str, str]) -> None:
    page = wanted['route-without-auth.md']
    headings = re.findall(r'^## (.*)', page, re.M)
    assert headings == [
        'What it flags',
        'Why it matters in production',
        'Before and after',
        'What excuses it',
        'To let one through',
        'What it does not see',
        'Its rules',
    ]
    assert re.search(r'^- `router-auth`, in the same file: `router = APIRouter\(', page, re.M)
    assert '# ast-grep-ignore: py-route-without-auth' in page and '// ast-grep-ignore: ts-route-without-auth' in page
    assert 'disable = ["route-without-auth"]' in page
    assert re.search(r'^\| `py-route-without-auth` \| blocks \| critical \| CWE-306 \| ', page, re.M)
    assert '$' not in re.sub(r'~~~.*?~~~|`[^`]*`', '', page, flags=re.S)


@pytest.mark.parametrize('one', IN_PYTHON, ids=lambda one: one['id'])
def test_the_page_of_a_check_in_python_tells_the_truth(one: dict[str, Any], repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    for snippet, expected in ((one['invalid'], {one['id']}), (one['valid'], set())):
        repo.write(one['path'], snippet)
        if not expected and 'valid_beside' in one:
            repo.write(one['valid_beside'], '{}')
        repo.git('add', '-A')
        six_gaps.main(['--format', 'json', '--output', 'out.json', one['path']])
        found = [f for f in json.loads((repo.path / 'out.json').read_text()) if f['check'] == one['check']]
        assert {f['rule'] for f in found} == expected
        for f in found:
            assert {key: f[key] for key in ('severity', 'risk', 'why', 'fix_hint')} == {
                'severity': one['severity'],
                'risk': one['risk'],
                'why': one['why'],
                'fix_hint': one['fix'],
            }


def test_every_check_in_python_is_described() -> None:
    assert {one['id'] for one in IN_PYTHON} == {rule for gap in GAPS for extra in gap.extras for rule in extra.rules}


def test_no_link_leads_nowhere(wanted: dict[str, str]) -> None:
    texts = {f'docs/checks/{name}': text for name, text in wanted.items()}
    for path in (*ROOT.glob('*.md'), *(ROOT / 'docs').glob('*.md')):
        texts[path.relative_to(ROOT).as_posix()] = path.read_text()
    for name, text in texts.items():
        for link in re.findall(r'\]\((?!https?:|#)([^)\s#]+)', re.sub(r'~~~.*?~~~|```.*?```|`[^`\n]*`', '', text, flags=re.S)):
            target = (ROOT / name).parent / link
            assert target.exists() or target.name in wanted, f'{name}: {link}'
