"""The main job, as a user meets it: a fresh repository, real pre-commit, a prototype that an assistant wrote, one commit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIG = """\
repos:
  - repo: local
    hooks:
      - id: six-gaps
        name: six gaps
        entry: {entry}
        language: system
        types: [file]
        require_serial: true
"""


def main() -> int:
    """Show the refused commit. Returns 0 when it was refused, 1 when it went through."""
    scripts = Path(sys.executable).parent
    env = {**os.environ, 'PATH': f'{scripts}{os.pathsep}{os.environ.get("PATH", "")}'}
    for name in ('GIT_DIR', 'GIT_INDEX_FILE', 'GIT_WORK_TREE'):
        env.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder) / 'demo'
        shutil.copytree(HERE / 'prototype', repo)
        (repo / '.pre-commit-config.yaml').write_text(CONFIG.format(entry=scripts / 'sixgaps'))
        git = ('git', '-c', 'user.name=you', '-c', 'user.email=you@example.com')
        subprocess.run((*git, 'init', '-q'), cwd=repo, env=env, check=True)
        subprocess.run((scripts / 'pre-commit', 'install'), cwd=repo, env=env, check=True)
        subprocess.run((*git, 'add', '-A'), cwd=repo, env=env, check=True)
        print('\n$ git commit -m "Demo on Friday"', flush=True)
        refused = subprocess.run((*git, 'commit', '-m', 'Demo on Friday'), cwd=repo, env=env).returncode
    print('\nThe commit was refused.' if refused else '\nThe commit went through: something is wrong with this installation.')
    return 0 if refused else 1


if __name__ == '__main__':
    raise SystemExit(main())
