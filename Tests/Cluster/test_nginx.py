"""Debian's nginx with the deployed configuration, in front of stub nodes, seen from outside."""

import gzip
import itertools
import json
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from edge import Client, EdgeTestCase, curl, send, together, untrusting
from server import NotStarted
from stub_node import PUBLIC, Reply
from waiting import eventually

LINE = "/v1/events/arena/waiting-room"
# nginx counts in whole seconds: what may be kept for one is gone after less than two.
SECONDS_UNTIL_OLD = 2.1


class EventTests(EdgeTestCase):
    nodes_count = 3
    events = [f"evt-{number}" for number in range(120)]

    def owners(self):
        with Client(self.edge.rehearsal_url) as client:
            return {event: client.send("GET", f"/v1/events/{event}/availability")["onsale-node"]
                    for event in self.events}

    def test_event_meets_one_node_whoever_asks_what(self):
        before = self.owners()
        for node in self.nodes:
            self.assertGreater(list(before.values()).count(node.name), len(self.events) / 10)
        for event in self.events[:20]:
            for method, path in (
                    ("POST", "/holds"), ("GET", "/orders/ord_1"), ("POST", "/orders"), ("POST", "/waiting-room"),
                    ("DELETE", "/holds/hld_1"), ("GET", "/waiting-room?ticket=x"), ("POST", "/waiting-room/pass")):
                self.assertEqual(
                    send(self.edge.rehearsal_url, method, f"/v1/events/{event}{path}")["onsale-node"], before[event])
        self.assertEqual(self.send("GET", "/v1/events/%65vt-1/availability")["onsale-node"], before["evt-1"])

    def test_only_a_dead_nodes_events_move_and_they_come_back(self):
        before = self.owners()
        dead = self.nodes[0]
        dead.stop()
        meanwhile = self.owners()
        for event, owner in before.items():
            if owner == dead.name:
                self.assertNotEqual(meanwhile[event], dead.name)
            else:
                self.assertEqual(meanwhile[event], owner)
        dead.start()
        eventually(lambda: self.owners() == before, "every event is where it was", 10, 0.2)

    def test_another_edge_finds_the_same_nodes_and_a_removed_one_moves_only_its_events(self):
        before = self.owners()
        self.edge = self.servers.nginx({node.name: node.address for node in self.nodes})
        self.assertEqual(self.owners(), before)
        gone = self.nodes[2].name
        self.edge.write({node.name: node.address for node in self.nodes[:2]})
        self.edge.reload()
        after = self.owners()
        self.assertEqual({event: after[event] for event, owner in before.items() if owner != gone},
                         {event: owner for event, owner in before.items() if owner != gone})
        self.assertNotIn(gone, after.values())


class FailureTests(EdgeTestCase):
    changes = {"proxy_read_timeout 6s;": "proxy_read_timeout 1s;", "proxy_read_timeout 3s;": "proxy_read_timeout 1s;"}

    def test_get_whose_node_is_lost_is_answered_by_the_other(self):
        path = "/v1/events/arena/availability"
        owner = self.owner("arena")
        owner.respond = lambda request: Reply(cut=True)
        for _ in range(5):
            self.assertEqual(self.send("GET", path).status, 200)

    def test_get_whose_node_is_silent_is_answered_by_the_other(self):
        owner = self.owner("arena")
        never = threading.Event()
        self.addCleanup(never.set)
        owner.respond = lambda request: Reply(waits_for=never)
        answer = self.send("GET", LINE)
        self.assertEqual(answer.status, 200)
        self.assertNotEqual(answer["onsale-node"], owner.name)
        # And everybody else is spared the wait.
        answer = self.send("POST", "/v1/events/arena/holds", body={})
        self.assertEqual(answer.status, 201)
        self.assertNotEqual(answer["onsale-node"], owner.name)

    def test_post_that_was_sent_and_lost_is_a_502_and_was_sent_once(self):
        for method, path in (
                ("POST", "/v1/events/arena/holds"), ("POST", "/v1/events/arena/orders"), ("POST", LINE),
                ("POST", LINE + "/pass"), ("POST", "/v1/sessions"), ("POST", "/v1/events"),
                ("PATCH", "/v1/events/arena/onsale"), ("DELETE", "/v1/events/arena/holds/hld_1"),
                ("DELETE", LINE + "/pass")):
            with self.subTest(method=method, path=path):
                eventually(lambda: len({self.owner(f"e{number}").name for number in range(20)}) == 2,
                           "both nodes are asked", 10, 0.2)
                self.let_all(lambda request: Reply(cut=True))
                answer = self.send(method, path, {"Idempotency-Key": "k"}, {"hold": "hld_1"})
                for node in self.nodes:
                    node.respond = node.introduce
                self.expect_problem(answer, 502, "unavailable")
                self.assertEqual(len([r for r in self.asked(path) if r.method == method]), 1)

    def test_post_lost_on_a_kept_connection_is_not_repeated_either(self):
        path = "/v1/events/arena/holds"
        owner = self.owner("arena")
        with Client(self.url) as client:
            self.assertEqual(client.send("POST", path, body={}).status, 201)
            connections = {request.connection for request in owner.requests}
            self.let_all(lambda request: Reply(cut=True))
            answer = client.send("POST", path, body={})
        self.expect_problem(answer, 502, "unavailable")
        self.assertEqual(len(self.asked(path)), 2)
        self.assertIn(self.asked(path)[1].connection, connections)

    def test_post_that_can_not_be_sent_goes_to_a_living_node(self):
        owner = self.owner("arena")
        owner.stop()
        answer = self.send("POST", "/v1/events/arena/holds", body={"area": "Floor"})
        self.assertEqual(answer.status, 201)
        self.assertNotEqual(answer["onsale-node"], owner.name)

    def test_post_without_an_answer_is_a_504_and_was_sent_once(self):
        never = threading.Event()
        self.addCleanup(never.set)
        self.let_all(lambda request: Reply(waits_for=never))
        answer = self.send("POST", "/v1/events/arena/holds", body={})
        self.expect_problem(answer, 504, "unavailable")
        self.assertEqual(len(self.asked("/v1/events/arena/holds")), 1)

    def test_without_any_node_there_is_a_clear_answer(self):
        for node in self.nodes:
            node.stop()
        for version in ("--http1.1", "--http2"):
            self.expect_problem(curl(version, self.url + "/v1/events"), 502, "unavailable")
        self.expect_problem(self.send("GET", "/events/arena"), 502, "unavailable")

    def test_refusals_of_a_node_pass_as_they_are(self):
        for status in (400, 404, 409, 413, 429, 500, 502, 503, 504):
            self.let_all(lambda request: Reply(
                status, {"type": "/problems/x", "status": status},
                {"Content-Type": "application/problem+json", "Retry-After": "7"}))
            answer = self.send("GET", "/v1/events/arena/availability")
            self.assertEqual((answer.status, answer.json["type"]), (status, "/problems/x"))
            self.assertEqual(answer.values("retry-after"), ["7"])
            self.assertEqual(len(self.asked("/v1/events/arena/availability")), 1)
            for node in self.nodes:
                node.requests.clear()


class TransportTests(EdgeTestCase):
    def test_speaks_http2_and_tls_1_3(self):
        answer = curl("--http2", "--tlsv1.3", self.url + "/v1/events")
        self.assertEqual((answer.status, answer.version), (200, "2"))
        self.assertEqual(curl("--http1.1", "--tls-max", "1.2", self.url + "/v1/events").version, "1.1")
        with self.assertRaises(OSError):
            curl("--tls-max", "1.1", "--ciphers", "DEFAULT:@SECLEVEL=0", self.url + "/v1/events")
        eventually(lambda: {request["tls"] for request in self.edge.requests()} >= {"TLSv1.3", "TLSv1.2"}, "both")

    def test_sessions_are_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = untrusting()
            context.minimum_version = context.maximum_version = version
            session, resumed = None, []
            for _ in range(6):
                with socket.create_connection(("127.0.0.1", self.edge.port("tls")), 10) as plain, \
                        context.wrap_socket(plain, session=session) as secure:
                    secure.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    while secure.recv(4096):
                        pass
                    resumed.append(secure.session_reused)
                    session = secure.session
            self.assertEqual(resumed, [False] + [True] * 5, version)

    def test_without_tls_there_is_only_a_way_to_it(self):
        plain = f"http://127.0.0.1:{self.edge.port('plain')}"
        answer = send(plain, "GET", "/events/arena?lang=ko", {"Host": "evil.example"})
        self.assertEqual((answer.status, answer["location"]), (308, "https://tickets.example.com/events/arena?lang=ko"))
        answer = send(f"http://127.0.0.1:{self.edge.port('tls')}", "GET", "/")
        self.expect_problem(answer, 400, "malformed-request")

    def test_what_is_no_http_is_refused_in_the_contracts_shape(self):
        def ask(path, headers):
            """nginx answers and closes while the rest may still be coming, so the answer may be lost."""
            try:
                return send(self.edge.rehearsal_url, "GET", path, headers)
            except OSError:
                return None

        for path, headers in (("/v1/events", {"X-Long": "x" * 17_000}), ("/v1/events/" + "x" * 17_000, {})):
            answer = eventually(lambda: ask(path, headers), "it is refused")
            self.expect_problem(answer, 400, "malformed-request")
        answer = self.send("TRACE", "/v1/events")
        self.expect_problem(answer, 405, "method-not-allowed")
        self.assertTrue(answer["allow"])

    def test_answers_are_compressed_where_the_program_does_not(self):
        long = {"seats": "." * 5000}
        self.let_all(lambda request: Reply(200, long))
        path = "/v1/events/arena/availability"
        answer = self.send("GET", path, {"Accept-Encoding": "br, gzip;q=0.8"})
        self.assertEqual((answer["content-encoding"], answer.values("vary")), ("gzip", ["Accept-Encoding"]))
        self.assertLess(len(answer.body), 200)
        self.assertEqual(answer.json, long)
        for accepted in ({}, {"Accept-Encoding": "gzip;q=0"}, {"Accept-Encoding": "br"}):
            answer = self.send("GET", path, accepted)
            self.assertEqual((answer["content-encoding"], answer.values("vary")), ("", ["Accept-Encoding"]))
        self.let_all(lambda request: Reply(200, {"version": 1}))
        self.assertEqual(self.send("GET", path, {"Accept-Encoding": "gzip"})["content-encoding"], "")

    def test_what_the_program_compresses_stays_as_it_is(self):
        def respond(request):
            headers = {"Content-Type": "text/html; charset=utf-8", "Vary": "Accept-Encoding"}
            if request["accept-encoding"] == "gzip":
                return Reply(200, gzip.compress(b"<p>" * 1000), {**headers, "Content-Encoding": "gzip"})
            return Reply(200, b"<p>" * 1000, headers)

        self.let_all(respond)
        for path in ("/events/arena", "/assets/0011/page.html", "/v1/events/arena/seating-plan"):
            for accepted, coding in (("gzip, deflate, br", "gzip"), ("identity", "")):
                answer = self.send("GET", path, {"Accept-Encoding": accepted})
                self.assertEqual(answer["content-encoding"], coding, path)
                self.assertEqual(answer.values("vary"), ["Accept-Encoding"], path)


class CacheTests(EdgeTestCase):
    """The numbers tell whether an answer was made for this request."""

    def setUp(self):
        super().setUp()
        numbers = itertools.count(1)
        self.headers = dict(PUBLIC)
        self.gate = threading.Event()
        self.gate.set()
        self.let_all(lambda request: Reply(
            200, {"number": next(numbers)}, self.headers, waits_for=self.gate))

    def number(self, path=LINE, headers=None):
        return self.send("GET", path, headers).json["number"]

    def test_a_hundred_at_once_are_one_request_to_the_node(self):
        self.headers = {"Cache-Control": "public, max-age=60"}
        self.gate.clear()
        threading.Timer(0.3, self.gate.set).start()
        answers = together(100, lambda _: self.send("GET", LINE))
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual({answer.json["number"] for answer in answers}, {1})
        self.assertEqual(len(self.asked(LINE)), 1)
        self.assertEqual(len({answer["x-request-id"] for answer in answers}), 100)

    def test_while_one_asks_anew_the_others_get_what_was(self):
        self.assertEqual(self.number(), 1)
        time.sleep(SECONDS_UNTIL_OLD)
        self.gate.clear()
        with_new = []
        first = threading.Thread(target=lambda: with_new.append(self.number()))
        first.start()
        eventually(lambda: len(self.asked(LINE)) == 2, "one asks anew")
        self.assertEqual(set(together(20, lambda _: self.number())), {1})
        self.assertEqual(len(self.asked(LINE)), 2)
        self.gate.set()
        first.join()
        # The one who asked is not shown the old state: nobody may have looked for long.
        self.assertEqual(with_new, [2])
        self.assertEqual(self.number(), 2)

    def test_what_never_changes_is_renewed_behind_the_back(self):
        path = "/v1/events/arena/seating-plan"
        self.assertEqual(self.number(path), 1)
        time.sleep(SECONDS_UNTIL_OLD)
        self.gate.clear()
        self.assertEqual(self.number(path), 1)
        eventually(lambda: len(self.asked(path)) == 2, "the node is asked")
        self.gate.set()
        eventually(lambda: self.number(path) == 2, "the new answer is there")

    def test_when_no_node_can_be_reached_everybody_gets_what_was(self):
        self.number()
        for node in self.nodes:
            node.stop()
        time.sleep(SECONDS_UNTIL_OLD)
        self.assertEqual(set(together(10, lambda _: self.number())), {1})

    def test_answer_to_a_token_is_neither_kept_nor_taken_from_what_is_kept(self):
        for credential in ({"Authorization": "Bearer secret"}, {"Cookie": "a=b"}):
            path = "/v1/events/" + next(iter(credential)).lower() + "/waiting-room"
            private = self.number(path, credential)
            public = self.number(path)
            self.assertGreater(public, private)
            self.assertEqual(self.number(path), public)
            self.assertGreater(self.number(path, credential), public)
            self.assertEqual(self.number(path), public)

    def test_only_what_the_node_calls_public_is_kept(self):
        for headers in ({}, {"Cache-Control": "no-cache"}, {"Cache-Control": "no-store"},
                        {"Cache-Control": "private, max-age=60"}, {**PUBLIC, "Set-Cookie": "a=b"}):
            self.headers = headers
            self.assertLess(self.number(), self.number(), headers)
        self.headers = PUBLIC
        for path in ("/v1/events/arena/availability", "/v1/events/arena", "/v1/orders", "/events/arena",
                     "/v1/events/arena/orders/ord_1", LINE + "/pass"):
            self.assertLess(self.number(path), self.number(path), path)

    def test_join_is_no_question_about_the_line(self):
        self.number()
        self.assertGreater(self.send("POST", LINE, body={}).json["number"], 1)
        self.assertEqual(len(self.asked(LINE)), 2)

    def test_query_is_no_part_of_the_key_but_the_path_is_as_it_was_sent(self):
        self.assertEqual(self.number(LINE + "?ticket=one"), self.number(LINE + "?ticket=two"))
        forms = [LINE, "/v1/events/%61rena/waiting-room", "/v1//events/arena/waiting-room",
                 "/v1/events/other/../arena/waiting-room", "/v1/events/arena/waiting-room/"]
        self.assertEqual(len({self.number(form) for form in forms}), len(forms))

    def test_each_encoding_has_its_answer(self):
        path = "/v1/events/arena/seating-plan"

        def respond(request):
            headers = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Encoding", "ETag": '"plan"'}
            if request["accept-encoding"]:
                return Reply(200, gzip.compress(b'{"a":1}'), {**headers, "Content-Encoding": "gzip"})
            return Reply(200, b'{"a":1}', headers)

        self.let_all(respond)
        for accepted in ("gzip", "gzip, deflate, br", "", "br", "x-strange, gzip"):
            answer = self.send("GET", path, {"Accept-Encoding": accepted})
            self.assertEqual(answer["content-encoding"], "gzip" if "gzip" in accepted else "")
            self.assertEqual(answer.json, {"a": 1})
        self.assertEqual(len(self.asked(path)), 2)
        self.assertEqual(self.send("GET", path, {"If-None-Match": '"plan"', "Accept-Encoding": ""}).status, 304)


class StreamTests(EdgeTestCase):
    path = "/v1/events/arena/waiting-room/stream"

    def listen(self, *arguments):
        """A listener, and a function that gives what it has heard so far."""
        process = subprocess.Popen(
            ["curl", "-sSkN", "--compressed", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        heard = []

        def read():
            while piece := process.stdout.read1(65536):
                heard.append(piece)

        thread = threading.Thread(target=read)
        thread.start()

        def end():
            process.kill()
            process.wait()
            thread.join()
            process.stdout.close()
            process.stderr.close()

        self.addCleanup(end)
        return end, lambda: b"".join(heard).decode()

    def send_all(self, text):
        for node in self.nodes:
            node.send(text)

    def test_each_message_comes_as_it_is_sent_and_leaving_is_noticed(self):
        for version in ("--http1.1", "--http2"):
            with self.subTest(version):
                end, heard = self.listen(version, "-i", self.url + self.path)
                eventually(lambda: heard().endswith("data: first\n\n"), "the first message is there")
                self.assertIn("content-type: text/event-stream", heard().lower())
                self.assertNotIn("content-encoding", heard().lower())
                self.send_all("data: second\n\n")
                eventually(lambda: heard().endswith("data: second\n\n"), "the second message is there")
                end()
                eventually(lambda: not any(node.listeners() for node in self.nodes), "the node is told")

    def test_many_streams_share_one_connection(self):
        urls = [f"{self.url}/v1/events/e{number}/availability/stream" for number in range(20)]
        _, heard = self.listen("--http2", "--parallel", "--parallel-max", "20", *urls)
        eventually(lambda: heard().count("data: first") == 20, "all listen")
        self.send_all("data: second\n\n")
        eventually(lambda: heard().count("data: second") == 20, "all hear")

    def test_reload_ends_a_stream_in_the_end_and_its_listener_may_come_back(self):
        self.edge = self.servers.nginx(
            self.edge.upstreams, changes={"worker_shutdown_timeout 60s;": "worker_shutdown_timeout 1s;"})
        self.url = self.edge.url
        for version in ("--http1.1", "--http2"):
            listener = subprocess.Popen(
                ["curl", "-skN", version, self.url + self.path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.assertEqual(listener.stdout.readline(), b"data: first\n")
            self.edge.reload()
            listener.communicate(timeout=20)
            _, heard = self.listen(version, self.url + self.path)
            eventually(heard, "it is served again")

    def test_stream_of_a_node_that_has_fallen_silent_ends(self):
        self.edge = self.servers.nginx(
            self.edge.upstreams, changes={"proxy_read_timeout 60s;": "proxy_read_timeout 1s;"})
        for version in ("--http1.1", "--http2"):
            listener = subprocess.Popen(
                ["curl", "-skN", version, self.edge.url + self.path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.assertEqual(listener.communicate(timeout=20)[0], b"data: first\n\n")

    def test_listener_whose_node_dies_is_told(self):
        listener = subprocess.Popen(
            ["curl", "-skN", "--http2", self.url + self.path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(listener.stdout.readline(), b"data: first\n")
        for node in self.nodes:
            node.stop()
        listener.communicate(timeout=20)
        self.assertNotEqual(listener.returncode, -9)
        self.nodes[1].start()
        _, heard = self.listen("--http2", self.url + self.path)
        eventually(heard, "another node is found")


class LimitTests(EdgeTestCase):
    trusts = ("127.0.0.1",)
    changes = {"zone=onsale_joins burst=200": "zone=onsale_joins burst=4", "rate=50r/s": "rate=1r/m",
               "zone=onsale_all burst=600": "zone=onsale_all burst=40",
               "zone=onsale_all:10m rate=200r/s": "zone=onsale_all:10m rate=1r/m",
               "limit_conn onsale_streams 950;": "limit_conn onsale_streams 3;"}

    def statuses(self, count, method, path, address):
        return [self.send(method, path, {"X-Forwarded-For": address}).status for _ in range(count)]

    def test_address_that_joins_too_often_is_told_to_wait(self):
        for path in (LINE, LINE + "/pass", "/v1/sessions"):
            address = f"192.0.2.{len(path)}"
            self.assertEqual(self.statuses(5, "POST", path, address), [201] * 5)
            self.expect_problem(self.send("POST", path, {"X-Forwarded-For": address}), 429, "rate-limited")
            self.assertEqual(self.send("GET", LINE, {"X-Forwarded-For": address}).status, 200)
            self.assertEqual(self.send("POST", path, {"X-Forwarded-For": "192.0.2.200"}).status, 201)

    def test_address_that_asks_too_often_is_told_to_wait(self):
        self.assertEqual(self.statuses(41, "GET", "/v1/events", "192.0.2.1"), [200] * 41)
        self.expect_problem(self.send("GET", "/", {"X-Forwarded-For": "192.0.2.1"}), 429, "rate-limited")

    def test_subscribers_half_of_an_ipv6_address_counts(self):
        self.assertEqual(
            [self.statuses(1, "POST", "/v1/sessions", f"2001:db8:0:1::{number}")[0] for number in range(1, 7)],
            [201] * 5 + [429])
        self.assertEqual(self.statuses(1, "POST", "/v1/sessions", "2001:db8:0:2::1"), [201])

    def test_address_has_only_so_many_streams(self):
        path = "/v1/events/arena/availability/stream"
        for scheme in ("1.1", "2"):
            address = "192.0.2.1" + scheme[0]
            listeners = [subprocess.Popen(
                ["curl", "-skN", f"--http{scheme}", "-H", f"X-Forwarded-For: {address}", self.url + path],
                stdout=subprocess.PIPE) for _ in range(3)]
            try:
                for listener in listeners:
                    self.assertEqual(listener.stdout.readline(), b"data: first\n")
                answer = curl(f"--http{scheme}", "-H", f"X-Forwarded-For: {address}", self.url + path)
                self.expect_problem(answer, 429, "rate-limited")
            finally:
                for listener in listeners:
                    listener.kill()
                    listener.wait()
                    listener.stdout.close()
            eventually(lambda: not any(node.listeners() for node in self.nodes), "they have gone")

    def test_requests_under_way_of_an_address_are_counted_also_in_one_connection(self):
        self.edge.changes = {**self.changes, "limit_conn onsale_connections 1000;": "limit_conn onsale_connections 5;"}
        self.edge.write()
        self.edge.reload()
        never = threading.Event()
        self.addCleanup(never.set)
        self.let_all(lambda request: Reply(waits_for=never))
        waiting = subprocess.Popen(
            ["curl", "-sk", "--http2", "--parallel", "-H", "X-Forwarded-For: 192.0.2.1",
             *(f"{self.url}/v1/events/e{number}" for number in range(5))],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            eventually(lambda: sum(len(node.requests) for node in self.nodes) == 5, "five wait")
            self.expect_problem(self.send("GET", "/", {"X-Forwarded-For": "192.0.2.1"}), 429, "rate-limited")
            never.set()
            self.assertEqual(self.send("GET", "/", {"X-Forwarded-For": "192.0.2.2"}).status, 200)
        finally:
            waiting.kill()
            waiting.wait()

    def test_client_behind_a_cdn_is_whom_the_cdn_saw(self):
        for sent, seen in (("203.0.113.9", "203.0.113.9"), ("10.9.9.9, 203.0.113.9", "203.0.113.9"),
                           ("10.9.9.9, 203.0.113.9, 127.0.0.1", "203.0.113.9"), ("nonsense", "127.0.0.1")):
            self.send("GET", "/v1/events", {"X-Forwarded-For": sent})
            self.assertEqual(self.asked("/v1/events")[-1].values("x-forwarded-for"), [seen])
            for node in self.nodes:
                node.requests.clear()

    def test_rehearsal_is_not_limited(self):
        self.assertEqual({send(self.edge.rehearsal_url, "POST", LINE).status for _ in range(60)}, {201})
        self.assertEqual({request["x-forwarded-for"] for request in self.asked(LINE)}, {""})


class BodyTests(EdgeTestCase):
    def test_body_is_as_large_as_the_program_takes(self):
        path = "/v1/events/arena/holds"
        self.assertEqual(self.send("POST", path, body=b"x" * 65_536).status, 201)
        self.expect_problem(self.send("POST", path, body=b"x" * 65_537), 413, "too-large")
        pieces = (b"x" * 10_000 for _ in range(7))
        answer = self.send("POST", path, {"Transfer-Encoding": "chunked"}, pieces, chunked=True)
        self.expect_problem(answer, 413, "too-large")
        self.expect_problem(self.send("DELETE", "/v1/events/arena/blocks", body=b"x" * 65_537), 413, "too-large")
        self.expect_problem(self.send("POST", LINE, body=b"x" * 65_537), 413, "too-large")
        self.assertEqual([len(request.body) for request in self.asked(path)], [65_536])

    def test_plan_may_be_larger(self):
        self.assertEqual(self.send("POST", "/v1/events", body=b"x" * (32 << 20)).status, 201)
        self.expect_problem(self.send("POST", "/v1/events", body=b"x" * ((32 << 20) + 1)), 413, "too-large")
        with tempfile.NamedTemporaryFile() as plan:
            plan.write(b"x" * (32 << 20))
            plan.flush()
            answer = curl("--http2", "--data-binary", "@" + plan.name, self.url + "/v1/events")
            self.assertEqual((answer.status, answer.version), (201, "2"))
            plan.write(b"x")
            plan.flush()
            answer = curl("--http2", "--data-binary", "@" + plan.name, self.url + "/v1/events")
            self.expect_problem(answer, 413, "too-large")
        self.assertEqual([len(request.body) for request in self.asked("/v1/events")], [32 << 20] * 2)

    def test_node_may_refuse_a_large_body_before_it_has_come(self):
        with socket.create_connection(("127.0.0.1", self.edge.port("rehearsal")), 10) as connection:
            connection.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n\r\nx")
            eventually(lambda: any(node._connections for node in self.nodes), "a node has been asked")


class HeaderTests(EdgeTestCase):
    def test_node_is_told_who_asks_and_no_lies(self):
        self.send("GET", "/v1/events", {
            "X-Forwarded-For": "203.0.113.7", "X-Real-IP": "203.0.113.7", "Forwarded": "for=203.0.113.7",
            "onsale-node-secret": "guess", "Onsale-Hops": "0",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "a=b",
            "Authorization": "Bearer t", "Idempotency-Key": "k", "Last-Event-ID": "17"})
        request = self.asked("/v1/events")[0]
        self.assertEqual(request.values("x-forwarded-for"), ["127.0.0.1"])
        self.assertFalse({"x-real-ip", "forwarded", "onsale-node-secret", "onsale-hops"} & {
            name for name, _ in request.headers})
        self.assertEqual(request["traceparent"], "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        self.assertEqual(
            [request[name] for name in ("tracestate", "authorization", "idempotency-key", "last-event-id")],
            ["a=b", "Bearer t", "k", "17"])

    def test_request_keeps_its_id_or_gets_one(self):
        answer = self.send("GET", "/v1/events", {"X-Request-ID": "fan-42"})
        self.assertEqual(answer.values("x-request-id"), ["fan-42"])
        self.assertEqual(self.asked("/v1/events")[-1].values("x-request-id"), ["fan-42"])
        for bad in ("x" * 129, "a b", ""):
            answer = self.send("GET", "/v1/events", {"X-Request-ID": bad})
            self.assertRegex(answer["x-request-id"], "^[0-9a-f]{32}$")
            self.assertEqual(self.asked("/v1/events")[-1].values("x-request-id"), answer.values("x-request-id"))

    def test_each_security_header_is_there_once_and_the_programs_own_wins(self):
        own = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
               "Content-Security-Policy": "default-src 'self'", "Content-Type": "text/html"}
        expected = {"x-content-type-options": "nosniff", "referrer-policy": "same-origin",
                    "content-security-policy": "default-src 'none'; frame-ancestors 'none'"}

        def check(answer, expected):
            for name, value in {**expected, "strict-transport-security": "max-age=63072000"}.items():
                self.assertEqual(answer.values(name), [value], answer)
            self.assertEqual(answer["server"], "nginx")

        check(self.send("GET", "/v1/events"), expected)
        self.let_all(lambda request: Reply(404, {}, {"Content-Type": "application/problem+json"}))
        check(self.send("GET", "/v1/events/none"), expected)
        self.let_all(lambda request: Reply(200, {}, PUBLIC))
        for _ in range(2):  # the second from the cache
            check(self.send("GET", LINE), expected)
        self.let_all(lambda request: Reply(200, b"<p>", own))
        check(self.send("GET", "/"), {name.lower(): value for name, value in own.items() if name != "Content-Type"})
        self.let_all(lambda request: Reply(200, b"1", {**own, **PUBLIC, "Content-Type": "text/javascript"}))
        for _ in range(2):
            check(self.send("GET", "/assets/00/page.js"),
                  {name.lower(): value for name, value in own.items() if name != "Content-Type"})
        for node in self.nodes:
            node.stop()
        check(self.send("GET", "/v1/events"), expected)
        self.assertEqual(send(self.edge.rehearsal_url, "GET", "/v1/events").values("strict-transport-security"), [])

    def test_log_tells_what_happened_but_no_secret(self):
        owner = self.owner("arena")
        owner.stop()
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        self.send("GET", "/v1/events/arena/availability?ticket=hush", {
            "traceparent": f"00-{trace}-00f067aa0ba902b7-01", "Authorization": "Bearer hush",
            "User-Agent": 'a"b\\', "Referer": "https://x/?ticket=hush"})
        self.send("POST", "/v1/events/arena/holds?ticket=hush", body={})
        lines = eventually(lambda: len(self.edge.requests()) > 2 and self.edge.requests(), "it is written")
        line = next(line for line in lines if line["trace_id"] == trace)
        self.assertEqual(line["path"], "/v1/events/arena/availability")
        self.assertEqual((line["status"], line["event"]), ("200", "arena"))
        self.assertEqual(line["upstream_status"], "502, 200")
        self.assertEqual(line["upstream"].split(", ")[0], owner.address)
        self.assertEqual(line["agent"], 'a"b\\')
        self.assertRegex(line["upstream_head_seconds"], r"^[-\d.]+, [\d.]+$")
        self.assertNotIn("hush", json.dumps(lines) + self.edge.said())


class ReloadTests(EdgeTestCase):
    trusts = ("127.0.0.1",)
    changes = {"worker_shutdown_timeout 60s;": "worker_shutdown_timeout 20s;"}

    def test_reload_under_load_loses_nothing(self):
        ended = threading.Event()
        failures, sent = [], itertools.count()
        accepted = []

        def load(number):
            client = None
            while not ended.is_set():
                # Well below what an address may send, however fast the machine is.
                time.sleep(0.05)
                key = f"{number}-{next(sent)}"
                headers = {"X-Forwarded-For": f"192.0.2.{number}", "Idempotency-Key": key}
                try:
                    if number % 2:
                        answer = send(self.url, "POST", "/v1/events/arena/holds", headers, {})
                    else:
                        # A kept connection that was closed before anything came back may be tried anew (RFC 9112,
                        # 9.3.1), as every client does.
                        was_kept = client is not None
                        client = client or Client(self.url)
                        try:
                            answer = client.send("GET", "/v1/events/arena/availability", headers)
                        except OSError:
                            client.connection.close()
                            client = None
                            if not was_kept:
                                raise
                            continue
                        if answer["connection"] == "close":
                            client.connection.close()
                            client = None
                    if answer.status not in (200, 201):
                        failures.append(str(answer))
                    elif number % 2:
                        accepted.append(key)
                except Exception as error:  # whatever a client may see
                    failures.append(repr(error))
            if client:
                client.connection.close()

        threads = [threading.Thread(target=load, args=(number,)) for number in range(1, 9)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(5):
                before = len(accepted)
                self.edge.reload()
                eventually(lambda: len(accepted) > before + 20, "sales go on")
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])
        keys = [request["idempotency-key"] for request in self.asked("/v1/events/arena/holds")]
        self.assertEqual(sorted(keys), sorted(accepted))

    def test_stream_goes_on_through_a_reload(self):
        listener = subprocess.Popen(
            ["curl", "-skN", "--http2", self.url + "/v1/events/arena/waiting-room/stream"], stdout=subprocess.PIPE)
        try:
            self.assertEqual(listener.stdout.readline(), b"data: first\n")
            self.edge.reload()
            for node in self.nodes:
                node.send("data: second\n\n")
            self.assertEqual([listener.stdout.readline() for _ in range(2)], [b"\n", b"data: second\n"])
        finally:
            listener.kill()
            listener.wait()
            listener.stdout.close()

    def test_configuration_that_is_wrong_changes_nothing(self):
        (self.edge.configuration / "upstreams.conf").write_text("nonsense;")
        with self.assertRaises(NotStarted):
            self.edge.reload()
        self.assertEqual(self.send("GET", "/v1/events").status, 200)


if __name__ == "__main__":
    unittest.main()
