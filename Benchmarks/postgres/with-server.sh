#!/usr/bin/env bash
# Runs a command with ONSALE_BENCH_DATABASE_URL, the URL of an empty database in a PostgreSQL of its own: on loopback,
# durable, in a folder that is removed. Without PostgreSQL the command runs without the variable.
# Usage: with-server.sh COMMAND…
set -euo pipefail
programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1 || true)
[ -n "$programs" ] || exec "$@"
folder=$(mktemp -d)

stop() {
  [ -z "${server:-}" ] || { kill -QUIT "$server" 2>/dev/null && wait "$server" || true; }
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

# PostgreSQL refuses to run as root.
identity=()
if [ "$(id -u)" = 0 ]; then identity=(--reuid postgres --regid postgres --clear-groups); fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
chmod 755 "$folder"
mkdir "$folder/pg"
if [ "$(id -u)" = 0 ]; then chown postgres "$folder/pg"; fi
setpriv "${identity[@]}" "$programs/initdb" -D "$folder/pg" -U postgres -A trust -E UTF8 --locale=C >/dev/null
# It ends with this script, even if that is killed. The options are a list of words.
# shellcheck disable=SC2086
setpriv "${identity[@]}" --pdeathsig INT "$programs/postgres" -D "$folder/pg" -p "$port" \
  -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c shared_buffers=256MB -c max_wal_size=4GB \
  ${ONSALE_BENCH_POSTGRES:-} >"$folder/log" 2>&1 &
server=$!
for _ in $(seq 150); do
  "$programs/pg_isready" -q -h 127.0.0.1 -p "$port" && break
  sleep 0.2
done
ONSALE_BENCH_DATABASE_URL="postgresql://postgres@127.0.0.1:$port/postgres" "$@"
