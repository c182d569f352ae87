"""`make cluster`, with a program in place of ours that only tells its settings."""

import os
import pathlib
import re
import signal
import subprocess
import unittest

import processes
from bus import mock_broker
from cluster import SERVICES
from edge import send
from node import ROOT
from waiting import eventually

STUB = pathlib.Path(__file__).resolve().parent / "stub_program"


class ClusterTests(unittest.TestCase):
    def setUp(self):
        self.process = subprocess.Popen(
            [ROOT / "scripts/cluster", "--nodes", "2"], stdout=subprocess.PIPE, text=True, start_new_session=True,
            env={**os.environ, "ONSALE_BINARY": str(STUB), "ONSALE_MOCK_BROKER": mock_broker(),
                 "ONSALE_STREAMS": "channels"})
        self.said = ""
        while "Ctrl-C ends it all." not in self.said:
            line = self.process.stdout.readline()
            if not line:
                self.fail(self.said)
            self.said += line
        self.folder = pathlib.Path(re.search(r"logs +(\S+)/\*/", self.said)[1])
        self.pids = self.descendants()

    def tearDown(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def descendants(self):
        found, left = [], processes.children(self.process.pid)
        while left:
            found.append(left.pop())
            left += processes.children(found[-1])
        return found

    def address(self, pattern):
        return re.search(pattern, self.said)[1]

    def expect_nothing_left(self):
        eventually(lambda: not self.folder.exists(), "the folder is gone")
        eventually(lambda: not any(processes.is_alive(pid) for pid in self.pids), "all have ended")

    def test_nodes_are_told_what_makes_them_a_cluster(self):
        edge = self.address(r"open at (\S+)")
        rehearsal = self.address(r"rush --url (\S+)")
        seen = {}
        for number in range(50):
            answer = send(rehearsal, "GET", f"/v1/events/evt-{number}/availability").json
            seen[answer["settings"]["ONSALE_NODE_NAME"]] = answer["settings"]
        self.assertEqual(set(seen), {"node1", "node2"})
        self.assertNotEqual(seen["node1"]["ONSALE_NODE_URL"], seen["node2"]["ONSALE_NODE_URL"])
        for settings in seen.values():
            self.assertEqual(send(settings["ONSALE_NODE_URL"], "GET", "/").json["settings"], settings)
            self.assertEqual(settings["DATABASE_URL"], self.address(r"PostgreSQL +(\S+)"))
            self.assertEqual(settings["ONSALE_REDIS_URL"], self.address(r"Redis +(\S+)"))
            self.assertEqual(settings["ONSALE_KAFKA_BROKERS"], self.address(r"Kafka +(\S+)"))
            self.assertEqual(settings["ONSALE_ROLES"], "sale")
            self.assertEqual(settings["ONSALE_PAYMENT_URL"], self.address(r"sandbox +(http\S+)"))
            self.assertEqual(settings["ONSALE_ADMIN_TOKEN"], self.address(r"token +(\S+)"))
            self.assertEqual(settings["ONSALE_PUBLIC_URL"], edge)
            self.assertEqual(settings["ONSALE_STREAMS"], "channels")
        sandbox = send(seen["node1"]["ONSALE_PAYMENT_URL"], "GET", "/").json
        self.assertEqual(sandbox["arguments"][0], "payments-sandbox")
        for name in ("ONSALE_PAYMENT_SECRET_KEY", "ONSALE_PAYMENT_WEBHOOK_SECRET"):
            self.assertEqual(sandbox["settings"][name], seen["node1"][name])
        self.assertEqual(sandbox["settings"]["ONSALE_PAYMENT_WEBHOOK_URL"], rehearsal + "/v1/webhooks/payments")
        # A rehearsal's crowd is nobody's but this machine's; everybody else has an address.
        self.assertIsNone(send(rehearsal, "GET", "/").json["forwarded_for"])
        self.assertEqual(send(edge, "GET", "/").json["forwarded_for"], "127.0.0.1")

    def test_services_are_processes_of_their_own_with_the_settings_of_nodes(self):
        node = send(self.address(r"rush --url (\S+)"), "GET", "/").json["settings"]
        seen = [send(url, "GET", "/").json for url in re.findall(r"(http\S+)/services ", self.said)]
        self.assertEqual([tuple(program["arguments"][:-2]) for program in seen],
                         [("work", *services) for services in SERVICES])
        own = {"ONSALE_NODE_NAME", "ONSALE_NODE_URL"}
        for program in seen:
            for name in ("DATABASE_URL", *(name for name in node if name.startswith("ONSALE_") and name not in own)):
                self.assertEqual(program["settings"][name], node[name], name)
        mails = send(self.address(r"mails +(http\S+)/mails"), "GET", "/").json
        self.assertEqual(mails["arguments"][:2], ["work", "mail"])

    def test_nothing_is_left_behind_however_it_ends(self):
        # As Ctrl-C does it: the signal goes to the whole group of the terminal.
        os.killpg(self.process.pid, signal.SIGINT)
        self.assertEqual(self.process.wait(90), 0)
        self.expect_nothing_left()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
            with self.subTest(number):
                self.tearDown()
                self.setUp()
                self.process.send_signal(number)
                self.assertEqual(self.process.wait(90), -9 if number == signal.SIGKILL else 0)
                self.expect_nothing_left()

    def test_says_which_node_ended(self):
        node = next(pid for pid in self.pids if b"serve\0" in processes.title(pid))
        os.kill(node, signal.SIGKILL)
        self.assertRegex(self.process.stdout.readline(), "node[12] ended with -9")


if __name__ == "__main__":
    unittest.main()
