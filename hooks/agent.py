"""An assistant's own hook: the findings of the file it just edited, and no way around the commit's hooks."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from .bypass import bypass
from .engine import git
from .engine.command import run
from .engine.finding import HookError
from .six_gaps import GAPS

_EDITS = ('Write', 'Edit', 'MultiEdit')
_MESSAGES = ('user_message', 'agent_message', 'userMessage', 'agentMessage')  # Cursor 1.7 had them in camel case
_REFUSED = '{what}: the hooks of this repository are not to be passed over. Commit without it, and mend what they report.'


class _NotUnderstood(Exception):
    """The event is not one that this program knows; the text says what it is."""


def main(argv: Sequence[str] | None = None) -> int:
    """Answer the event on standard input. Returns 0 with the answer on standard output, 1 when there is none to give.

    Never 2, which would stop the assistant: what is not understood, or cannot be looked at, is said on standard error.
    """
    parser = argparse.ArgumentParser(
        prog='sixgaps-agent', description="Answer the JSON event of an assistant's hook (Claude Code, Cursor) on standard input."
    )
    parser.parse_args(argv)
    try:
        answer = _answer(_event(sys.stdin.buffer.read()))
    except (_NotUnderstood, HookError) as error:
        print(f'sixgaps-agent: {" ".join(str(error).split())}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    except Exception as error:  # whatever it is, the assistant goes on
        print(f'sixgaps-agent: a fault in sixgaps itself, please report it: {error!r:.200}', file=sys.stderr)
        return 1
    if answer is not None:
        sys.stdout.buffer.write((json.dumps(answer, ensure_ascii=False) + '\n').encode('utf-8', 'replace'))
        sys.stdout.flush()
    return 0


def _event(data: bytes) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except ValueError:
        raise _NotUnderstood('standard input holds no JSON event; an assistant calls this, see docs/assistants.md') from None
    if not isinstance(event, dict) or not isinstance(event.get('hook_event_name'), str):
        raise _NotUnderstood('the event has no hook_event_name; this reads the events of Claude Code and of Cursor')
    return event


def _answer(event: dict[str, Any]) -> dict[str, Any] | None:
    name = event['hook_event_name']
    if name == 'PostToolUse':
        return _edited(event) if event.get('tool_name') in _EDITS else None
    if name == 'PreToolUse':
        what = bypass(_text(_part(event, 'tool_input'), 'command')) if event.get('tool_name') == 'Bash' else None
        decision = {'permissionDecision': 'deny', 'permissionDecisionReason': _REFUSED.format(what=what)}
        return {'hookSpecificOutput': {'hookEventName': name, **decision}} if what else None
    if name == 'beforeShellExecution':
        what = bypass(_text(event, 'command'))
        said = _REFUSED.format(what=what)
        return {'permission': 'deny', **dict.fromkeys(_MESSAGES, said)} if what else {}
    if name == 'afterFileEdit':
        _, report = _findings([_text(event, 'file_path')])
        sys.stderr.buffer.write(report.encode('utf-8', 'replace'))
        return {'additional_context': report} if report else {}
    if name == 'stop':
        return _stopped(event)
    raise _NotUnderstood(f'nothing is done at {name[:60]!r}; see docs/assistants.md for the events that are answered')


def _edited(event: dict[str, Any]) -> dict[str, Any] | None:
    blocks, report = _findings([_text(_part(event, 'tool_input'), 'file_path')], event.get('cwd'))
    if blocks:
        return {'decision': 'block', 'reason': report}
    return {'hookSpecificOutput': {'hookEventName': 'PostToolUse', 'additionalContext': report}} if report else None


def _stopped(event: dict[str, Any]) -> dict[str, Any]:
    """Cursor shows the model nothing of an edit's hook; a message when it stops is sent to it as the next prompt."""
    roots = event.get('workspace_roots')
    if event.get('status') != 'completed' or not isinstance(roots, list) or not roots or not os.path.isdir(str(roots[0])):
        return {}
    os.chdir(str(roots[0]))
    top = git.root()
    if top is None:
        return {}
    os.chdir(top)
    out = git.run('ls-files', '-z', '--modified', '--others', '--exclude-standard')
    if git.commit('HEAD'):
        out += git.run('diff', '--cached', '--name-only', '--no-renames', '-z', 'HEAD', '--')
    names = sorted({os.fsdecode(name) for name in out.split(b'\0') if name})
    blocks, report = _findings([os.path.join(top, name) for name in names if os.path.isfile(name)]) if names else (False, '')
    return {'followup_message': report} if blocks else {}


def _findings(paths: list[str], cwd: object = None) -> tuple[bool, str]:
    """Whether something blocks in what the files have more of than HEAD, and the report of it."""
    if isinstance(cwd, str) and os.path.isdir(cwd):
        os.chdir(cwd)
    paths = [path for path in map(os.path.realpath, paths) if os.path.isfile(path)]
    if not paths:
        return False, ''
    os.chdir(os.path.dirname(paths[0]))
    scope = 'introduced' if git.root() else 'all'
    said, wrong = (io.TextIOWrapper(io.BytesIO(), encoding='utf-8', errors='replace') for _ in range(2))
    with redirect_stdout(said), redirect_stderr(wrong):
        status = run(GAPS, ['--scope', scope, '--format', 'text', '--no-color', '--', *paths], 'sixgaps')
    report, errors = (_written(stream) for stream in (said, wrong))
    if status == 2:
        raise HookError(errors.partition('\n')[0].removeprefix('sixgaps: ') or 'the file could not be looked at')
    # How to let a finding through is for people to know.
    kept = [line for line in report.splitlines(True) if not line.startswith('To let one through')]
    return status == 1, ''.join(kept).strip()


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode('utf-8', 'replace')


def _part(event: dict[str, Any], key: str) -> dict[str, Any]:
    part = event.get(key)
    if not isinstance(part, dict):
        raise _NotUnderstood(f'the event {event["hook_event_name"][:60]} has no {key}')
    return part


def _text(event: dict[str, Any], key: str) -> str:
    text = event.get(key)
    if not isinstance(text, str):
        raise _NotUnderstood(f'the event has no {key}')
    return text


if __name__ == '__main__':
    raise SystemExit(main())
