#!/usr/bin/env bash
# Starts the file of `make dist` in a bare Debian, which has no PostgreSQL, no Rust and nothing of this repository: by root and by an ordinary user, each with an
# empty data directory. Signs up, writes, reads, stops it, starts it again and reads again. Needs root, and debootstrap with Debian's mirror.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fail() {
  printf 'dist-test: %s\n' "$*" >&2
  exit 1
}
[ "$(id -u)" = 0 ] || fail 'it takes root to enter another root'
target=${CARGO_TARGET_DIR:-target}
program=$(find "$target/dist" -maxdepth 1 -type f -name "ddb-*-$(uname -m)" -print -quit)
[ -n "$program" ] || fail 'there is no program; run make dist'
(cd "$target/dist" && sha256sum --check --quiet "$(basename "$program").sha256") || fail 'its checksum is wrong'

bare=${DDB_CACHE_DIR:-.cache}/debian-bookworm
if [ ! -e "$bare.complete" ]; then
  command -v debootstrap >/dev/null || apt-get install --yes --quiet debootstrap >/dev/null
  rm -rf "$bare"
  debootstrap --variant=minbase bookworm "$bare" >&2
  touch "$bare.complete"
fi

root=$(mktemp -d)
server=
leave() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  umount "$root/proc" 2>/dev/null || true
  rm -rf "$root"
}
trap leave EXIT
cp -a "$bare/." "$root"
install -m 755 "$program" "$root/usr/local/bin/ddb"
mount -t proc proc "$root/proc"
chroot "$root" useradd --create-home --uid 1000 dev
chmod 700 "$root/home/dev"
install -d -m 700 "$root/root"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port

start() { # uid home
  chroot --userspec="$1:$1" "$root" /usr/bin/env -i HOME="$2" PATH=/usr/local/bin:/usr/bin:/bin \
    ddb start --data-dir "$2/data" --bind "127.0.0.1:$port" >"$root/tmp/log.$1" 2>&1 &
  server=$!
  for _ in $(seq 300); do
    curl --silent --fail --max-time 2 "$url/ready" >/dev/null && return 0
    kill -0 "$server" 2>/dev/null || { cat "$root/tmp/log.$1" >&2; fail "it does not start (uid $1)"; }
    sleep 0.1
  done
  cat "$root/tmp/log.$1" >&2
  fail "it is not ready (uid $1)"
}

stop() {
  kill "$server"
  wait "$server" || fail "it ends with $?"
  server=
}

post() { # path body [token]
  curl --silent --show-error --fail --max-time 10 --request POST "$url$1" --header 'Content-Type: application/json' \
    --header "Authorization: Bearer ${3:-}" --data "$2"
}

for who in "0 /root" "1000 /home/dev"; do
  read -r uid home <<<"$who"
  began=$(date +%s%N)
  start "$uid" "$home"
  printf 'dist-test: uid %s is ready %d ms after its first start\n' "$uid" $((($(date +%s%N) - began) / 1000000))
  token=$(curl --silent --show-error --fail --request POST "$url/api/auth/signup" --header 'Content-Type: application/json' \
    --data '{"email":"dev@example.com","password":"changeme123"}' | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
  post /api/data/tasks '{"id":"one","title":"Ship v1"}' "$token" >/dev/null
  stop
  began=$(date +%s%N)
  start "$uid" "$home"
  printf 'dist-test: uid %s is ready %d ms after its second start\n' "$uid" $((($(date +%s%N) - began) / 1000000))
  curl --silent --fail "$url/api/data/tasks/one" --header "Authorization: Bearer $token" | grep -q 'Ship v1' || fail "the record is gone (uid $uid)"
  stop
  chroot --userspec="$uid:$uid" "$root" /usr/bin/env -i HOME="$home" PATH=/usr/local/bin:/usr/bin:/bin ddb verify --data-dir "$home/data" ||
    fail "what it wrote does not verify (uid $uid)"
done
printf 'dist-test: ok\n'
