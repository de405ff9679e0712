"""Assistants' own hooks: events as their documentation shows them, the answer each tool reads, and commits past the hooks."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from conftest import FAULT, SCRIPTS, Repo
from sixgaps.bypass import bypass

CLAUDE = {'session_id': 'abc123', 'transcript_path': '/tmp/t.jsonl', 'permission_mode': 'default'}
CURSOR = {'conversation_id': '668', 'generation_id': '490', 'model': 'x', 'cursor_version': '2.0.77', 'user_email': 'a@example.com'}


def claude(repo: Repo, name: str, tool: str, **tool_input: object) -> dict[str, Any]:
    return {
        **CLAUDE,
        'cwd': str(repo.path),
        'hook_event_name': name,
        'tool_name': tool,
        'tool_input': tool_input,
        'tool_use_id': 'toolu_01',
    }


def cursor(repo: Repo, name: str, **fields: object) -> dict[str, Any]:
    return {**CURSOR, 'hook_event_name': name, 'workspace_roots': [str(repo.path)], **fields}


def answer(repo: Repo, event: object) -> tuple[int, Any, str]:
    text = event if isinstance(event, str) else json.dumps(event)
    command = (str(SCRIPTS / 'sixgaps-agent'),)
    done = subprocess.run(command, input=text, cwd='/', env=repo.env, capture_output=True, text=True)
    assert ('Traceback' not in done.stderr and len(done.stderr.splitlines()) <= 1) or done.returncode == 0
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


@pytest.mark.parametrize(
    ('tool', 'edit'),
    [
        ('Write', {'content': FAULT}),
        ('MultiEdit', {'edits': [{'old_string': 'f', 'new_string': 'g'}]}),
    ],
)
def test_claude_is_told_what_its_edit_introduced(repo: Repo, tool: str, edit: dict[str, object]) -> None:
    repo.save(a='eval(old)\n')
    repo.write('a.py', 'eval(old)\n' + FAULT)
    event = claude(repo, 'PostToolUse', tool, file_path=str(repo.path / 'a.py'), **edit)
    status, said, err = answer(repo, {**event, 'tool_response': {'success': True}})
    assert (status, said['decision'], err) == (0, 'block', '')
    assert 'a.py:3:12: error: ' in said['reason'] and '    fix: ' in said['reason']
    assert 'eval(old)' not in said['reason'] and 'ast-grep-ignore' not in said['reason']


def test_claude_is_given_advice_that_does_not_block(repo: Repo) -> None:
    repo.write('Dockerfile', 'FROM python:3.12.4\nCMD npm start\n')
    _, said, _ = answer(repo, claude(repo, 'PostToolUse', 'Write', file_path=str(repo.path / 'Dockerfile'), content=''))
    assert 'decision' not in said
    assert said['hookSpecificOutput']['hookEventName'] == 'PostToolUse'
    assert 'advice: ' in said['hookSpecificOutput']['additionalContext']


def test_nothing_is_said_of_what_is_in_order(repo: Repo) -> None:
    repo.save(a=FAULT)
    path = str(repo.path / 'a.py')
    assert answer(repo, claude(repo, 'PostToolUse', 'Edit', file_path=path)) == (0, None, '')
    assert answer(repo, claude(repo, 'PostToolUse', 'Write', file_path=str(repo.path / 'gone.py'))) == (0, None, '')
    assert answer(repo, claude(repo, 'PostToolUse', 'Bash', command='ls')) == (0, None, '')
    assert answer(repo, claude(repo, 'PreToolUse', 'Bash', command='git commit -m "no --verify"')) == (0, None, '')
    assert answer(repo, cursor(repo, 'afterFileEdit', file_path=path, edits=[])) == (0, {}, '')
    assert answer(repo, cursor(repo, 'beforeShellExecution', command='git status', cwd='')) == (0, {}, '')


def test_a_commit_past_the_hooks_is_refused_as_each_tool_reads_it(repo: Repo) -> None:
    command = 'git add -A && git commit --no-verify -m "Demo"'
    status, said, _ = answer(repo, claude(repo, 'PreToolUse', 'Bash', command=command, description='Commit'))
    decision = said['hookSpecificOutput']
    assert (status, decision['hookEventName'], decision['permissionDecision']) == (0, 'PreToolUse', 'deny')
    assert decision['permissionDecisionReason'].startswith('`git commit --no-verify`: ')
    status, said, _ = answer(repo, cursor(repo, 'beforeShellExecution', command=command, cwd=str(repo.path)))
    assert (status, said['permission']) == (0, 'deny')
    assert said['user_message'] == said['agent_message'] == said['userMessage'] == said['agentMessage']


def test_cursor_hears_of_an_edit_and_the_model_when_it_stops(repo: Repo) -> None:
    repo.save(old=FAULT)
    repo.write('app/a.py', FAULT)
    path = str(repo.path / 'app' / 'a.py')
    status, said, err = answer(repo, cursor(repo, 'afterFileEdit', file_path=path, edits=[{'old_string': '', 'new_string': FAULT}]))
    assert status == 0 and 'app/a.py:2:12: error' in said['additional_context'] and 'app/a.py:2:12: error' in err
    status, said, _ = answer(repo, cursor(repo, 'stop', status='completed', loop_count=0))
    assert status == 0 and 'app/a.py:2:12: error' in said['followup_message'] and 'old.py' not in said['followup_message']
    assert answer(repo, cursor(repo, 'stop', status='aborted', loop_count=0))[1] == {}


@pytest.mark.parametrize(
    ('event', 'said'),
    [
        ('', 'no JSON event'),
        ('\x00{', 'no JSON event'),
        ('[1]', 'no hook_event_name'),
        ({'hook_event_name': 7}, 'no hook_event_name'),
        ({'hook_event_name': 'SessionStart\n'}, "nothing is done at 'SessionStart"),
        ({'hook_event_name': 'PostToolUse', 'tool_name': 'Write'}, 'has no tool_input'),
        ({'hook_event_name': 'PreToolUse', 'tool_name': 'Bash', 'tool_input': {'command': ['ls']}}, 'has no command'),
        ({'hook_event_name': 'afterFileEdit'}, 'has no file_path'),
    ],
)
def test_what_is_not_understood_is_said_and_stops_nobody(repo: Repo, event: object, said: str) -> None:
    status, answered, err = answer(repo, event)
    assert status == 1 and answered is None  # 2 would block
    assert said in err and len(err.splitlines()) == 1


def test_a_hook_that_cannot_look_says_so_and_stops_nobody(repo: Repo) -> None:
    repo.write('a.py', FAULT)
    lone = Repo(repo.path)
    lone.env['PATH'] = str(repo.path)
    status, answered, err = answer(lone, claude(repo, 'PostToolUse', 'Write', file_path=str(repo.path / 'a.py')))
    assert status == 1 and answered is None and err == 'sixgaps-agent: git is not on PATH; install git, or put it on PATH\n'


@pytest.mark.parametrize(
    'command',
    [
        'git commit --no-verify -m x',
        'git commit -n -m x',
        'git commit -anm "x"',
        'git commit -m x --no-verif',
        "git commit -m 'it is; done' -n",
        'git commit -m ";" --no-verify',
        'cd app && git add . && git commit -m "x" --no-verify',
        'git -C app --no-pager commit -qnm x',
        'git push --no-verify',
        'git merge --no-verify other',
        'git -c core.hooksPath=/dev/null commit -m x',
        'git -c CORE.HOOKSPATH= commit -m x',
        'git --config-env=core.hooksPath=EMPTY commit',
        'git -c alias.ci="commit --no-verify" ci -m x',
        "git -c alias.ci='!git commit -n' ci",
        'GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev/null git commit -m x',
        'git config core.hooksPath /dev/null && git commit -m x',
        'HUSKY=0 git commit -m x',
        'export HUSKY=0; git commit -m x',
        'env HUSKY=0 git commit -m x',
        'env -u FOO SKIP=six-gaps git commit -m x',
        'SKIP=six-gaps git commit -m x',
        'PRE_COMMIT_ALLOW_NO_CONFIG=1 git commit -m x',
        'LEFTHOOK=0 git commit -m x',
        'PREK_SKIP=six-gaps git commit',
        '/usr/bin/git commit -n',
        'sudo git commit --no-verify',
        'bash -c "git commit --no-verify -m x"',
        "HUSKY=0 sh -lc 'git commit -m x'",
        "eval 'git commit -n'",
        'if true; then git commit -n; fi',
        '(git commit -n)',
        '{ git commit -n; }',
        'echo "$(git commit -n -m x)"',
        'x=`git commit -n`',
        'git commit \\\n  --no-verify -m x',
        'git commit -m x # why\ngit commit -n',
        'git commit -m "$(cat <<\'EOF\'\nIt\'s "done"\nEOF\n)" --no-verify',
        'bash <<EOF\ngit commit --no-verify\nEOF',
        'rm .git/hooks/pre-commit && git commit -m x',
    ],
)
def test_a_disguise_is_seen_through(command: str) -> None:
    assert bypass(command)


@pytest.mark.parametrize(
    'command',
    [
        'git commit -m "no --verify"',
        'git commit -m "--no-verify"',
        'git commit -m --no-verify',
        'git commit --message --no-verify',
        'git commit -amn',
        'git commit -m "never pass --no-verify; git commit -n"',
        'git commit -m "$(cat <<\'EOF\'\nForbid `git commit --no-verify` (it\'s "wrong"; git commit -n)\nEOF\n)"',
        'git commit --no-verify --verify -m x',
        'git commit -- --no-verify',
        'git commit --no-edit --amend',
        'git commit -Sn -m x',
        'git commit -m x # not --no-verify',
        'git push -n',
        'git merge -n other',
        'git cherry-pick -n abc',
        'git log -n 5 && git commit -m x',
        'grep -rn -- --no-verify . ; git commit -m x',
        'echo git commit --no-verify',
        'echo "git commit --no-verify" > notes.txt',
        'cat > notes.md <<EOF\ngit commit --no-verify\nEOF',
        'HUSKY=1 git commit -m x',
        'SKIP= git commit -m x',
        'SKIP=1 make test && git commit -m x',
        'HUSKY=0 npm ci',
        'git config core.hooksPath .husky',
        'git config --get core.hooksPath',
        'git -c user.name=me commit -m x',
        'git commit -m "unclosed',
        'ls .git/hooks/pre-commit',
        '',
    ],
)
def test_an_innocent_command_goes_through(command: str) -> None:
    assert bypass(command) is None
