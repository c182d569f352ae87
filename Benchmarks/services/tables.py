"""What the services have in their tables, and what the journal says; read from outside."""

import contextlib
import datetime
import json
import sqlite3
import subprocess

from world import binary

DIGITS = {digit: value for value, digit in enumerate("0123456789abcdefghjkmnpqrstvwxyz")}


def rows(sale, service, query, *values):
    """Rows of a service's tables; none where there are no such tables."""
    file = sale.services() / f"{service}.sqlite"
    if not file.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as tables:
        return tables.execute(query, values).fetchall()


def mails_sent(sale):
    return sum(total for (total,) in rows(sale, "mail", "SELECT total FROM tally WHERE state = 'sent'"))


def messages(sale):
    """All messages of the bus in tables, as (headers, data)."""
    for headers, data in rows(sale, "bus", "SELECT headers, data FROM message ORDER BY topic, lane, position"):
        yield dict(json.loads(headers)), data[1:]


def stages(sale):
    """When each order was told, its tickets were issued, that was told, and its mail queued: {order: {stage: time}}."""
    times = {}
    for kind, stage in (("onsale.order.confirmed.v1", "told"), ("onsale.tickets.issued.v1", "issue told")):
        for headers, at in rows(sale, "bus", "SELECT headers, published_at FROM message WHERE headers LIKE ?",
                                f"%{kind}%"):
            found = dict(json.loads(headers))
            order = times.setdefault(found["ce_subject"], {})
            order[stage] = at
            if stage == "issue told":
                order["issued"] = milliseconds(found["ce_time"])
    for order, at in rows(sale, "mail", "SELECT order_id, queued_at FROM mail WHERE kind = 'tickets'"):
        times.setdefault(order, {})["queued"] = at
    return times


def milliseconds(moment):
    """A time of the contract, since 1970."""
    return datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() * 1000


def serial(order):
    """An order's number within its event, from its public ID (Sources/OnsaleEngine/PublicID.swift)."""
    value = 0
    for digit in order.removeprefix("ord_"):
        value = value << 5 | DIGITS[digit]
    return value >> 40 & 0xffff_ffff


def facts(sale, event):
    """The journal's facts of an event."""
    done = subprocess.Popen([binary(), "journal", event, "--data", str(sale.data)], stdout=subprocess.PIPE, text=True)
    with done:
        for line in done.stdout:
            yield json.loads(line)


def confirmed_at(sale, event):
    """When each order was confirmed, by its number, in milliseconds since 1970."""
    return {fact["order"]: fact["time"] for fact in facts(sale, event) if fact["fact"] == "orderConfirmed"}
