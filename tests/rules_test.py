"""Every rule keeps the contract: its metadata, its two-line note, three guilty and three innocent snippets, ast-grep's verdict on them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sixgaps.engine import facts, rules, scan
from sixgaps.engine.command import run
from sixgaps.scorecard.checks import load
from sixgaps.six_gaps import GAPS

ROOT = Path(__file__).parent.parent


def loaded(name: str) -> Iterator[dict[str, Any]]:
    for document in yaml.safe_load_all((ROOT / 'rules' / f'{name}.yml').read_text()):
        if document:
            yield document


RULES = [(gap.name, rule) for gap in GAPS for rule in loaded(gap.name)]
FACTS = list(loaded('facts'))
each_rule = pytest.mark.parametrize(('gap', 'rule'), RULES, ids=[rule['id'] for _, rule in RULES])


def test_ast_grep_agrees_with_every_snippet(tmp_path: Path) -> None:
    for path in (ROOT / 'rules').rglob('*.yml'):  # as the hooks give them to it, not as they are written
        copy = tmp_path / 'rules' / path.relative_to(ROOT / 'rules')
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(rules.plain(path.read_text()))
    config = (ROOT / 'sgconfig.yml').read_text()
    (tmp_path / 'sgconfig.yml').write_text(config.replace('testDir: tests/rules', f'testDir: {ROOT}/tests/rules'))
    command = (scan.binary(), 'test', '-c', 'sgconfig.yml', '--skip-snapshot-tests', '--include-off')
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert 'Configured no test' not in done.stdout


@each_rule
def test_metadata(gap: str, rule: dict[str, Any]) -> None:
    assert re.fullmatch(r'(py|ts|html|dk|cmp|gha|gl|sh|k8s|tf|pkg|mk)-[a-z0-9-]+', rule['id'])
    assert rule['severity'] in ('error', 'warning')
    assert rule['metadata']['risk'] in ('critical', 'high', 'medium', 'low')
    assert re.fullmatch(r'[a-z0-9-]+', rule['metadata']['check'])
    note = rule['note'].strip().splitlines()
    assert [line.partition(' ')[0] for line in note] == ['Why:', 'Fix:']
    assert all(glob.startswith('**/') for key in ('files', 'ignores') for glob in rule.get(key, ()))


@each_rule
def test_three_guilty_and_three_innocent_snippets(gap: str, rule: dict[str, Any]) -> None:
    snippets = yaml.safe_load((ROOT / 'tests' / 'rules' / gap / f'{rule["id"]}-test.yml').read_text())
    assert snippets['id'] == rule['id']
    assert len(set(snippets['valid'])) >= 3
    assert len(set(snippets['invalid'])) >= 3


CATALOGUE: dict[str, dict[str, list[str]]] = yaml.safe_load((ROOT / 'hooks' / 'catalogue.yml').read_text())
FOUND_IN_PYTHON = {
    ('table-without-row-level-security', 'sql'),
    ('deploy-without-tests', 'gha'),
    ('deploy-without-tests', 'gl'),
    ('unpinned-dependency', 'py'),
    ('irreversible-migration', 'sql'),
    ('env-file-committed', 'repo'),
    ('hardcoded-secret', 'sql'),
    ('missing-security-headers', 'repo'),
}
LEFT_OUT = re.findall(r'^- ([a-z-]+)(?: \([^)]*\))?, ([a-z0-9 ]+): ', (ROOT / 'docs' / 'left-out.md').read_text(), re.MULTILINE)


@pytest.mark.parametrize('gap', CATALOGUE)
def test_every_check_has_a_rule_in_each_of_its_languages_or_a_written_reason(gap: str) -> None:
    asked = {(check, language) for check, languages in CATALOGUE[gap].items() for language in languages}
    found = {(rule['metadata']['check'], rule['id'].partition('-')[0]) for name, rule in RULES if name == gap}
    reasons = {(check, language) for check, languages in LEFT_OUT for language in languages.split()}
    assert asked - found - FOUND_IN_PYTHON - reasons == set()
    assert found - asked == set()


def test_ids_are_unique() -> None:
    ids = [rule['id'] for _, rule in RULES] + [fact['id'] for fact in FACTS]
    assert len(ids) == len(set(ids))


def test_the_text_reader_sees_what_yaml_sees() -> None:
    for gap in GAPS:
        assert [(d.id, d.check) for d in rules.documents(gap.name)] == [(r['id'], r['metadata']['check']) for r in loaded(gap.name)]
        assert [list(rules.lost(d)) for d in rules.documents(gap.name)] == [r['metadata'].get('lost', []) for r in loaded(gap.name)]
        assert [rules.template(d) for d in rules.documents(gap.name)] == [r['message'] for r in loaded(gap.name)]
    for document, fact in zip(rules.documents('facts'), FACTS, strict=True):
        metadata = fact.get('metadata', {})
        assert document.id == fact['id']
        assert list(rules.words(document)) == [str(word) for word in metadata.get('words', [])]
        marked = (metadata['marks'], metadata['as'], tuple(metadata.get('carries', ()))) if 'marks' in metadata else None
        assert rules.marks(document) == marked


def test_what_makes_regexes_cheap_changes_nothing_else() -> None:
    for name in (*(gap.name for gap in GAPS), 'facts'):
        lines = (ROOT / 'rules' / f'{name}.yml').read_text().splitlines()
        assert all(rules.plain(line) == line for line in lines if 'regex: ' not in line)


def test_every_fact_is_named_by_a_rule_and_every_name_is_a_fact() -> None:
    named = set()
    for _, rule in RULES:
        metadata = rule['metadata']
        for entry in (*metadata.get('unless', ()), *metadata.get('needs', ())):
            named.update(part.fact for part in facts.parse(entry))
        named.update(metadata[key] for key in ('each', 'except') if key in metadata)
        named.update(metadata.get('lost', ()))
    made = {fact['id'] for fact in FACTS if 'marks' not in fact.get('metadata', {})}
    derived = {name for f in FACTS if 'marks' in f.get('metadata', {}) for name in (f['metadata']['as'], *f['metadata'].get('carries', ()))}
    markers = {fact['id'] for fact in FACTS} - made
    assert named <= made | derived | markers
    assert made <= named
    assert all(fact['severity'] == 'hint' for fact in FACTS)
    asked = {document.id for document in load(GAPS).facts()}
    assert {fact['id'] for fact in loaded('scorecard')} <= asked
    assert all(fact['severity'] == 'hint' and fact['id'].startswith('card-') for fact in loaded('scorecard'))


def test_contributors_and_hooks_read_files_in_the_same_languages() -> None:
    globs = yaml.safe_load((ROOT / 'sgconfig.yml').read_text())['languageGlobs']
    assert {language: tuple(patterns) for language, patterns in globs.items()} == rules.LANGUAGE_GLOBS


def test_shared_matchers_are_off_and_named_after_their_file() -> None:
    for path in (ROOT / 'rules' / 'utils').rglob('*.yml'):
        document = yaml.safe_load(path.read_text())
        assert document['id'] == path.stem
        assert document['severity'] == 'off'


def test_unknown_id_names_the_closest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(GAPS, ['--disable', 'code-from-string'], 'sixgaps') == 2
    assert "'code-from-string'; the closest is code-from-strings" in capsys.readouterr().err
