"""What one of everything costs: processor time, memory and bytes, by process, of a cluster on this machine.

    ONSALE_BINARY="$PWD/.build/release/onsale" python3 Benchmarks/capacity/unit_costs.py [KIND …]

The kinds: embedded, cluster (NODES=3), streams, edge, redis, handshakes.

It starts servers as `make cluster` does (Tests/Cluster), asks one thing many times, and reads what each process has
used in between: `/proc/PID/stat`, PostgreSQL's own counters, and the bytes of the answers. Time on the wall plays no
part, so other work on the machine moves the figures less than it would move requests a second; it still moves them,
since caches are shared. `scripts/capacity` computes docs/SCALE.md from these figures.
"""

import asyncio
import json
import os
import pathlib
import resource
import secrets
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Tests/Cluster"))
sys.dont_write_bytecode = True

from cluster import Cluster  # noqa: E402
from crowd import CONNECTIONS, Crowd  # noqa: E402
from ledger import Ledger, processor, resident  # noqa: E402
from servers import Servers  # noqa: E402
from stub_node import StubNode  # noqa: E402

ROUNDS = 3
EMBEDDED = {
    "ONSALE_ADMIN_TOKEN": "unit-costs-admin-token", "ONSALE_LOGIN": "open", "ONSALE_LOG_LEVEL": "critical",
    "ONSALE_PAYMENT_URL": "sandbox", "ONSALE_NODE_URL": "", "ONSALE_NODE_NAME": ""}
# Without these, one address would be refused.
UNLIMITED = {"limit_conn onsale_connections 1000;": "", "limit_conn onsale_streams 950;": "",
             "rate=200r/s": "rate=100000r/s", "rate=50r/s": "rate=100000r/s", "burst=600": "burst=100000",
             "zone=onsale_joins burst=200": "zone=onsale_joins burst=100000"}


def event(name, waiting_room):
    return {
        "id": name, "title": name, "startsAt": "2030-01-01T00:00:00Z", "currency": "KRW",
        "seatingPlan": {"name": "H", "categories": [{"name": "VIP", "color": "red"}], "zones": [{"name": "Z", "rows": [
            {"row_number": str(row), "position": {"x": 0, "y": 0}, "seats": [
                {"seat_guid": f"{row}-{seat}", "seat_number": str(seat), "category": "VIP",
                 "position": {"x": seat * 10, "y": row * 10}} for seat in range(50)]} for row in range(400)]}]},
        "prices": [{"category": "VIP", "amount": 100}],
        "onsale": {"waitingRoom": waiting_room, "maxActiveShoppers": 100, "passSeconds": 86_400,
                   "passIdleSeconds": 3600},
        "limits": {"ticketsPerBuyer": 8, "holdSeconds": 600}}


def pick(answers, member):
    return [json.loads(answer)[member] for answer in answers]


async def create(crowd, admin, name, waiting_room):
    # A node that has just begun may have to wait until it knows the others.
    for _ in range(20):
        answer, = await crowd.ask([("POST", "/v1/events", admin, event(name, waiting_room))], {201, 409, 503})
        if json.loads(answer).get("status") != 503:
            return
        await asyncio.sleep(1)
    raise RuntimeError("no event could be made")


async def sell(label, ledger, owner, crowd, name, count, offset=0):
    """Sessions, joins, passes, holds and orders of so many fans, two seats each; each kind told by itself."""
    base = f"/v1/events/{name}"
    run = secrets.token_hex(3)
    sessions = pick(await ledger.measure(f"{label} session", count, crowd.ask(
        [("POST", "/v1/sessions", None, {"email": f"{run}-{fan}@bench.example"}) for fan in range(count)],
        {201}), crowd), "token")
    await ledger.measure(f"{label} join", count, crowd.ask(
        [("POST", "/v1/events/line/waiting-room", session, None) for session in sessions], {201}), crowd)
    tickets = pick(await crowd.ask(
        [("POST", base + "/waiting-room", session, None) for session in sessions], {201}), "ticket")
    passes = pick(await ledger.measure(f"{label} pass", count, crowd.ask(
        [("POST", base + "/waiting-room/pass", session, {"ticket": ticket})
         for session, ticket in zip(sessions, tickets)], {201}), crowd), "pass")
    holds = pick(await ledger.measure(f"{label} hold", count, crowd.ask(
        [("POST", base + "/holds", pass_, {"seats": [
            f"{(offset + fan) * 2 // 50}-{(offset + fan) * 2 % 50}",
            f"{(offset + fan) * 2 // 50}-{(offset + fan) * 2 % 50 + 1}"]}) for fan, pass_ in enumerate(passes)],
        {201}), crowd), "hold")
    orders = await ledger.measure(f"{label} order", count, crowd.ask(
        [("POST", base + "/orders", pass_, {"hold": hold, "payment": {"method": "pm_card_visa"}})
         for pass_, hold in zip(passes, holds)], {201, 202}), crowd)
    print("  confirmed at once:", sum(json.loads(order)["state"] == "confirmed" for order in orders), "of", count)
    await ledger.measure(f"{label} poll", 4 * count, crowd.ask(
        [("GET", "/v1/events/line/waiting-room", None, None)] * (4 * count), {200}), crowd)


async def embedded(servers):
    """One program, with SQLite."""
    node = servers.node("alone", **EMBEDDED)
    crowd = await Crowd(node.url).open()
    for name in ("line", "hall"):
        await create(crowd, EMBEDDED["ONSALE_ADMIN_TOKEN"], name, name == "line")
    ledger = Ledger({"program": node.process.pid})
    for turn in range(ROUNDS):
        await sell(f"embedded {turn}", ledger, node, crowd, "hall", 2500, 2500 * turn)
    crowd.close()


async def owner_of(cluster, name):
    """The node that writes an event, as the database says."""
    said = cluster.postgres.psql(f"SELECT owner FROM journal_head WHERE partition = '{name}'")
    return next((node for node in cluster.nodes if node.name in said or node.url in said), cluster.nodes[0])


async def cluster(servers):
    """Nodes (NODES=3) with PostgreSQL: at the owner, at another node, and through nginx with TLS."""
    cluster = Cluster(
        servers, nodes=int(os.environ.get("NODES") or 3), edge_changes=UNLIMITED, ONSALE_LOG_LEVEL="critical")
    processes = {node.name: node.process.pid for node in cluster.nodes} | {
        "postgres": cluster.postgres.process.pid, "nginx": cluster.edge.process.pid, "redis": cluster.redis.process.pid}
    ledger = Ledger(processes, cluster.postgres)
    first = await Crowd(cluster.nodes[0].url).open()
    for name in ("line", "hall"):
        await create(first, cluster.admin_token, name, name == "line")
    first.close()
    time.sleep(2)
    owner = await owner_of(cluster, "hall")
    line_owner = await owner_of(cluster, "line")
    other = next((node for node in cluster.nodes if node not in (owner, line_owner)), owner)
    print("hall is written by", owner.name, "- line by", line_owner.name, "- not by", other.name)
    await ledger.measure("idle, a second", 20, asyncio.sleep(20))
    ways = [("at the owner", owner.url, CONNECTIONS, 1500), ("at another node", other.url, CONNECTIONS, 800),
            ("by nginx, without TLS", cluster.edge.rehearsal_url, CONNECTIONS, 1500),
            ("at the owner, 8 at once", owner.url, 8, 500), ("at the owner, 256 at once", owner.url, 256, 1500)]
    offset = 0
    for label, url, connections, count in ways:
        crowd = await Crowd(url, connections).open()
        await sell(label, ledger, owner, crowd, "hall", count, offset)
        offset += count
        crowd.close()
    crowd = await Crowd(cluster.edge.url).open()
    for turn in range(2):
        await ledger.measure("by nginx, TLS, poll from its cache", 8000, crowd.ask(
            [("GET", "/v1/events/line/waiting-room", None, None)] * 8000, {200}), crowd)
    crowd.close()


async def handshakes(servers):
    """TLS connections to nginx that ask nothing."""
    with StubNode("a") as node:
        edge = servers.nginx({"a": node.address}, changes=UNLIMITED)
        ledger = Ledger({"nginx": edge.process.pid})
        for _ in range(ROUNDS):
            crowd = Crowd(edge.url, 1000)
            await ledger.measure("a TLS handshake", 1000, crowd.open())
            crowd.close()


async def listen(crowd, path, token, count):
    """Opens streams; their sockets after the first message."""
    links = []
    request = (f"GET {path} HTTP/1.1\r\nHost: tickets.example.com\r\nAccept: text/event-stream\r\n"
               f"Authorization: Bearer {token}\r\n\r\n").encode()

    async def one():
        reader, writer = await asyncio.open_connection(crowd.host, crowd.port, ssl=crowd.context, limit=1 << 14)
        writer.write(request)
        heard = b""
        while b"data: " not in heard or not heard.rstrip(b"\r\n0").endswith(b"}"):
            heard += await asyncio.wait_for(reader.read(65_536), 60)
        return reader, writer

    for start in range(0, count, 100):
        links += await asyncio.gather(*(one() for _ in range(min(100, count - start))))
    return links


async def drain(links, totals):
    """Reads all that comes; no answer is expected."""
    async def one(reader):
        while piece := await reader.read(65_536):
            totals[0] += len(piece)
            totals[1] += piece.count(b"event: ")
    return [asyncio.create_task(one(reader)) for reader, _ in links]


async def streams(servers, through_nginx=False):
    """Streams of a waiting room, at the owner or through nginx with TLS: memory, and what a message costs."""
    cluster = Cluster(servers, nodes=1, edge_changes=UNLIMITED, ONSALE_LOG_LEVEL="critical",
        ONSALE_CONNECTIONS_PER_ADDRESS=20_000)
    node = cluster.nodes[0]
    ledger = Ledger({"program": node.process.pid, "nginx": cluster.edge.process.pid})
    asking = await Crowd(node.url, 1).open()
    await create(asking, cluster.admin_token, "line", True)
    sessions = pick(await asking.ask(
        [("POST", "/v1/sessions", None, {"email": f"s{fan}@bench.example"}) for fan in range(500)], {201}), "token")
    ticket = pick(await asking.ask(
        [("POST", "/v1/events/line/waiting-room", sessions[-1], None)], {201}), "ticket")[0]
    fans = iter(sessions[:-1])
    label, url, count = ("streams by nginx, TLS", cluster.edge.url, 1500) if through_nginx else (
        "streams at a node", node.url, 3000)
    path = "/v1/events/line/waiting-room/stream"
    for _, writer in await listen(Crowd(url), path, ticket, 50):
        writer.transport.abort()
    await asyncio.sleep(1)
    memory, slab = resident(node.process.pid), slab_bytes()
    before = ledger.look()
    links = await listen(Crowd(url), path, ticket, count)
    ledger.settle()
    opened = {key: (value - before[key]) / count for key, value in ledger.look().items()}
    print(f"{label}, opening one: {opened}; resident {(resident(node.process.pid) - memory) / count:.0f} B,"
          f" kernel's slab, both ends {(slab_bytes() - slab) / count:.0f} B")
    totals = [0, 0]
    tasks = await drain(links, totals)

    async def news(changes):
        for _ in range(changes):
            await asyncio.sleep(1.2)
            if changes:
                await asking.ask([("POST", "/v1/events/line/waiting-room", next(fans), None)], {201})
        await asyncio.sleep(1.2)
    await asyncio.sleep(2)
    for turn in range(3):
        totals[:] = [0, 0]
        before = ledger.look()
        await news(10)
        used = {key: value - before[key] for key, value in ledger.look().items()}
        messages = max(1, totals[1])
        print(f"{label}, a message {turn}: "
              f"{ {key: round(value / messages, 2) for key, value in used.items()} } µs, {totals[0] / messages:.0f} B"
              f" ({totals[1]} messages to {count})", flush=True)
    before, totals[:] = ledger.look(), [0, 0]
    await asyncio.sleep(30)
    used = {key: round((value - before[key]) / count / 0.5, 2) for key, value in ledger.look().items()}
    print(f"{label}, quiet, a stream and minute: {used} µs, {totals[0] / count / 0.5:.0f} B", flush=True)
    for task in tasks:
        task.cancel()
    for _, writer in links:
        writer.transport.abort()
    await asyncio.sleep(2)
    asking.close()


def slab_bytes():
    return next(int(line.split()[1]) << 10 for line in pathlib.Path("/proc/meminfo").read_text().splitlines()
                if line.startswith("Slab:"))


async def redis(servers):
    """What the commands that a cluster uses cost Redis."""
    server = servers.redis()
    port = server.port()
    for label, arguments, count in (
            ("SET of 8 KiB with EX", ["SET", "key:__rand_int__", "x" * 8192, "EX", "45"], 60_000),
            ("MGET of 4 × 8 KiB", ["MGET", *(f"key:00000000000{digit}" for digit in range(4))], 30_000),
            ("PUBLISH of 1 KiB to nobody", ["PUBLISH", "rows", "x" * 1024], 100_000)):
        before = processor(server.process.pid)
        subprocess.run(["redis-benchmark", "-q", "-p", str(port), "-n", str(count), "-c", "8", "-r", "100", "-P", "4",
                        *arguments], check=True, capture_output=True, timeout=120)
        print(f"redis, {label}: {(processor(server.process.pid) - before) * 1e6 / count:.1f} µs", flush=True)


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    kinds = {"embedded": embedded, "cluster": cluster, "streams": streams,
             "edge": lambda servers: streams(servers, through_nginx=True), "redis": redis,
             "handshakes": handshakes}
    for name in sys.argv[1:] or kinds:
        print("load of the machine:", *os.getloadavg(), flush=True)
        with Servers() as servers:
            asyncio.run(kinds[name](servers))


if __name__ == "__main__":
    main()
