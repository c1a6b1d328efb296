#!/bin/sh
# Make the virtual environment .venv and install the project into it: venv.sh [ARGUMENT OF PIP INSTALL]...
# Without arguments that is what the demo needs. Done again only when pyproject.toml or the arguments changed.
set -eu
cd "$(dirname "$0")/../.."

[ $# -gt 0 ] || set -- --editable ".[demo]"
stamp=.venv/installed
if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$*" ] && [ -z "$(find pyproject.toml -newer "$stamp")" ]; then
    echo ".venv: up to date"
    exit 0
fi
echo ".venv: installing $*"
[ -x .venv/bin/pip ] || python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
echo "$*" >"$stamp"
