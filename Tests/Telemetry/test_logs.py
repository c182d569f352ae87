"""The log, line by line: what each line carries, that nobody can forge one, that no secret gets in, and that levels
change while the program runs."""

import contextlib
import json
import os
import re
import socket
import time
import unittest

from peers import ADMIN_TOKEN, Buyer, Collector, Listener, Onsale, Parent, Sandbox, eventually, leaks, send
from false_provider import Deed, FalseProvider

LEVELS = ("trace", "debug", "info", "notice", "warning", "error", "critical")
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
TEXT_LINE = re.compile(rf"{TIME} ({'|'.join(LEVELS)}) ([a-z][\w.-]*): \S.*")
# What would begin a line of its own, or speak to the operator's terminal.
FORGED = ("\n2026-01-01T00:00:00.000Z critical onsale.forged: forged\r\n"
          '{"time":"2026-01-01T00:00:00.000Z","level":"critical","label":"onsale.forged","message":"forged"}\n'
          "\x1b[31m\x07\x9b\x85\u2028")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class RudeProvider(FalseProvider):
    """Refuses some payments with a message that is meant for our log."""

    def _before(self, call, deeds):
        if call.card == "pm_false_rude":
            return 400, {"error": {"type": "invalid_request_error", "code": FORGED, "message": FORGED}}, {}
        return super()._before(call, deeds)


def open_hall(program):
    program.create_event("hall", {"Floor": 50_000}, capacity=500)


def set_levels(test, program, level, label="onsale"):
    answer = program.management("PUT", f"/loggers/{label}", {"level": level})
    test.assertEqual(answer.status, 204, answer)


def loggers(program):
    return program.management("GET", "/loggers")["loggers"]


def provoke(program):
    """Puts what forges lines everywhere a stranger can put it."""
    host, port = program.url.removeprefix("http://").split(":")

    def raw(request):
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.sendall(request)
            with contextlib.suppress(OSError):
                connection.recv(65_536)

    evil = FORGED.encode()
    inline = re.sub(rb"[\r\n]", b"\x0b", evil)
    for header in (b"X-Request-Id", b"User-Agent", b"Idempotency-Key", b"traceparent", b"Authorization", b"Origin",
                   b"X-Forwarded-For", b"Accept-Language", b"Cookie"):
        raw(b"GET /v1/events/hall HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header + b": " + inline + b"\r\n\r\n")
    raw(b"GET /" + inline + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    raw(b"\x1b[31m" + evil + b"\r\n\r\n")
    raw(b"\x1b]0;title\x07 /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
    raw(b"GET /v1/events HTTP/1.1\r\nHost: " + inline + b"\r\nConnection: close\r\n\r\n")
    coded = "".join(f"%{byte:02x}" for byte in evil)
    for path in (f"/v1/events/{coded}", f"/v1/events/hall/orders/{coded}", f"/v1/events/hall/holds/{coded}",
                 f"/v1/events?after={coded}", f"/{coded}"):
        send(program.url, "GET", path, ADMIN_TOKEN)
    send(program.url, "GET", f"/v1/events/hall/waiting-room/stream?ticket={coded}")
    send(program.url, "POST", "/v1/sessions", body={"email": FORGED + "@example.com"})
    send(program.url, "POST", "/v1/events", ADMIN_TOKEN, {"id": FORGED, "title": FORGED, "currency": FORGED})
    send(program.url, "POST", "/v1/webhooks/payments", body={"type": FORGED}, headers={"Stripe-Signature": "t=1,v1=00"})
    program.management("PUT", "/loggers/onsale", {"level": FORGED})
    buyer = Buyer(program, "hall")
    send(program.url, "POST", "/v1/events/hall/holds", buyer.pass_, {"area": FORGED, "quantity": 1})
    send(program.url, "POST", "/v1/events/hall/orders", buyer.pass_, {"hold": FORGED, "payment": {"method": FORGED}},
         {"Idempotency-Key": "forged-1"})
    buyer.order(buyer.hold()["hold"], "pm_forged" + FORGED, wait=3)
    buyer.order(buyer.hold()["hold"], "pm_false_rude", wait=2)


class JSONTests(unittest.TestCase):
    """The whole log of a purchase at level trace, as JSON."""

    @classmethod
    def setUpClass(cls):
        cls.provider, cls.collector = RudeProvider(), Collector()
        cls.addClassCleanup(cls.provider.stop)
        cls.addClassCleanup(cls.collector.stop)
        cls.provider.card(name="pm_false_rude")
        cls.program = cls.enterClassContext(Onsale(
            cls.provider, ONSALE_LOG_FORMAT="json", OTEL_EXPORTER_OTLP_ENDPOINT=cls.collector.url,
            OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20collector-secret", ONSALE_DOOR_TOKEN="door-token-of-16"))
        for label in loggers(cls.program):
            assert cls.program.management("PUT", f"/loggers/{label}", {"level": "trace"}).status == 204, label
        open_hall(cls.program)
        cls.buyer = Buyer(cls.program, "hall")
        cls.parent = Parent()
        hold = cls.buyer.hold()
        # A payment that goes well has little to say.
        cls.card = cls.provider.card(script={"capture": [Deed("unavailable")]})
        cls.answer = cls.buyer.order(hold["hold"], cls.card.name, wait=0, headers={
            **cls.parent.header, "X-Request-Id": "request-of-the-order"})
        cls.order = cls.answer["order"]
        shown = cls.buyer.until(cls.order, "confirmed")
        cls.barcode = shown["tickets"][0]["barcode"]
        stream = Listener(cls.program.url, f"/v1/events/hall/waiting-room/stream?ticket={cls.buyer.ticket}")
        program, buyer = cls.program, cls.buyer
        program.send("POST", "/v1/events/hall/check-ins", "door-token-of-16", {"barcode": cls.barcode})
        program.send("GET", f"/v1/events/hall/orders/{cls.order}", buyer.session)
        program.send("GET", "/v1/orders", buyer.session)
        program.send("POST", "/v1/events/hall/check-ins", "wrong-token-wrong-token", {"barcode": cls.barcode})
        program.send("GET", "/v1/orders", buyer.session[:-4] + "AAAA")
        program.send("POST", "/v1/events/hall/waiting-room/pass", buyer.session, {"ticket": buyer.ticket[:-4] + "AAAA"})
        # Somebody who pastes a token where none belongs.
        for path in (f"/v1/orders/{buyer.session}", f"/{buyer.pass_}", f"/v1/events/token={buyer.ticket}",
                     f"/v1/events/{cls.provider.webhook_secret}", f"/v1/{ADMIN_TOKEN}", f"/v1/events/{cls.barcode}"):
            program.send("GET", path)
        cls.declined = buyer.order(buyer.hold()["hold"], "pm_card_chargeDeclined")["order"]
        provoke(cls.program)
        stream.close()
        time.sleep(1)
        cls.text = cls.program.log()
        cls.records = [json.loads(line) for line in cls.text.splitlines() if line.startswith("{")]

    def of_request(self, request):
        return [record for record in self.records if record.get("request_id") == request]

    def test_every_line_is_one_record(self):
        def once(pairs):
            self.assertEqual(len({name for name, _ in pairs}), len(pairs), f"a member twice: {pairs}")
            return dict(pairs)

        self.assertTrue(self.text.endswith("\n"))
        for line in self.text[:-1].split("\n"):
            record = json.loads(line, object_pairs_hook=once)
            self.assertEqual(list(record)[:4], ["time", "level", "label", "message"], line)
            self.assertRegex(record["time"], f"^{TIME}$")
            self.assertIn(record["level"], LEVELS)
            self.assertRegex(record["label"], r"^[\w.-]+$")
            self.assertTrue(record["message"])

    def test_nobody_can_forge_a_line(self):
        self.assertIn("pm_false_rude", {call.card for call in self.provider.calls})
        self.assertFalse([record for record in self.records if record["label"] == "onsale.forged"])
        self.assertFalse(CONTROL.findall(self.text))

    def test_a_request_s_lines_say_what_they_are_about(self):
        records = self.of_request("request-of-the-order")
        self.assertTrue(records)
        for record in records:
            self.assertEqual(record.get("trace_id"), self.parent.trace, record)
            self.assertRegex(record.get("span_id", ""), "^[0-9a-f]{16}$", record)
            self.assertEqual(record.get("event", "hall"), "hall")
            self.assertEqual(record.get("buyer", self.buyer.id), self.buyer.id)
            self.assertEqual(record.get("order", self.order), self.order)
        [access] = [record for record in records if record["label"] == "onsale.access"]
        self.assertEqual((access["level"], access["event"], access["buyer"], access["order"]),
                         ("debug", "hall", self.buyer.id, self.order))

    def test_every_request_has_an_access_line(self):
        accesses = [record for record in self.records if record["label"] == "onsale.access"]
        self.assertGreater(len(accesses), 15)
        for record in accesses:
            self.assertIn("request_id", record)
            self.assertIn("trace_id", record)
            self.assertTrue({"202", 202} & set(record.values()) or record.get("request_id") != "request-of-the-order")

    def test_an_answer_s_request_id_is_the_one_in_the_log(self):
        answer = self.program.send("GET", "/v1/events/hall")
        eventually(lambda: f'"request_id":"{answer.headers["x-request-id"]}"' in self.program.log(),
                   "its access line", 5)

    def test_what_is_done_after_the_answer_is_logged_under_its_trace(self):
        later = [record for record in self.records
                 if record.get("order") == self.order and record["label"] not in ("onsale.access", "onsale.http")
                 and record.get("trace_id") == self.parent.trace]
        self.assertTrue(later, "the payment's steps are logged with order and trace")
        for record in self.records:
            if record.get("order") == self.order and record["label"] in {other["label"] for other in later}:
                self.assertEqual(record.get("trace_id"), self.parent.trace, record)

    def test_no_secret_is_logged(self):
        self.assertEqual([], leaks(self.text, [
            *self.buyer.secrets, ADMIN_TOKEN, "door-token-of-16", self.provider.secret_key,
            self.provider.webhook_secret, self.card.name, "pm_card_chargeDeclined", "wrong-token-wrong-token",
            self.barcode, "collector-secret",
            self.buyer.session[:-4], self.buyer.ticket[:-4], self.buyer.session.split(".")[2][:30],
            *(call.key for call in self.provider.calls if call.key),
        ]))

    def test_lines_are_counted_by_level(self):
        def count(text, level):
            return sum(json.loads(line)["level"] == level for line in text.splitlines())

        for level in ("notice", "warning", "error", "debug"):
            before = count(self.program.log(), level)
            counted = self.program.metric("onsale_log_lines_total", level=level) or 0
            time.sleep(0.3)
            self.assertTrue(before <= counted <= count(self.program.log(), level), f"{level}: {before}, {counted}")
        self.assertIn(self.program.metric("onsale_log_lines_dropped_total"), (0, None))


class TextTests(unittest.TestCase):
    """The same in the text format, which is the default."""

    def test_every_line_is_one_record_and_nobody_can_forge_one(self):
        provider = RudeProvider()
        self.addCleanup(provider.stop)
        provider.card(name="pm_false_rude")
        with Onsale(provider, ONSALE_LOG_LEVEL="trace") as program:
            open_hall(program)
            parent = Parent()
            order = Buyer(program, "hall").buy(headers=parent.header)
            provoke(program)
            time.sleep(1)
            text = program.log()
            self.assertTrue(text.endswith("\n"))
            for line in text[:-1].split("\n"):
                self.assertRegex(line, TEXT_LINE)
                self.assertNotIn(" onsale.forged: ", line[:60])
            self.assertFalse(CONTROL.findall(text))
            self.assertRegex(text, rf"(?m) onsale\.access: .*event=hall.* order={order['order']}")

    def test_at_the_default_level_little_is_said(self):
        with Onsale(Sandbox()) as program:
            open_hall(program)
            Buyer(program, "hall").buy()
            program.send("GET", "/nowhere")
            self.assertFalse(re.findall(r"(?m) (trace|debug|info) ", program.log()))
            self.assertLess(len(program.log().splitlines()), 10, program.log())

    def test_a_level_or_format_that_means_nothing_stops_the_start(self):
        program = Onsale(Sandbox())
        self.addCleanup(program.__exit__)
        for name, value in (("ONSALE_LOG_LEVEL", "loud"), ("ONSALE_LOG_FORMAT", "xml")):
            status, _, errors = program.command(
                "serve", "--port", "0", "--management-port", "0", "--data", program.data,
                ONSALE_PAYMENT_URL="sandbox", **{name: value})
            self.assertEqual(status, 2)
            self.assertIn(name, errors)


class SlowReaderTests(unittest.TestCase):
    def test_a_log_that_nobody_reads_stops_nothing(self):
        program = Onsale(Sandbox(), ONSALE_LOG_LEVEL="debug")
        self.addCleanup(program.__exit__)
        pipe = program.folder + "/errors.log"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        program.start()
        slowest = 0
        for number in range(400):  # far more than a pipe takes
            began = time.monotonic()
            program.send("GET", f"/v1/events/{number}-{'x' * 800}")
            slowest = max(slowest, time.monotonic() - began)
        self.assertLess(slowest, 1)
        self.assertEqual(program.metric("onsale_log_lines_dropped_total"), 0)
        # What waited comes once somebody reads, whole and in order.
        text, until = b"", time.monotonic() + 10
        while b"/399-" not in text and time.monotonic() < until:
            with contextlib.suppress(BlockingIOError):
                text += os.read(reader, 1 << 20)
            time.sleep(0.001)
        asked = re.findall(r"(?m) debug onsale\.access: Answered .* path=/v1/events/(\d+)-x{800}(?= )", text.decode())
        self.assertEqual(asked, [str(number) for number in range(400)])
        eventually(lambda: program.stop() == 0, "it ends")


class LevelTests(unittest.TestCase):
    """`/loggers` on the management port."""

    @classmethod
    def setUpClass(cls):
        cls.program = cls.enterClassContext(Onsale(Sandbox()))
        open_hall(cls.program)

    def tearDown(self):
        for label, logger in loggers(self.program).items():
            if logger["level"]:
                set_levels(self, self.program, None, label)

    def test_every_logger_is_shown(self):
        answer = self.program.management("GET", "/loggers")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/json"))
        self.assertEqual(set(answer.json), {"loggers"})
        for label in ("onsale", "onsale.http", "onsale.engine", "onsale.access"):
            self.assertEqual(answer["loggers"].get(label), {"level": None, "effective": "notice"}, label)

    def test_a_level_reaches_those_below_that_have_none(self):
        set_levels(self, self.program, "debug")
        set_levels(self, self.program, "error", "onsale.http")
        shown = loggers(self.program)
        self.assertEqual(shown["onsale"], {"level": "debug", "effective": "debug"})
        self.assertEqual(shown["onsale.engine"], {"level": None, "effective": "debug"})
        self.assertEqual(shown["onsale.http"], {"level": "error", "effective": "error"})
        set_levels(self, self.program, None, "onsale.http")
        self.assertEqual(loggers(self.program)["onsale.http"], {"level": None, "effective": "debug"})
        set_levels(self, self.program, None)
        self.assertEqual({logger["effective"] for logger in loggers(self.program).values()}, {"notice"})

    def test_a_change_is_in_force_at_once(self):
        def lines():
            return len(re.findall(r"(?m) debug onsale\.access: ", self.program.log()))

        before = lines()
        self.program.send("GET", "/v1/events/hall")
        set_levels(self, self.program, "debug", "onsale.access")
        for _ in range(3):
            self.program.send("GET", "/v1/events/hall")
        eventually(lambda: lines() == before + 3, "three access lines", 5)
        set_levels(self, self.program, "notice", "onsale.access")
        self.program.send("GET", "/v1/events/hall")
        time.sleep(0.3)
        self.assertEqual(lines(), before + 3)

    def test_every_level_can_be_set(self):
        for level in LEVELS:
            set_levels(self, self.program, level, "onsale.engine")
            self.assertEqual(loggers(self.program)["onsale.engine"], {"level": level, "effective": level})

    def test_what_means_nothing_is_refused(self):
        def put(label, body, headers=None):
            answer = self.program.management("PUT", f"/loggers/{label}", body, headers)
            self.assertEqual(answer.headers["Content-Type"], "application/problem+json", answer)
            return answer.status

        for level in ("loud", "", "DEBUG ", 7, True, [], {}):
            self.assertEqual(put("onsale", {"level": level}), 422, level)
        self.assertEqual(put("onsale", {}), 422)
        self.assertIn(put("onsale", []), (400, 422))
        self.assertEqual(put("nobody.knows", {"level": "debug"}), 404)
        self.assertEqual(put("onsal", {"level": "debug"}), 404)
        self.assertEqual(put("%0aonsale", {"level": "debug"}), 404)
        self.assertEqual({logger["level"] for logger in loggers(self.program).values()}, {None})


if __name__ == "__main__":
    unittest.main()
