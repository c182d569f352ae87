"""Three nodes of the program on one PostgreSQL: what they tell of one another's events, and what becomes of a sale when
one of them, the database or the network between them fails."""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import time
import unittest

import sale
from cluster import Cluster
from edge import send
from node import binary
from proxy import Proxy
from sale import Buyer, Event, Probe, Sales, ask, insist, owner
from server import NotStarted
from servers import Servers
from waiting import eventually, free_port


# How long a node must be well before events are handed to it.
SETTLING_SECONDS = 6


class NodesTestCase(unittest.TestCase):
    """A cluster for all tests of a class. Each has events of its own, and leaves all nodes running."""

    nodes_count = 3

    @classmethod
    def setUpClass(cls):
        cls.servers = cls.enterClassContext(Servers())
        cls.proxies = []
        cls.cluster = Cluster(cls.servers, nodes=cls.nodes_count, database_ports=cls.through_proxy)
        cls.nodes = cls.cluster.nodes
        cls.urls = [node.url for node in cls.nodes]
        cls.admin = cls.cluster.admin_token
        # A node that has just come gets nothing yet.
        time.sleep(SETTLING_SECONDS)

    @classmethod
    def through_proxy(cls, postgres, number):
        """For each node a network of its own."""
        proxy = cls.enterClassContext(Proxy(("127.0.0.1", postgres.port())))
        cls.proxies.append(proxy)
        return proxy.port

    def tearDown(self):
        for node, proxy in zip(self.nodes, self.proxies):
            proxy.pass_on()
            if node.is_running:
                node.resume()
            else:
                node.start()
        if any(test is self for test, _ in self._outcome.result.failures + self._outcome.result.errors):
            for node in self.nodes:
                print(f"--- {node.name}\n{node.said(3000)}", file=sys.stderr)

    def new_event(self, name, **settings):
        event = Event(self.urls, self.admin, name)
        event.create(**settings)
        return event

    def events_of(self, count=3):
        """As many events as nodes, one of each: {node name: event}."""
        found = {}
        for number in range(40):
            if len(found) == count:
                return found
            event = self.new_event(f"{self._testMethodName.replace('_', '-')[5:40]}-{number}")
            found.setdefault(self.resting_owner(event).name, event)
        self.fail("rendezvous hashing gives every node its share")

    def resting_owner(self, event):
        """Its owner when nothing moves any more."""
        seen = owner(self.cluster, event.name).name
        steady = time.monotonic()
        while time.monotonic() - steady < 1:
            now = owner(self.cluster, event.name).name
            if now != seen:
                seen, steady = now, time.monotonic()
            time.sleep(0.1)
        return next(node for node in self.nodes if node.name == seen)

    def expect_every_rule_holds(self):
        status, said = sale.verify(self.cluster)
        self.assertEqual(status, 0, said)

    def expect_no_crash(self):
        for node in self.nodes:
            self.assertNotRegex(node.log.read_text(errors="replace"), r"Fatal error|\*\*\* |out of service")


class ServiceTests(NodesTestCase):
    """All nodes are well."""

    def test_new_event_is_known_at_every_node_at_once(self):
        for number, node in enumerate(self.nodes * 3):
            event = Event([node.url], self.admin, f"new-{number}")
            self.assertEqual(event.create().status, 201)
            for other in self.nodes:
                self.assertEqual(ask(other.url, "GET", event.path).status, 200)
                self.assertEqual(ask(other.url, "GET", event.path + "/availability").status, 200)
                self.assertEqual(Buyer(event, "early", [other.url]).hold(f"k-{other.name}").status, 201)

    def test_everything_that_a_buyer_does_works_at_a_node_that_does_not_own_the_event(self):
        event = self.new_event("strangers")
        home = self.resting_owner(event)
        for node in self.nodes:
            buyer = Buyer(event, f"fan-of-{node.name}", [node.url])
            held = buyer.hold("h")
            self.assertEqual(held.status, 201, held)
            self.assertEqual(held["onsale-node"], node.name)
            self.assertEqual(held["onsale-owner"], "" if node is home else home.name)
            read = buyer.insist("GET", f"{event.path}/holds/{held.json['hold']}", buyer.pass_)
            self.assertEqual(read.json["hold"], held.json["hold"])
            order = buyer.order(held.json["hold"], "o")
            self.assertEqual((order.status, order.json["state"]), (201, "confirmed"), order)
            self.assertEqual(buyer.order_now(order.json["order"]).json["state"], "confirmed")
            barcode = order.json["tickets"][0]["barcode"]
            checked = insist(node.url, "POST", event.path + "/check-ins", self.admin, {"barcode": barcode})
            self.assertEqual(checked.status, 200, checked)
            other = next(other for other in self.nodes if other is not node)
            again = insist(other.url, "POST", event.path + "/check-ins", self.admin, {"barcode": barcode})
            self.assertEqual(again.status, 409, again)
            second = buyer.order(buyer.hold("h2").json["hold"], "o2").json["order"]
            cancelled = buyer.insist("POST", f"{event.path}/orders/{second}/cancel", buyer.session)
            self.assertEqual(cancelled.status, 202, cancelled)
            given = buyer.hold("h3").json["hold"]
            self.assertEqual(buyer.give_back(given).status, 204)
            self.assertEqual(event.report([node.url])["sold"], sum(
                len(order["tickets"]) for order in event.orders([node.url]).values()
                if order["state"] == "confirmed"))
        event.settled()
        self.expect_every_rule_holds()

    def test_list_of_entrants_is_the_same_at_every_node(self):
        event = self.new_event("drawn", opens_in=2)
        for number in range(5):
            session = ask(self.urls[0], "POST", "/v1/sessions", body={"email": f"fan{number}@example.com"}).json["token"]
            insist(self.urls, "POST", event.path + "/waiting-room", session)
        drawn = eventually(
            lambda: ask(self.urls[0], "GET", event.path + "/waiting-room").json.get("entrantsHash"), "the draw", 20, 0.2)
        for url in self.urls * 2:
            answer = ask(url, "GET", event.path + "/waiting-room/entrants")
            self.assertEqual((answer.status, hashlib.sha256(answer.body).hexdigest()), (200, drawn))

    def test_list_of_orders_has_those_of_every_node(self):
        events = self.events_of()
        bought = set()
        for event in events.values():
            buyer = Buyer(event, "collector")
            order = buyer.order(buyer.hold("h").json["hold"], "o")
            self.assertEqual(order.status, 201, order)
            bought.add(order.json["order"])
        for node in self.nodes:
            answer = insist(node.url, "GET", "/v1/orders", buyer.session)
            self.assertEqual({order["order"] for order in answer.json["orders"]}, bought)

    def test_tokens_of_one_node_are_good_at_all(self):
        event = self.new_event("tokens")
        for number, node in enumerate(self.nodes):
            buyer = Buyer(event, "traveller", [node.url])
            for other in self.nodes:
                self.assertEqual(insist(other.url, "GET", "/v1/orders", buyer.session).status, 200)
                answer = buyer.hold(f"{number}-{other.name}", urls=[other.url])
                self.assertIn(answer.status, (201, 409))
                if answer.status == 409:
                    self.assertEqual(answer.json["type"], "/problems/purchase-limit")
        keys = {send(node.url, "GET", "/.well-known/onsale-keys.json").body for node in self.nodes}
        self.assertEqual(len(keys), 1)

    def test_one_key_at_two_nodes_has_one_effect(self):
        event = self.new_event("keys")
        buyer = Buyer(event, "impatient")
        holds = {buyer.hold("same", urls=[url]).json["hold"] for url in self.urls}
        self.assertEqual(len(holds), 1)
        hold = holds.pop()
        orders = {buyer.order(hold, "once", urls=[url]).json["order"] for url in self.urls}
        self.assertEqual(len(orders), 1)
        self.assertEqual(event.report()["sold"], 1)

    def test_streams_tell_at_every_node_what_another_sells(self):
        event = self.new_event("streams")
        home = self.resting_owner(event)
        buyer = Buyer(event, "listener")
        free = 3000
        for node in self.nodes:
            listener = subprocess.Popen(
                ["curl", "-sN", "--max-time", "30", node.url + event.path + "/availability/stream"],
                stdout=subprocess.PIPE, text=True)
            room = subprocess.Popen(
                ["curl", "-sN", "--max-time", "30", "-H", f"Authorization: Bearer {buyer.ticket}",
                 node.url + event.path + "/waiting-room/stream"], stdout=subprocess.PIPE, text=True)
            try:
                self._next(listener, "snapshot")
                self._next(room, "room")
                self.assertEqual(buyer.hold(f"for-{node.name}", urls=[home.url]).status, 201)
                free -= 1
                # What was held before may come with it.
                while self._next(listener, "delta")["areas"][0]["free"] > free:
                    pass
                while self._next(room, "room")["free"] > free:
                    pass
            finally:
                for process in (listener, room):
                    process.kill()
                    process.wait()
                    process.stdout.close()

    def _next(self, listener, kind):
        """The data of the next message of a kind."""
        found = False
        for line in listener.stdout:
            if line.startswith("event:"):
                found = line.split()[1] == kind
            elif found and line.startswith("data:"):
                return json.loads(line[5:])
        self.fail(f"the stream ended before a {kind}")

    def test_cluster_tells_who_owns_what_since_when(self):
        event = self.new_event("pictured")
        began = time.time()
        home = self.resting_owner(event)
        for node in self.nodes:
            picture = ask(node.management_url, "GET", "/cluster").json
            self.assertEqual(picture["node"], node.name)
            self.assertEqual({(one["name"], one["url"]) for one in picture["nodes"]},
                             {(one.name, one.url) for one in self.nodes})
            seat = next(seat for seat in picture["events"] if seat["event"] == event.name)
            self.assertEqual(seat["owner"], home.name)
            self.assertGreater(seat["since"], time.strftime("%Y-%m-%dT%H:%M", time.gmtime(began - 120)), seat)
            shown = subprocess.run(
                [binary(), "cluster", "--management", node.management_url], capture_output=True, text=True, timeout=30)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertRegex(shown.stdout, rf"(?m)^{event.name} +{home.name} ")


class StartTests(unittest.TestCase):
    """What a node refuses to start with."""

    @classmethod
    def setUpClass(cls):
        cls.servers = cls.enterClassContext(Servers())
        cls.cluster = Cluster(cls.servers, nodes=1)

    def expect_refusal(self, name, words, **changes):
        """It ends with 1 or 2 and says why."""
        with self.assertRaises(NotStarted) as raised:
            self.servers.node(name, **{**self.cluster.settings, **changes})
        said = str(raised.exception)
        self.assertRegex(said, "ended with [12]\n", said)
        self.assertRegex(said, words)
        self.assertNotRegex(said, r"Fatal error|\*\*\* ")

    def test_name_of_a_node_that_runs(self):
        self.expect_refusal("twin", "another node called node1 is running", ONSALE_NODE_NAME="node1")

    def test_address_of_a_node_that_runs(self):
        url = self.cluster.nodes[0].url
        self.expect_refusal("shadow", f"node1 is running at {url} already", ONSALE_NODE_URL=url)

    def test_address_that_nobody_can_reach(self):
        self.expect_refusal("open", "Set ONSALE_NODE_URL", ONSALE_NODE_URL="", ONSALE_HOST="0.0.0.0")

    def test_clock_that_is_not_the_databases(self):
        shim = self.servers.folder / "shifted_clock.so"
        subprocess.run(
            ["clang", "-shared", "-fPIC", "-o", str(shim), str(pathlib.Path(__file__).parent / "shifted_clock.c")],
            check=True)
        for seconds, words in ((540, "5[34][0-9] seconds ahead of the database"), (-60, "(59|60) seconds behind")):
            self.expect_refusal(
                f"late{seconds}", words, LD_PRELOAD=str(shim), SHIFTED_CLOCK_SECONDS=str(seconds))

    def test_other_organizers_token(self):
        self.expect_refusal("foreign", "ONSALE_ADMIN_TOKEN is not the one", ONSALE_ADMIN_TOKEN="another-token-0123456")

    def test_migrations_that_are_not_to_be_made(self):
        postgres = self.servers.postgres()
        self.expect_refusal("unmigrated", "(?i)migrat", DATABASE_URL=postgres.url, ONSALE_MIGRATE="0")
        self.servers.node("migrated", **{**self.cluster.settings, "DATABASE_URL": postgres.url})
        second = self.servers.node("second", **{
            **self.cluster.settings, "DATABASE_URL": postgres.url, "ONSALE_MIGRATE": "0"})
        self.assertEqual(second.stop(), 0)

    def test_database_that_does_not_answer(self):
        url = re.sub(r":\d+/", f":{free_port()}/", self.cluster.settings["DATABASE_URL"])
        self.expect_refusal("lonely", "(?i)connect", DATABASE_URL=url)

    def test_edge_node_serves_everything_and_owns_nothing(self):
        edge = self.servers.node("edge", **{**self.cluster.settings, "ONSALE_ROLES": "edge"})
        events = [Event([edge.url], self.cluster.admin_token, f"edge-{number}") for number in range(6)]
        for event in events:
            event.create()
            buyer = Buyer(event, "fan", [edge.url])
            order = buyer.order(buyer.hold("h").json["hold"], "o")
            self.assertEqual((order.status, order["onsale-node"], order["onsale-owner"]), (201, "edge", "node1"))
        home = self.cluster.nodes[0]
        home.kill()
        # Longer than any node waits for its turn: this one has none.
        time.sleep(4)
        for event in events:
            self.assertEqual(ask(edge.url, "GET", event.path + "/availability").status, 200)
            self.assertEqual(ask(edge.url, "GET", event.path + "/report", self.cluster.admin_token).status, 503)
        home.start()
        for event in events:
            self.assertEqual(insist(edge.url, "GET", event.path + "/report", self.cluster.admin_token).json["sold"], 1)
            self.assertEqual(owner(self.cluster, event.name), home)
        self.assertEqual(edge.stop(), 0)


class FaultTests(NodesTestCase):
    """A fault in the middle of sales: they go on, and nothing that was answered is lost."""

    def setUp(self):
        self.event = self.new_event(self._testMethodName[5:40].replace("_", "-"))
        self.home = self.resting_owner(self.event)
        self.sales = self.enterContext(Sales(self.event, self.urls, buyers=3))
        self.probe = self.enterContext(Probe(self.event, self.urls))
        self.sales.go_on()

    def expect_sales_again(self, what, since):
        """Within a time that only a machine that is very busy needs."""
        print(f"{what}: next sale after {self.probe.next_sale(since, 60):.2f} s", flush=True)
        self.sales.go_on(6)

    def finish(self):
        self.sales.stop()
        self.assertEqual(self.sales.lost(), [])
        self.expect_every_rule_holds()
        self.expect_no_crash()

    def test_owner_is_killed(self):
        self.home.kill()
        since = time.monotonic()
        self.expect_sales_again("owner killed", since)
        self.assertIsNot(owner(self.cluster, self.event.name), self.home)
        self.home.start()
        self.sales.go_on(6)
        self.finish()

    def test_owner_is_stopped_for_six_seconds_and_goes_on(self):
        self.home.pause()
        since = time.monotonic()
        self.expect_sales_again("owner stopped", since)
        time.sleep(max(0, since + 6 - time.monotonic()))
        others = [node for node in self.nodes if node is not self.home]
        self.assertIn(owner(self.cluster, self.event.name, among=others), others)
        self.home.resume()
        self.sales.go_on(6)
        # It agrees with the others that it was deposed, and answers as they do.
        owner(self.cluster, self.event.name)
        self.assertEqual([self.event.report([url])["capacity"] for url in self.urls], [3000] * 3)
        self.finish()

    def test_connections_of_all_nodes_are_ended(self):
        for _ in range(3):
            self.assertGreater(self.cluster.postgres.end_connections(), 0)
            self.expect_sales_again("connections ended", time.monotonic())
        self.finish()

    def test_database_is_killed_and_started_again(self):
        self.cluster.postgres.kill()
        self.cluster.postgres.start()
        self.expect_sales_again("database back after a kill", time.monotonic())
        self.finish()

    def test_owners_network_to_the_database_is_cut_and_mended(self):
        proxy = self.proxies[self.nodes.index(self.home)]
        proxy.blackhole()
        self.expect_sales_again("owner's network swallows everything", time.monotonic())
        proxy.cut()
        self.sales.go_on(6)
        proxy.pass_on()
        self.sales.go_on(6)
        owner(self.cluster, self.event.name)
        self.finish()

    def test_answers_to_commits_are_lost(self):
        proxy = self.proxies[self.nodes.index(self.home)]
        for _ in range(3):
            dropped = proxy.dropped
            # The name of the prepared statement that appends a batch.
            proxy.drop_answer_to(b"append")
            eventually(lambda: proxy.dropped > dropped, "an answer is dropped", 20)
            self.expect_sales_again("answer to a commit lost", time.monotonic())
        self.finish()

    def test_node_that_is_asked_to_stop_hands_its_events_over(self):
        since = time.monotonic()
        self.assertEqual(self.home.stop(), 0)
        self.expect_sales_again("owner asked to stop", since)
        self.home.start()
        self.sales.go_on(6)
        self.finish()


if __name__ == "__main__":
    unittest.main()
