"""Writes docs/checks/: a page a check and their index, out of the rules, their tests, the facts, the catalogue and docs/left-out.md.

`make docs`, or `python docs/generate.py`. Nothing in docs/checks/ is written by hand; what a check in Python flags stands in
docs/python-checks.yml, in the form that a rule and its test have.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / 'docs' / 'checks'
GAPS = ('input-validation', 'authorization', 'error-handling', 'observability', 'deployment-pipeline', 'infrastructure')
RISKS = ('critical', 'high', 'medium', 'low')


class Language(NamedTuple):
    """How a rule's prefix reads, how its code is fenced, and how a comment is written in it."""

    name: str
    fence: str
    comment: str = '# {}'


LANGUAGES = {
    'py': Language('Python', 'python'),
    'ts': Language('JavaScript and TypeScript', 'tsx', '// {}'),
    'html': Language('HTML templates', 'html', '<!-- {} -->'),
    'sql': Language('SQL', 'sql', '-- {}'),
    'dk': Language('Dockerfile', 'dockerfile'),
    'cmp': Language('Compose', 'yaml'),
    'k8s': Language('Kubernetes', 'yaml'),
    'tf': Language('Terraform', 'hcl'),
    'gha': Language('GitHub Actions', 'yaml'),
    'gl': Language('GitLab CI', 'yaml'),
    'sh': Language('Shell', 'bash'),
    'mk': Language('Makefile', 'makefile'),
    'pkg': Language('package.json', 'json', ''),
    'repo': Language('files that hold secrets', 'text'),
}
WHERE = {'file': 'in the same file', 'folder': 'in the same folder', 'tree': 'in the folder or one above', '': 'anywhere in the repository'}


class Rule(NamedTuple):
    """One rule with its snippets, before and after being what it reports and what it leaves alone."""

    id: str
    severity: str
    message: str
    why: str
    fix: str
    metadata: Mapping[str, Any]
    ignores: tuple[str, ...]
    before: str
    after: str

    @property
    def prefix(self) -> str:
        """The language, as ids begin with it."""
        return self.id.partition('-')[0]

    @property
    def language(self) -> Language:
        """The language of the prefix; one that is new here goes by its prefix."""
        return LANGUAGES.get(self.prefix, Language(self.prefix, ''))


class Check(NamedTuple):
    """A check: the rules that look for it, the one that speaks for it first in each language."""

    id: str
    gap: str
    rules: list[Rule]

    @property
    def risk(self) -> str:
        """The highest of its rules'."""
        return min((str(rule.metadata.get('risk', 'medium')) for rule in self.rules), key=RISKS.index)

    @property
    def leading(self) -> list[Rule]:
        """The first rule of each language."""
        found: dict[str, Rule] = {}
        for rule in self.rules:
            found.setdefault(rule.prefix, rule)
        return [found[prefix] for prefix in sorted(found, key=[*LANGUAGES, *found].index)]


def pages() -> dict[str, str]:
    """Every file of docs/checks/ by name."""
    checks = _checks()
    return {'README.md': _index(checks), **{f'{check.id}.md': _page(check) for check in checks}}


def _read(path: Path) -> Any:
    loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
    return [document for document in yaml.load_all(path.read_text(encoding='utf-8'), Loader=loader) if document]


def _checks() -> list[Check]:
    (catalogue,) = _read(ROOT / 'hooks' / 'catalogue.yml')
    found = []
    for gap in GAPS:
        rules = [_rule(document, gap) for document in _read(ROOT / 'rules' / f'{gap}.yml')]
        rules += [_in_python(one) for one in _read(ROOT / 'docs' / 'python-checks.yml')[0] if one['gap'] == gap]
        by_check: dict[str, list[Rule]] = {check: [] for check in catalogue.get(gap, ())}
        for rule in sorted(rules, key=lambda one: ('lost' in one.metadata, one.severity != 'error')):
            by_check.setdefault(str(rule.metadata['check']), []).append(rule)
        found += [Check(check, gap, rules) for check, rules in by_check.items() if rules]
    return found


def _rule(document: Mapping[str, Any], gap: str) -> Rule:
    note = dict(line.split(': ', 1) for line in document['note'].strip().splitlines())
    path = ROOT / 'tests' / 'rules' / gap / f'{document["id"]}-test.yml'
    snippets = _read(path)[0] if path.is_file() else {}
    return Rule(
        document['id'],
        document['severity'],
        re.sub(r'\$+[A-Z_0-9]+(\.\$+[A-Z_0-9]+)*', '…', document['message']),
        note.get('Why', ''),
        note.get('Fix', ''),
        document['metadata'],
        tuple(document.get('ignores', ())),
        *_nearest(snippets.get('invalid', ()), snippets.get('valid', ()), note.get('Fix', '')),
    )


def _in_python(one: Mapping[str, Any]) -> Rule:
    metadata = {key: one[key] for key in ('check', 'risk', 'cwe') if key in one}
    after = one['valid'] + (f'\n(and beside it, committed: {one["valid_beside"]})' if 'valid_beside' in one else '')
    return Rule(one['id'], one['severity'], one['message'], one['why'], one['fix'], metadata, (), one['invalid'], after)


def _nearest(invalid: Iterable[str], valid: Iterable[str], fix: str) -> tuple[str, str]:
    """Of the guilty and the innocent snippets the two where the second is most like the first, mended as the rule says."""
    said = set(re.findall(r'\w\w+', fix))

    def mended(pair: tuple[str, str]) -> float:
        one, other = (Counter(re.findall(r'\w+|[^\w\s]', text)) for text in pair)
        new = {word for word in other - one if len(word) > 1}
        alike = 2 * (one & other).total() / (one.total() + other.total() + 1)
        return alike + len(new & said) / (len(new) + 1)

    guilty, innocent = (
        [text.strip('\n') for text in texts if text.count('\n') <= 30 and 'ast-grep-ignore' not in text] for texts in (invalid, valid)
    )
    return max(((one, other) for one in guilty for other in innocent), key=mended, default=('', ''))


def _page(check: Check) -> str:
    parts = [
        f'# {check.id}\n\n<!-- Written by `make docs`: change rules/{check.gap}.yml, its tests or docs/generate.py instead. -->\n',
        f'Gap {GAPS.index(check.gap) + 1}, {check.gap.replace("-", " ")} · risk: {check.risk} · {_verdict(check)}\n',
        '## What it flags\n\n' + ''.join(f'- {rule.language.name}: {_text(rule.message)}.\n' for rule in check.leading),
        '## Why it matters in production\n\n' + ''.join(dict.fromkeys(f'- {_sentence(rule.why)}\n' for rule in check.leading)),
        '## Before and after\n\n' + '\n'.join(_before_and_after(rule) for rule in check.leading if rule.before),
        _excuses(check),
        _let_through(check),
        _left_out(check.id),
        '## Its rules\n\n| rule | verdict | risk | weakness | what it says |\n|---|---|---|---|---|\n' + ''.join(map(_row, check.rules)),
    ]
    return '\n'.join(part for part in parts if part)


def _verdict(check: Check) -> str:
    sure = {rule.prefix: rule.language.name for rule in check.rules if rule.severity == 'error'}
    unsure = {rule.prefix: rule.language.name for rule in check.rules if rule.prefix not in sure}
    told = [f'{word} in {", ".join(names.values())}' for word, names in (('blocks', sure), ('advice', unsure)) if names]
    return '; '.join(told)


def _text(text: str) -> str:
    """A rule's own words as Markdown: outside of code nothing in them is markup."""
    parts = re.split(r'(`[^`]*`)', ' '.join(text.split()))
    plain = re.compile(r'([<>*\[\]|\\]|\b_|_\b)')
    return ''.join(part if re.match('`.', part) else plain.sub(r'\\\1', part) for part in parts).rstrip('.')


def _sentence(text: str) -> str:
    told = _text(text)
    return f'{told[:1].upper()}{told[1:]}.'


def _code(text: str) -> str:
    longest = max((len(run) for run in re.findall('`+', text)), default=0)
    mark = '`' * (longest + 1)
    space = ' ' if text.startswith('`') or text.endswith('`') else ''
    return f'{mark}{space}{text}{space}{mark}'


def _before_and_after(rule: Rule) -> str:
    blocks = [f'{word}\n\n~~~{rule.language.fence}\n{code}\n~~~\n' for word, code in (('Before:', rule.before), ('After:', rule.after))]
    return f'### {rule.language.name}\n\n' + '\n'.join(blocks) + f'\nDo this: {_text(rule.fix)}.\n'


def _excuses(check: Check) -> str:
    lines: dict[str, list[str]] = {'unless': [], 'needs': [], 'lost': []}
    for key, told in lines.items():
        entries = dict.fromkeys(str(entry) for rule in check.rules for entry in rule.metadata.get(key, ()))
        told += dict.fromkeys(f'- {" or ".join(_fact(part, key) for part in entry.split("|"))}\n' for entry in entries)
    ignored = set.intersection(*({*rule.ignores} for rule in check.rules))
    parts = []
    if lines['unless']:
        parts.append('A finding falls where one of these stands, if it is one that its rule asks for:\n\n' + ''.join(lines['unless']))
    if lines['needs']:
        parts.append('Some of its rules speak only where one of these stands:\n\n' + ''.join(lines['needs']))
    if lines['lost']:
        parts.append('Some speak only where the change takes one of these away:\n\n' + ''.join(lines['lost']))
    if ignored:
        parts.append(f'All its rules leave alone: {", ".join(_code(glob) for glob in sorted(ignored))}.\n')
    return '## What excuses it\n\n' + '\n'.join(parts) if parts else ''


def _fact(entry: str, key: str) -> str:
    match = re.fullmatch(r'([\w-]+)(?:@(\w+))?(?:[=~^]\w+)?', entry.strip())
    assert match, entry
    where = '' if key == 'lost' else ', ' + WHERE.get(match[2] or '', 'where the name is defined')
    comments = [_text(c) if not re.search(r'[(=@"{]', c) else _code(c) for c in _facts().get(match[1], ()) if c]
    return f'{_code(match[1])}{where}' + (f': {"; ".join(comments)}' if comments else '')


@cache
def _facts() -> dict[str, list[str]]:
    """What is said of each fact in rules/facts.yml: the comment behind its id, or the one above it."""
    found: dict[str, list[str]] = {}
    for document in re.split(r'^---\s*$', (ROOT / 'rules' / 'facts.yml').read_text(encoding='utf-8'), flags=re.M):
        named = re.search(r'((?:^#.*\n)*)^id: *([\w-]+) *(?:# *(.*))?$', document, re.M)
        if named is None:
            continue
        above = ' '.join(line.lstrip('# ') for line in named[1].splitlines() if '====' not in line)
        made = re.search(r'\bas: *([\w-]+)', document)
        found.setdefault(made[1] if made else named[2], []).append((named[3] or above).strip())
    return found


def _let_through(check: Check) -> str:
    parts = []
    for rule in check.leading:
        if rule.language.comment:
            comment = rule.language.comment.format(f'ast-grep-ignore: {rule.id}')
            parts.append(f'~~~{rule.language.fence}\n{comment}\n~~~\n')
    head = (
        'A comment on its line or the line above, with the id of the rule that spoke:\n\n' if parts else 'Its files have no comments.\n\n'
    )
    return (
        '## To let one through\n\n' + head + '\n'.join(parts) + ('\n' if parts else '') + 'The whole check, in `pyproject.toml`, for the '
        f'repository or for some paths:\n\n~~~toml\n[tool.sixgaps]\ndisable = ["{check.id}"]\n~~~\n'
    )


def _left_out(check: str) -> str:
    lines = (ROOT / 'docs' / 'left-out.md').read_text(encoding='utf-8').splitlines()
    told = [re.sub(r'^- [a-z-]+(?: \([^)]*\))?, ', '- ', line) for line in lines if re.match(rf'- {re.escape(check)}(?: \(|,)', line)]
    return '## What it does not see\n\n' + ''.join(f'{line}\n' for line in told) if told else ''


def _row(rule: Rule) -> str:
    verdict = 'blocks' if rule.severity == 'error' else 'advice'
    message = _text(rule.message).replace('\\|', '|').replace('|', '\\|')
    return f'| `{rule.id}` | {verdict} | {rule.metadata.get("risk", "medium")} | {rule.metadata.get("cwe", "")} | {message} |\n'


def _index(checks: list[Check]) -> str:
    parts = [
        '# The checks\n\n<!-- Written by `make docs`. -->\n',
        f'{len(checks)} checks, {sum(len(check.rules) for check in checks)} rules. A check is a fault; each language has rules of '
        'its own for it. What blocks is meant to be right nine times in ten; the rest is advice. Which findings a commit answers for: '
        '[introduced only](../introduced-only.md). What no look at a change can tell: [left out](../left-out.md).\n\n'
        '[By gap](#by-gap) · [By risk](#by-risk)\n\n## By gap\n',
    ]
    for number, gap in enumerate(GAPS, 1):
        rows = [
            f'| {_link(check)} | {check.risk} | {_verdict(check)} | {_text(check.rules[0].message).replace("|", chr(92) + "|")} |\n'
            for check in checks
            if check.gap == gap
        ]
        if rows:
            head = f'### {number}. {gap.replace("-", " ").capitalize()}\n\n| check | risk | verdict | such as |\n|---|---|---|---|\n'
            parts.append(head + ''.join(rows))
    parts.append('## By risk\n')
    for risk in RISKS:
        named = [_link(check) for check in checks if check.risk == risk]
        if named:
            parts.append(f'**{risk.capitalize()}** ({len(named)}): {", ".join(named)}\n')
    return '\n'.join(parts)


def _link(check: Check) -> str:
    return f'[{check.id}]({check.id}.md)'


def main() -> int:
    """Write the pages, take away those of checks that are gone. Returns 0."""
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for path in FOLDER.glob('*.md'):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding='utf-8', newline='\n')
    print(f'docs/checks: {len(wanted)} files')
    return 0


if __name__ == '__main__':
    sys.exit(main())
