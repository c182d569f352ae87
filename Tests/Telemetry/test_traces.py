"""Traces as other systems see them: a collector that reads OTLP with the protocol's own classes, Zipkin, a provider
that gets the trace's context, callers with hostile headers, and collectors that fail."""

import concurrent.futures
import contextlib
import http.client
import re
import socket
import time
import unittest

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess, ExportTraceServiceResponse)

from peers import (ADMIN_TOKEN, CLIENT, INTERNAL, SERVER, Buyer, Collector, Listener, Onsale, Parent, Reply, Sandbox,
                   eventually, leaks, send)
from false_provider import FOREVER, Deed, FalseProvider

ORDER = "POST /v1/events/{event}/orders"
HOLD = "POST /v1/events/{event}/holds"
EVENT = "GET /v1/events/{event}"
SPAN_DELAY = {"OTEL_BSP_SCHEDULE_DELAY": "100"}


def open_hall(program):
    program.create_event("hall", {"Floor": 50_000}, capacity=500)


@contextlib.contextmanager
def selling(provider=None, **environment):
    """A program with a hall on sale, and the collector that it tells."""
    collector = Collector()
    try:
        with Onsale(provider or Sandbox(), **{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **SPAN_DELAY,
                                              **environment}) as program:
            open_hall(program)
            yield program, collector
    finally:
        collector.stop()


class Shop:
    provider = collector = program = None


def setUpModule():
    Shop.provider, Shop.collector = FalseProvider(), Collector()
    unittest.addModuleCleanup(Shop.provider.stop)
    unittest.addModuleCleanup(Shop.collector.stop)
    Shop.program = Onsale(
        Shop.provider, OTEL_EXPORTER_OTLP_ENDPOINT=Shop.collector.url, OTEL_SERVICE_NAME="arena",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test,team=front%20of%20house,service.name=never",
        OTEL_EXPORTER_OTLP_HEADERS="x-tenant=arena,authorization=Bearer%20collector-secret", **SPAN_DELAY)
    unittest.addModuleCleanup(Shop.program.__exit__)
    Shop.program.start()
    open_hall(Shop.program)


class TraceTestCase(unittest.TestCase):
    def only(self, spans, name):
        found = [span for span in spans if span.name == name]
        self.assertEqual(len(found), 1, f"{name} in {[span.name for span in spans]}")
        return found[0]

    def expect(self, span, **expected):
        """Attributes and their types; a dot in a name is written as two underscores."""
        for name, value in expected.items():
            name = name.replace("__", ".")
            self.assertIn(name, span.attributes, span.name)
            self.assertEqual((type(span.attributes[name]), span.attributes[name]), (type(value), value), name)

    def within(self, child, parent):
        self.assertLessEqual(parent.start, child.start, f"{child.name} begins before {parent.name}")
        self.assertLessEqual(child.end, parent.end, f"{child.name} ends after {parent.name}")


class PurchaseTests(TraceTestCase):
    """One order, asked for within a caller's trace and answered with 202; what follows is in the same trace."""

    @classmethod
    def setUpClass(cls):
        cls.began = time.time_ns()
        cls.buyer = Buyer(Shop.program, "hall")
        cls.at_hold, cls.at_order = Parent(), Parent()
        hold = cls.buyer.hold(2, headers=cls.at_hold.header)
        # A webhook may bring the same question a second time.
        cls.card = Shop.provider.card(webhooks=False).name
        cls.answer = cls.buyer.order(hold["hold"], cls.card, wait=0, headers={
            **cls.at_order.header, "tracestate": "vendor=opaque,other=1", "User-Agent": "telemetry-test/1",
            "X-Request-Id": "request-of-the-order"})
        cls.order = cls.answer["order"]
        cls.buyer.until(cls.order, "confirmed")
        Shop.collector.wait_for(cls.at_hold.trace, HOLD, "journal.wait")
        cls.spans = Shop.collector.wait_for(cls.at_order.trace, ORDER, "journal.wait", "payment.authorize",
                                            "payment.capture")
        time.sleep(0.5)  # what confirming it leaves
        cls.spans = Shop.collector.spans(cls.at_order.trace)
        cls.by_id = {span.id: span for span in cls.spans}

    def calls(self, operation):
        return [call for call in Shop.provider.log(self.order) if call.operation == operation]

    def test_the_answer_came_before_the_payment(self):
        self.assertEqual((self.answer.status, self.answer["state"]), (202, "authorizing"))

    def test_every_span_hangs_on_the_caller_s(self):
        for span in self.spans:
            path = [span.name]
            while span.parent != self.at_order.span:
                self.assertIn(span.parent, self.by_id, f"{path} hang on nothing that was exported")
                span = self.by_id[span.parent]
                path.append(span.name)
                self.assertLess(len(path), 20)

    def test_no_span_is_exported_twice(self):
        ids = [(span.trace, span.id) for span in Shop.collector.spans()]
        self.assertEqual(len(ids), len(set(ids)))

    def test_the_server_s_span_follows_the_conventions(self):
        span = self.only(self.spans, ORDER)
        self.assertEqual((span.kind, span.parent, span.status), (SERVER, self.at_order.span, 0))
        port = int(Shop.program.url.rsplit(":", 1)[1])
        self.expect(
            span, http__request__method="POST", http__route="/v1/events/{event}/orders",
            url__path="/v1/events/hall/orders", url__scheme="http", http__response__status_code=202,
            server__address="127.0.0.1", server__port=port, client__address="127.0.0.1",
            user_agent__original="telemetry-test/1", onsale__event="hall", onsale__request_id="request-of-the-order")
        self.assertNotIn("error.type", span.attributes)
        self.assertEqual(span.state, "vendor=opaque,other=1")

    def test_the_wait_for_the_journal_is_part_of_the_request(self):
        request = self.only(self.spans, ORDER)
        # The provider's answers wait for the journal too, within the order's trace.
        [wait] = [span for span in self.spans if span.attributes.get("onsale.command") == "PlaceOrder"]
        self.assertEqual((wait.name, wait.kind, wait.parent), ("journal.wait", INTERNAL, request.id))
        self.expect(wait, onsale__event="hall")
        self.within(wait, request)

    def test_a_wait_and_its_batch_link_to_each_other(self):
        everything = Shop.collector.spans()
        batches = {span.id: span for span in everything if span.name == "journal.batch"}
        waits = [span for span in self.spans if span.name == "journal.wait"]
        self.assertGreaterEqual(len(waits), 2, "the order, and what the provider answered")
        for wait in waits:
            linked = [batches[span] for _, span in wait.links if span in batches]
            self.assertEqual(len(linked), 1, f"{wait} has one batch")
            batch = linked[0]
            self.assertIn((wait.trace, wait.id), batch.links)
            self.assertEqual((batch.parent, batch.kind), ("", INTERNAL))
            self.assertNotEqual(batch.trace, wait.trace)
            self.assertLessEqual(len(batch.links), 128)
            self.assertGreaterEqual(wait.end, batch.start)
            for name in ("requests", "facts", "rows"):
                self.assertIsInstance(batch.attributes[f"onsale.batch.{name}"], int)
            self.assertGreaterEqual(batch.attributes["onsale.batch.requests"], 1)
            self.assertGreaterEqual(batch.attributes["onsale.batch.facts"], 1)
            children = [span for span in everything if span.trace == batch.trace and span.parent == batch.id]
            self.assertEqual({span.name for span in children}, {"journal.decide", "journal.append"})
            for child in children:
                self.within(child, batch)
            append = self.only(children, "journal.append")
            self.assertEqual((append.kind, append.attributes["db.system.name"]), (CLIENT, "sqlite"))

    def test_the_payment_s_steps_hang_on_the_order_s_request(self):
        request = self.only(self.spans, ORDER)
        asked = {request.id} | {span.id for span in self.spans
                                if span.name == "journal.wait" and span.parent == request.id}
        for name in ("payment.authorize", "payment.capture"):
            span = self.only(self.spans, name)
            self.assertEqual(span.kind, INTERNAL)
            self.assertIn(span.parent, asked, f"{name} hangs on the request that placed the order")
            self.expect(span, onsale__event="hall", onsale__order=self.order)
            self.assertIsInstance(span.attributes["onsale.payment.attempt"], int)
            self.assertGreaterEqual(span.start, request.start)
        self.assertLessEqual(self.only(self.spans, "payment.authorize").end,
                             self.only(self.spans, "payment.capture").end)

    def test_the_provider_is_asked_within_each_step_and_told_the_trace(self):
        for step, operation in (("payment.authorize", "create"), ("payment.capture", "capture")):
            span = self.only(self.spans, step)
            below = [child for child in self.spans if child.kind == CLIENT and child.parent == span.id]
            self.assertEqual(len(below), 1, step)
            self.within(below[0], span)
            self.expect(below[0], http__request__method="POST", http__response__status_code=200,
                        server__address="127.0.0.1", server__port=Shop.provider.port)
            [call] = self.calls(operation)
            # The tracestate isn't kept with the order, as W3C Trace Context allows.
            self.assertEqual(call.headers["traceparent"], f"00-{self.at_order.trace}-{below[0].id}-01")

    def test_times_are_true(self):
        now = time.time_ns()
        for span in Shop.collector.spans():
            self.assertLessEqual(span.start, span.end, span.name)
            self.assertLess(span.end, now + 1_000_000_000, span.name)
        for span in self.spans:
            self.assertGreater(span.start, self.began - 1_000_000_000, span.name)

    def test_the_resource_names_the_service(self):
        resource = self.spans[0].resource
        info = Shop.program.management("GET", "/info")
        expected = {"service.name": "arena", "service.version": info["version"], "team": "front of house",
                    "deployment.environment.name": "test", "telemetry.sdk.language": "swift"}
        self.assertEqual({name: resource.get(name) for name in expected}, expected)

    def test_the_exporter_sends_its_headers_to_the_traces_path(self):
        for request in Shop.collector.requests():
            self.assertEqual(request.path, "/v1/traces")
            self.assertEqual(request.headers["content-type"], "application/x-protobuf")
            self.assertEqual((request.headers["x-tenant"], request.headers["authorization"]),
                             ("arena", "Bearer collector-secret"))
            self.assertIn("user-agent", request.headers)

    def test_the_exporter_s_own_requests_make_no_spans(self):
        port = int(Shop.collector.url.rsplit(":", 1)[1])
        for request in Shop.collector.requests():
            self.assertNotIn("traceparent", request.headers)
        for span in Shop.collector.spans():
            self.assertNotEqual(span.attributes.get("server.port"), port)
            self.assertNotIn("/v1/traces", str(span.attributes))

    def test_all_that_is_exported_is_counted(self):
        def agree():
            exported = Shop.program.metric("onsale_spans_exported_total", exporter="otlp")
            return exported == len(Shop.collector.spans())

        eventually(agree, "onsale_spans_exported_total is what arrived")
        self.assertIn(Shop.program.metric("onsale_spans_dropped_total"), (0, None))

    def test_no_secret_is_exported(self):
        stream = Listener(Shop.program.url, f"/v1/events/hall/waiting-room/stream?ticket={self.buyer.ticket}")
        send(Shop.program.url, "GET", "/v1/events/hall?token=query-secret")
        send(Shop.program.url, "GET", f"/v1/orders/{self.buyer.session}")  # pasted where it doesn't belong
        time.sleep(0.3)
        stream.close()
        time.sleep(0.7)
        everything = str(Shop.collector.spans())
        self.assertEqual([], leaks(everything, [
            *self.buyer.secrets, ADMIN_TOKEN, Shop.provider.secret_key, Shop.provider.webhook_secret, self.card,
            "query-secret", "collector-secret"]))


class ParentTests(TraceTestCase):
    """What a caller may say of its trace."""

    def ask(self, headers, path="/v1/events/hall", method="GET"):
        """Sends a request of its own id; returns the id."""
        name = f"asked-{time.monotonic_ns()}"
        answer = send(Shop.program.url, method, path, headers={**headers, "X-Request-Id": name})
        self.assertLess(answer.status, 500)
        return name

    def span(self, name):
        return eventually(lambda: [span for span in Shop.collector.spans()
                                   if span.attributes.get("onsale.request_id") == name], f"the span of {name}", 5)[0]

    def test_a_request_without_a_parent_begins_a_trace(self):
        span = self.span(self.ask({}))
        self.assertEqual((span.name, span.parent, span.kind), (EVENT, "", SERVER))

    def test_a_parent_of_a_later_version_is_followed(self):
        parent = Parent()
        for header in (f"cc-{parent.trace}-{parent.span}-01", f"cc-{parent.trace}-{parent.span}-01-what.comes"):
            span = self.span(self.ask({"traceparent": header}))
            self.assertEqual((span.trace, span.parent), (parent.trace, parent.span))

    def test_what_is_no_parent_begins_a_trace(self):
        parent = Parent()
        trace, span = parent.trace, parent.span
        asked = {}
        for header in (
            f"00-{trace.upper()}-{span}-01" if re.search("[a-f]", trace) else "00", f"00-{'0' * 32}-{span}-01",
            f"00-{trace}-{'0' * 16}-01", f"ff-{trace}-{span}-01", f"00-{trace}-{span}-01-x", f"00-{trace}-{span}-01-",
            f"00-{trace}-{span}", f"00-{trace}-{span}-1", f"00-{trace}-{span}-0x", f"00_{trace}_{span}_01", "",
            f"0-{trace}-{span}-01", f"00-{trace[:31]}-{span}-01", f"00-{trace}0-{span}-01", "g" * 55, "-" * 55,
            f"00-{trace}-{span}-01,00-{trace}-{span}-01", f"00-{trace}-{span}-\xe9\xe9", "00-" + "a" * 10_000,
            f"cc-{trace}-{span}-01.what",
        ):
            asked[header] = self.ask({"traceparent": header})
        for header, name in asked.items():
            with self.subTest(header=header[:80]):
                span = self.span(name)
                self.assertEqual(span.parent, "")
                self.assertNotEqual(span.trace, parent.trace)

    def test_two_parents_are_none(self):
        first, second = Parent(), Parent()
        address = Shop.program.url.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1])), 10) as connection:
            connection.sendall((
                "GET /v1/events/hall HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: two-parents\r\n"
                f"traceparent: {first.header['traceparent']}\r\ntraceparent: {second.header['traceparent']}\r\n\r\n"
            ).encode())
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            self.assertEqual(answer.status, 200)
        span = self.span("two-parents")
        self.assertEqual(span.parent, "")
        self.assertNotIn(span.trace, (first.trace, second.trace))

    def test_a_hostile_tracestate_is_left_out(self):
        for state in ("x" * 10_000, "no-member", ",".join(f"k{n}=v" for n in range(100)), "k=\xff\xfe"):
            parent = Parent()
            span = self.span(self.ask({**parent.header, "tracestate": state}))
            self.assertEqual((span.trace, span.parent, span.state), (parent.trace, parent.span, ""))

    def test_who_is_not_sampled_makes_no_spans_but_passes_on(self):
        parent = Parent(sampled=False)
        card = Shop.provider.card(webhooks=False).name
        order = Buyer(Shop.program, "hall").buy(method=card, headers=parent.header)
        self.assertEqual(order["state"], "confirmed")
        [call] = [call for call in Shop.provider.log(order["order"]) if call.operation == "create"]
        self.assertRegex(call.headers["traceparent"], f"^00-{parent.trace}-[0-9a-f]{{16}}-00$")
        time.sleep(0.5)
        self.assertEqual(Shop.collector.spans(parent.trace), [])

    def test_an_unknown_path_has_no_route(self):
        span = self.span(self.ask({}, "/strange/path"))
        self.assertEqual((span.name, span.status), ("GET", 0))
        self.assertNotIn("http.route", span.attributes)
        self.expect(span, url__path="/strange/path", http__response__status_code=404)

    def test_an_unknown_method_is_named_other(self):
        span = self.span(self.ask({}, method="PROPFIND"))
        self.expect(span, http__request__method="_OTHER", http__response__status_code=405)
        self.assertEqual(span.name, "HTTP")

    def test_a_failure_of_ours_has_its_type(self):
        # A server whose provider refuses the key says that it is not ready.
        provider = FalseProvider()
        self.addCleanup(provider.stop)
        provider.secret_key, right = "sk_wrong", provider.secret_key
        with selling(provider) as (program, collector):
            provider.secret_key = right
            hold = (buyer := Buyer(program, "hall")).hold()
            buyer.order(hold["hold"], wait=0)
            eventually(lambda: program.send("GET", "/health/ready").status == 503, "it is not ready")
            parent = Parent()
            program.send("GET", "/health/ready", headers=parent.header)
            [span] = collector.wait_for(parent.trace, "GET /health/ready")
            self.assertEqual(span.status, 2)
            self.expect(span, error__type="503", http__response__status_code=503)


class CrashTests(TraceTestCase):
    def test_what_a_restart_takes_up_is_in_the_order_s_trace(self):
        provider = FalseProvider()
        self.addCleanup(provider.stop)
        with selling(provider) as (program, collector):
            card = provider.card(webhooks=False, script={"capture": [(Deed("unavailable"), FOREVER)]})
            parent = Parent()
            buyer = Buyer(program, "hall")
            order = buyer.order(buyer.hold()["hold"], card.name, 0, parent.header)["order"]
            eventually(lambda: [call for call in provider.log(order) if call.operation == "capture"],
                       "the capture is tried")
            request = self.only(collector.wait_for(parent.trace, ORDER), ORDER)
            program.kill()
            card.script.clear()
            restarted = time.time_ns()
            program.start()
            buyer.until(order, "confirmed")

            def captured():
                return [span for span in collector.spans(parent.trace, "payment.capture") if span.start > restarted]

            capture = eventually(captured, "payment.capture in the order's trace")[-1]
            waits = {span.id for span in collector.spans(parent.trace, "journal.wait")}
            self.assertIn(capture.parent, {request.id} | waits)
            self.expect(capture, onsale__order=order)
            client = [span for span in collector.spans(parent.trace) if span.parent == capture.id
                      and span.kind == CLIENT]
            last = [call for call in provider.log(order) if call.operation == "capture"][-1]
            self.assertEqual(last.headers["traceparent"], f"00-{parent.trace}-{client[-1].id}-01")
            # What the organizer does later has a trace of its own and is still told apart from the order's.
            again = Parent()
            program.send("POST", f"/v1/events/hall/orders/{order}/cancel", ADMIN_TOKEN, headers=again.header)
            buyer.until(order, "refunded")
            eventually(lambda: collector.spans(parent.trace, "payment.refund")
                       or collector.spans(again.trace, "payment.refund"), "the refund's span")


class OtherFormTests(TraceTestCase):
    """OTLP as JSON, and Zipkin, of the same spans."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.provider = FalseProvider()
        cls.stack.callback(cls.provider.stop)
        zipkin = Collector()
        cls.stack.callback(zipkin.stop)
        cls.zipkin = zipkin
        cls.program, cls.collector = cls.stack.enter_context(selling(
            cls.provider, OTEL_TRACES_EXPORTER="otlp,zipkin", OTEL_EXPORTER_OTLP_PROTOCOL="http/json",
            OTEL_EXPORTER_ZIPKIN_ENDPOINT=zipkin.url + "/api/v2/spans"))
        cls.parent = Parent()
        Buyer(cls.program, "hall").buy(method=cls.provider.card(webhooks=False).name, headers=cls.parent.header)
        cls.spans = cls.collector.wait_for(cls.parent.trace, HOLD, ORDER, "payment.capture", "journal.wait")
        time.sleep(0.7)
        cls.spans = cls.collector.spans(cls.parent.trace)

    def test_json_says_the_same_as_protobuf(self):
        # Reading it was the test: ids in hex, 64-bit numbers as strings, enumerations as integers, no unknown member.
        for request in self.collector.requests():
            self.assertEqual(request.headers["content-type"], "application/json")
            self.assertEqual(request.path, "/v1/traces")
        order = self.only(self.spans, ORDER)
        self.assertEqual((order.kind, order.parent), (SERVER, self.parent.span))
        self.expect(order, http__response__status_code=201, http__request__method="POST", onsale__event="hall")
        for name in ("payment.authorize", "payment.capture"):
            step = self.only(self.spans, name)
            self.assertTrue([span for span in self.spans if span.parent == step.id and span.kind == CLIENT])
        wait = next(span for span in self.spans if span.name == "journal.wait" and span.parent == order.id)
        batches = [span for span in self.collector.spans() if (span.trace, span.id) in wait.links]
        self.assertEqual([span.name for span in batches], ["journal.batch"])

    def test_zipkin_has_the_same_spans(self):
        for request in self.zipkin.requests():
            self.assertEqual((request.path, request.headers["content-type"]), ("/api/v2/spans", "application/json"))
        zipkin = {(span["traceId"], span["id"]): span for span in self.zipkin.zipkin_spans()}
        for span in self.spans:
            with self.subTest(span=span.name):
                other = zipkin[span.trace, span.id]
                self.assertLessEqual(set(other), {"traceId", "id", "parentId", "name", "kind", "timestamp", "duration",
                                                  "localEndpoint", "remoteEndpoint", "annotations", "tags", "debug",
                                                  "shared"})
                self.assertEqual(other.get("parentId", ""), span.parent)
                self.assertEqual(other["name"].lower(), span.name.lower())
                self.assertEqual(other.get("kind"), {SERVER: "SERVER", CLIENT: "CLIENT"}.get(span.kind))
                self.assertIs(type(other["timestamp"]), int)
                self.assertIs(type(other["duration"]), int)
                self.assertEqual(other["timestamp"], span.start // 1000)
                self.assertAlmostEqual(other["duration"], max(1, (span.end - span.start) // 1000), delta=1)
                self.assertGreaterEqual(other["duration"], 1)
                self.assertEqual(other["localEndpoint"]["serviceName"], span.resource["service.name"])
                for name, value in other.get("tags", {}).items():
                    self.assertIsInstance(value, str, name)
                for name, value in span.attributes.items():
                    if isinstance(value, (str, int)) and not isinstance(value, bool):
                        self.assertEqual(other["tags"].get(name), str(value), name)
                for annotation in other.get("annotations", []):
                    self.assertEqual({name: type(value) for name, value in annotation.items()},
                                     {"timestamp": int, "value": str})


class PropagatorTests(TraceTestCase):
    """B3, one header and many, in and out."""

    def buy(self, propagators, headers):
        provider = FalseProvider()
        self.addCleanup(provider.stop)
        with selling(provider, OTEL_PROPAGATORS=propagators) as (program, collector):
            order = Buyer(program, "hall").buy(method=provider.card(webhooks=False).name, headers=headers)
            [call] = [call for call in provider.log(order["order"]) if call.operation == "create"]
            span = eventually(lambda: collector.spans(name=ORDER), "the order's span", 5)[0]
            asked = eventually(
                lambda: [span for span in collector.spans() if span.kind == CLIENT
                         and span.attributes.get("http.request.method") == "POST"], "the call's span", 5)
            return span, {span.id for span in asked}, call.headers

    def test_b3_in_one_header(self):
        parent = Parent()
        span, asked, sent = self.buy("b3", parent.b3)
        self.assertEqual((span.trace, span.parent), (parent.trace, parent.span))
        trace, id, sampled = sent["b3"].split("-")[:3]
        self.assertEqual((trace, sampled), (parent.trace, "1"))
        self.assertIn(id, asked)
        self.assertNotIn("traceparent", sent)

    def test_b3_in_many_headers(self):
        parent = Parent()
        span, asked, sent = self.buy("b3multi", parent.b3multi)
        self.assertEqual((span.trace, span.parent), (parent.trace, parent.span))
        self.assertEqual((sent["x-b3-traceid"], sent["x-b3-sampled"]), (parent.trace, "1"))
        self.assertIn(sent["x-b3-spanid"], asked)
        self.assertNotIn("traceparent", sent)

    def test_both_are_sent_and_either_is_read(self):
        for headers in ("b3", "header"):
            parent = Parent()
            span, asked, sent = self.buy("tracecontext,b3", getattr(parent, headers))
            self.assertEqual((span.trace, span.parent), (parent.trace, parent.span), headers)
            self.assertTrue(sent["traceparent"].startswith(f"00-{parent.trace}-"))
            self.assertTrue(sent["b3"].startswith(f"{parent.trace}-"))

    def test_none_reads_and_sends_nothing(self):
        parent = Parent()
        span, _, sent = self.buy("none", {**parent.header, **parent.b3})
        self.assertNotEqual(span.trace, parent.trace)
        self.assertFalse({"traceparent", "b3", "x-b3-traceid"} & set(sent))

    def test_what_b3_may_look_like(self):
        parent = Parent()
        with selling(OTEL_PROPAGATORS="b3,b3multi") as (program, collector):
            def span(headers):
                name = f"b3-{time.monotonic_ns()}"
                answer = program.send("GET", "/v1/events/hall", headers={**headers, "X-Request-Id": name})
                self.assertEqual(answer.status, 200)
                return lambda: [span for span in collector.spans()
                                if span.attributes.get("onsale.request_id") == name]

            short = parent.trace[16:]
            followed = {
                "16 digits": span({"b3": f"{short}-{parent.span}-1"}),
                "debug": span({"b3": f"{parent.trace}-{parent.span}-d"}),
                "with a parent": span({"b3": f"{parent.trace}-{parent.span}-1-{'1' * 16}"}),
                "undecided": span({"b3": f"{parent.trace}-{parent.span}"}),
                "flags": span({**parent.b3multi, "X-B3-Sampled": "", "X-B3-Flags": "1"}),
            }
            for name, find in followed.items():
                with self.subTest(name):
                    found = eventually(find, name, 5)[0]
                    self.assertEqual(found.parent, parent.span)
                    self.assertEqual(found.trace, "0" * 16 + short if name == "16 digits" else parent.trace)
            begun = [span({"b3": text}) for text in (
                "x", "-", f"{'0' * 32}-{parent.span}-1", f"{parent.trace}-{'0' * 16}-1",
                f"{parent.trace}-{parent.span}-x",
                f"{parent.trace}x-{parent.span}-1", "1" * 9000, "---", f"{parent.trace}")]
            for find in begun:
                self.assertEqual(eventually(find, "a span", 5)[0].parent, "")
            denied = [span({"b3": "0"}), span({"b3": f"{parent.trace}-{parent.span}-0"}),
                      span({**parent.b3multi, "X-B3-Sampled": "0"})]
            time.sleep(0.5)
            for find in denied:
                self.assertEqual(find(), [])


class SettingTests(TraceTestCase):
    """Samplers, and settings that mean nothing."""

    def exported(self, environment, parents=(None, True, False)):
        """Which requests were exported: without a parent, with one that is sampled, with one that isn't."""
        with selling(**environment) as (program, collector):
            asked = {}
            for sampled in parents:
                asked[sampled] = f"sampled-{sampled}"
                headers = {} if sampled is None else Parent(sampled).header
                program.send("GET", "/v1/events/hall", headers={**headers, "X-Request-Id": asked[sampled]})
            time.sleep(0.8)
            seen = {span.attributes.get("onsale.request_id") for span in collector.spans()}
            return tuple(sampled for sampled in parents if asked[sampled] in seen)

    def test_samplers(self):
        always, no_parent, sampled = (None, True, False), (None, True), (True,)
        rows = [
            ({"OTEL_TRACES_SAMPLER": "always_on"}, always), ({"OTEL_TRACES_SAMPLER": "always_off"}, ()),
            ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "1"}, always),
            ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, ()),
            ({"OTEL_TRACES_SAMPLER": "traceidratio"}, always),
            ({"OTEL_TRACES_SAMPLER": "parentbased_always_on"}, no_parent), ({}, no_parent),
            ({"OTEL_TRACES_SAMPLER": "parentbased_always_off"}, sampled),
            ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, sampled),
            ({"OTEL_SDK_DISABLED": "true"}, ()), ({"OTEL_TRACES_EXPORTER": "none"}, ()),
        ]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for (environment, expected), got in zip(rows, pool.map(self.exported, [row[0] for row in rows])):
                with self.subTest(environment):
                    self.assertEqual(got, expected)

    def test_a_ratio_takes_its_share_and_decides_by_the_trace(self):
        with selling(OTEL_TRACES_SAMPLER="traceidratio", OTEL_TRACES_SAMPLER_ARG="0.5") as (program, collector):
            parents = [Parent(sampled=False) for _ in range(200)]
            for _ in range(2):
                for parent in parents:
                    program.send("GET", "/v1/events/hall", headers=parent.header)
            time.sleep(0.8)
            counts = [len(collector.spans(parent.trace)) for parent in parents]
            self.assertLessEqual(set(counts), {0, 2})
            self.assertTrue(60 <= sum(counts) // 2 <= 140, sum(counts) // 2)

    def test_settings_that_mean_nothing_are_told_and_left_out(self):
        wrong = {"OTEL_TRACES_SAMPLER": "sometimes", "OTEL_TRACES_SAMPLER_ARG": "half", "OTEL_PROPAGATORS": "pigeon",
                 "OTEL_BSP_SCHEDULE_DELAY": "soon", "OTEL_BSP_MAX_QUEUE_SIZE": "-5", "OTEL_EXPORTER_OTLP_TIMEOUT": "1h",
                 "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_HEADERS": "no-value",
                 "OTEL_RESOURCE_ATTRIBUTES": "=;%zz", "OTEL_SDK_DISABLED": "perhaps"}
        with selling(**wrong) as (program, collector):
            parent = Parent()
            program.send("GET", "/v1/events/hall", headers=parent.header)
            self.assertEqual(program.stop(), 0)  # the delay is five seconds now
            [span] = collector.spans(parent.trace, EVENT)
            self.assertEqual(span.parent, parent.span)
            self.assertEqual(span.resource["service.name"], "onsale")
            for name in wrong:
                if name != "OTEL_TRACES_SAMPLER_ARG":  # which has no sampler to belong to
                    self.assertIn(name, program.log())

    def test_an_endpoint_of_traces_alone_is_taken_as_it_is(self):
        collector = Collector()
        self.addCleanup(collector.stop)
        with selling(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1", OTEL_EXPORTER_OTLP_PROTOCOL="http/json",
                     OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=collector.url + "/of/my/own",
                     OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="http/protobuf", OTEL_EXPORTER_OTLP_HEADERS="x-of=all",
                     OTEL_EXPORTER_OTLP_TRACES_HEADERS="x-of=traces") as (program, _):
            eventually(collector.requests, "spans come")
            request = collector.requests()[0]
            self.assertEqual((request.path, request.headers["content-type"], request.headers["x-of"]),
                             ("/of/my/own", "application/x-protobuf", "traces"))

    def test_without_an_endpoint_nothing_is_exported(self):
        with Onsale(Sandbox()) as program:
            open_hall(program)
            self.assertEqual(program.send("GET", "/v1/events/hall", headers=Parent().header).status, 200)
            self.assertIn(program.metric("onsale_spans_exported_total"), (0, None))


class FailingCollectorTests(TraceTestCase):
    """Only what has a sampled parent is exported, so each test knows what is on its way."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.program, cls.collector = cls.stack.enter_context(selling(
            OTEL_TRACES_SAMPLER="parentbased_always_off", OTEL_EXPORTER_OTLP_TIMEOUT="10000"))

    def setUp(self):
        self.collector.script()

    def ask(self):
        parent = Parent()
        self.assertEqual(self.program.send("GET", "/v1/events/hall", headers=parent.header).status, 200)
        return parent.trace

    def tries(self, trace):
        return [request for request in self.collector.requests()
                if trace in {span.trace for span in request.spans()}]

    def dropped(self, reason=None):
        labels = {"reason": reason} if reason else {}
        return self.program.metric("onsale_spans_dropped_total", exporter="otlp", **labels) or 0

    def expect_delivered(self, trace, tries):
        eventually(lambda: self.collector.spans(trace), "it is delivered", 20)
        time.sleep(0.5)
        self.assertEqual(len(self.collector.spans(trace)), 1)
        self.assertEqual(len(self.tries(trace)), tries)

    def test_a_collector_that_is_busy_is_asked_again(self):
        for status in (429, 503):
            self.collector.script(Reply(status))
            dropped = self.dropped()
            self.expect_delivered(self.ask(), 2)
            self.assertEqual(self.dropped(), dropped)

    def test_retry_after_is_honoured(self):
        self.collector.script(Reply(503, headers={"Retry-After": "3"}))
        trace = self.ask()
        self.expect_delivered(trace, 2)
        first, second = self.tries(trace)
        self.assertGreater(second.at - first.at, 2.8)

    def test_a_connection_that_is_cut_is_made_again(self):
        self.collector.script(Reply(cut=True))
        self.expect_delivered(self.ask(), 2)

    def test_what_is_refused_is_not_sent_again(self):
        for status in (400, 500):
            dropped = self.dropped()
            self.collector.script(Reply(status))
            trace = self.ask()
            eventually(lambda: self.dropped() == dropped + 1, f"{status}: one span is lost")
            time.sleep(1.2)
            self.assertEqual(len(self.tries(trace)), 1, status)
        self.expect_delivered(self.ask(), 1)

    def test_a_partial_success_is_not_sent_again(self):
        dropped = self.dropped("rejected")
        answer = ExportTraceServiceResponse(partial_success=ExportTracePartialSuccess(
            rejected_spans=1, error_message="too old\n2026-01-01T00:00:00.000Z error onsale: forged"))
        self.collector.script(Reply(body=answer.SerializeToString(),
                                    headers={"Content-Type": "application/x-protobuf"}))
        trace = self.ask()
        eventually(lambda: self.dropped("rejected") == dropped + 1, "the span that was rejected is counted")
        time.sleep(1.2)
        self.assertEqual(len(self.tries(trace)), 1)
        self.assertFalse([line for line in self.program.log().splitlines() if line.endswith("onsale: forged")
                          and line.startswith("2026-01-01")])

    def test_nonsense_with_200_is_an_answer(self):
        for reply in (Reply(body=b"<html>", headers={"Content-Type": "text/html"}),
                      Reply(body=b"\xff" * 500, headers={"Content-Type": "application/x-protobuf"}),
                      Reply(202), Reply(body=b"{", headers={"Content-Type": "application/json"})):
            self.collector.script(reply)
            self.expect_delivered(self.ask(), 1)

    def test_a_body_of_100_megabytes_is_not_kept(self):
        self.ask()
        before = self.program.resident_bytes()
        for status in (200, 400, 503):
            self.collector.script(Reply(status, megabytes=100))
            self.ask()
            eventually(lambda: not self.collector._script, "it is sent")
            most = 0
            for _ in range(15):
                most = max(most, self.program.resident_bytes())
                time.sleep(0.1)
            self.assertLess(most - before, 60 << 20, status)
        self.collector.script()
        self.expect_delivered(self.ask(), 1)


class HangingCollectorTests(TraceTestCase):
    def test_a_collector_that_hangs_costs_only_spans(self):
        with selling(OTEL_BSP_MAX_QUEUE_SIZE="200", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="100",
                     OTEL_EXPORTER_OTLP_TIMEOUT="500", OTEL_BSP_EXPORT_TIMEOUT="1000") as (program, collector):
            self.ask(program, 200)
            eventually(lambda: len(collector.spans(name=EVENT)) >= 200, "spans come")
            before = program.resident_bytes()
            collector.script(otherwise=Reply(hangs=True))
            began = time.monotonic()
            slowest = self.ask(program, 3000)
            self.assertLess(slowest, 1)
            took = time.monotonic() - began
            self.assertLess(program.resident_bytes() - before, 64 << 20)
            queue_full = eventually(lambda: program.metric("onsale_spans_dropped_total", exporter="otlp",
                                                           reason="queue_full"), "spans are dropped")
            self.assertGreater(queue_full, 100, f"of 3000 spans in {took:.1f} s")
            self.assertEqual(Buyer(program, "hall").buy()["state"], "confirmed")
            eventually(lambda: program.metric("onsale_spans_dropped_total", exporter="otlp", reason="failed"),
                       "those that hung are dropped", 20)
            collector.script()

            def is_delivered():  # what comes while the queue is still full is dropped
                parent = Parent()
                program.send("GET", "/v1/events/hall", headers=parent.header)
                time.sleep(0.5)
                return collector.spans(parent.trace)

            eventually(is_delivered, "spans come again", 20)

    def ask(self, program, count):
        """The slowest of so many requests, in seconds."""
        host, port = program.url.removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        slowest = 0
        for _ in range(count):
            began = time.monotonic()
            connection.request("GET", "/v1/events/hall", headers=Parent().header)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 200)
            slowest = max(slowest, time.monotonic() - began)
        connection.close()
        return slowest

    def test_an_end_sends_what_is_left(self):
        with selling(OTEL_BSP_SCHEDULE_DELAY="60000") as (program, collector):
            parent = Parent()
            for _ in range(20):
                program.send("GET", "/v1/events/hall", headers=parent.header)
            began = time.monotonic()
            self.assertEqual(program.stop(), 0)
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(len(collector.spans(parent.trace, EVENT)), 20)

    def test_an_end_does_not_wait_for_a_collector_that_hangs_or_fails(self):
        def end(reply):
            with selling(OTEL_BSP_SCHEDULE_DELAY="60000") as (program, collector):
                collector.script(otherwise=reply)
                self.ask(program, 700)  # more than one batch
                began = time.monotonic()
                return program.stop(), time.monotonic() - began

        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for status, took in pool.map(end, (Reply(hangs=True), Reply(503), Reply(seconds=4))):
                self.assertEqual(status, 0)
                self.assertLess(took, 10)


if __name__ == "__main__":
    unittest.main()
