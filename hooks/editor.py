"""The rules as an editor shows them: the configuration of `ast-grep lsp`."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from .engine.finding import HookError
from .engine.rules import Document, documents, joined
from .engine.scan import binary, configure
from .six_gaps import GAPS

_OURS = '# written by sixgaps-editor'
# What these say, ast-grep alone cannot know: what stands elsewhere, what the change took away, the places of another rule.
_ASKS_MORE = re.compile(r'\b(needs|unless|lost|each|except): ')
_MEND = re.compile(r'^(fix|transform|constraints):.*\n?(^[ ].*\n?)*', re.M)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the configuration into a folder, print how the language server is started. Returns 0, or 2 when it could not."""
    parser = argparse.ArgumentParser(
        prog='sixgaps-editor',
        description='Write the configuration of `ast-grep lsp` into a folder, and print as JSON the command that an editor starts.',
    )
    parser.add_argument('folder', type=Path, metavar='FOLDER', help='a new folder, or one that this command has written before')
    folder: Path = parser.parse_args(argv).folder.absolute()
    try:
        _write(folder)
        command = {'command': binary(), 'args': ['lsp', '--config', str(folder / 'sgconfig.yml')]}
    except (HookError, OSError) as error:
        print(f'sixgaps-editor: {" ".join(str(error).split())}', file=sys.stderr)
        return 2
    print(json.dumps(command, indent=1))
    return 0


def _write(folder: Path) -> None:
    config = folder / 'sgconfig.yml'
    if folder.exists() and not (config.is_file() and config.read_text(encoding='utf-8', errors='replace').startswith(_OURS)):
        if not folder.is_dir() or any(folder.iterdir()):
            raise HookError(f'{folder} holds something else; name a new folder')
    elif folder.exists():
        shutil.rmtree(folder / 'utils', ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    configure(folder, joined(_alone(document) for gap in GAPS for document in documents(gap.name) if _stands_alone(document)))
    (folder / 'rules').mkdir(exist_ok=True)
    (folder / 'rules.yml').replace(folder / 'rules' / 'rules.yml')
    config.write_text(f'{_OURS}\n' + config.read_text(encoding='utf-8').replace('ruleDirs: []', 'ruleDirs: [rules]'), encoding='utf-8')


def _stands_alone(document: Document) -> bool:
    metadata = re.search(r'^metadata:.*\n(^[ ].*\n)*', document.text, re.M)
    return metadata is None or not _ASKS_MORE.search(metadata[0])


def _alone(document: Document) -> Document:
    """The rule without its fix: ast-grep indents some lines of a fix once more, and an editor would keep them so."""
    return document._replace(text=_MEND.sub('', document.text))


if __name__ == '__main__':
    raise SystemExit(main())
