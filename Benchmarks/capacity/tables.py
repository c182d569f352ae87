"""The tables of docs/SCALE.md."""

import math

from figures import least, scaled, short
from model import CASES, plan, streams_a_machine
from units import UNITS, costs


def table(head, rows, words=()):
    """`words`: the columns, beside the first, that aren't numbers."""
    rules = ["---" if column in (0, *words) else "---:" for column in range(len(head))]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join(rules) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def unit_table():
    rows = []
    for unit in UNITS.values():
        value = f"{unit.value:,.0f}" if unit.value >= 1000 or unit.value == int(unit.value) else f"{unit.value:g}"
        if unit.unit == "bytes" and unit.value >= 1e9:
            value, name = scaled(unit.value, "B").split(" ")
        elif unit.unit == "bit/s":
            value, name = scaled(unit.value, "bit/s").split(" ")
        else:
            name = unit.unit
        rows.append((unit.what, f"{value} {name}".strip(), unit.kind, unit.source))
    return table(("what", "figure", "", "where from"), rows, words=(2, 3))


def case_table(u):
    plans = [plan(case, u) for case in CASES]

    def row(what, write):
        return (what, *(write(one) for one in plans))

    def dollars(value):
        return "$" + short(value) if value >= 1 else "< $1"

    rows = [
        ("people, events, seats",
         *(f"{scaled(case.people, '').strip()}, {case.events}, {case.seats:,}" for case in CASES)),
        row("arriving, in the busiest minute", lambda p: short(p["arrivals"]) + "/s"),
        row("orders", lambda p: short(p["orders"]) + "/s"),
        row("**machines**, each nginx and a node", lambda p: f"**{p['machines']}**"),
        row("what decides that", lambda p: p["limit"] if p["machines"] > 3 else "one may go"),
        row("news of the line every", lambda p: short(p["news"]) + " s"),
        row("messages", lambda p: scaled(p["messages"], "").strip() + "/s"),
        row("processors, nodes", lambda p: short(p["nodes"])),
        row("of them, passing on to an event's owner", lambda p: least(p["passed"])),
        row("processors, nginx", lambda p: short(p["nginx"])),
        row("processors, nodes following", lambda p: least(p["following"])),
        row("processors of an event's owner, as people arrive", lambda p: least(p["owner_line"])),
        row("the same in the sale", lambda p: least(p["owner_sale"])),
        row("the owner fits a machine", lambda p: "yes" if p["owner_fits"] else
            f"no, it takes {math.ceil(max(p['owner_line'], p['owner_sale']) / u['use'])} processors"),
        row("memory of the lines, at each node", lambda p: scaled(p["memory"], "B")),
        row("memory of the streams, all machines", lambda p: scaled(p["stream_memory"], "B")),
        row("the draw holds up the writer", lambda p: least(p["draw"], " s")),
        row("noting presence does, every 10 s", lambda p: least(p["presence"], " s")),
        row("PostgreSQL, batches", lambda p: short(p["batches"]) + "/s"),
        row("PostgreSQL, processors at work", lambda p: short(p["postgres_work"])),
        row("PostgreSQL, its own log", lambda p: scaled(p["wal"], "B/s")),
        row("PostgreSQL, journal, in all", lambda p: scaled(p["journal"], "B")),
        row("PostgreSQL, read by followers", lambda p: scaled(p["reads"], "B/s")),
        row("Redis, presence", lambda p: scaled(p["presence_bytes"], "B")),
        row("Redis, processors at work", lambda p: least(p["redis"])),
        row("streams' traffic", lambda p: scaled(p["stream_bits"], "bit/s")),
        row("streams' traffic in an hour", lambda p: scaled(p["egress"], "B")),
        row("CDN, in the busiest minute", lambda p: scaled(p["cdn_bits"], "bit/s")),
        row("CDN, in all", lambda p: scaled(p["cdn"], "B")),
        row("cost: machines", lambda p: dollars(p["machine_cost"])),
        row("cost: PostgreSQL and Redis", lambda p: dollars(p["store_cost"])),
        row("cost: streams' traffic", lambda p: dollars(p["egress_cost"])),
        row("cost: CDN", lambda p: dollars(p["cdn_cost"])),
        row("**cost, in all**", lambda p: "**" + dollars(
            p["machine_cost"] + p["store_cost"] + p["egress_cost"] + p["cdn_cost"]) + "**"),
    ]
    return table(("at the peak", *(case.name for case in CASES)), rows)


def limit_table(u):
    """Where one event, or one machine, ends, the smallest first."""
    thread = 1.5 * u["message"] / 1e6
    owner = u["use"] * u["cores"]
    peak = 60 / u["peak"]
    limits = streams_a_machine(u, u["news"])
    rows = [
        (16_800, "streams of a node with `ulimit -n 20000`", "new ones are refused; pages poll",
         "raise the limit; the program says at its start what it found"),
        (u["workers"] * u["cores"], f"streams of one nginx with {u['cores']:.0f} workers (`worker_connections`)",
         "connections are refused", "more machines, or a larger number: memory allows "
         + short(limits["memory"])),
        (u["news"] / thread, f"streams of one node, which writes them with one thread: news every {u['news']:.0f} s",
         "news grow rarer, nothing else", "**nginx sends all streams of an event to one node**; hash streams by "
         "address and every node takes its share"),
        (15 / thread, "the same: news every 15 s", "heartbeats come late", "as above"),
        (owner / (u["join"] / 1e6) * peak, f"people for one event whose owner has {u['cores']:.0f} processors",
         "joins wait, then 503", "more processors for that node; a longer lobby; a proof of work"),
        (1e6 / u["join_machine"] * peak * u["use"], "people for one event: one writer decides on them",
         "joins wait, then 503", "nothing: an event has one writer"),
        (20_000_000, "people waiting for one event (`Line.placesMax`)", "the line is full: 503",
         "a larger number: memory allows it"),
        (1 / (u["presence"] / 1e6), "people present whose noting holds up the writer for 1 s, every 10 s",
         "holds take 1 s longer", "smaller portions"),
    ]
    return table(("people", "is the most for", "what happens then", "what helps"), [
        (scaled(people, "").strip(), *rest) for people, *rest in sorted(rows)], words=(1, 2, 3))


def machine_table(u):
    rows = []
    names = list(streams_a_machine(u, 1))
    for name in names:
        rows.append((name, *(scaled(streams_a_machine(u, news)[name], "").strip() for news in (1, u["news"], 15))))
    return table(("streams of one machine, limited by", "news every 1 s", f"{u['news']:.0f} s", "15 s"), rows)


PUBLISHED = ("https://github.com/tall15421542-lab/ticket-master/blob/main/deployment/k8s-configs/overlays/"
             "32-instance-perf-v.0.0.23/README.md")


def hold_table(u):
    # Requests answered by all nodes in so many seconds, and processors that the services were given.
    published = 84_745 / 320
    postgres = 80
    everywhere = u["hold"] + postgres + u["proxy"] + u["forward"]
    rows = [
        (f"[a Kafka Streams cluster]({PUBLISHED})", short(published), "1",
         "84,745/s on 320 processors given to its services"),
        ("Onsale, one program, SQLite, on the wall", short(30_163 / 2), short(30_163 / 2 / published),
         "30,163/s on 2 processors, the load's generator on the same"),
        ("Onsale, one program, SQLite, processor time", short(1e6 / 117), short(1e6 / 117 / published),
         "117 µs, the slowest of five runs, quiet"),
        ("Onsale, three nodes, PostgreSQL counted", short(1e6 / (u["hold"] + postgres)),
         short(1e6 / (u["hold"] + postgres) / published),
         f"{u['hold']:.0f} µs and PostgreSQL's {postgres}, beside other work"),
        ("the same, through nginx and another node", short(1e6 / everywhere), short(1e6 / everywhere / published),
         f"nginx's {u['proxy']:.0f} µs and {u['forward']:.0f} for passing on as well"),
    ]
    return table(("holds", "/s a core", "times", "how"), rows, words=(3,))


def tables(u=None):
    u = u or costs()
    return {"cases": case_table(u), "limits": limit_table(u), "machine": machine_table(u), "holds": hold_table(u),
            "units": unit_table()}
