"""Gap 2: who may do what is not asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from .engine.command import Extra, Gap, run
from .engine.finding import Finding, Place

_TABLE = 'sql-table-without-row-level-security'
_POLICY = 'sql-policy-open-to-all'
_CHECK = 'table-without-row-level-security'
_WHY_TABLE = 'the public key is in every browser, and with it anyone reads, changes and deletes all rows over the REST API.'
_WHY_POLICY = 'a condition that is always true gives the rows to whoever holds the public key, or any account.'
_STATEMENT = re.compile(r'\b(table|policy)\b', re.I)


def _is_sql(path: str) -> bool:
    """SQL, and what tells that browsers reach the database: a manifest, Supabase's or PostgREST's configuration."""
    return path.endswith('.sql') or path.endswith(('supabase/config.toml', 'postgrest.conf')) or path.rpartition('/')[2] == 'package.json'


def _open_to_all(path: str, text: str, others: Callable[[], Mapping[str, str]]) -> list[Finding]:
    if not path.endswith('.sql') or not _STATEMENT.search(text):
        return []
    from .row_security import open_to_all  # sqlglot takes longer to import than a clean run takes: only for SQL

    found = []
    for place in open_to_all(path, text, others()):
        if place.unread:
            message = 'this statement cannot be read, so nobody knows which rows it opens'
            fix = 'close its quote, or write it as PostgreSQL reads it.'
        elif place.policy:
            message = f'the policy "{place.policy}" lets anyone {_DOES.get(place.does, place.does)} every row of {place.table}'
            fix = f'using ((select auth.uid()) = user_id){" with check ((select auth.uid()) = user_id)" if place.does != "delete" else ""}.'
            fix = 'with check ((select auth.uid()) = user_id).' if place.does == 'insert' else fix
        else:
            message = f'the table {place.table} has no row level security'
            fix = (
                f'alter table {place.table} enable row level security; then a policy for each thing that users may do, '
                'such as using ((select auth.uid()) = user_id).'
            )
        found.append(
            Finding.placed(
                Place(path, *place[1:5]),
                text,
                gap=2,
                check=_CHECK,
                rule=_POLICY if place.policy else _TABLE,
                severity='error' if place.sure else 'warning',
                risk='critical' if place.sure else 'medium',
                message=message,
                why=_WHY_POLICY if place.policy else _WHY_TABLE,
                fix_hint=fix,
                text=f'{place.table} {place.policy}',
            )
        )
    return found


_DOES = {'all': 'read, change and delete', 'insert': 'add'}
_ROWS = Extra({_TABLE: _CHECK, _POLICY: _CHECK}, _is_sql, _open_to_all)
GAP = Gap(2, 'authorization', (_ROWS,))


def main(argv: Sequence[str] | None = None) -> int:
    """Look at the files in argv. Returns 0, 1 when something blocks, 2 when the hook could not do its work."""
    return run([GAP], argv, 'sixgaps-authorization')


if __name__ == '__main__':
    raise SystemExit(main())
