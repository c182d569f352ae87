"""What follows a sale, as processes on Kafka: bought through nginx, read where the mail service keeps mails."""

import os
import subprocess
import sys
import unittest

from cluster import SERVICES, Cluster
from node import binary
from sale import Buyer, Event, ask
from servers import Servers
from waiting import eventually

# A member that dies without a word is missed for as long by its group, then another takes its lanes.
PATIENCE_SECONDS = 60


class ServicesTests(unittest.TestCase):
    """A cluster for all tests. Each has an event of its own, and leaves everything running."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(cls.enterClassContext(Servers()), nodes=2, with_services=True)
        cls.documents, cls.mail = cls.cluster.worker("documents"), cls.cluster.worker("mail")

    def setUp(self):
        name = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]
        self.event = Event([self.cluster.edge.rehearsal_url], self.cluster.admin_token, name)
        self.event.create()
        self.buyer = Buyer(self.event, name)
        self.orders = []

    def tearDown(self):
        self.cluster.kafka.tell("up -1")
        for worker in self.cluster.workers:
            if not worker.is_running:
                worker.start()
        if any(test is self for test, _ in self._outcome.result.failures + self._outcome.result.errors):
            for process in self.cluster.nodes + self.cluster.workers:
                print(f"--- {process.name}\n{process.said(3000)}", file=sys.stderr)

    def buy(self, count):
        for _ in range(count):
            key = f"k-{len(self.orders)}"
            order = self.buyer.order(self.buyer.hold(key).json["hold"], key)
            self.assertEqual((order.status, order.json["state"]), (201, "confirmed"), order)
            self.orders.append(order.json["order"])

    def mails(self):
        """What the mail service shows of this event's mails: {id: mail}. None while it doesn't run."""
        answer = ask(self.mail.management_url, "GET", "/mails")
        if answer is None:
            return None
        own = self.cluster.postgres.psql(
            f"SELECT key FROM onsale_mail.mail WHERE event = '{self.event.name}'").splitlines()
        return {mail["id"]: mail for mail in answer.json["mails"] if mail["id"] in own}

    def bus(self, command):
        done = subprocess.run(
            [binary(), "bus", command], capture_output=True, text=True, timeout=60,
            env={**os.environ, **self.cluster.settings})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def behind(self):
        """How far services are behind: {(service, topic): messages}."""
        rows = [line.split() for line in self.bus("lag").splitlines()[1:]]
        return {(service, topic): int(messages) for service, topic, messages in rows}

    def relays_behind(self):
        pictures = [ask(node.management_url, "GET", "/services").json["services"] for node in self.cluster.nodes]
        return sum(service["counts"]["behind"] for services in pictures for service in services
                   if service["name"] == "relay")

    def expect_one_mail_for_each_order(self):
        expected = {f"tickets.{order}" for order in self.orders}
        eventually(
            lambda: {id for id, mail in (self.mails() or {}).items() if mail["state"] == "kept"} >= expected,
            f"{len(expected)} mails", PATIENCE_SECONDS, 0.2)
        eventually(lambda: not any(self.behind().values()), "nobody is behind", PATIENCE_SECONDS, 0.5)
        # Nothing is under way any more that could still become a second one.
        mails = self.mails()
        self.assertEqual(set(mails), expected)
        for mail in mails.values():
            self.assertEqual([name.rpartition(".")[2] for name in mail["attachments"]], ["pdf", "ics"])
        identities = self.cluster.postgres.psql(
            f"SELECT message_id FROM onsale_mail.mail WHERE event = '{self.event.name}'").splitlines()
        self.assertEqual(len(set(identities)), len(self.orders))
        self.assertEqual(self.bus("dead").strip(), "Nothing has been given up.")

    def test_tickets_are_mailed_and_all_services_get_on(self):
        self.buy(1)
        self.expect_one_mail_for_each_order()
        for names, worker in zip(SERVICES, self.cluster.workers, strict=True):
            services = ask(worker.management_url, "GET", "/services").json["services"]
            self.assertEqual({service["name"]: service["status"] for service in services},
                             dict.fromkeys(names, "ok"))

    def test_what_was_bought_while_mail_was_stopped_is_mailed_once_it_runs(self):
        self.buy(2)
        self.assertEqual(self.mail.stop(), 0)
        self.buy(3)
        eventually(lambda: self.behind()["mail", "onsale.tickets.v1"] >= 3, "tickets wait", PATIENCE_SECONDS, 0.5)
        self.mail.start()
        self.expect_one_mail_for_each_order()

    def test_killing_documents_in_the_middle_of_its_work_loses_no_tickets(self):
        self.buy(5)
        self.documents.kill()
        self.buy(2)
        self.documents.start()
        self.buy(1)
        self.expect_one_mail_for_each_order()

    def test_what_was_bought_while_the_brokers_were_down_is_mailed_once_they_are_back(self):
        self.buy(2)
        self.cluster.kafka.tell("down -1")
        self.buy(3)
        eventually(lambda: self.relays_behind() > 0, "the relay waits for the brokers")
        self.cluster.kafka.tell("up -1")
        self.buy(2)
        self.expect_one_mail_for_each_order()


if __name__ == "__main__":
    unittest.main()
