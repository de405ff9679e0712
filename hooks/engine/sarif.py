"""SARIF 2.1.0: what code scanning services and editors read."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import quote

from .finding import REPOSITORY, Finding, mask
from .report import clean
from .rules import Document, every_rule, metadata, unfilled

SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'
# Code scanning reads a number: over 9 is critical, from 7 high, from 4 medium, below low.
_SECURITY_SEVERITY = {'critical': '9.5', 'high': '8.0', 'medium': '5.5', 'low': '2.5'}
_LINK = re.compile(r'\[([^\]]*)\](?=\()')


def as_sarif(
    findings: Sequence[Finding], suppressed: Sequence[Finding], passed_over: Mapping[str, str], strict: bool, whole: bool = True
) -> str:
    """One run. `suppressed` were found too, and a comment in the source lets them through.

    `passed_over` says of each file that was not read why; `whole`: the run did its work all the same.
    """
    every = [*findings, *suppressed]
    named = {document.id: document for document in every_rule()}
    first = {finding.rule: finding for finding in reversed(every)}
    cwe = {rule: str(metadata(named[rule]).get('cwe', '')) if rule in named else '' for rule in first}
    rules = [_rule(finding, named.get(rule), cwe[rule]) for rule, finding in sorted(first.items())]
    number = {rule['id']: place for place, rule in enumerate(rules)}
    prints = _fingerprints(every, cwe)
    results = [_result(finding, number[finding.rule], prints[place], strict) for place, finding in enumerate(every)]
    for result in results[len(findings) :]:
        result['suppressions'] = [{'kind': 'inSource', 'status': 'accepted'}]
    driver = {'name': 'sixgaps', 'informationUri': REPOSITORY, **_version(), 'rules': rules}
    run = {
        'tool': {'driver': driver},
        'columnKind': 'unicodeCodePoints',
        'invocations': [{'executionSuccessful': whole, 'toolExecutionNotifications': [_not_read(*one) for one in passed_over.items()]}],
        'results': results,
    }
    return json.dumps({'$schema': SCHEMA, 'version': '2.1.0', 'runs': [run]}, indent=1) + '\n'


def _version() -> dict[str, str]:
    try:
        return {'version': version('sixgaps')}
    except PackageNotFoundError:
        return {}


def _rule(finding: Finding, document: Document | None, cwe: str) -> dict[str, Any]:
    """What a service shows of a rule; a check in Python has no document, and its first finding speaks for it."""
    title = unfilled(document) if document else finding.message
    severity = 'error' if document is None or re.search(r'^severity: *["\']?error', document.text, re.M) else 'warning'
    comment = f'ast-grep-ignore: {finding.rule}'
    plain = f'{title}\nWhy: {finding.why}\nFix: {finding.fix_hint}\nTo let one through, write in a comment above its line: {comment}'
    shown = (
        f'{title}\n\n**Why it breaks in production:** {finding.why}\n\n**Do this instead:** {finding.fix_hint}\n\n'
        f'To let one through, write in a comment above its line: `{comment}`.\n\n[{finding.check}]({finding.url})'
    )
    return {
        'id': finding.rule,
        'name': finding.check,
        'shortDescription': {'text': title},
        'fullDescription': {'text': f'{title}: {finding.why}'},
        'help': {'text': plain, 'markdown': shown},
        'helpUri': finding.url,
        'defaultConfiguration': {'level': severity},
        'properties': {
            'security-severity': _SECURITY_SEVERITY.get(finding.risk, _SECURITY_SEVERITY['medium']),
            'precision': 'high' if severity == 'error' else 'medium',
            'tags': ['security', finding.check, *([f'external/cwe/{cwe.lower()}'] if cwe else [])],
        },
    }


def _result(finding: Finding, number: int, fingerprint: str, strict: bool) -> dict[str, Any]:
    message = f'{finding.message}\nWhy: {finding.why}\nFix: {finding.fix_hint}'
    return {
        'ruleId': finding.rule,
        'ruleIndex': number,
        'level': 'error' if strict or finding.severity == 'error' else 'warning',
        'message': {'text': clean(_LINK.sub(r'\\[\1\\]', message))},  # in a message [a](b) would be a link
        'locations': [
            {
                'physicalLocation': {
                    'artifactLocation': _artifact(finding.path),
                    'region': {
                        'startLine': finding.line,
                        'startColumn': finding.column,
                        'endLine': finding.end_line,
                        'endColumn': finding.end_column,
                        'snippet': {'text': clean(finding.snippet)},
                    },
                }
            }
        ],
        # The second is the only one that code scanning looks at when a report is sent to it without its own action.
        'partialFingerprints': {'sixgapsIdentity/v1': fingerprint, 'primaryLocationLineHash': fingerprint},
        'properties': {'check': finding.check, 'gap': finding.gap, 'risk': finding.risk},
    }


def _fingerprints(findings: Sequence[Finding], cwe: Mapping[str, str]) -> list[str]:
    """For each finding what stays the same while lines move: its identity, secrets masked, and its number among its like in the file."""
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for place, finding in sorted(enumerate(findings), key=lambda one: (one[1].path, one[1].line, one[1].column)):
        rule, message, text = finding.identity
        digest = hashlib.sha256('\0'.join((rule, message, mask(text, cwe[rule]))).encode('utf-8', 'surrogateescape')).hexdigest()[:32]
        seen[finding.path, digest] += 1
        found[place] = f'{digest}:{seen[finding.path, digest]}'
    return [found[place] for place in range(len(findings))]


def _artifact(path: str) -> dict[str, str]:
    return {'uri': quote(os.fsencode(path)), 'uriBaseId': '%SRCROOT%'}


def _not_read(path: str, reason: str) -> dict[str, Any]:
    place = {'physicalLocation': {'artifactLocation': _artifact(path)}}
    return {'level': 'warning', 'message': {'text': f'not scanned: {clean(path)}: {reason}'}, 'locations': [place]}
