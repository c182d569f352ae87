"""Holds everything that follows from orders against the orders: what was said of each, once and no more, and what the
world outside was given."""

import collections
import json

from buyers import ask
from tables import messages, rows

CONFIRMED, CANCELLED, REFUNDED = "onsale.order.confirmed.v1", "onsale.order.cancelled.v1", "onsale.order.refunded.v1"
ISSUED, VOIDED, SENT = "onsale.tickets.issued.v1", "onsale.tickets.voided.v1", "onsale.mail.sent.v1"
GRANTED, REFUSED = "onsale.eligibility.granted.v1", "onsale.eligibility.refused.v1"
# Of every order that was confirmed; how often, in effect.
EXPECTED = {
    "confirmed": {CONFIRMED: [1], ISSUED: [1], (SENT, "tickets"): [1], GRANTED: [1], REFUSED: [0], CANCELLED: [0],
                  REFUNDED: [0], VOIDED: [0], (SENT, "refund"): [0]},
    "refunded": {CONFIRMED: [1], ISSUED: [0, 1], (SENT, "tickets"): [0, 1], GRANTED: [0, 1], REFUSED: [0, 1],
                 CANCELLED: [1], REFUNDED: [1], VOIDED: [1], (SENT, "refund"): [1]},
}


def orders(sale, event):
    """All orders of an event as the organizer sees them: {order: state}."""
    found, after = {}, None
    while True:
        status, page = ask(sale, "GET", f"/v1/events/{event}/orders?limit=500" + (f"&after={after}" if after else ""))
        if status != 200:
            raise RuntimeError(f"the orders can't be listed: {status} {page}")
        found.update({order["order"]: order["state"] for order in page["orders"]})
        after = page.get("next")
        if not after:
            return found


def unfinished(sale):
    """What is still to be done, by name; empty once everything is at rest."""
    left = {}
    for service in ("documents", "mail", "eligibility", "webhooks", "settlement", "relay"):
        for (count,) in rows(sale, service, "SELECT COUNT(*) FROM outbox"):
            left[f"{service}'s outbox"] = count
    queries = {
        ("mail", "mails queued"): "SELECT COUNT(*) FROM mail WHERE state = 'queued'",
        ("documents", "documents due"): "SELECT COUNT(*) FROM ticket_order WHERE state = 'due'",
        ("eligibility", "questions open"): "SELECT COUNT(*) FROM eligibility_case WHERE decision IS NULL",
        ("relay", "refusals open"): "SELECT COUNT(*) FROM refusal WHERE settled = 0",
        ("webhooks", "deliveries"): "SELECT COUNT(*) FROM webhook_delivery WHERE state IN ('pending', 'sending')",
        ("bus", "messages"): "SELECT COALESCE(SUM(written - position), 0) FROM progress JOIN lane"
                             " ON lane.topic = progress.topic AND lane.number = progress.lane",
    }
    for (service, what), query in queries.items():
        for (count,) in rows(sale, service, query):
            left[what] = count
    return {what: count for what, count in left.items() if count}


class Audit:
    def __init__(self, sale, outside, states, told, has_webhooks):
        """
        - states: of all orders.
        - told: orders that buyers were told of.
        """
        self.sale = sale
        self.outside = outside
        self.states = states
        self.told = told
        self.has_webhooks = has_webhooks
        self.breaches = []
        self.duplicates = collections.Counter()

    def run(self):
        """What is wrong, a line each."""
        for order in self.told:
            if order not in self.states:
                self.breaches.append(f"{order} was answered and is gone")
        self.bus()
        self.mails()
        self.settlement()
        for group, reason in self.rows("bus", "SELECT group_name, reason FROM dead_letter"):
            self.breaches.append(f"{group} gave up a message: {reason}")
        for key, reason in self.rows("mail", "SELECT key, reason FROM mail WHERE state = 'bounced'"):
            self.breaches.append(f"the mail {key} came back: {reason}")
        return self.breaches

    def rows(self, service, query):
        return rows(self.sale, service, query)

    def bus(self):
        said = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
        kinds = collections.Counter()
        identities = set()
        for headers, data in messages(self.sale):
            kind, order = headers["ce_type"], headers["ce_subject"]
            identity = headers["ce_source"] + " " + headers["ce_id"]
            kinds[kind] += identity not in identities
            identities.add(identity)
            said[order][(kind, json.loads(data)["kind"]) if kind == SENT else kind][identity] += 1
        for order, state in self.states.items():
            expected = EXPECTED.get(state)
            if expected is None:
                if state not in ("declined", "expired"):
                    self.breaches.append(f"{order} is still {state}")
                continue
            for what, counts in expected.items():
                found = said[order][what]
                if len(found) not in counts:
                    self.breaches.append(f"{order}, {state}: {what} was said {len(found)} times: {sorted(found)}")
                self.duplicates["messages said again"] += sum(found.values()) - len(found)
        for order in said:
            if order not in self.states:
                self.breaches.append(f"{order} is on the bus and not in the journal")
        if self.has_webhooks:
            self.webhooks(kinds)

    def mails(self):
        names = collections.defaultdict(collections.Counter)
        for mail in self.outside.entries("mail"):
            names[mail["order"], mail["kind"]][mail["id"]] += 1
        for order, state in self.states.items():
            for kind, counts in (("tickets", {"confirmed": [1], "refunded": [0, 1]}.get(state, [0])),
                                 ("other", [1 if state == "refunded" else 0])):
                found = names.pop((order, kind), {})
                if len(found) not in counts:
                    self.breaches.append(f"{order}, {state}, has {len(found)} mails of {kind}: {sorted(found)}")
                self.duplicates["mails sent again under their names"] += sum(found.values()) - len(found)
        for (order, kind), found in names.items():
            self.breaches.append(f"mails about {order}, of {kind}, which nobody placed: {sorted(found)}")

    def webhooks(self, kinds):
        given = collections.defaultdict(collections.Counter)
        for delivery in self.outside.entries("webhook"):
            given[delivery["type"]][delivery["id"]] += 1
        for kind, found in given.items():
            self.duplicates["webhooks sent again under their ids"] += sum(found.values()) - len(found)
            if len(found) > kinds[kind]:
                self.breaches.append(f"{len(found)} webhooks of {kind} have ids of their own, {kinds[kind]} messages")
        for kind in (CONFIRMED, REFUNDED):
            if len(given[kind]) < kinds[kind]:
                self.breaches.append(f"{len(given[kind])} webhooks of {kind} came, of {kinds[kind]} messages")

    def settlement(self):
        if not (self.sale.services() / "settlement.sqlite").exists():
            return
        for identity, total in self.rows("settlement", "SELECT identity, SUM(amount) FROM settlement_entry"
                                                       " GROUP BY identity HAVING SUM(amount) != 0"):
            self.breaches.append(f"settlement: the entries of {identity} sum to {total}")
        booked = dict(self.rows("settlement", "SELECT order_id, amount FROM settlement_order"))
        moved = collections.defaultdict(list)
        for order, kind, amount in self.rows("settlement", "SELECT order_id, kind, amount FROM settlement_movement"):
            moved[order].append((kind, abs(amount)))
        for order, state in self.states.items():
            amount = booked.get(order)
            kinds = {"confirmed": ["charge"], "refunded": ["charge", "refund"]}.get(state, [])
            expected = [(kind, amount) for kind in kinds]
            if sorted(moved.get(order, [])) != expected:
                self.breaches.append(f"settlement: {order}, {state}, has {moved.get(order)} instead of {expected}")
        back = [order for order, state in self.states.items() if state == "refunded"]
        expected = {"sale": sum(booked.values()), "refund": sum(booked.get(order, 0) for order in back)}
        found = {purpose: abs(total) for purpose, total in self.rows(
            "settlement", "SELECT purpose, SUM(amount) FROM settlement_entry WHERE account = 'provider'"
                          " GROUP BY purpose")}
        for purpose, amount in expected.items():
            if found.get(purpose, 0) != amount:
                self.breaches.append(f"settlement: {purpose} is {found.get(purpose)} in the book, of orders {amount}")
