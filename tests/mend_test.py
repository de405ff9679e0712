"""--fix: what is written is right, is only what was reported, and costs nobody a byte."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import SCRIPTS, Repo
from rules_test import ROOT, RULES
from sixgaps.engine import command, rules, scan
from sixgaps.engine.finding import Finding
from sixgaps.engine.mend import mend
from sixgaps.six_gaps import GAPS

MENDING: dict[str, tuple[str, dict[str, Any]]] = {rule['id']: (gap, rule) for gap, rule in RULES if 'fix' in rule}
DOCUMENTS = [document for gap in GAPS for document in rules.documents(gap.name) if document.id in MENDING]
ENDING = {'python': 'py', 'tsx': 'tsx', 'bash': 'sh', 'yaml': 'yml', 'json': 'json', 'hcl': 'tf'}
BARE = 'def f():\n    try:\n        g()\n    except:\n        h()\n'
NAMED = BARE.replace('except:', 'except Exception:')


def run(repo: Repo, *args: str) -> subprocess.CompletedProcess[str]:
    """The hook of gap 3 alone: loading all rules is most of what a run costs."""
    return repo.run(str(SCRIPTS / 'sixgaps-error-handling'), *args, check=False)


def looked_at(folder: Path, paths: list[str]) -> tuple[dict[str, list[Finding]], dict[str, int]]:
    """What each snippet's own rule finds in it, and how many places of it do not parse."""
    anywhere = [re.sub(r'^(files|ignores):.*\n([ -].*\n)*', '', document.text, flags=re.M) for document in DOCUMENTS]
    errors = [f'id: error-{name}\nlanguage: {name}\nrule: {{kind: ERROR}}\n' for name in ENDING]
    files = scan.Sources()
    files.read = [str(folder / path) for path in paths]
    found: dict[str, list[Finding]] = {path: [] for path in paths}
    broken = dict.fromkeys(paths, 0)
    for match in scan.scan('\n---\n'.join(anywhere + errors), files):
        path = os.path.relpath(match.place.path, folder)
        if match.rule == path.split('/')[0]:
            about = dict.fromkeys(('check', 'severity', 'risk', 'message', 'why', 'fix_hint'), '')
            found[path].append(Finding.placed(match.place, '', gap=0, rule=match.rule, mend=match.mend, **about))
        broken[path] += match.rule.startswith('error-')
    return found, broken


@pytest.fixture(scope='module')
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str, bool, bool]]:
    """By path, which begins with the rule's id: the guilty snippet, the mended one, whether it is silent and parses."""
    folder = tmp_path_factory.mktemp('snippets')
    before = {}
    for name, (gap, rule) in MENDING.items():
        snippets = yaml.safe_load((ROOT / 'tests' / 'rules' / gap / f'{name}-test.yml').read_text())['invalid']
        before.update({f'{name}/{number}.{ENDING[rule["language"].lower()]}': text for number, text in enumerate(snippets)})
    for path, text in before.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(text.encode())
    found, broken = looked_at(folder, list(before))
    changed = [path for path, findings in found.items() if any(finding.mend for finding in findings)]
    left = {path: found[path] for path in changed}
    while any(finding.mend for findings in left.values() for finding in findings):  # once more where one lay inside another
        assert mend(finding for findings in left.values() for finding in findings)[1] == {}
        left, after = looked_at(folder, changed)
    return {path: (before[path], (folder / path).read_bytes().decode(), not left[path], after[path] <= broken[path]) for path in changed}


def test_at_least_fifteen_fixes_are_safe_and_every_fix_says_which_it_is() -> None:
    assert {rule['metadata'].get('fix') for _, rule in MENDING.values()} == {'safe', 'unsafe'}
    assert sum(rule['metadata']['fix'] == 'safe' for _, rule in MENDING.values()) >= 15
    assert not [rule['id'] for _, rule in RULES if 'fix' in rule['metadata'] and 'fix' not in rule]


@pytest.mark.parametrize('name', MENDING)
def test_a_mended_snippet_parses_and_its_rule_is_silent(name: str, written: dict[str, tuple[str, str, bool, bool]]) -> None:
    of_rule = [entry for path, entry in written.items() if path.startswith(f'{name}/')]
    assert of_rule, 'no guilty snippet is mended'
    for guilty, text, silent, parses in of_rule:
        assert text != guilty
        assert silent and parses, text
        if MENDING[name][1]['language'] == 'python':
            ast.parse(text)
            assert not re.search(r'timeout=10.*timeout=10', text)
        elif MENDING[name][1]['language'] in ('yaml', 'json'):
            yaml.safe_load(text)


def test_lines_that_are_not_mended_keep_every_byte(repo: Repo) -> None:
    inside = ' ' * 12
    bodies = (
        '',
        f'\n{inside}x = 1\n\n{inside}y = 1\n',
        f'{inside}s = """\n a\n  b\n{inside}c\n"""\n{inside}y = 1\n',
        f'# a comment at the margin\n{inside}if x:\n{inside}    h()\n\n{inside}else:\n{inside}    g()\n',
    )
    texts = {}
    for number, body in enumerate(bodies):
        for indent in ('', '        ', '\t'):
            text = 'class A:\n    def f():\n        try:\n            g()\n        except:\n            h()\n' + body
            text = ''.join(indent + line if line.strip() and '"""' not in body else line for line in text.splitlines(True))
            texts[f'{number}{indent!r}.py'] = 'if x:\n' + text if indent else text
    for name, text in texts.items():
        repo.write(name, text)
    assert run(repo, '--fix', *texts).returncode == 1
    for name, text in texts.items():
        assert (repo.path / name).read_text() == text.replace('except:', 'except Exception:')


def test_only_what_the_commit_introduces_is_mended_and_the_author_reviews(hooked: Repo) -> None:
    hooked.write('.pre-commit-config.yaml', (hooked.path / '.pre-commit-config.yaml').read_text().replace('sixgaps\n', 'sixgaps --fix\n'))
    hooked.save(a=BARE)
    hooked.write('a.py', BARE + '\n\n' + BARE.replace('f()', 'later()'))
    hooked.git('add', '-A')
    done = hooked.commit()
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert 'a.py:11:5: mended [py-bare-except]\n    - except:\n    + except Exception:\n' in said and '1 mended; look at it' in said
    assert (hooked.path / 'a.py').read_text() == BARE + '\n\n' + NAMED.replace('f()', 'later()')
    hooked.git('add', '-A')
    assert hooked.commit().returncode == 0


def test_what_the_change_mends_back_to_the_old_text_makes_no_audit(repo: Repo) -> None:
    old = 'import requests\nrequests.get(u)\n'
    repo.save(a=NAMED + old)
    repo.write('a.py', BARE + old)
    done = run(repo, '--fix', 'a.py')
    assert done.returncode == 1 and 'py-call-without-timeout' not in done.stdout
    assert repo.git('status', '--porcelain').stdout == ''
    assert run(repo, '--scope', 'introduced', 'a.py').stdout == ''


def test_what_has_no_safe_fix_is_reported_and_left(repo: Repo) -> None:
    text = 'import requests\nrequests.get(u)\n' + BARE
    repo.write('a.py', text)
    done = run(repo, 'a.py')
    assert '--fix mends 1 of them.' in done.stdout and (repo.path / 'a.py').read_text() == text
    done = run(repo, '--fix', 'a.py')
    assert done.returncode == 1 and '[py-call-without-timeout]' in done.stdout
    assert (repo.path / 'a.py').read_text() == text.replace('except:', 'except Exception:')
    assert run(repo, '--fix', '--disable', 'py-call-without-timeout', 'a.py').stdout == ''


def test_a_fix_inside_another_is_written_in_the_same_run(repo: Repo) -> None:
    text = 'try:\n    g()\nexcept:\n    try:\n        h()\n    except:\n        i()\n'
    repo.write('a.py', text)
    done = run(repo, '--fix', 'a.py')
    assert '2 mended' in done.stdout
    assert (repo.path / 'a.py').read_text() == text.replace('except:', 'except Exception:')


def test_findings_as_data_stay_data(repo: Repo) -> None:
    repo.write('a.py', BARE)
    (found,) = json.loads(run(repo, '--format', 'json', 'a.py').stdout)
    assert found['replacement'] == 'except Exception:\n        h()'
    done = run(repo, '--fix', '--format', 'json', 'a.py')
    assert json.loads(done.stdout) == [] and '1 mended' in done.stderr and done.returncode == 1


def test_a_file_is_written_back_in_its_own_encoding(repo: Repo) -> None:
    files = {}
    for name in ('utf-8', 'utf-8-sig', 'latin-1', 'cp1251', 'utf-16'):
        text = ('# -*- coding: cp1251 -*-\ns = "да"\n' if name == 'cp1251' else 's = "é"\n') + BARE
        for end in ('\n', '\r\n'):
            pair = (text, text.replace('except:', 'except Exception:'))
            files[f'{name}{len(end)}.py'] = [made.replace('\n', end).encode(name) for made in pair]
    for name, (before, _) in files.items():
        repo.write(name, before)
        os.chmod(repo.path / name, 0o750)
    assert '10 mended' in run(repo, '--fix', *files).stdout
    for name, (_, after) in files.items():
        assert (repo.path / name).read_bytes() == after
        assert (repo.path / name).stat().st_mode & 0o777 == 0o750
    assert {path.name for path in repo.path.iterdir()} == {'.git', *files}


def test_a_file_that_cannot_be_written_is_named_and_left(repo: Repo) -> None:
    repo.write('a.py', BARE)
    os.chmod(repo.path / 'a.py', 0o444)
    repo.write('b.py', BARE)
    done = run(repo, '--fix', 'a.py', 'b.py')
    assert done.returncode == 2 and done.stderr == 'sixgaps: not mended: a.py: it is read-only\n'
    assert (repo.path / 'a.py').read_text() == BARE and (repo.path / 'b.py').read_text() == NAMED
    assert 'a.py:4:5: error' in done.stdout and 'b.py:4:5: mended' in done.stdout


def test_a_file_that_changed_meanwhile_is_named_and_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'a.py').write_text(BARE)
    monkeypatch.chdir(tmp_path)

    def late(findings: Any) -> Any:
        (tmp_path / 'a.py').write_text('# saved by an editor\n' + BARE)
        return mend(findings)

    monkeypatch.setattr(command, 'mend', late)
    assert command.run([GAPS[2]], ['--fix', 'a.py'], 'sixgaps') == 2
    assert capsys.readouterr().err == 'sixgaps: not mended: a.py: it has changed since it was looked at; run again\n'
    assert (tmp_path / 'a.py').read_text() == '# saved by an editor\n' + BARE


def test_the_page_names_every_rule_under_what_it_is() -> None:
    safe, _, unsafe = (ROOT / 'docs' / 'fix.md').read_text().partition('**Unsafe**')
    for name, (_, rule) in MENDING.items():
        assert (f'`{name}`' in safe, f'`{name}`' in unsafe) == (rule['metadata']['fix'] == 'safe', rule['metadata']['fix'] == 'unsafe')
