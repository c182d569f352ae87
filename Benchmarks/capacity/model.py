"""What an onsale takes at its peak, from what one of everything costs."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    name: str
    people: int
    events: int
    seats: int


CASES = [
    Case("10,000 in line", 10_000, 1, 5_000), Case("a million", 1_000_000, 1, 60_000),
    Case("ten million", 10_000_000, 1, 60_000), Case("a million seats", 2_000_000, 200, 1_000_000)]


def streams_a_machine(u, news):
    """How many streams a machine with nginx and a node holds, by what limits it; news comes every so many seconds."""
    socket = 3 * u["socket_memory"]  # the fan's and both ends between nginx and node
    return {
        "nginx's `worker_connections`": u["workers"] * u["cores"],
        "the node's stream thread": news / (1.5 * u["message"] / 1e6),
        "processors": u["use"] * u["cores"] * news / ((u["message"] + u["message_edge"]) / 1e6),
        "memory": u["use"] * u["memory"] / (u["stream_memory"] + u["stream_edge_memory"] + socket),
        "network": u["use"] * u["network"] / 8 * news / (u["message_bytes"] + u["message_frame"]),
    }


def plan(case, u):
    """What a case takes, at its peak."""
    arrivals = case.people * u["peak"] / 60
    orders = case.seats / u["party"] / u["sale"]
    crowd = case.people / case.events
    limits = streams_a_machine(u, u["news"])
    limit = min(limits, key=limits.get)
    # Fewer would hold them too, but one must be able to go.
    edges = max(3, math.ceil(case.people / limits[limit]) + 1)
    room = limits["the node's stream thread"] / u["news"]
    news = max(1, min(u["news"], case.people / edges / room))
    messages = case.people / news
    owner_line = arrivals / case.events * u["join"] / 1e6
    owner_sale = orders / case.events * (
        u["tries"] * u["hold"] + u["visits"] * u["pass"] + u["order"]) / 1e6
    # nginx's hash doesn't know who owns an event, so most requests about it come to another node first.
    elsewhere = 1 - 1 / edges
    passed = (arrivals + orders * (u["tries"] + u["visits"] + 1)) * elsewhere * u["forward"] / 1e6
    nodes = (arrivals * (u["session"] + u["join"] + u["listen"]) + messages * u["message"]) / 1e6 + passed + (
        case.events * owner_sale)
    nginx = (arrivals * (u["listen_edge"] + 2 * u["proxy"]) + messages * u["message_edge"]) / 1e6
    # An order is three facts, each mostly in a batch of its own, since the provider is asked in between. Arrivals and
    # the sale share an event's batches.
    batches = min(arrivals + orders * (u["tries"] + u["visits"] + 3), case.events * u["batches"])
    postgres_work = (edges * u["look"] + batches * (u["batch"] + (edges - 1) * u["read"])) / 1e6
    purchase = u["tries"] * u["hold_bytes"] + u["visits"] * u["pass_bytes"] + u["order_bytes"]
    journal = case.people * u["join_bytes"] + case.seats / u["party"] * purchase
    reads = edges * arrivals * u["join_bytes"]
    pages = case.events * math.ceil(crowd / 65_536) * edges
    egress = case.people * u["wait"] / news * (u["message_bytes"] + u["message_frame"])
    cdn = case.people * u["first_page"] + case.seats / u["party"] * u["visits"] * u["map_page"]
    postgres = max(2, math.ceil(postgres_work / u["use"]))
    following = (edges - 1) * batches * u["follow"] / 1e6
    machines = max(edges, math.ceil((nodes + nginx + following) / (u["use"] * u["cores"])) + 1)
    return {
        "arrivals": arrivals, "orders": orders, "limit": limit, "machines": machines,
        "following": following, "passed": passed, "owner_fits": max(owner_line, owner_sale) <= u["use"] * u["cores"],
        "news": news, "messages": messages,
        "owner_line": owner_line, "owner_sale": owner_sale, "nodes": nodes, "nginx": nginx,
        "memory": case.people * u["place_memory"], "peak_memory": case.people * u["place_peak"],
        "stream_memory": case.people * (
            u["stream_memory"] + u["stream_edge_memory"] + 3 * u["socket_memory"]),
        "batches": batches, "postgres_work": postgres_work, "postgres": postgres,
        "journal": journal, "wal": batches * u["wal"] + arrivals * u["join_bytes"], "reads": reads,
        "redis": (pages / 10 * u["page"] + pages / 5 * u["pages"] / 4) / 1e6, "presence_bytes": pages * 8192,
        "stream_bits": messages * (u["message_bytes"] + u["message_frame"]) * 8, "egress": egress, "cdn": cdn,
        "cdn_bits": arrivals * u["first_page"] * 8, "draw": crowd * u["draw"] / 1e6,
        "presence": crowd * u["presence"] / 1e6,
        "machine_cost": machines * u["cores"] * u["core_price"] * u["open"],
        "store_cost": (postgres + 2) * u["database_price"] * u["open"],
        "egress_cost": egress / 1e12 * u["egress_price"], "cdn_cost": cdn / 1e12 * u["cdn_price"],
    }
