#!/usr/bin/env bash
# Fetches the pinned schemathesis from PyPI, with all that it needs, to <repository>/.cache/schemathesis, where the tests find it. It does nothing when that
# version is there and runs. Which package index is used is pip's configuration. The versions and hashes in schemathesis.txt were made by
# `uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --no-annotate`.
set -euo pipefail

version=4.32.5
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${DDB_CACHE_DIR:-$here/../../.cache}
target=$cache/schemathesis

fail() {
  printf 'fetch-schemathesis: %s\n' "$*" >&2
  exit 1
}

runs() {
  PYTHONPATH=$1 python3 -m schemathesis.cli --version 2>/dev/null | grep -qF " $version"
}

runs "$target" && exit 0

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "schemathesis needs Python 3.11 or newer"
mkdir -p "$cache"
work=$(mktemp -d "$cache/.schemathesis.XXXXXX")
trap 'rm -rf "$work"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --only-binary :all: --require-hashes \
  --target "$work/tree" --requirement "$here/schemathesis.txt" >&2 || fail "pip could not install schemathesis $version"
runs "$work/tree" || fail "what pip installed does not run"
rm -rf "$target"
# Two runs at once make the same; the second one finds the tree of the first.
mv -T "$work/tree" "$target" 2>/dev/null || runs "$target" || fail "cannot move it to $target"
