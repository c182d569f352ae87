"""A sale on a cluster, as buyers, the organizer and an auditor see it."""

import collections
import http.client
import datetime
import json
import pathlib
import subprocess
import threading
import time

from edge import Client
from node import ROOT, binary
from waiting import eventually

ARENA = ROOT / "Sources/onsale/Examples/arena.json"
# What says that a request was not done, or that nobody knows: it is repeated with its key.
NOT_KNOWN = (429, 502, 503, 504)


class Unfinished(Exception):
    """No final answer came."""


def ask(url, method, path, token=None, body=None, **headers):
    """One request. The answer, whatever it is; None if none came."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        fields["Authorization"] = f"Bearer {token}"
    if body is not None:
        fields["Content-Type"] = "application/json"
    try:
        with Client(url, timeout=40) as client:
            return client.send(method, path, {"Connection": "close", **fields}, body)
    except (OSError, http.client.HTTPException):
        return None


def insist(urls, method, path, token=None, body=None, seconds=60, **headers):
    """Repeats until an answer is final, as every client of the contract does; at each of the addresses in turn.

    - Raises: Unfinished.
    """
    urls = [urls] if isinstance(urls, str) else list(urls)
    until = time.monotonic() + seconds
    last = None
    while time.monotonic() < until:
        for url in urls:
            answer = ask(url, method, path, token, body, **headers)
            if answer is not None and answer.status not in NOT_KNOWN:
                return answer
            last = answer
        time.sleep(0.1)
    raise Unfinished(f"{method} {path}: {last}")


def moment(seconds):
    """So many seconds from now, as the contract writes it."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Event:
    """An event, and how its organizer looks at it."""

    def __init__(self, urls, admin_token, name):
        """
        - urls: where it is asked for, one address after the other until one answers.
        """
        self.urls = urls
        self.admin_token = admin_token
        self.name = name
        self.path = f"/v1/events/{name}"

    def create(self, plan=None, capacity=3000, hold_seconds=600, tickets=1000, waiting_room=False,
               opens_in=None):
        prices = [{"category": "Standing", "amount": 132_000}]
        body = {
            "id": self.name, "title": "Arena Night", "venue": "Arena", "startsAt": "2030-01-01T10:00:00.000Z",
            "currency": "KRW", "areas": [{"name": "Standing", "capacity": capacity, "category": "Standing"}],
            "onsale": {"waitingRoom": waiting_room, "maxActiveShoppers": 5000, "passSeconds": 7200,
                       "passIdleSeconds": 3600},
            "limits": {"ticketsPerBuyer": tickets, "holdSeconds": hold_seconds, "preventOrphans": False}}
        if opens_in is not None:
            # A lobby, open already.
            body["onsale"] |= {"waitingRoom": True, "lobbyOpensAt": moment(-60), "opensAt": moment(opens_in)}
        if plan:
            body["seatingPlan"] = json.loads(pathlib.Path(plan).read_text())
            seated = {seat["category"] for zone in body["seatingPlan"]["zones"] for row in zone.get("rows", [])
                      for seat in row["seats"]}
            prices += [{"category": category, "amount": 99_000} for category in sorted(seated - {"Standing"})]
        body["prices"] = prices
        answer = insist(self.urls, "POST", "/v1/events", self.admin_token, body)
        # It was created by an earlier try whose answer was lost.
        if answer.status != 201 and not (answer.status == 409 and answer.json["type"] == "/problems/event-exists"):
            raise Unfinished(f"{self.name} was not created: {answer}")
        return answer

    def report(self, urls=None):
        return insist(urls or self.urls, "GET", self.path + "/report", self.admin_token).json

    def orders(self, urls=None):
        """All orders, by their ids."""
        found, after = {}, None
        while True:
            page = insist(urls or self.urls, "GET",
                          self.path + "/orders?limit=500" + (f"&after={after}" if after else ""),
                          self.admin_token).json
            found.update({order["order"]: order for order in page["orders"]})
            after = page.get("next")
            if not after:
                return found

    def settled(self, seconds=90):
        """The report once no order is under way."""
        def look():
            report = self.report()
            return report if not any(report["orders"].get(state) for state in ("authorizing", "refunding")) else None
        return eventually(look, f"all orders of {self.name} have ended", seconds, 0.2)


class Buyer:
    """Somebody with a pass."""

    def __init__(self, event, name, urls=None):
        self.event = event
        self.urls = urls or event.urls
        self.session = self.insist("POST", "/v1/sessions", None, {"email": f"{name}@example.com"}).json["token"]
        self.ticket = self.insist("POST", event.path + "/waiting-room", self.session).json["ticket"]
        self.pass_ = self.insist(
            "POST", event.path + "/waiting-room/pass", self.session, {"ticket": self.ticket}).json["pass"]

    def insist(self, method, path, token=None, body=None, urls=None, **headers):
        return insist(urls or self.urls, method, path, token, body, **headers)

    def hold(self, key, quantity=1, urls=None):
        return self.insist("POST", self.event.path + "/holds", self.pass_, {"area": "Standing", "quantity": quantity},
                           urls=urls, Idempotency_Key=key)

    def give_back(self, hold, urls=None):
        return self.insist("DELETE", f"{self.event.path}/holds/{hold}", self.pass_, urls=urls)

    def order(self, hold, key, method="pm_card_visa", urls=None):
        return self.insist("POST", self.event.path + "/orders", self.pass_,
                           {"hold": hold, "payment": {"method": method}}, urls=urls,
                           Idempotency_Key=key, Prefer="wait=10")

    def order_now(self, order, urls=None):
        return self.insist("GET", f"{self.event.path}/orders/{order}", self.session, urls=urls)


class Sales:
    """Buyers at work, each in a thread of its own: hold, order, now and then give back or cancel. What was answered is
    remembered, and compared with what is there in the end."""

    def __init__(self, event, urls, buyers=4, pause=0.0):
        """
        - urls: each buyer begins at another one of them.
        """
        self.event = event
        self.urls = list(urls)
        self.pause = pause
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.holds, self.given_back, self.orders, self.cancelled, self.faults = {}, set(), {}, set(), []
        self.threads = [threading.Thread(target=self._work, args=(number,), daemon=True) for number in range(buyers)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def go_on(self, more=5, seconds=60):
        """Waits until so many more holds were accepted."""
        before = len(self.holds)
        eventually(lambda: len(self.holds) >= before + more or self.faults, "sales go on", seconds)

    def _work(self, number):
        urls = self.urls[number % len(self.urls):] + self.urls[:number % len(self.urls)]
        try:
            self._sell(number, urls)
        except Unfinished as error:
            self._fault(f"buyer {number}: {error}")
        except Exception as error:  # a thread that ends in silence would prove nothing
            self._fault(f"buyer {number}: {error!r}")

    def _fault(self, text):
        with self.lock:
            self.faults.append(text)

    def _sell(self, number, urls):
        turn = 0
        buyer = None
        while not self.ended.is_set():
            if turn % 4 == 0:
                # The limit counts what a buyer has.
                buyer = Buyer(self.event, f"{self.event.name}-{number}-{turn}", urls)
            turn += 1
            key = f"{number}-{turn}"
            answer = buyer.hold("hold-" + key)
            if answer.status != 201:
                self._fault(f"hold {key}: {answer}")
                continue
            hold = answer.json["hold"]
            with self.lock:
                if hold in self.holds.values():
                    self.faults.append(f"hold {hold} was given twice")
                self.holds[key] = hold
            again = buyer.hold("hold-" + key)
            if again.status != 201 or again.json["hold"] != hold:
                self._fault(f"hold {key} was {hold}, and with the same key {again}")
            if turn % 4 == 0:
                answer = buyer.give_back(hold)
                # Given back, perhaps by a request whose answer was lost.
                if answer.status not in (204, 404, 410):
                    self._fault(f"giving back {hold}: {answer}")
                self.given_back.add(hold)
                continue
            answer = buyer.order(hold, "order-" + key)
            if answer.status not in (201, 202):
                self._fault(f"order {key}: {answer}")
                continue
            order = answer.json["order"]
            with self.lock:
                self.orders[order] = (answer.json["state"], hold, "order-" + key, buyer)
            if turn % 5 == 0 and answer.json["state"] == "confirmed":
                answer = buyer.insist("POST", f"{self.event.path}/orders/{order}/cancel", buyer.session)
                if answer.status not in (202, 409):
                    self._fault(f"cancelling {order}: {answer}")
                if answer.status == 202:
                    self.cancelled.add(order)
            self.ended.wait(self.pause)

    def lost(self):
        """What was answered and isn't so any more. Asked when the sellers have stopped."""
        found = list(self.faults)
        report = self.event.settled()
        if report["free"] + report["held"] + report["sold"] + report["blocked"] != report["capacity"]:
            found.append(f"places do not add up: {report}")
        orders = self.event.orders()
        for order, (state, hold, key, buyer) in self.orders.items():
            now = orders.get(order)
            if now is None:
                found.append(f"order {order} was {state}, and is gone")
            elif state == "confirmed" and order not in self.cancelled and now["state"] != "confirmed":
                found.append(f"order {order} was confirmed, and is {now['state']}")
            elif order in self.cancelled and now["state"] not in ("refunding", "refunded"):
                found.append(f"order {order} was cancelled, and is {now['state']}")
        for order in orders:
            if order not in self.orders:
                found.append(f"order {order} was told to nobody")
        sold = sum(len(order["tickets"]) for order in orders.values() if order["state"] == "confirmed")
        if sold != report["sold"]:
            found.append(f"{report['sold']} are sold, the orders have {sold} tickets")
        return found


class Probe:
    """Somebody who asks for a place ten times a second, whatever became of the last time, and gives it back. So a request
    that waits for a dead node doesn't hide that others are answered."""

    def __init__(self, event, urls, every=0.1):
        self.event = event
        self.urls = list(urls)
        self.every = every
        self.buyer = Buyer(event, f"probe-{event.name}", self.urls)
        self.ended = threading.Event()
        self.room = threading.Semaphore(80)
        self.lock = threading.Lock()
        self.answers = []
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        eventually(lambda: self.accepted(), "the first sale", 30)
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def _run(self):
        turn = 0
        while not self.ended.wait(self.every):
            if not self.room.acquire(blocking=False):
                continue
            turn += 1
            threading.Thread(target=self._ask, args=(turn,), daemon=True).start()

    def _ask(self, turn):
        try:
            url = self.urls[turn % len(self.urls)]
            sent_at = time.monotonic()
            answer = ask(url, "POST", self.event.path + "/holds", self.buyer.pass_,
                         {"area": "Standing", "quantity": 1}, Idempotency_Key=f"probe-{turn}")
            status = answer.status if answer is not None else 0
            with self.lock:
                self.answers.append((sent_at, time.monotonic(), status))
            if status == 201:
                insist(self.urls, "DELETE", f"{self.event.path}/holds/{answer.json['hold']}", self.buyer.pass_)
        except Unfinished:
            pass
        finally:
            self.room.release()

    def accepted(self, since=0.0):
        """When holds were accepted that were asked for after a moment, in order."""
        with self.lock:
            return sorted(at for sent_at, at, status in self.answers if status == 201 and sent_at > since)

    def next_sale(self, since, seconds=60):
        """How long after a moment a hold was accepted that was asked for after it."""
        return eventually(lambda: self.accepted(since), "the next sale", seconds)[0] - since

    def longest_gap(self, since, until):
        """The longest time in which no hold was accepted."""
        with self.lock:
            moments = sorted(at for _, at, status in self.answers if status == 201 and since < at < until)
        moments = [since, *moments, until]
        return max(later - earlier for earlier, later in zip(moments, moments[1:]))

    def refusals(self):
        """How many got another answer than a hold, by status; 0 is none at all."""
        with self.lock:
            return dict(sorted(collections.Counter(
                status for _, _, status in self.answers if status != 201).items()))


# The auditor


def pictures(nodes):
    """What each node that answers says of all events' owners: {node: {event: (owner, epoch)}}."""
    found = {}
    for node in nodes:
        answer = ask(node.management_url, "GET", "/cluster") if node.is_running else None
        if answer is not None and answer.status == 200:
            found[node.name] = {event["event"]: (event["owner"], event["epoch"]) for event in answer.json["events"]}
    return found


def owner(cluster, event, seconds=30, among=None):
    """The node that owns an event, once all that run, or some, agree on it."""
    def look():
        seen = pictures(among or cluster.nodes)
        names = {seats.get(event) for seats in seen.values()}
        if len(names) != 1 or None in names:
            return None
        name = names.pop()[0]
        return next((node for node in cluster.nodes if node.name == name and node.is_running), None)
    return eventually(look, f"all nodes agree who owns {event}", seconds, 0.1)


def verify(cluster):
    """`onsale verify` over the database, with the provider's accounts beside it: (status, what it said)."""
    done = subprocess.run(
        [binary(), "verify", "--database", cluster.postgres.url, "--sandbox", str(cluster.sandbox.folder / "data")],
        capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + (done.stderr if done.returncode != 0 else "")
