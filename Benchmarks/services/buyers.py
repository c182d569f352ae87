"""Buyers over keep-alive connections: at a steady rate, however slowly the server answers, or as fast as it goes."""

import asyncio
import contextlib
import http.client
import itertools
import json
import random
import threading
import time

from world import ADMIN_TOKEN

# What says that a request was not done, or that nobody knows: it is repeated with its key.
NOT_KNOWN = (429, 500, 502, 503, 504)
AREA = "Floor"
CAPACITY = 1_000_000


class Client:
    """Connections to one server, as many as are used at once."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.idle = []

    async def ask(self, method, path, token=None, body=None, headers=()):
        """(status, body).

        - Raises: ConnectionError and the like where no answer came.
        """
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(self.host, self.port)
        try:
            data = json.dumps(body).encode() if body is not None else b""
            lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
            if token:
                lines.append(f"Authorization: Bearer {token}")
            if body is not None:
                lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n"):
                if line[:15].lower() == b"content-length:":
                    length = int(line[15:])
            data = await reader.readexactly(length)
        except BaseException:
            writer.close()
            raise
        self.idle.append((reader, writer))
        return int(head[9:12]), json.loads(data) if data else None

    async def insist(self, *request, seconds=120, **options):
        """Repeats until an answer is final, as every client of the contract does."""
        until = time.monotonic() + seconds
        last = None
        while time.monotonic() < until:
            try:
                status, body = await asyncio.wait_for(self.ask(*request, **options), 30)
                if status not in NOT_KNOWN:
                    return status, body
                last = status, body
            except (OSError, EOFError, asyncio.TimeoutError) as error:
                last = error
            await asyncio.sleep(0.2)
        raise TimeoutError(f"{request[:2]}: {last}")

    def close(self):
        for _, writer in self.idle:
            writer.close()


class Event:
    """An event with one large area."""

    def __init__(self, sale, name="figures", eligibility=None, hold_seconds=3600):
        self.sale = sale
        self.name = name
        self.path = f"/v1/events/{name}"
        body = {
            "id": name, "title": "Arena Night", "venue": "Arena", "startsAt": "2030-01-01T10:00:00.000Z",
            "currency": "KRW", "timeZone": "Asia/Seoul",
            "areas": [{"name": AREA, "capacity": CAPACITY, "category": AREA}],
            "prices": [{"category": AREA, "amount": 132_000}],
            "onsale": {"waitingRoom": False, "passSeconds": 86_400, "passIdleSeconds": 3_600},
            "limits": {"ticketsPerBuyer": 1_000_000, "holdSeconds": hold_seconds}}
        if eligibility:
            body["eligibility"] = {"url": eligibility, "deadlineSeconds": 600}
        status, answer = ask(sale, "POST", "/v1/events", body)
        if status != 201:
            raise RuntimeError(f"{name} was not created: {status} {answer}")


def ask(sale, method, path, body=None):
    """One request of the organizer's."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", sale.port(), timeout=30)) as connection:
        connection.request(method, path, json.dumps(body).encode() if body is not None else None,
                           {"Authorization": f"Bearer {ADMIN_TOKEN}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        data = answer.read()
        return answer.status, json.loads(data) if data else None


class Buyers:
    """Buyers of an event, at work on a thread of their own.

    Some of their orders are cancelled, some are of buyers whom the organizer's endpoint refuses.
    """

    def __init__(self, event, count=200, quantity=2, cancelled=0.0, ineligible=0.0, seed=1):
        self.event = event
        self.count = count
        self.quantity = quantity
        self.cancelled = cancelled
        self.ineligible = ineligible
        self.random = random.Random(seed)
        self.numbers = itertools.count()
        # (order, state, when it was asked for, when the answer came), in monotonic seconds.
        self.orders = []
        self.faults = []
        # (session, pass)
        self.passes = []
        self._ended = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.client = Client("127.0.0.1", event.sale.port())
        self._run(self._enter()).result()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended = True
        self._loop.call_soon_threadsafe(self.client.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _enter(self):
        for start in range(0, self.count, 20):
            self.passes += await asyncio.gather(*(self._pass(n) for n in range(start, min(start + 20, self.count))))

    async def _pass(self, number):
        _, session = await self.client.insist(
            "POST", "/v1/sessions", body={"email": f"fan{number}@{self.event.name}.example"})
        token = session["token"]
        _, place = await self.client.insist("POST", self.event.path + "/waiting-room", token, body={})
        _, claimed = await self.client.insist(
            "POST", self.event.path + "/waiting-room/pass", token, {"ticket": place["ticket"]})
        return token, claimed["pass"]

    # Work

    def steadily(self, rate, seconds=None):
        """Buys so many a second; for ever, that is until `stop`, unless told otherwise."""
        self._work = self._run(self._steadily(rate, seconds))
        return self._work

    def at_once(self, total, connections=64):
        """Buys so many orders as fast as the server answers."""
        return self._run(self._at_once(total, connections))

    def stop(self, seconds=400):
        """No further orders; waits for those that are under way."""
        self._ended = True
        self._work.result(seconds)

    async def _steadily(self, rate, seconds):
        began = time.monotonic()
        tasks = set()
        for number in itertools.count():
            at = began + number / rate
            if self._ended or (seconds and at >= began + seconds):
                break
            if (pause := at - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            task = asyncio.create_task(self._buy(at))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        return time.monotonic() - began

    async def _at_once(self, total, connections):
        left = iter(range(total))

        async def one():
            for _ in left:
                await self._buy(time.monotonic())
        began = time.monotonic()
        await asyncio.gather(*(one() for _ in range(connections)))
        return time.monotonic() - began

    async def _buy(self, at):
        number = next(self.numbers)
        chance = self.random.random()
        try:
            await self._order(number, at, chance)
        except (TimeoutError, asyncio.TimeoutError) as error:
            self.faults.append(f"order {number}: {error}")

    async def _order(self, number, at, chance):
        token, pass_ = self.passes[number % len(self.passes)]
        status, hold = await self.client.insist(
            "POST", self.event.path + "/holds", pass_, {"area": AREA, "quantity": self.quantity},
            headers=(f"Idempotency-Key: hold-{number}",))
        if status != 201:
            self.faults.append(f"hold {number}: {status} {hold}")
            return
        body = {"hold": hold["hold"], "payment": {"method": "pm_card_visa"}}
        if self.ineligible:
            body["proof"] = "no" if chance < self.ineligible else "yes"
        status, order = await self.client.insist(
            "POST", self.event.path + "/orders", pass_, body,
            headers=(f"Idempotency-Key: order-{number}", "Prefer: wait=10"))
        if status not in (201, 202):
            self.faults.append(f"order {number}: {status} {order}")
            return
        self.orders.append((order["order"], order["state"], at, time.monotonic()))
        if chance > 1 - self.cancelled:
            status, answer = await self.client.insist(
                "POST", f"{self.event.path}/orders/{order['order']}/cancel", token)
            # Eligibility may have been faster.
            if status not in (202, 409):
                self.faults.append(f"cancelling {order['order']}: {status} {answer}")
