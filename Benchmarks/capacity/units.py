"""Every number that the model of docs/SCALE.md starts from, and where it comes from."""

from dataclasses import dataclass

MEASURED, ASSUMED, DEPLOYED = "measured", "assumed", "set"


@dataclass(frozen=True)
class Unit:
    what: str
    value: float
    unit: str
    kind: str
    source: str


CLUSTER = "`unit_costs.py cluster`"
UNITS = {
    # Processor time of a request, three nodes, at the node that writes the event.
    "session": Unit("signing in", 127, "µs", MEASURED, CLUSTER),
    "join": Unit("joining the line", 273, "µs", MEASURED, CLUSTER),
    "pass": Unit("claiming a pass", 227, "µs", MEASURED, CLUSTER),
    "hold": Unit("a hold of two named seats", 213, "µs", MEASURED, CLUSTER),
    "order": Unit("an order: place, authorize, capture, its webhook", 1180, "µs", MEASURED, CLUSTER),
    "poll": Unit("a poll that reaches a node", 93, "µs", MEASURED, CLUSTER),
    "forward": Unit("passing a request on, at the node that does it", 290, "µs", MEASURED, CLUSTER),
    "follow": Unit("following one batch, at each other node", 45, "µs", MEASURED, CLUSTER),
    # nginx.
    "proxy": Unit("nginx, a request passed to a node", 66, "µs", MEASURED, CLUSTER),
    "cached": Unit("nginx, a poll from its cache, TLS", 41, "µs", MEASURED, CLUSTER),
    # Streams.
    "listen": Unit("opening a stream, at the node", 460, "µs", MEASURED, "`unit_costs.py streams`"),
    "listen_edge": Unit(
        "opening a stream, with its TLS handshake, at nginx", 830, "µs", MEASURED, "`unit_costs.py edge handshakes`"),
    "message": Unit(
        "a message to one stream, at the node (one thread)", 12.7, "µs", MEASURED, "`unit_costs.py streams edge`"),
    "message_edge": Unit("a message to one stream, at nginx, TLS", 18, "µs", MEASURED, "`unit_costs.py edge`"),
    "message_bytes": Unit("a message", 235, "bytes", MEASURED, "`unit_costs.py streams`"),
    "message_frame": Unit("its chunk, TLS record, TCP and IP", 88, "bytes", ASSUMED, "6 + 22 + 60, and no ACK counted"),
    "stream_memory": Unit("a stream in the program", 385, "bytes", MEASURED, "`unit_costs.py streams`"),
    "stream_edge_memory": Unit("a stream in nginx, HTTP/2", 46 * 1024, "bytes", MEASURED, "deploy/nginx/README.md"),
    "socket_memory": Unit("a socket in the kernel, idle", 4180, "bytes", MEASURED, "`unit_costs.py streams`: slab"),
    # The line's state machine.
    "place_memory": Unit("a person in line, at each node", 48, "bytes", MEASURED, "`run h`, BENCHMARKS"),
    "place_peak": Unit("the same while a snapshot is written", 72, "bytes", MEASURED, "`run l`, ten million"),
    "join_machine": Unit("joining, the state machine alone", 2.0, "µs", MEASURED, "`run l`, ten million"),
    "draw": Unit("the draw", 0.128, "µs a person", MEASURED, "`run l`, ten million: 1.28 s; 0.99 s in another run"),
    "presence": Unit(
        "noting who is present, on the writer", 0.034, "µs a person", MEASURED,
        "`run l`, ten million: 0.34 s; 0.30 s in another run"),
    # PostgreSQL and the journal.
    "batch": Unit("PostgreSQL, one batch of one event", 460, "µs", MEASURED, CLUSTER + ", one node"),
    "read": Unit("PostgreSQL, one batch read by one follower", 60, "µs", MEASURED, CLUSTER + ", three less one"),
    "look": Unit("PostgreSQL, a node's looks, a second", 2300, "µs", MEASURED, CLUSTER + ", idle"),
    "batches": Unit("batches a second of one event, at most", 500, "/s", ASSUMED, "a commit takes 2 ms"),
    "join_bytes": Unit("a place in the journal, with row and index", 49, "bytes", MEASURED, CLUSTER),
    "pass_bytes": Unit("a pass in it", 33, "bytes", MEASURED, CLUSTER),
    "hold_bytes": Unit("a hold in it", 93, "bytes", MEASURED, CLUSTER),
    "order_bytes": Unit("an order in it, paid", 197, "bytes", MEASURED, CLUSTER),
    "wal": Unit("a batch in PostgreSQL's own log, beside its facts", 560, "bytes", MEASURED, CLUSTER),
    # Redis.
    "page": Unit("Redis, writing 64 Ki people's presence", 7.0, "µs", MEASURED, "`unit_costs.py redis`: SET of 8 KiB"),
    "pages": Unit("Redis, reading four of these", 16.3, "µs", MEASURED, "`unit_costs.py redis`: MGET"),
    # Pages.
    "first_page": Unit("the pages of a fan in line", 95_000, "bytes", MEASURED, "`make web-figures`, BENCHMARKS"),
    "map_page": Unit("the seat map of a fan with a pass", 142_100, "bytes", MEASURED, "`make web-figures`, BENCHMARKS"),
    # How we run them.
    "workers": Unit("streams of one nginx worker, at most", 15_000, "", DEPLOYED, "deploy/nginx/nginx.conf"),
    "cores": Unit("processors of a machine", 8, "", ASSUMED, "with 32 GB and 10 Gbit/s"),
    "memory": Unit("its memory", 32e9, "bytes", ASSUMED, ""),
    "network": Unit("its network", 10e9, "bit/s", ASSUMED, ""),
    "use": Unit("used at the peak", 0.6, "of each", ASSUMED, ""),
    "peak": Unit("of all people, arriving in the busiest minute", 0.2, "", ASSUMED, ""),
    "sale": Unit("the sale, by the cap on shoppers", 900, "s", ASSUMED, ""),
    "party": Unit("seats an order", 2, "", ASSUMED, ""),
    "tries": Unit("holds an order", 3, "", ASSUMED, ""),
    "visits": Unit("passes an order", 1.5, "", ASSUMED, ""),
    "news": Unit("news of the line, at the slowest", 5, "s", ASSUMED, "1 s where there is room"),
    "wait": Unit("listening, each person", 3600, "s", ASSUMED, ""),
    "open": Unit("machines rented", 3, "hours", ASSUMED, ""),
    # Prices.
    "core_price": Unit("a processor with 4 GB", 0.05, "$/hour", ASSUMED, "list prices of large clouds, rounded"),
    "database_price": Unit("the same as managed PostgreSQL or Redis, with a standby", 0.20, "$/hour", ASSUMED, ""),
    "egress_price": Unit("a terabyte to the internet", 80, "$", ASSUMED, ""),
    "cdn_price": Unit("a terabyte from a CDN", 20, "$", ASSUMED, ""),
}


def costs(changes=None):
    """The numbers alone, some of them changed."""
    return {name: unit.value for name, unit in UNITS.items()} | (changes or {})
