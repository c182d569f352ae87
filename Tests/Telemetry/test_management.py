"""The management port: health within its time, whatever provider and disk do; who may reach it; what it tells."""

import contextlib
import http.client
import os
import socket
import subprocess
import time
import unittest

from peers import ADMIN_TOKEN, Buyer, Onsale, Sandbox, eventually
from false_provider import FalseProvider

READY_SECONDS = 2


def listening(port):
    """The addresses that a port listens on, as the kernel has them."""
    found = set()
    for table, size in (("tcp", 8), ("tcp6", 32)):
        with open(f"/proc/net/{table}") as lines:
            for line in list(lines)[1:]:
                _, local, _, state = line.split()[:4]
                address, _, at = local.partition(":")
                if state == "0A" and int(at, 16) == port:
                    found.add(socket.inet_ntoa(bytes.fromhex(address)[::-1]) if size == 8 else address)
    return found


class HealthTests(unittest.TestCase):
    def ready(self, program):
        """The answer about readiness, which never takes long."""
        began = time.monotonic()
        answer = program.management("GET", "/health/ready", timeout=10)
        self.assertLess(time.monotonic() - began, READY_SECONDS)
        self.assertEqual(answer.headers["Content-Type"].partition(";")[0], "application/json")
        self.assertEqual(answer["status"], "ready" if answer.status == 200 else "unready", answer)
        self.assertEqual(set(answer["parts"]), {"journal", "payments", "disk"})
        for name, part in answer["parts"].items():
            self.assertIn("status", part, name)
        return answer

    def live(self, program):
        began = time.monotonic()
        answer = program.management("GET", "/health/live", timeout=10)
        self.assertLess(time.monotonic() - began, READY_SECONDS)
        self.assertEqual((answer.status, answer["status"]), (200, "live"))

    def test_all_is_well(self):
        with Onsale(Sandbox()) as program:
            eventually(lambda: self.ready(program)["payments"] == "well", "the sandbox is well")
            answer = self.ready(program)
            self.assertEqual(answer.status, 200)
            self.assertEqual({name: part["status"] for name, part in answer["parts"].items()},
                             {"journal": "ok", "payments": "ok", "disk": "ok"})
            self.live(program)
            public = program.send("GET", "/health/ready")
            self.assertEqual((public.status, public["status"], public["payments"]), (200, "ready", "well"))

    def test_a_provider_that_is_away_or_hangs_is_waited_for(self):
        for kind in ("refuse", "silence"):
            with self.subTest(kind):
                provider = FalseProvider()
                self.addCleanup(provider.stop)
                with Onsale(provider) as program:
                    program.create_event("hall", {"Floor": 1000})
                    buyers = [Buyer(program, "hall") for _ in range(3)]
                    provider.go_away(kind)
                    orders = [buyer.order(buyer.hold()["hold"], wait=0)["order"] for buyer in buyers]
                    answer = self.ready(program)
                    self.assertEqual(answer.status, 200)
                    if kind == "refuse":
                        eventually(lambda: self.ready(program)["payments"] == "away", "the provider is away", 30)
                        answer = self.ready(program)
                        self.assertEqual(answer.status, 200)
                        # The saga waits for it, so holds and orders are still worth taking.
                        self.assertEqual(answer["parts"]["payments"], {"status": "ok", "detail": "away"})
                        eventually(lambda: program.metric("onsale_provider_up") == 0, "onsale_provider_up is 0", 5)
                    self.live(program)
                    provider.come_back()
                    for buyer, order in zip(buyers, orders):
                        buyer.until(order, "confirmed", 30)
                    eventually(lambda: self.ready(program)["payments"] == "well", "the provider is back")
                    eventually(lambda: program.metric("onsale_provider_up") == 1, "onsale_provider_up is 1", 5)

    def test_a_key_that_the_provider_refuses_needs_somebody(self):
        provider = FalseProvider()
        self.addCleanup(provider.stop)
        right, provider.secret_key = provider.secret_key, "sk_wrong_key"
        with Onsale(provider) as program:
            provider.secret_key = right
            program.create_event("hall", {"Floor": 1000})
            buyer = Buyer(program, "hall")
            buyer.order(buyer.hold()["hold"], wait=0)
            eventually(lambda: self.ready(program).status == 503, "it is not ready")
            answer = self.ready(program)
            self.assertEqual(answer["payments"], "unauthorized")
            self.assertNotEqual(answer["parts"]["payments"]["status"], "ok")
            self.assertEqual({answer["parts"][part]["status"] for part in ("journal", "disk")}, {"ok"})
            self.assertEqual(program.send("GET", "/health/ready").status, 503)
            self.assertEqual(program.metric("onsale_ready", part="payments"), 0)
            self.assertNotIn("sk_wrong_key", str(answer))
            self.live(program)

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small disk needs root")
    def test_a_full_disk_is_told_and_so_is_its_end(self):
        program = Onsale(Sandbox())
        self.addCleanup(program.__exit__)
        os.makedirs(program.data)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128m,mode=700", "tmpfs", program.data]).returncode:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", program.data])
        self.addCleanup(program.kill)  # before that
        program.start()
        program.create_event("hall", {"Floor": 1000})
        buyer = Buyer(program, "hall")
        eventually(lambda: self.ready(program)["payments"] == "well", "the sandbox is well")
        with open(program.data + "/filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(1 << 16))
        with contextlib.suppress(OSError), open(program.data + "/crumbs", "wb", buffering=0) as filler:
            while True:
                filler.write(b"x")
        eventually(lambda: self.ready(program).status == 503, "it is not ready", 30)
        answer = self.ready(program)
        self.assertNotEqual(answer["parts"]["disk"]["status"], "ok")
        self.assertTrue(answer["parts"]["disk"].get("detail"))
        self.assertEqual(program.metric("onsale_ready", part="disk"), 0)
        self.assertLess(program.metric("onsale_disk_free_bytes"), 1 << 20)
        self.live(program)
        answer = program.send("POST", "/v1/events/hall/holds", buyer.pass_, {"area": "Floor", "quantity": 1})
        self.assertEqual(answer.status, 503, answer)
        os.remove(program.data + "/filler")
        with contextlib.suppress(OSError):
            os.remove(program.data + "/crumbs")
        eventually(lambda: self.ready(program).status == 200, "it is ready again", 30)
        buyer.hold()
        eventually(lambda: program.metric("onsale_ready", part="disk") == 1, "onsale_ready is 1", 5)


class PortTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.provider = FalseProvider(secret_key="sk_live_of_the_info_test", webhook_secret="whsec_of_the_info_test")
        cls.addClassCleanup(cls.provider.stop)
        cls.program = cls.enterClassContext(Onsale(
            cls.provider, ONSALE_DOOR_TOKEN="door-token-of-the-info-test", ONSALE_LOG_LEVEL="warning",
            OTEL_EXPORTER_OTLP_ENDPOINT="http://user:password-in-a-url@127.0.0.1:9",
            OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20collector-secret"))

    def test_info_tells_what_runs(self):
        info = self.program.management("GET", "/info")
        self.assertEqual((info.status, info.headers["Content-Type"]), (200, "application/json"))
        status, told, _ = self.program.command("--version")
        self.assertEqual((status, told.strip()), (0, info["version"]))
        self.assertIn(info["build"], ("debug", "release"))
        self.assertEqual(info["payments"], "127.0.0.1")
        self.assertLess(info["uptimeSeconds"], 600)

    def test_info_shows_settings_and_no_secret(self):
        info = self.program.management("GET", "/info")
        settings = info["settings"]
        for name in ("ONSALE_ADMIN_TOKEN", "ONSALE_DOOR_TOKEN", "ONSALE_PAYMENT_SECRET_KEY",
                     "ONSALE_PAYMENT_WEBHOOK_SECRET"):
            self.assertEqual(settings[name], "set", name)
        self.assertEqual(settings["ONSALE_LOG_LEVEL"], "warning")
        self.assertEqual(settings["ONSALE_LOGIN"], "open")
        text = info.body.decode()
        for secret in (ADMIN_TOKEN, "door-token-of-the-info-test", "sk_live_of_the_info_test",
                       "whsec_of_the_info_test", "collector-secret", "password-in-a-url"):
            self.assertNotIn(secret, text)
        self.assertIsInstance(info["features"], dict)

    def test_only_loopback_names_are_served(self):
        port = self.program.management_port
        for path in ("/metrics", "/info", "/loggers", "/health/ready", "/health/live", "/nowhere"):
            for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example",
                         "evil.example#127.0.0.1", "10.0.0.1", "0.0.0.0", "[::2]", "", "x" * 5000, "localhost, evil"):
                answer = self.program.management("GET", path, headers={"Host": host})
                self.assertIn(answer.status, (400, 403), f"{path} {host[:40]}: {answer}")
                if answer.status == 403:
                    self.assertEqual(answer.slug, "forbidden")
        for host in ("localhost", f"localhost:{port}", f"LocalHost:{port}", "127.0.0.1", f"127.0.0.1:{port}", "[::1]"):
            self.assertEqual(self.program.management("GET", "/info", headers={"Host": host}).status, 200, host)

    def test_it_listens_on_loopback_alone(self):
        self.assertEqual(listening(self.program.management_port), {"127.0.0.1"})

    def test_it_listens_where_it_is_told(self):
        with Onsale(Sandbox(), ONSALE_MANAGEMENT_HOST="127.0.0.2") as program:
            self.assertEqual(listening(program.management_port), {"127.0.0.2"})
            self.assertEqual(program.management("GET", "/health/live", host="127.0.0.2").status, 200)

    def test_where_others_can_reach_it_any_name_is_served_and_a_warning_says_so(self):
        with Onsale(Sandbox(), ONSALE_MANAGEMENT_HOST="0.0.0.0") as program:
            self.assertEqual(listening(program.management_port), {"0.0.0.0"})
            answer = program.management("GET", "/metrics", headers={"Host": "onsale.monitoring.example:9464"})
            self.assertEqual(answer.status, 200)
            self.assertRegex(program.log(), "(?m) warning .*ONSALE_MANAGEMENT_HOST")

    def test_what_is_not_there_is_a_problem(self):
        for method, path in (("GET", "/"), ("GET", "/nowhere"), ("GET", "/metrics/more"), ("GET", "/v1/events"),
                             ("POST", "/nowhere"), ("GET", "/%2e%2e/etc/passwd"), ("GET", "/" + "x" * 5000)):
            answer = self.program.management(method, path)
            self.assertEqual((answer.status, answer.headers["Content-Type"], answer.slug),
                             (404, "application/problem+json", "not-found"), f"{method} {path[:40]}")
            self.assertTrue(answer.headers["x-request-id"])

    def test_other_methods_are_refused(self):
        for method, path, allow in (
            ("POST", "/metrics", "GET"), ("DELETE", "/info", "GET"), ("PUT", "/health/live", "GET"),
            ("POST", "/loggers", "GET"), ("GET", "/loggers/onsale", "PUT"), ("DELETE", "/loggers/onsale", "PUT"),
        ):
            answer = self.program.management(method, path)
            self.assertEqual((answer.status, answer.slug), (405, "method-not-allowed"), f"{method} {path}: {answer}")
            self.assertIn(allow, answer.headers.get("Allow", ""), f"{method} {path}")

    def test_a_large_body_is_refused(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.program.management_port, timeout=10)
        self.addCleanup(connection.close)
        before = self.program.resident_bytes()
        with contextlib.suppress(OSError):
            connection.putrequest("PUT", "/loggers/onsale")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(64 << 20))
            connection.endheaders()
            for _ in range(64):
                connection.send(b" " * (1 << 20))
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.assertEqual(connection.getresponse().status, 413)
        self.assertLess(self.program.resident_bytes() - before, 32 << 20)
        answer = self.program.management("PUT", "/loggers/onsale", {"level": "debug", "more": "x" * 100_000})
        self.assertEqual((answer.status, answer.slug), (413, "too-large"))

    def test_a_body_that_is_no_json_is_refused(self):
        for body, expected in (
            (b"{", (400,)), (b"", (400, 422)), (b"\xff\xfe", (400,)), (b"null", (400, 422)), (b"[" * 1000, (400,)),
            (b"[" * 30_000, (413,)), (b'{"level":"debug","level":"error"}', (400,)),
        ):
            connection = http.client.HTTPConnection("127.0.0.1", self.program.management_port, timeout=10)
            connection.request("PUT", "/loggers/onsale", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            connection.close()
            self.assertIn(answer.status, expected, body[:40])

    def test_none_of_it_is_on_the_public_port(self):
        for path in ("/metrics", "/info", "/loggers", "/health/live"):
            self.assertEqual(self.program.send("GET", path).status, 404, path)
            self.assertEqual(self.program.send("GET", path, ADMIN_TOKEN).status, 404, path)


if __name__ == "__main__":
    unittest.main()
