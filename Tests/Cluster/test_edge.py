"""nginx in front of the program itself: what only the two together can show.

`ONSALE_CLUSTER_NODES` says how many nodes (1). More than one need a program that keeps its journal in PostgreSQL.
"""

import os
import signal
import subprocess
import threading
import unittest

from cluster import Cluster
from edge import curl, send, together
from servers import Servers
from waiting import eventually

NODES = int(os.environ.get("ONSALE_CLUSTER_NODES") or 1)
EVENT = "arena"
BASE = f"/v1/events/{EVENT}"


class EdgeTests(unittest.TestCase):
    # Fewer, so that a slow machine reaches the limit; all but one test wait when they do.
    changes = {"rate=50r/s": "rate=10r/s", "zone=onsale_joins burst=200": "zone=onsale_joins burst=40"}

    @classmethod
    def setUpClass(cls):
        # Each test ends with the program as it found it, so they share one: it takes seconds to start.
        cls.servers = cls.enterClassContext(Servers())
        cls.cluster = Cluster(cls.servers, nodes=NODES, edge_changes=cls.changes)
        cls.url = cls.cluster.edge.url
        cls.admin = {"Authorization": f"Bearer {cls.cluster.admin_token}"}
        created = send(cls.url, "POST", "/v1/events", {**cls.admin, "Content-Type": "application/json"}, {
            "id": EVENT, "title": "Arena", "venue": "Hall", "startsAt": "2030-01-01T10:00:00Z", "currency": "KRW",
            "areas": [{"name": "Floor", "capacity": 5000, "category": "Floor"}],
            "prices": [{"category": "Floor", "amount": 1000}],
            "onsale": {"waitingRoom": False, "maxActiveShoppers": 5000, "passSeconds": 3600},
            "limits": {"ticketsPerBuyer": 8, "holdSeconds": 600}})
        assert created.status == 201, created

    def send(self, method, path, token=None, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        return send(self.url, method, path, headers, body)

    def insist(self, method, path, token=None, body=None, **headers):
        """Repeats until an answer is final, as every client of the contract does."""
        def ask():
            try:
                answer = self.send(method, path, token, body, **headers)
            except OSError:
                return None
            return answer if answer.status < 500 and answer.status != 429 else None
        return eventually(ask, f"{method} {path} is answered", 60, 0.2)

    def buyer(self, name):
        """A session and a pass."""
        session = self.insist("POST", "/v1/sessions", body={"email": f"{name}@example.com"}).json["token"]
        ticket = self.insist("POST", BASE + "/waiting-room", session).json["ticket"]
        return session, self.insist("POST", BASE + "/waiting-room/pass", session, {"ticket": ticket}).json["pass"]

    def hold(self, pass_, key):
        answer = self.insist("POST", BASE + "/holds", pass_, {"area": "Floor", "quantity": 1}, Idempotency_Key=key)
        self.assertEqual(answer.status, 201, answer)
        return answer.json["hold"]

    def test_each_header_is_there_once_on_every_kind_of_answer(self):
        page = self.send("GET", "/").body.decode()
        asset = "/assets/" + page.partition("/assets/")[2].partition('"')[0]
        for path in ("/", "/organizer", "/door", asset, "/v1/events", BASE, BASE + "/waiting-room", "/openapi.json",
                     "/.well-known/onsale-keys.json", BASE + "/availability", "/v1/orders", "/nothing",
                     "/health/ready"):
            for version in ("--http1.1", "--http2"):
                for _ in range(2):  # the second perhaps from the cache
                    answer = curl(version, "--compressed", self.url + path)
                    for name in ("x-content-type-options", "referrer-policy", "x-request-id",
                                 "strict-transport-security", "content-type"):
                        self.assertEqual(len(answer.values(name)), 1, f"{path} {name} {answer}")
                    for name in ("vary", "content-security-policy", "retry-after", "cache-control"):
                        self.assertLessEqual(len(answer.values(name)), 1, f"{path} {name} {answer}")

    def test_crowds_look_at_the_line_but_the_node_is_asked_once_a_second(self):
        answers = together(40, lambda _: [self.send("GET", BASE + "/waiting-room") for _ in range(10)])
        flat = [answer for some in answers for answer in some]
        self.assertEqual({answer.status for answer in flat}, {200})
        lines = eventually(lambda: (found := [line for line in self.cluster.edge.requests()
                                              if line["path"] == BASE + "/waiting-room" and line["method"] == "GET"])
                           and len(found) >= len(flat) and found, "all are logged")
        asked = sum(line["cache"] != "HIT" and line["upstream"] != "" for line in lines)
        self.assertLess(asked, len(flat) / 4)

    def test_streams_begin_at_once(self):
        session, _ = self.buyer("listener")
        ticket = self.insist("POST", BASE + "/waiting-room", session).json["ticket"]
        for version in ("--http1.1", "--http2"):
            for path, token in ((BASE + "/availability/stream", None), (BASE + "/waiting-room/stream", ticket)):
                listener = subprocess.Popen(
                    ["curl", "-skN", version, "--compressed", self.url + path,
                     *(["-H", f"Authorization: Bearer {token}"] if token else [])], stdout=subprocess.PIPE)
                try:
                    self.assertRegex(listener.stdout.readline(), b"^event: (snapshot|room)\n$")
                finally:
                    listener.kill()
                    listener.wait()
                    listener.stdout.close()

    def test_address_that_a_client_makes_up_counts_for_nothing(self):
        def sign_in(number):
            return [self.send("POST", "/v1/sessions", body={"email": f"{number}-{turn}@example.com"},
                              X_Forwarded_For=f"198.51.{number}.{turn}").status for turn in range(20)]

        statuses = [status for some in together(20, sign_in) for status in some]
        self.assertEqual(set(statuses), {201, 429})
        # And for the rehearsal's crowd there is no limit, at nginx or behind it.
        self.assertEqual({status for some in together(4, lambda number: [send(
            self.cluster.edge.rehearsal_url, "POST", "/v1/sessions", {"Content-Type": "application/json"},
            {"email": f"{number}-{turn}@example.com"}).status for turn in range(75)]) for status in some}, {201})

    def test_what_nginx_refuses_looks_as_what_the_program_refuses(self):
        def shape(answer):
            return answer.status, answer["content-type"], sorted(answer.json), answer.json["type"], answer.json["title"]

        at_nginx = self.send("POST", BASE + "/holds", "t", {"x": "y" * 65_537})
        node = self.cluster.nodes[0].url
        pass_ = self.buyer("large")[1]
        at_node = send(node, "POST", BASE + "/holds", {
            "Authorization": f"Bearer {pass_}", "Content-Type": "application/json"}, {"x": "y" * 65_537})
        self.assertEqual(shape(at_nginx), shape(at_node))

    def test_order_whose_node_is_killed_is_a_502_and_with_its_key_one_order(self):
        _, pass_ = self.buyer("unlucky")
        hold = self.hold(pass_, "hold-unlucky")
        body = {"hold": hold, "payment": {"method": "pm_sandbox_slow"}}
        answers = []

        def order():
            answers.append(self.send("POST", BASE + "/orders", pass_, body, Idempotency_Key="k", Prefer="wait=10"))

        thread = threading.Thread(target=order)
        thread.start()
        eventually(lambda: self.report()["orders"].get("authorizing"), "the provider is being asked")
        for node in self.cluster.nodes:
            node.process.send_signal(signal.SIGKILL)
        thread.join()
        for node in self.cluster.nodes:
            node.kill()
            node.start()
        self.assertEqual(answers[0].status, 502, answers[0])
        self.assertEqual(answers[0]["content-type"], "application/problem+json")
        first = self.insist("POST", BASE + "/orders", pass_, body, Idempotency_Key="k", Prefer="wait=10")
        self.assertEqual((first.status, first.json["state"]), (201, "confirmed"))
        again = self.insist("POST", BASE + "/orders", pass_, body, Idempotency_Key="k")
        self.assertEqual(again.json["order"], first.json["order"])

    def report(self):
        return self.insist("GET", BASE + "/report", self.cluster.admin_token).json

    def test_reload_in_the_middle_of_sales_loses_none(self):
        _, pass_ = self.buyer("reloader")
        ended = threading.Event()
        failures, made = [], []

        def sell(number):
            count = 0
            while not ended.is_set() and count < 200:
                count += 1
                answer = self.send("POST", BASE + "/holds", pass_, {"area": "Floor", "quantity": 1},
                                   Idempotency_Key=f"{number}-{count}")
                if answer.status == 201:
                    made.append(answer.json["hold"])
                    answer = self.send("DELETE", f"{BASE}/holds/{answer.json['hold']}", pass_)
                if answer.status not in (201, 204, 409, 429):
                    failures.append(str(answer))

        threads = [threading.Thread(target=sell, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                before = len(made)
                self.cluster.edge.reload()
                eventually(lambda: len(made) > before + 2, "sales go on", 30)
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(len(made), len(set(made)))


if __name__ == "__main__":
    unittest.main()
