#!/bin/sh
# container-install.sh SOURCE TARGET: newsbot and its extras for a fleet, in a virtual environment at TARGET.
#
# The Containerfile runs it, and so does a test, in a folder of its own. UV names the uv to use. Nothing that builds or
# installs stays in TARGET: the environment has no pip and no setuptools.
set -eu

source=$1
target=$2
uv=${UV:-uv}
extras=fleet,metrics,monitors,postgresql

"$uv" venv --quiet --no-python-downloads --python "${PYTHON:-python3}" "$target"
# The pins of the project are the constraints: what was tested is what is installed. A constraint has no extras.
pins=$(mktemp)
trap 'rm -f "$pins"' EXIT
cat "$source/requirements.txt" "$source/requirements-extras.txt" | sed -n 's/^\([A-Za-z0-9._-]*\)\(\[[a-z,]*\]\)\{0,1\}==/\1==/p' >"$pins"
"$uv" pip install --quiet --python "$target/bin/python" --constraint "$pins" "$source[$extras]"
# Compiled once here: the container's user cannot write to TARGET.
[ "${COMPILE:-yes}" = no ] || "$target/bin/python" -m compileall -q -j 0 "$target/lib" || true
