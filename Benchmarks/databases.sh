#!/usr/bin/env bash
# What PostgreSQL and Redis do on this machine: lines of "what | figure | how". Servers run on loopback, on ports of
# their own, in a folder that is removed.
set -uo pipefail
folder=$(mktemp -d)
trap 'stop' EXIT

stop() {
  [ -n "${postgres:-}" ] && as_postgres "$postgres/pg_ctl" -D "$folder/pg" -m fast stop >/dev/null 2>&1
  [ -n "${redis:-}" ] && kill "$redis" 2>/dev/null && wait "$redis" 2>/dev/null
  rm -rf "$folder"
}

# PostgreSQL refuses to run as root.
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
if [ -n "$postgres" ]; then
  port=54329
  chmod 755 "$folder"; mkdir "$folder/pg"; [ "$(id -u)" = 0 ] && chown postgres "$folder/pg"
  as_postgres "$postgres/initdb" -D "$folder/pg" -A trust >/dev/null 2>&1
  as_postgres "$postgres/pg_ctl" -D "$folder/pg" -w -l "$folder/pg/log" \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c shared_buffers=256MB" start >/dev/null 2>&1
  sql() { psql -q -h 127.0.0.1 -p $port -U postgres -d postgres "$@"; }
  sql <<'SQL'
CREATE TABLE counter (id int PRIMARY KEY, n bigint); INSERT INTO counter VALUES (1, 0);
CREATE TABLE seat (id int PRIMARY KEY, state text, owner int); INSERT INTO seat SELECT i, 'free', 0 FROM generate_series(1, 1000000) i;
CREATE TABLE orders (id bigserial PRIMARY KEY, buyer int, amount bigint, placed timestamptz DEFAULT now());
CREATE TABLE order_line (order_id bigint, seat int, amount bigint);
SQL
  cat >"$folder/counter.sql" <<'SQL'
UPDATE counter SET n = n + 1 WHERE id = 1;
SQL
  cat >"$folder/seat.sql" <<'SQL'
\set seat random(1, 1000000)
UPDATE seat SET state = 'held', owner = :client_id WHERE id = :seat AND state = 'free';
SQL
  cat >"$folder/booking.sql" <<'SQL'
\set seat random(1, 999999)
BEGIN;
SELECT id FROM seat WHERE id IN (:seat, :seat + 1) AND state = 'free' ORDER BY id FOR UPDATE;
UPDATE seat SET state = 'sold', owner = :client_id WHERE id IN (:seat, :seat + 1) AND state = 'free';
WITH o AS (INSERT INTO orders (buyer, amount) VALUES (:client_id, 396000) RETURNING id)
INSERT INTO order_line SELECT o.id, s.i, 198000 FROM o, generate_series(:seat, :seat + 1) s(i);
COMMIT;
SQL
  bench() {
    timeout 20 "$postgres/pgbench" -n -h 127.0.0.1 -p $port -U postgres -d postgres -c 32 -j 2 -T 3 -f - <"$folder/$1.sql" 2>/dev/null \
      | sed -n 's/^tps = \([0-9]*\).*/\1/p'
  }
  echo "PostgreSQL, a hot counter row | $(bench counter)/s | pgbench, 32 clients"
  echo "PostgreSQL, conditional update of a seat row | $(bench seat)/s | pgbench, 32 clients"
  echo "PostgreSQL, a booking | $(bench booking)/s | lock two seats, update them, insert an order and its lines; 32 clients"
fi

if command -v redis-server >/dev/null && command -v redis-benchmark >/dev/null; then
  rport=63799
  redis-server --port $rport --bind 127.0.0.1 --dir "$folder" --appendonly yes --appendfsync everysec --save '' >/dev/null 2>&1 &
  redis=$!
  for _ in $(seq 50); do redis-cli -p $rport ping >/dev/null 2>&1 && break; sleep 0.1; done
  rate=$(redis-benchmark -p $rport -n 1000000 -c 50 -P 16 -r 10000000 -q SET seat:__rand_int__ buyer NX EX 300 2>/dev/null \
    | tr '\r' '\n' | sed -n 's/.*: \([0-9.]*\) requests per second.*/\1/p' | tail -1)
  echo "Redis, SET NX EX | ${rate%.*}/s | 16 in a pipeline, 50 clients, AOF everysec: up to a second is lost in a crash"
fi
