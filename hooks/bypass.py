"""Whether a shell command commits past the hooks: the commands it holds are taken apart as a shell does."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator

# Commands that run hooks and know --no-verify; only `commit` calls it -n.
_RUN_HOOKS = frozenset(('commit', 'merge', 'push', 'rebase', 'am', 'pull'))
_NO_VERIFY = '--no-verify'
_LEADING = frozenset(
    ('{', '!', 'if', 'then', 'else', 'elif', 'do', 'while', 'until', 'time', 'command', 'builtin', 'exec', 'nohup', 'sudo')
)
_SHELLS = frozenset(('sh', 'bash', 'dash', 'zsh', 'ksh'))
_ASSIGNMENT = re.compile(r'([A-Za-z_]\w*)=(.*)', re.S)
_HERE = re.compile(r'<<-?[ \t]*(["\']?)(\w+)\1')
# Variables with which a hook runner stays out of the way, and the values that do nothing.
_SWITCHES: dict[str, Callable[[str], bool]] = {
    'HUSKY': lambda value: value == '0',
    'HUSKY_SKIP_HOOKS': lambda value: value not in ('', '0', 'false'),
    'SKIP': bool,
    'PREK_SKIP': bool,
    'PRE_COMMIT_ALLOW_NO_CONFIG': bool,
    'LEFTHOOK': lambda value: value.lower() in ('0', 'false'),
    'LEFTHOOK_EXCLUDE': bool,
}
# Options whose value is the next word: what stands there is no option.
_GLOBAL_VALUES = frozenset(('-c', '-C', '--git-dir', '--work-tree', '--namespace', '--config-env', '--super-prefix'))
_SHORT_VALUES = {'commit': 'CcFmt', 'merge': 'Fmxs', 'push': 'o', 'rebase': 'sxCX', 'am': 'CpS', 'pull': 'sX'}
_LONG_VALUES = [
    '--message',
    '--file',
    '--author',
    '--date',
    '--template',
    '--reuse-message',
    '--reedit-message',
    '--fixup',
    '--squash',
    '--cleanup',
    '--trailer',
    '--pathspec-from-file',
    '--strategy',
    '--strategy-option',
    '--exec',
    '--onto',
    '--push-option',
    '--repo',
    '--receive-pack',
]


def bypass(command: str) -> str | None:
    """What in a shell command passes over the hooks of a commit, None where nothing does."""
    exported: dict[str, str] = {}
    for text in _commands(_without_documents(command)):
        what = _one(_words(text), exported)
        if what:
            return what
    for line, document in _documents(command):
        if any(os.path.basename(word) in _SHELLS for word in _words(line.partition('<<')[0])):
            what = bypass(document)
            if what:
                return what
    return None


def _one(words: list[str], exported: dict[str, str]) -> str | None:
    """The same of one simple command."""
    variables = dict(exported)
    while words:
        assigned = _ASSIGNMENT.fullmatch(words[0])
        if assigned:
            variables[assigned[1]] = assigned[2]
        elif os.path.basename(words[0]) == 'env':
            while len(words) > 1 and words[1].startswith('-'):
                del words[1 : 3 if words[1] in ('-u', '-C', '--unset', '--chdir') else 2]
        elif words[0] not in _LEADING:
            break
        del words[0]
    if not words:
        return None
    name = os.path.basename(words[0])
    if name == 'export':
        exported.update((found[1], found[2]) for found in map(_ASSIGNMENT.fullmatch, words[1:]) if found)
    elif name == 'git':
        return _git(words[1:], variables)
    elif name == 'eval':
        return _inner(' '.join(words[1:]), variables)
    elif name in _SHELLS:
        for number, word in enumerate(words[1:-1], 1):
            if re.fullmatch(r'-[a-z]*c', word):
                return _inner(words[number + 1], variables)
    elif name in ('rm', 'unlink', 'mv', 'chmod') and any(re.search(r'\.git/hooks/(pre-commit|commit-msg)$', word) for word in words[1:]):
        return f'`{name}` on the hook itself'
    return None


def _inner(command: str, variables: dict[str, str]) -> str | None:
    return bypass(''.join(f'export {name}={shlex.quote(value)}; ' for name, value in variables.items()) + command)


def _git(words: list[str], variables: dict[str, str]) -> str | None:
    settings: list[str] = []
    while words and words[0].startswith('-'):
        option = words.pop(0)
        if option.startswith('--config-env='):
            settings.append(option.partition('=')[2])
        elif option in _GLOBAL_VALUES and words:
            settings.append(words.pop(0))
    if not words:
        return None
    command, rest = words[0], words[1:]
    for setting in settings:
        key, _, value = setting.partition('=')
        if key.lower() == f'alias.{command.lower()}':
            inner = value[1:] if value.startswith('!') else f'git {value}'
            return bypass(f'{inner} {shlex.join(rest)}')
    if command == 'config':
        names = [word for word in rest if not word.startswith('-')]
        if names[:1] == ['set']:
            del names[0]
        if len(names) > 1 and names[0].lower() == 'core.hookspath' and names[1] in ('', '/dev/null'):
            return '`git config core.hooksPath`'
        return None
    if command not in _RUN_HOOKS:
        return None
    named = [value.lower() for key, value in variables.items() if key.startswith(('GIT_CONFIG_KEY_', 'GIT_CONFIG_PARAMETERS'))]
    if any('core.hookspath' in value.lower() for value in (*named, *(setting.partition('=')[0] for setting in settings))):
        return '`core.hooksPath`'
    for variable, stops in _SWITCHES.items():
        if variable in variables and stops(variables[variable]):
            return f'`{variable}={variables[variable][:40]}`'
    return _option(command, rest)


def _option(command: str, words: list[str]) -> str | None:
    found = None
    waiting = iter(words)
    for word in waiting:
        if word == '--':
            break
        if word.startswith('--'):
            if len(word) > len('--no-ver') and _NO_VERIFY.startswith(word):
                found = f'`git {command} {word}`'
            elif word == '--verify':
                found = None
            elif '=' not in word and len(word) > 3 and any(option.startswith(word) for option in _LONG_VALUES):
                next(waiting, None)
        elif word.startswith('-'):
            for place, letter in enumerate(word[1:], 2):
                if letter == 'n' and command == 'commit':
                    found = f'`git commit {word}`'
                elif letter in _SHORT_VALUES[command]:
                    if place == len(word):
                        next(waiting, None)
                    break
                elif letter in 'Su':  # its value, if it has one, is joined to it
                    break
    return found


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote that is not closed
        return text.split()


def _documents(command: str) -> Iterator[tuple[str, str]]:
    """The lines that a here-document follows, each with its text."""
    lines = command.split('\n')
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        for _, end in _HERE.findall(line):
            start = at
            while at < len(lines) and lines[at].strip() != end:
                at += 1
            yield line, '\n'.join(lines[start:at])
            at += 1


def _without_documents(command: str) -> str:
    for _, text in _documents(command):
        if text:
            command = command.replace(f'\n{text}\n', '\n', 1)
    return command


def _commands(text: str) -> list[str]:
    """The simple commands of a shell text, those in `$(…)` too, cut where no quote holds them together."""
    found: list[str] = []
    now, quote, at = '', '', 0
    while at < len(text):
        letter = text[at]
        if quote == "'":
            quote = '' if letter == "'" else quote
            now += letter
        elif letter == '\\':
            now += '' if text[at : at + 2] == '\\\n' else text[at : at + 2]
            at += 1
        elif quote == '"' and (text.startswith('$(', at) or letter == '`'):
            start = at + (1 if letter == '`' else 2)
            end = text.find('`', start) if letter == '`' else _closing(text, start)
            end = len(text) if end < 0 else end
            found += _commands(text[start:end])
            now += '_'
            at = end
        elif quote == '"':
            quote = '' if letter == '"' else quote
            now += letter
        elif letter in '\'"':
            quote = letter
            now += letter
        elif letter == '#' and (not now or now[-1].isspace()):
            at = text.find('\n', at)
            if at < 0:
                break
            continue
        elif letter in ';|&()`\n':
            found.append(now)
            now = ''
        else:
            now += letter
        at += 1
    found.append(now)
    return [command for command in found if command.strip()]


def _closing(text: str, at: int) -> int:
    """Where the parenthesis that was opened before `at` ends, -1 when it does not."""
    depth, quote = 1, ''
    while at < len(text):
        letter = text[at]
        if letter == '\\' and quote != "'":
            at += 1
        elif quote:
            quote = '' if letter == quote else quote
        elif letter in '\'"':
            quote = letter
        elif letter in '()':
            depth += 1 if letter == '(' else -1
            if depth == 0:
                return at
        at += 1
    return -1
