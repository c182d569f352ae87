#!/bin/sh
# How many holds a second a SELECT … FOR UPDATE booking makes in a PostgreSQL, by the number of clients.
# Usage: booking.sh DATABASE_URL [seconds]
set -eu
here=$(dirname "$0")
url=${1:?the URL of a database to fill}
psql -X -q -v ON_ERROR_STOP=1 -d "$url" -f "$here/booking-schema.sql"
for clients in 1 2 4 8 16 32 64; do
    pgbench -n -M prepared -D seats=40000 -f "$here/booking.sql" -c "$clients" -j 2 -T "${2:-10}" "$url" 2>/dev/null |
        sed -n "s/^tps = \([0-9]*\).*/$clients clients: \1 holds\/s/p"
done
