"""What the evidence makes of a check: pass, partial, fail or not applicable, and the places that decided it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..engine.finding import Finding
from .checks import RUNS, Check, Sign
from .repository import Evidence, Repository

VERDICTS = ('pass', 'partial', 'fail', 'not applicable')
_SAMPLE = 5  # places of many that stand for a pass
_FEW = 0.02  # the share of places up to which advice alone is no reason for less than a pass


@dataclass(frozen=True)
class Verdict:
    """The answer to one check: `reason` is a sentence, `evidence` the places that decided.

    Where an absence decided there may be no place; the reason says then where was looked.
    """

    check: Check
    verdict: str
    reason: str
    evidence: tuple[Evidence, ...]


def decide(check: Check, repository: Repository) -> Verdict:
    """The verdict on one check."""
    asked = _asked(check, repository)
    if isinstance(asked, str):
        return Verdict(check, 'not applicable', asked, ())
    against = _against(check, repository)
    proof = check.proof
    if proof is None:
        return _unproved(check, repository, against)
    places = repository.places(proof)
    if not places:
        # Findings beside an absence say where the lack is felt.
        return Verdict(check, 'fail', f'no {_bare(proof.what)}: {_looked(proof, repository)}', tuple(against[0]))
    lacking = _lacking(check, asked, places, repository) if check.by_service else []
    if lacking:
        names = ', '.join(folder or 'the top folder' for folder in lacking)
        return Verdict(check, 'partial', f'{proof.what}, but not in {names}', tuple(places[:_SAMPLE] + against[0]))
    if check.enough:
        among = len(repository.named(check.of))
        if len(places) < check.enough * among:
            reason = f'{_count(len(places), proof.what)} for {among} places, fewer than one for every {round(1 / check.enough)}'
            return Verdict(check, 'partial', reason, tuple(places[:_SAMPLE]))
    if against[0]:
        return _weighed(check, repository, against, places)
    return Verdict(check, 'pass', f'{proof.what} at {_count(len(places), "places")}', tuple(places[:_SAMPLE]))


def _asked(check: Check, repository: Repository) -> list[list[Evidence]] | str:
    """The places by which a check applies, one list for each sign it needs; or why it does not."""
    found = []
    for alternatives in check.applies:
        places = [place for name in alternatives for place in repository.named(name)]
        if not places:
            what = ' or '.join(repository.sign(name).what for name in alternatives)
            return f'no sign of {what} in {_count(len(repository.paths), "files")}'
        found.append(places)
    return found


def _against(check: Check, repository: Repository) -> tuple[list[Evidence], bool]:
    """The places that speak against a check, and whether any of them is more than advice."""
    if check.disproof is None:
        return [], False
    findings: Sequence[Finding] = repository.findings(check.disproof.checks)
    files = repository.places(Sign('', files=check.disproof.files)) if check.disproof.files else []
    places = [Evidence(f.path, f.line, f.message) for f in findings] + files
    return places, bool(files) or any(finding.severity == 'error' for finding in findings)


def _unproved(check: Check, repository: Repository, against: tuple[list[Evidence], bool]) -> Verdict:
    """A check that only findings speak against: it passes by the places where they could have stood and do not."""
    assert check.disproof is not None
    places = repository.named(check.disproof.of)
    if against[0]:
        return _weighed(check, repository, against, [])
    if not places:
        return Verdict(check, 'not applicable', f'there are no {repository.sign(check.disproof.of).what} it could be asked of', ())
    what = repository.sign(check.disproof.of).what
    return Verdict(check, 'pass', f'{what}: {len(places)} looked at, nothing found', tuple(places[:_SAMPLE]))


def _weighed(check: Check, repository: Repository, against: tuple[list[Evidence], bool], places: Sequence[Evidence]) -> Verdict:
    assert check.disproof is not None
    found, sure = against
    sign = repository.sign(check.disproof.of)
    among = max(len(repository.named(check.disproof.of)), len(found))
    share = len(found) / among
    reason = f'{_count(len(found), "findings")} for {_count(among, "places")} ({sign.what}), {share:.1%}'
    if sure:
        verdict = 'fail' if share > check.disproof.partial else 'partial'
    else:
        verdict, reason = 'pass' if share <= _FEW else 'partial', f'{reason}; advice only'
    return Verdict(check, verdict, reason, tuple(found) + tuple(places[:_SAMPLE]))


def _lacking(check: Check, asked: list[list[Evidence]], places: Sequence[Evidence], repository: Repository) -> list[str]:
    """The services a check applies to that have no proof of their own, where none stands in code that they share."""
    by_sign = [{repository.service_of(place.path) for place in found} for found in asked]
    running = {repository.service_of(place.path) for place in repository.named(RUNS)}
    services = set.intersection(running, *by_sign)
    proved = {repository.service_of(place.path) for place in places}
    if len(services) < 2 or proved - services:
        return []
    # A service below the folder of another one is a part of it, and has what it has; the top folder is no such service.
    return sorted(one for one in services if not any(one == other or (other and one.startswith(f'{other}/')) for other in proved))


def _looked(sign: Sign, repository: Repository) -> str:
    """Where a sign was looked for, in words."""
    every = [sign, *(repository.sign(name) for name in sign.signs)]
    parts = []
    for kind, names in (
        ('dependencies', [name for one in every for name in one.dependencies]),
        ('files', [name for one in every for name in one.files]),
        ('lines of', [glob for one in every for glob, _ in one.text]),
        ('code', [name for one in every for name in one.facts]),
    ):
        names = list(dict.fromkeys(names))
        if names:
            more = f' and {len(names) - 4} more' if len(names) > 4 else ''
            parts.append(f'{kind} {", ".join(names[:4])}{more}')
    return f'looked in {_count(len(repository.paths), "files")} for {"; ".join(parts)}'


def _bare(what: str) -> str:
    """A noun without its article."""
    return what.removeprefix('a ').removeprefix('an ')


def _count(number: int, what: str) -> str:
    return f'{number:,} {what[:-1] if number == 1 and what.endswith("s") else what}'
