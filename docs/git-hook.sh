#!/bin/sh
# A plain git hook: copy this file to .git/hooks/pre-commit and make it executable. It needs `sixgaps` on PATH.
set -eu
if ! git diff --quiet; then
    echo "sixgaps: there are changes that are not staged; the files are judged as they stand on disk" >&2
fi
git diff --cached --name-only -z --diff-filter=ACMRT | xargs -0 sixgaps --scope introduced --
