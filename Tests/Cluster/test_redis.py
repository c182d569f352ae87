"""The plan for losing Redis, in the middle of an onsale: fans wait at nodes that don't write the event, while Redis is
flushed, restarted, stopped for ten seconds and filled up.
"""

import http.client
import json
import os
import threading
import time
import unittest

from cluster import Cluster
from edge import send
from servers import Servers
from waiting import eventually

EVENT = "arena"
BASE = f"/v1/events/{EVENT}"
CAP = 2
# For so long nobody counts as absent, whoever listens.
GRACE_SECONDS = 30


class Fan(threading.Thread):
    """Joins, then only listens at one node until the line has come to its number; then asks for its pass once, and
    buys."""

    def __init__(self, url, name, listens):
        super().__init__(name=name, daemon=True)
        self.url = url
        self.listens = listens
        self.session = self.insist("POST", "/v1/sessions", None, {"email": f"{name}@example.com"}).json["token"]
        place = self.insist("POST", BASE + "/waiting-room", self.session).json
        self.number, self.ticket = place["number"], place["ticket"]
        self.claimed = None
        self.order = None
        self.failure = None

    def run(self):
        try:
            if not self.listens:
                return
            self.wait_for_call()
            self.claimed = self.insist("POST", BASE + "/waiting-room/pass", self.session, {"ticket": self.ticket})
            if self.claimed.status == 201:
                self.shop(self.claimed.json["pass"])
        except Exception as error:
            self.failure = error

    def wait_for_call(self):
        """Listens, and begins again when the stream ends."""
        while True:
            connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=40)
            try:
                connection.request("GET", BASE + "/waiting-room/stream", headers={
                    "Authorization": f"Bearer {self.ticket}"})
                answer = connection.getresponse()
                while line := answer.readline():
                    if line.startswith(b"data: ") and json.loads(line[6:])["admittedThrough"] >= self.number:
                        return
            finally:
                connection.close()

    def shop(self, pass_):
        key = {"Idempotency-Key": self.name}
        hold = self.insist("POST", BASE + "/holds", pass_, {"area": "Floor", "quantity": 1}, key).json["hold"]
        self.order = self.insist("POST", BASE + "/orders", pass_, {
            "hold": hold, "payment": {"method": "pm_card_visa"}}, {**key, "Prefer": "wait=20"}).json
        # So that the onsale lasts as long as the troubles do.
        time.sleep(3)
        self.insist("DELETE", BASE + "/waiting-room/pass", pass_)

    def insist(self, method, path, token, body=None, headers=None):
        """Repeats until an answer is final, as every client of the contract does."""
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"

        def ask():
            try:
                answer = send(self.url, method, path, headers, body)
            except OSError:
                return None
            return answer if answer.status < 500 and answer.status != 429 else None
        return eventually(ask, f"{method} {path} is answered", 30, 0.2)


class RedisLossTests(unittest.TestCase):
    present_count = int(os.environ.get("ONSALE_FANS") or 40)
    absent_count = 12

    def setUp(self):
        self.servers = self.enterContext(Servers())
        self.cluster = Cluster(self.servers, nodes=3)
        self.admin = {"Authorization": f"Bearer {self.cluster.admin_token}"}
        eventually(self.create, "the event is there", 30, 0.5)
        # Nodes that have settled in may still hand it over, to whom the hash says.
        self.owner = eventually(self.find_settled_owner, "the event has come to rest", 60)
        self.began = time.monotonic()
        self.others = [node for node in self.cluster.nodes if node is not self.owner]

    def create(self):
        answer = send(self.cluster.nodes[0].url, "POST", "/v1/events", {
            **self.admin, "Content-Type": "application/json"}, {
                "id": EVENT, "title": "Arena", "venue": "Hall", "startsAt": "2030-01-01T10:00:00Z", "currency": "KRW",
                "areas": [{"name": "Floor", "capacity": 500, "category": "Floor"}],
                "prices": [{"category": "Floor", "amount": 1000}],
                "onsale": {"waitingRoom": True, "maxActiveShoppers": CAP, "passSeconds": 600},
                "limits": {"ticketsPerBuyer": 8, "holdSeconds": 600}})
        if answer.status == 503:
            return False
        # It may have been made though the answer was none.
        self.assertIn(answer.status, (201, 409), answer)
        return True

    def find_settled_owner(self):
        owner = self.find_owner()
        for _ in range(16):
            time.sleep(0.5)
            if owner is None or self.find_owner() is not owner:
                return None
        return owner

    def find_owner(self):
        picture = send(self.cluster.nodes[0].management_url, "GET", "/cluster").json
        name = next((event["owner"] for event in picture["events"] if event["event"] == EVENT), None)
        return next((node for node in self.cluster.nodes if node.name == name), None)

    def metric(self, node, name, **labels):
        total = 0
        for line in send(node.management_url, "GET", "/metrics").body.decode().splitlines():
            if line.startswith(name) and all(f'{key}="{value}"' in line for key, value in labels.items()):
                total += float(line.rpartition(" ")[2])
        return total

    def test_whoever_is_present_is_called_whatever_becomes_of_redis(self):
        total = self.present_count + self.absent_count
        fans = []
        for index in range(total):
            # Whoever doesn't listen stands in the middle of those who do.
            listens = index < self.present_count // 2 or index >= self.present_count // 2 + self.absent_count
            fans.append(Fan(self.others[index % 2].url, f"fan{index}", listens))
        self.assertEqual(sorted(fan.number for fan in fans), list(range(1, total + 1)), "no number twice, none left out")
        beyond = []
        ended = threading.Event()

        def watch():
            while not ended.wait(0.3):
                line = send(self.owner.url, "GET", BASE + "/waiting-room").json
                if line["activeShoppers"] > CAP:
                    beyond.append(line)
        watcher = threading.Thread(target=watch)
        watcher.start()
        for fan in fans:
            fan.start()
        try:
            self.lose_redis()
            deadline = time.monotonic() + 180
            for fan in fans:
                fan.join(max(0, deadline - time.monotonic()))
        finally:
            ended.set()
            watcher.join()
        present = [fan for fan in fans if fan.listens]
        self.assertEqual([(fan.name, fan.failure) for fan in fans if fan.failure], [])
        self.assertEqual([fan.name for fan in present if fan.is_alive()], [], "everyone present has been called")
        # Whoever is passed over finds the line beyond their number and no pass for them.
        self.assertEqual([(fan.name, str(fan.claimed)) for fan in present if fan.claimed.status != 201], [])
        self.assertEqual([fan.name for fan in present if fan.order["state"] != "confirmed"], [])
        self.assertEqual(beyond, [], "nobody over the cap")
        # Who was away has not lost their place.
        for fan in fans:
            if fan.listens:
                continue
            again = fan.insist("POST", BASE + "/waiting-room", fan.session).json
            self.assertEqual(again["number"], fan.number)
        report = send(self.owner.url, "GET", BASE + "/report", self.admin).json
        self.assertEqual(report["orders"]["confirmed"], len(present))
        self.assertGreater(time.monotonic() - self.began, 2 * GRACE_SECONDS, "absence has counted for long enough")

    def lose_redis(self):
        redis = self.cluster.redis
        owner = self.owner
        eventually(lambda: self.metric(owner, "onsale_presence_read_total", source="redis") > 0, "presence comes", 30)
        for node in self.others:
            self.assertGreater(self.metric(node, "onsale_rows_heard_total", outcome="replayed"), 0)
            self.assertEqual(self.metric(node, "onsale_redis_up"), 1)
        self.publish_what_is_no_row()
        # All of it after the grace, when whoever isn't known to be there is passed over.
        time.sleep(max(0, self.began + GRACE_SECONDS - time.monotonic()))
        self.sell_on("flushed", lambda: redis.ask("FLUSHALL"))
        redis.kill()
        self.sell_on("restarted", redis.start)
        redis.pause()
        time.sleep(10)
        self.assertEqual(self.metric(owner, "onsale_redis_up"), 0)
        self.assertEqual(send(owner.url, "GET", "/health/ready").status, 200)
        self.assertGreater(self.metric(owner, "onsale_presence_read_total", source="node"), 0)
        self.sell_on("stopped for ten seconds", redis.resume)
        eventually(lambda: self.metric(owner, "onsale_redis_up") == 1, "Redis is used again", 20)
        redis.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
        self.sell_on("full", lambda: redis.ask("CONFIG", "SET", "maxmemory", "1"))
        time.sleep(10)
        redis.ask("CONFIG", "SET", "maxmemory", "64mb")
        redis.ask("CONFIG", "SET", "maxmemory-policy", "volatile-ttl")

    def publish_what_is_no_row(self):
        node = self.others[0]
        before = self.metric(node, "onsale_rows_heard_total", outcome="rejected")
        self.cluster.redis.ask("PUBLISH", f"onsale:{{{EVENT}}}:rows", "no row at all")
        eventually(lambda: self.metric(node, "onsale_rows_heard_total", outcome="rejected") > before, "it is refused")
        self.assertEqual(send(node.url, "GET", "/v1/events").status, 200)
        # Nor does anybody learn who listens, or that one could ask.
        self.assertEqual(send(node.url, "POST", "/v1/nodes/listeners", {}, b"\x00").status, 404)

    def sell_on(self, what, fault):
        before = self.sold()
        fault()
        eventually(lambda: self.sold() > before, f"sales go on, Redis {what}", 30, 0.2)

    def sold(self):
        return send(self.owner.url, "GET", BASE + "/report", self.admin).json["orders"].get("confirmed", 0)


if __name__ == "__main__":
    unittest.main()
