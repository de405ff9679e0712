"""docs/timeouts.md and the rules say the same: each library of the table stands in the tests of the rule that its row names."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parent.parent
SEVERITY = {'blocks': 'error', 'advice': 'warning'}


class Row(NamedTuple):
    """A library of the table, the verdict on it, the rule that gives it, and how the library is written."""

    library: str
    verdict: str
    rule: str
    written: str


def rows() -> list[Row]:
    lines = (ROOT / 'docs' / 'timeouts.md').read_text(encoding='utf-8').splitlines()
    cells = [[cell.strip() for cell in line.strip('|').split('|')] for line in lines if line.startswith('|')]
    return [Row(c[0], c[4], c[5], c[6].strip('`')) for c in cells if c[0] not in ('library', '---')]


RULES = {rule['id']: rule for rule in yaml.safe_load_all((ROOT / 'rules' / 'error-handling.yml').read_text(encoding='utf-8')) if rule}


@pytest.mark.parametrize('row', rows(), ids=lambda row: f'{row.rule}:{row.library}')
def test_the_table_and_the_rules_agree(row: Row) -> None:
    snippets = yaml.safe_load((ROOT / 'tests' / 'rules' / 'error-handling' / f'{row.rule}-test.yml').read_text(encoding='utf-8'))
    if row.verdict == 'left alone':
        assert any(row.written in snippet for snippet in snippets['valid'])
        assert not any(row.written in snippet for snippet in snippets['invalid'] if 'None' not in snippet)
        return
    assert RULES[row.rule]['severity'] == SEVERITY[row.verdict]
    assert any(row.written in snippet for snippet in snippets['invalid'])


def test_every_rule_of_the_check_has_its_libraries_in_the_table() -> None:
    said = {row.rule for row in rows()}
    rules = {i for i, rule in RULES.items() if rule['metadata']['check'] == 'call-without-timeout' and not i.startswith('sh-')}
    unsaid = {i for i in rules if 'lost' not in RULES[i]['metadata']} - said
    assert unsaid <= {'py-llm-call-without-timeout'}  # the same clients as py-llm-client-without-timeout, at the call
