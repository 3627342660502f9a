#!/usr/bin/env bash
# Builds the release: one program with PostgreSQL inside, without symbols, and its SHA-256. Prints the program's path.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${CARGO_TARGET_DIR:-target}
libs/postgres/fetch.sh --pack >/dev/null
export DARSHJDB_COMMIT DARSHJDB_BUILT
DARSHJDB_COMMIT=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
DARSHJDB_BUILT=$(date -u +%F)
${CARGO:-cargo} build --locked --release --package darshjdb --bin ddb --features bundled-postgres >&2

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
name=ddb-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
mkdir -p "$target/dist"
strip -o "$target/dist/$name.new" "$target/release/ddb"
chmod 755 "$target/dist/$name.new"
mv "$target/dist/$name.new" "$target/dist/$name"
(cd "$target/dist" && sha256sum "$name" >"$name.sha256")
bytes=$(stat -c %s "$target/dist/$name")
printf '%s: %d bytes\n' "$("$target/dist/$name" --version)" "$bytes" >&2
# The README tells the size in whole megabytes.
megabytes=$(((bytes + 500000) / 1000000))
said=$(tr '\n' ' ' <README.md | grep -o 'one file of [0-9]* MB' | tr -dc '0-9') || true
if [ "$said" != "$megabytes" ]; then
  printf 'README.md says "one file of %s MB", but the file has %d MB: correct README.md\n' "$said" "$megabytes" >&2
  exit 1
fi
printf '%s\n' "$target/dist/$name"
