"""`/metrics` against readers that are not ours: promtool, a strict OpenMetrics reader, and a real Prometheus; and its
numbers against the public API, the journal and the provider's own log."""

import collections
import re
import time
import unittest

from exposition import Malformed, read_openmetrics
from peers import (ADMIN_TOKEN, Buyer, Collector, Listener, Onsale, Parent, Prometheus, TextRelay, eventually,
                   leaks, open_event, promtool, send)
from false_provider import FalseProvider

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
WANTS_OPEN = "application/openmetrics-text; version=1.0.0"
# What Prometheus 2.42 sends.
PROMETHEUS = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
              "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
EVENTS_MAX = 50


class Shop:
    """One server after some traffic, which most tests look at."""

    provider = program = collector = None


def setUpModule():
    Shop.provider, Shop.collector = FalseProvider(), Collector()
    unittest.addModuleCleanup(Shop.provider.stop)
    unittest.addModuleCleanup(Shop.collector.stop)
    Shop.program = Onsale(Shop.provider, OTEL_EXPORTER_OTLP_ENDPOINT=Shop.collector.url)
    unittest.addModuleCleanup(Shop.program.__exit__)
    Shop.program.start()
    trade(Shop)


def trade(shop):
    """Three orders are paid, of which one is cancelled; one is declined, and one when its money is taken, so that its
    authorization must be undone; one hold is given back, and one expires."""
    program = shop.program
    program.create_event("hall", {"Floor": 50_000, "Balcony": 33_000}, capacity=100)
    program.create_event("brief", {"Floor": 50_000}, capacity=10, hold_seconds=1)
    shop.listeners = [
        Listener(program.url, "/v1/events/hall/availability/stream"),
        Listener(program.url, "/v1/events/hall/waiting-room/stream"),
        Listener(program.url, "/v1/events/hall/waiting-room/stream")]
    for listener in shop.listeners:
        unittest.addModuleCleanup(listener.close)
    shop.buyers = [Buyer(program, "hall") for _ in range(6)]
    first, second, third, fourth, fifth, sixth = shop.buyers
    first.buy(2)
    second.buy(1, "Balcony")
    gone = third.buy(3)
    assert program.cancel("hall", gone["order"], "cancel").status == 202
    third.until(gone["order"], "refunded")
    assert fourth.buy(method="pm_card_chargeDeclined")["state"] == "declined"
    assert sixth.buy(method="pm_false_captureFails")["state"] == "declined"
    eventually(lambda: [fact for fact in program.facts("hall") if fact["fact"] == "voided"], "it is undone")
    fifth.release(fifth.hold(2)["hold"])
    fifth.hold(4)
    Buyer(program, "brief").hold()
    # Five stand in line, and two may shop at a time.
    open_event(program, "queue", waitingRoom=True, maxActiveShoppers=2)
    for number in range(5):
        session = program.send("POST", "/v1/sessions", body={"email": f"queue{number}@example.com"})["token"]
        assert program.send("POST", "/v1/events/queue/waiting-room", session).status == 201
    assert send(program.url, "GET", "/v1/events/hall/nowhere").status == 404
    eventually(lambda: program.report("brief")["free"] == 10, "the brief hold expires")


class FormatTests(unittest.TestCase):
    def get(self, accept=None):
        return Shop.program.management("GET", "/metrics", headers={"Accept": accept} if accept is not None else {})

    def test_the_default_is_the_text_format(self):
        answer = self.get()
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, TEXT))
        self.assertNotIn(b"# EOF", answer.body)
        self.assertTrue(answer.body.endswith(b"\n"))

    def test_promtool_has_nothing_to_say(self):
        self.assertEqual(promtool("check", "metrics", text=self.get().body.decode()), (0, ""))

    def test_openmetrics_is_read_by_a_strict_reader(self):
        answer = self.get(WANTS_OPEN)
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, OPEN))
        families = read_openmetrics(answer.body.decode())
        self.assertGreater(len(families), 30)
        for family in families.values():
            self.assertTrue(family.described.get("HELP"), f"{family.name} has no help")

    def test_what_a_client_prefers_is_what_it_gets(self):
        for accept, expected in (
            (None, TEXT), ("*/*", TEXT), ("text/*", TEXT), ("text/plain;q=0.5", TEXT),
            ("text/plain; version=0.0.4", TEXT), ("", TEXT), (";;;,,,=\"", TEXT), ("application/json", TEXT),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT), ("x" * 10_000, TEXT),
            ("application/openmetrics-text;version=1.0.0;q=0,text/plain", TEXT),
            ("application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.9", TEXT),
            ("application/openmetrics-text;version=1.0.0;q=x" + "9" * 400, TEXT),
            (WANTS_OPEN, OPEN), (PROMETHEUS, OPEN),
            ("text/plain;q=0.3, application/openmetrics-text;version=1.0.0", OPEN),
            ('Application/OpenMetrics-Text; Version="1.0.0"; charset=utf-8', OPEN),
        ):
            with self.subTest(accept=(accept or "")[:80]):
                answer = self.get(accept)
                self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, expected))

    def test_both_forms_say_the_same(self):
        text = {line.rpartition(" ")[0] for line in self.get().body.decode().splitlines() if not line.startswith("#")}
        names = {re.split("[{ ]", series)[0] for series in text}
        families = read_openmetrics(self.get(WANTS_OPEN).body.decode())
        open_names = {sample.name for family in families.values() for sample in family.samples}
        self.assertEqual(names, {name for name in open_names if not name.endswith("_created")})

    def test_all_names_begin_with_a_promised_word(self):
        for name in read_openmetrics(Shop.program.metrics(WANTS_OPEN)):
            self.assertRegex(name, "^(onsale|http|process|swift)_")

    def test_an_exemplar_names_the_trace_of_its_request(self):
        parent = Parent()
        Shop.program.send("GET", "/v1/events/hall/seating-plan", headers=parent.header)
        families = read_openmetrics(Shop.program.metrics(WANTS_OPEN))
        traces = {sample.exemplar.labels.get("trace_id"): sample.labels.get("http_route")
                  for sample in families["http_server_request_duration_seconds"].samples if sample.exemplar}
        self.assertEqual(traces.get(parent.trace), "/v1/events/{event}/seating-plan")

    def test_the_text_format_has_no_exemplars(self):
        self.assertNotIn(" # {", Shop.program.metrics())

    def test_a_head_request_has_no_body(self):
        answer = Shop.program.management("HEAD", "/metrics")
        self.assertEqual((answer.status, answer.headers["Content-Type"], answer.body), (200, TEXT, b""))

    def test_no_secret_is_on_the_page(self):
        page = Shop.program.metrics(WANTS_OPEN) + Shop.program.metrics()
        self.assertEqual([], leaks(page, [
            secret for buyer in Shop.buyers for secret in (*buyer.secrets, buyer.id)]))


class NumberTests(unittest.TestCase):
    """What the metrics say is what the API, the journal and the provider say."""

    @classmethod
    def setUpClass(cls):
        # A call in the queue may lapse at any time, so what is compared is taken between two equal looks.
        for _ in range(5):
            before = cls.facts()
            cls.reports = {event: Shop.program.report(event) for event in ("hall", "queue")}
            cls.families = read_openmetrics(Shop.program.metrics(WANTS_OPEN))
            if cls.facts() == before:
                break
        cls.journaled, cls.report = before, cls.reports["hall"]

    @staticmethod
    def facts():
        return collections.Counter(fact["fact"] for event in ("hall", "brief", "queue")
                                   for fact in Shop.program.facts(event))

    def series(self, name, *labels, **fixed):
        """The samples of a name: the values of the labels named, and what they count. Fixed ones must match."""
        found = {}
        for family in self.families.values():
            for sample in family.samples:
                if sample.name == name and all(sample.labels.get(key) == value for key, value in fixed.items()):
                    self.assertEqual(set(sample.labels), {*labels, *fixed}, name)
                    key = tuple(sample.labels[label] for label in labels)
                    found[key[0] if len(key) == 1 else key] = sample.value
        return found

    def value(self, name, **labels):
        found = self.series(name, **labels)
        self.assertEqual(len(found), 1, f"{name}{labels}")
        return found[()]

    def test_the_seats_are_those_of_the_report(self):
        self.assertEqual(self.series("onsale_seats", "state", event="hall"),
                         {state: self.report[state] for state in ("free", "held", "sold", "blocked")})
        areas = Shop.program.send("GET", "/v1/events/hall/availability")["areas"]
        self.assertEqual(self.value("onsale_seats", event="hall", state="free"), sum(area["free"] for area in areas))

    def test_orders_are_counted_by_the_states_they_came_into(self):
        counted = self.series("onsale_orders_total", "state", event="hall")
        self.assertEqual(
            {state: count for state, count in counted.items() if count},
            {"authorizing": 5, "capturing": 4, "confirmed": 3, "declined": 2, "refunding": 1, "refunded": 1})
        self.assertLessEqual(set(counted), {"authorizing", "requires_action", "capturing", "confirmed", "declined",
                                            "expired", "refunding", "refunded"})

    def test_holds_are_counted_by_what_became_of_them(self):
        counted = self.series("onsale_holds_total", "outcome", event="hall")
        self.assertEqual({outcome: count for outcome, count in counted.items() if count},
                         {"made": 7, "ordered": 5, "released": 1})
        self.assertEqual(self.value("onsale_holds_total", event="brief", outcome="expired"), 1)

    def test_the_money_is_that_of_the_report(self):
        self.assertEqual(self.report["gross"], 2 * 50_000 + 33_000 + 3 * 50_000)
        self.assertEqual(self.value("onsale_gross_minor_units", event="hall", currency="KRW"), self.report["gross"])
        self.assertEqual(self.value("onsale_refunded_minor_units", event="hall", currency="KRW"),
                         self.report["refunded"])

    def test_the_line_is_that_of_the_report(self):
        for event, report in self.reports.items():
            self.assertEqual(self.value("onsale_waiting", event=event), report["waiting"], event)
            self.assertEqual(self.value("onsale_active_shoppers", event=event), report["activeShoppers"], event)
        self.assertEqual(self.value("onsale_shoppers_max", event="queue"), 2)
        self.assertEqual(self.value("onsale_waiting", event="queue"), 5)  # a call isn't a pass yet
        self.assertEqual(self.value("onsale_joins_total", event="queue"), 5)
        self.assertEqual(self.value("onsale_calls_total", event="queue", outcome="called"), self.journaled["called"])
        self.assertEqual(self.value("onsale_passes_total", event="hall", outcome="granted"), 6)
        self.assertEqual(self.value("onsale_joins_total", event="hall"), 6)

    def test_the_phase_is_the_one_of_the_api(self):
        phases = {phase for phase, value in self.series("onsale_event_phase", "phase", event="hall").items() if value}
        self.assertEqual(phases, {Shop.program.send("GET", "/v1/events/hall")["onsale"]["phase"]})

    def test_facts_are_those_of_the_journal(self):
        counted = {kind: count for kind, count in self.series("onsale_facts_total", "kind").items() if count}
        self.assertEqual(counted, dict(self.journaled))

    def test_provider_requests_are_those_that_the_provider_saw(self):
        # A webhook may bring the same question a second time, so only the provider knows how many there were.
        seen = collections.Counter(
            (call.operation, "ok" if call.answered.startswith("200") else "declined")
            for call in Shop.provider.calls if call.operation in ("create", "capture", "cancel", "refund"))
        counted = self.series("onsale_provider_requests_total", "operation", "outcome")
        self.assertLessEqual({operation for operation, _ in counted}, {
            "authorize", "capture", "void", "refund", "payment", "payments", "refunds", "dispute", "reference",
            "probe"})
        self.assertLessEqual({outcome for _, outcome in counted}, {
            "ok", "declined", "unanswered", "failed", "busy", "not_asked", "key_conflict", "unauthorized", "rejected",
            "unknown_payment"})
        for ours, theirs in (("authorize", "create"), ("capture", "capture"), ("void", "cancel"), ("refund", "refund")):
            for outcome in ("ok", "declined"):
                self.assertEqual(counted.get((ours, outcome), 0), seen[theirs, outcome], f"{ours} {outcome}")
            self.assertEqual(self.value("onsale_provider_request_seconds_count", operation=ours),
                             seen[theirs, "ok"] + seen[theirs, "declined"])
        self.assertGreaterEqual(counted["authorize", "declined"], 1)
        self.assertGreaterEqual(counted["capture", "declined"], 1)
        self.assertEqual(self.value("onsale_provider_up"), 1)

    def test_requests_are_counted_by_route_and_status(self):
        def count(method, route, status):
            return self.value("http_server_request_duration_seconds_count", http_request_method=method,
                              http_route=route, http_response_status_code=status)

        self.assertEqual(count("POST", "/v1/events/{event}/holds", "201"), 8)
        self.assertEqual(count("POST", "/v1/events/{event}/orders", "201"), 5)
        self.assertEqual(count("DELETE", "/v1/events/{event}/holds/{hold}", "204"), 1)

    def test_problems_are_counted(self):
        self.assertGreaterEqual(self.value("onsale_problems_total", problem="not-found"), 1)

    def test_streams_are_counted_by_kind(self):
        self.assertEqual(self.series("onsale_streams", "kind"), {"availability": 1, "waiting_room": 2})
        messages = self.series("onsale_stream_messages_total", "kind")
        self.assertGreaterEqual(messages["availability"], 2)
        self.assertGreaterEqual(messages["waiting_room"], 2)
        self.assertGreater(self.series("onsale_stream_bytes_total", "kind")["availability"], 100)

    def test_the_writer_is_measured(self):
        self.assertEqual(set(self.series("onsale_inbox_depth", "lane")),
                         {"payments", "orders", "holds", "passes", "joins"})
        commits = self.value("onsale_commit_seconds_count")
        self.assertGreater(commits, 10)
        self.assertEqual(self.value("onsale_sync_seconds_count"), commits)
        self.assertLessEqual(self.value("onsale_sync_seconds_sum"), self.value("onsale_commit_seconds_sum"))
        self.assertGreaterEqual(self.value("onsale_batch_requests_count"), commits)

    def test_every_rule_holds(self):
        self.assertEqual(self.value("onsale_rule_breaches"), 0)

    def test_the_saga_is_counted(self):
        self.assertEqual(self.series("onsale_saga_steps_total", "step"),
                         {"authorize": 4, "capture": 3, "void": 1, "refund": 1, "return_stray": 0})
        # A refund that somebody asked for undoes no failure.
        self.assertEqual(self.series("onsale_compensations_total", "kind"),
                         {"void": 1, "release": 1, "refund": 0, "return_stray": 0})
        self.assertEqual(set(self.series("onsale_saga_orders", "state")), {"running", "waiting"})
        self.assertEqual(sum(self.series("onsale_saga_orders", "state").values()), 0)

    def test_the_process_is_measured(self):
        resident = self.value("process_resident_memory_bytes")
        self.assertAlmostEqual(resident / Shop.program.resident_bytes(), 1, delta=0.5)
        self.assertAlmostEqual(self.value("process_start_time_seconds"), time.time(), delta=120)
        self.assertGreater(self.value("process_cpu_seconds_total"), 0)
        self.assertGreater(self.value("process_threads"), 2)
        self.assertLess(self.value("process_open_fds"), self.value("process_max_fds"))
        self.assertGreater(self.value("process_virtual_memory_bytes"), resident)
        self.assertGreater(self.value("swift_heap_allocated_bytes"), 0)

    def test_the_disk_and_readiness_are_measured(self):
        self.assertEqual(self.series("onsale_ready", "part"), {"journal": 1, "payments": 1, "disk": 1})
        self.assertGreater(self.value("onsale_disk_free_bytes"), 0)
        self.assertGreater(self.value("onsale_journal_bytes"), 0)
        self.assertEqual(self.series("onsale_events", "state")["loaded"], 3)

    def test_the_build_is_the_one_of_info(self):
        info = Shop.program.management("GET", "/info")
        self.assertEqual(self.value("onsale_build_info", version=info["version"], build=info["build"]), 1)

    def test_the_catalog_is_there(self):
        names = {sample.name for family in self.families.values() for sample in family.samples}
        missing = {
            "http_server_active_requests", "onsale_decide_seconds_count", "onsale_event_loop_lag_seconds_count",
            "onsale_line_numbers_per_second", "onsale_log_lines_total", "onsale_log_lines_dropped_total",
            "onsale_metric_series_dropped_total", "onsale_streams_refused_total", "onsale_stream_skips_total",
            "onsale_spans_exported_total", "onsale_spans_dropped_total", "onsale_open_orders",
        } - names
        self.assertEqual(missing, set())


class HostilityTests(unittest.TestCase):
    def test_strangers_paths_and_methods_make_no_series(self):
        def series():
            families = read_openmetrics(Shop.program.metrics(WANTS_OPEN))
            return {str(sample.labels) for sample in families["http_server_request_duration_seconds"].samples
                    if sample.name.endswith("_count")}

        for number in range(60):
            send(Shop.program.url, "GET", f"/strange/{number}")
            send(Shop.program.url, "GET", f"/v1/events/strange-{number}")
            send(Shop.program.url, ("PROPFIND", "PURGE", "MKCOL", "LOCK", f"STRANGE{number}")[number % 5], "/v1/events")
            send(Shop.program.url, "GET", f"/v1/events/hall/orders/ord_{number}", ADMIN_TOKEN)
        before = series()
        self.assertFalse([labels for labels in before if "strange" in labels.lower()])
        for number in range(60, 120):
            send(Shop.program.url, "GET", f"/strange/{number}")
            send(Shop.program.url, ("SEARCH", "MERGE", "COPY", "BIND", f"STRANGE{number}")[number % 5], "/v1/events")
        self.assertEqual(series() - before, set())


class ManyEventsTests(unittest.TestCase):
    """Sixty events: fifty have labels of their own, and the rest are one."""

    COUNTERS = ("onsale_holds_total", "onsale_orders_total", "onsale_joins_total", "onsale_passes_total",
                "onsale_calls_total")

    @classmethod
    def setUpClass(cls):
        cls.provider = FalseProvider()
        cls.addClassCleanup(cls.provider.stop)
        cls.program = cls.enterClassContext(Onsale(cls.provider))
        cls.events = [f"night-{number}" for number in range(60)]
        for event in cls.events:
            open_event(cls.program, event, capacity=20, price=1000)
            Buyer(cls.program, event).buy()

    def read(self):
        page = self.program.metrics(WANTS_OPEN)
        self.assertLess(len(page), 1 << 20)
        return read_openmetrics(page)

    def sums(self, families):
        """By name and the labels other than the event: the sum over all events."""
        sums = collections.Counter()
        for family in families.values():
            for sample in family.samples:
                if "event" in sample.labels:
                    others = tuple(value for label, value in sorted(sample.labels.items()) if label != "event")
                    sums[sample.name, *others] += sample.value
        return sums

    def test_fifty_events_have_labels_and_the_sums_are_whole(self):
        families = self.read()
        events = {sample.labels["event"] for family in families.values() for sample in family.samples
                  if "event" in sample.labels}
        self.assertIn("_other", events)
        self.assertLessEqual(len(events), EVENTS_MAX + 1)
        self.assertGreaterEqual(len(events), EVENTS_MAX)
        sums = self.sums(families)
        self.assertEqual(sums["onsale_seats", "sold"], 60)
        self.assertEqual(sums["onsale_seats", "free"], 60 * 19)
        for state in ("authorizing", "capturing", "confirmed"):
            self.assertEqual(sums["onsale_orders_total", state], 60, state)
        self.assertEqual(sums["onsale_holds_total", "made"], 60)
        self.assertEqual(sums["onsale_holds_total", "ordered"], 60)
        self.assertEqual(sums["onsale_gross_minor_units", "KRW"], 60_000)
        self.assertEqual(sums["onsale_joins_total",], 60)
        self.assertEqual(sums["onsale_passes_total", "granted"], 60)

    def counted(self, families):
        return {(sample.name, *sorted(sample.labels.items())): sample.value
                for name in self.COUNTERS for sample in families[name.removesuffix("_total")].samples}

    def test_rates_stay_true_when_a_quiet_event_becomes_the_busiest(self):
        """A rate is taken of each series, and then summed: none may fall, and none may jump by another's past."""
        before = self.read()
        named = {sample.labels["event"] for sample in before["onsale_holds"].samples}
        quiet = next(event for event in self.events if event not in named)
        first = last = self.counted(before)
        buyers = [Buyer(self.program, quiet) for _ in range(10)]
        joined = self.counted(self.read())
        for buyer in buyers * 2:
            buyer.release(buyer.hold()["hold"])
            now = self.counted(self.read())
            for key in now.keys() & last.keys():
                self.assertGreaterEqual(now[key], last[key], f"{key} fell")
            last = now
        made = [key for key in last if key[0] == "onsale_holds_total" and ("outcome", "made") in key]
        self.assertEqual(sum(last[key] - joined.get(key, 0) for key in made), 20)
        self.assertIn(quiet, {dict(key[1:])["event"] for key in last if key not in first}, "has a label now")


class PrometheusTests(unittest.TestCase):
    """A real Prometheus asks for both forms."""

    @classmethod
    def setUpClass(cls):
        cls.relay = TextRelay(f"http://127.0.0.1:{Shop.program.management_port}")
        cls.addClassCleanup(cls.relay.stop)
        cls.prometheus = Prometheus({"open": f"127.0.0.1:{Shop.program.management_port}", "text": cls.relay.target})
        cls.addClassCleanup(cls.prometheus.stop)
        eventually(lambda: len(cls.prometheus.query("up == 1")) == 2, f"both targets are up: {cls.targets()}", 20)

    @classmethod
    def targets(cls):
        return [(target["labels"]["job"], target["health"], target["lastError"])
                for target in cls.prometheus.ask("targets")["activeTargets"]]

    def test_both_targets_are_up(self):
        self.assertEqual(sorted(self.targets()), [("open", "up", ""), ("text", "up", "")])

    def test_both_forms_give_the_same_series(self):
        names = {}
        for job in ("open", "text"):
            found = self.prometheus.query(f'count by (__name__) ({{job="{job}", __name__=~"onsale_.+|http_.+"}})')
            names[job] = {labels["__name__"] for labels, _ in found if not labels["__name__"].endswith("_created")}
        self.assertEqual(names["open"], names["text"])
        self.assertGreater(len(names["open"]), 40)

    def test_queries_give_what_the_api_says(self):
        report = Shop.program.report("hall")
        for job in ("open", "text"):
            seats = {labels["state"]: value
                     for labels, value in self.prometheus.query(f'onsale_seats{{job="{job}", event="hall"}}')}
            self.assertEqual(seats, {state: report[state] for state in ("free", "held", "sold", "blocked")})
            [(_, confirmed)] = self.prometheus.query(
                f'sum(onsale_orders_total{{job="{job}", event="hall", state="confirmed"}})')
            self.assertEqual(confirmed, 3)
            [(_, quantile)] = self.prometheus.query(
                f'histogram_quantile(0.9, sum by (le) (onsale_commit_seconds_bucket{{job="{job}"}}))')
            self.assertTrue(0 < quantile < 10, quantile)

    def test_the_exemplar_comes_back(self):
        parent = Parent()
        Shop.buyers[0].hold(headers=parent.header)

        def traces():
            found = self.prometheus.ask(
                "query_exemplars", query="http_server_request_duration_seconds_bucket", start=time.time() - 600,
                end=time.time() + 5)
            return {exemplar["labels"].get("trace_id") for series in found for exemplar in series["exemplars"]}

        eventually(lambda: parent.trace in traces(), f"the exemplar of trace {parent.trace}", 15, 0.5)


class ReaderTests(unittest.TestCase):
    """The strict reader itself refuses what it must."""

    GOOD = ('# TYPE a counter\n# HELP a said \\"so\\"\na_total{b="c\\"\\\\\\n",d=""} 3 # {trace_id="1"} 0.5 1.5\n'
            '# TYPE h histogram\nh_bucket{le="0.5"} 1\nh_bucket{le="+Inf"} 2 # {trace_id="2"} 4.0\n'
            'h_count 2\nh_sum 1.5\n'
            '# TYPE g_bytes gauge\n# UNIT g_bytes bytes\ng_bytes -1.5e3\n# TYPE i info\ni_info{v="1"} 1\n# EOF\n')

    def test_a_good_page_is_read(self):
        families = read_openmetrics(self.GOOD)
        self.assertEqual(families["a"].samples[0].labels, {"b": 'c"\\\n', "d": ""})
        self.assertEqual(families["a"].samples[0].exemplar.labels, {"trace_id": "1"})
        self.assertEqual([family.type for family in families.values()], ["counter", "histogram", "gauge", "info"])

    def test_each_fault_is_found(self):
        for old, new in (
            ("# EOF\n", "# EOF"), ("# EOF\n", "# EOF\n\n"), ("# EOF\n", ""), ("a_total{", "a{"),
            ("TYPE a c", "TYPE a_total c"),
            ("h_count 2", "h_count 3"), ("h_sum 1.5\n", ""), ('"0.5"', '"1"'), ('le="+Inf"} 2', 'le="+Inf"} 0'),
            ("# TYPE g_bytes gauge\n", "\n# TYPE g_bytes gauge\n"), ("UNIT g_bytes bytes", "UNIT g_bytes seconds"),
            ('{b="c', '{d="c'), ('d=""}', 'd="" }'), ('d=""}', 'd="",}'), ("} 3 #", "}  3 #"), ("} 3 #", "} -3 #"),
            ("h_count 2\n", 'h_count 2 # {t="1"} 1\n'), ('# {trace_id="1"}', '# {trace_id="' + "x" * 121 + '"}'),
            ("4.0\n", "0.25\n"), ("# TYPE i info", "# TYPE a counter"), ("# TYPE i info\n", ""), ('c\\"', 'c\\t'),
            ("# TYPE i info", "# TYPE a_total gauge\na_total 1\n# TYPE i info"),
            ("h_sum 1.5\n", "h_sum 1.5\nh_sum 1.5\n"),
            ('said \\"so', 'said "so'), ("# TYPE i info", "# a comment\n# TYPE i info"),
        ):
            with self.subTest(new=new[:60]):
                self.assertIn(old, self.GOOD)
                with self.assertRaises(Malformed):
                    read_openmetrics(self.GOOD.replace(old, new, 1))


if __name__ == "__main__":
    unittest.main()
