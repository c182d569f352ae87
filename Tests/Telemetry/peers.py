"""The peers that the program's observability is tested against: each starts on a free loopback port and is stopped
whatever happens. A collector takes OTLP and Zipkin and answers as it is told to; Prometheus is the real one."""

import base64
import collections
import gzip
import http.server
import itertools
import json
import os
import pathlib
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from dataclasses import dataclass, field

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Provider"))

from google.protobuf import json_format  # noqa: E402
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2  # noqa: E402
from program import ADMIN_TOKEN, BINARY, NoAnswer, Program, send  # noqa: E402, F401

_numbers = itertools.count(1)


def eventually(find, what, seconds=15, every=0.1):
    """Polls until `find` finds something; returns that. `what` is a text, or gives one when it is needed."""
    until = time.monotonic() + seconds
    while True:
        found = find()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(every)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Parent:
    """A caller's span, as `traceparent` and B3 tell of it."""

    def __init__(self, sampled=True):
        self.trace = secrets.token_hex(16)
        self.span = secrets.token_hex(8)
        self.sampled = sampled

    @property
    def header(self):
        return {"traceparent": f"00-{self.trace}-{self.span}-{'01' if self.sampled else '00'}"}

    @property
    def b3(self):
        return {"b3": f"{self.trace}-{self.span}-{int(self.sampled)}"}

    @property
    def b3multi(self):
        return {"X-B3-TraceId": self.trace, "X-B3-SpanId": self.span, "X-B3-Sampled": str(int(self.sampled))}


def leaks(text, secrets):
    """Where secrets stand in a text, for a failure's message: what is before and after them."""
    found = []
    for secret in secrets:
        at = text.find(secret)
        if at >= 0:
            end = at + len(secret)
            found.append(f"{text[max(0, at - 120):at]}«{secret[:12]}…»{text[end:end + 40]}")
    return found


# The program, as its operator sees it

class Sandbox:
    """Stands for a provider: the program runs the sandbox itself."""

    url = "sandbox"
    secret_key = webhook_secret = webhook_url = ""


class Onsale(Program):
    def management(self, method, path, body=None, headers=None, timeout=15, host="127.0.0.1"):
        return send(f"http://{host}:{self.management_port}", method, path, body=body, headers=headers, timeout=timeout)

    def metrics(self, accept=None):
        answer = self.management("GET", "/metrics", headers={"Accept": accept} if accept else {})
        if answer.status != 200:
            raise AssertionError(f"/metrics: {answer}")
        return answer.body.decode()

    def metric(self, name, **labels):
        """The sum of all series of a name that have these labels; None where there is none."""
        values = []
        for line in self.metrics().splitlines():
            series, _, value = line.rpartition(" ")
            if series.partition("{")[0] == name \
                    and all(f'{label}="{text}"' in series for label, text in labels.items()):
                values.append(float(value))
        return sum(values) if values else None

    def log(self):
        """All that it wrote to standard error, in all its runs."""
        return pathlib.Path(self.folder, "errors.log").read_bytes().decode()

    def command(self, *arguments, **environment):
        """Runs another command of the program; returns its exit status, standard output and standard error."""
        done = subprocess.run([BINARY, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, env={**os.environ, **environment})
        return done.returncode, done.stdout, done.stderr

    def facts(self, event):
        """An event's facts, from the journal."""
        status, told, errors = self.command("journal", event, "--data", self.data)
        assert status == 0, errors
        return [json.loads(line) for line in told.splitlines()]

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024


def open_event(program, id, capacity=500, price=50_000, **onsale):
    """Puts a hall on sale; without an argument, without a waiting room."""
    answer = program.send("POST", "/v1/events", ADMIN_TOKEN, {
        "id": id, "title": id, "venue": "Hall", "startsAt": "2030-01-01T10:00:00Z", "currency": "KRW",
        "areas": [{"name": "Floor", "capacity": capacity, "category": "Floor"}],
        "prices": [{"category": "Floor", "amount": price}], "onsale": {"waitingRoom": False, **onsale},
        "limits": {"ticketsPerBuyer": 8, "holdSeconds": 600}})
    assert answer.status == 201, f"no event: {answer}"


class Buyer:
    """Signs in, joins, gets a pass. `secrets` is what no log and no page may show."""

    def __init__(self, program, event, name=None):
        self.program, self.event = program, event
        self.mail = f"{name or f'fan{next(_numbers)}'}@example.com"
        signed = program.insist("POST", "/v1/sessions", body={"email": self.mail})
        self.session, self.id = signed["token"], signed["buyer"]
        joined = program.insist("POST", f"/v1/events/{event}/waiting-room", self.session)
        self.ticket = joined["ticket"]
        self.pass_ = program.insist(
            "POST", f"/v1/events/{event}/waiting-room/pass", self.session, {"ticket": self.ticket})["pass"]
        self.secrets = [self.mail, self.session, self.ticket, self.pass_]

    def hold(self, quantity=1, area="Floor", headers=None):
        answer = self.program.send("POST", f"/v1/events/{self.event}/holds", self.pass_,
                                   {"area": area, "quantity": quantity}, headers)
        assert answer.status == 201, f"no hold: {answer}"
        return answer

    def release(self, hold):
        answer = self.program.send("DELETE", f"/v1/events/{self.event}/holds/{hold}", self.pass_)
        assert answer.status == 204, f"not given back: {answer}"

    def order(self, hold, method="pm_card_visa", wait=15, headers=None):
        """Places an order; with `wait`, its final state."""
        headers = {"Idempotency-Key": f"order-{hold}", **(headers or {})}
        if wait:
            headers["Prefer"] = f"wait={wait}"
        answer = self.program.send("POST", f"/v1/events/{self.event}/orders", self.pass_,
                                   {"hold": hold, "payment": {"method": method}}, headers)
        assert answer.status in (201, 202), f"no order: {answer}"
        return answer

    def buy(self, quantity=1, area="Floor", method="pm_card_visa", headers=None):
        return self.order(self.hold(quantity, area, headers)["hold"], method, headers=headers).json

    def until(self, order, state, seconds=20):
        return eventually(lambda: (shown := self.program.order(self.event, order))["state"] == state and shown,
                          f"order {order} is {state}", seconds)


class Listener:
    """Listens to a stream and throws away what it hears."""

    def __init__(self, url, path, headers=None):
        address = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((address.hostname, address.port), 10)
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n{lines}\r\n".encode())
        self.head = self.socket.recv(4096).decode()
        self.heard = len(self.head)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        try:
            while heard := self.socket.recv(65_536):
                self.heard += len(heard)
        except OSError:
            pass

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


# The collector

@dataclass
class Reply:
    """How the collector meets one request. `cut` hangs up, `hangs` never answers, `megabytes` is a body's size."""

    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    seconds: float = 0
    cut: bool = False
    hangs: bool = False
    megabytes: int = 0

    @property
    def accepts(self):
        return 200 <= self.status < 300 and not self.cut and not self.hangs


@dataclass
class Received:
    at: float
    path: str
    headers: dict
    body: bytes
    reply: Reply

    @property
    def is_zipkin(self):
        return self.path.endswith("/v2/spans")

    def spans(self):
        if self.headers.get("content-type", "").partition(";")[0] == "application/x-protobuf":
            return _otlp(trace_service_pb2.ExportTraceServiceRequest.FromString(self.body))
        return _otlp(otlp_from_json(json.loads(self.body)))


class Collector:
    """Takes spans, remembers every request, and answers by its script; when that is at its end, `otherwise`.

    It answers GET too, for whoever would rather be asked.
    """

    def __init__(self):
        self.received = []
        self.otherwise = Reply()
        self._script = collections.deque()
        self._lock = threading.Lock()
        self._released = threading.Event()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                collector._take(self)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that hangs up

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def release(self):
        """Lets go of all requests that hang."""
        self._released.set()

    def script(self, *replies, otherwise=Reply()):
        with self._lock:
            self._script = collections.deque(replies)
            self.otherwise = otherwise
            self._released.clear()

    def _take(self, handler):
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = handler.rfile.read(int(headers.get("content-length", 0))) \
            if "chunked" not in headers.get("transfer-encoding", "") else _chunked(handler.rfile)
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        with self._lock:
            reply = self._script.popleft() if self._script else self.otherwise
            self.received.append(Received(time.monotonic(), handler.path, headers, body, reply))
        time.sleep(reply.seconds)
        if reply.hangs:
            self._released.wait(60)
        if reply.cut or reply.hangs:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(reply.body) + (reply.megabytes << 20)))
        handler.end_headers()
        handler.wfile.write(reply.body)
        for _ in range(reply.megabytes):
            handler.wfile.write(b"x" * (1 << 20))

    def requests(self):
        with self._lock:
            return list(self.received)

    def spans(self, trace=None, name=None):
        """The spans of OTLP that were accepted, by trace or name."""
        spans = [span for received in self.requests() if received.reply.accepts and not received.is_zipkin
                 for span in received.spans()]
        return [span for span in spans if (not trace or span.trace == trace) and (not name or span.name == name)]

    def zipkin_spans(self):
        """The spans of Zipkin that were accepted, as they came."""
        return [span for received in self.requests() if received.reply.accepts and received.is_zipkin
                for span in json.loads(received.body)]

    def wait_for(self, trace, *names, seconds=15):
        """Waits until a trace has spans of all these names; returns them all."""
        def find():
            found = self.spans(trace)
            return found if set(names) <= {span.name for span in found} else None

        return eventually(find, lambda: f"{names}; there are {[span.name for span in self.spans(trace)]} of "
                          f"{len(self.spans())}", seconds)


def _chunked(stream):
    body = b""
    while size := int(stream.readline(64).split(b";")[0], 16):
        body += stream.read(size)
        stream.readline(8)
    stream.readline(8)
    return body


@dataclass
class Span:
    trace: str
    id: str
    parent: str
    name: str
    kind: int
    start: int
    end: int
    attributes: dict
    links: list  # of (trace, span)
    status: int
    resource: dict
    events: list
    state: str


INTERNAL, SERVER, CLIENT = 1, 2, 3


def _otlp(request):
    found = []
    for of_resource in request.resource_spans:
        resource = _attributes(of_resource.resource.attributes)
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                if len(span.trace_id) != 16 or len(span.span_id) != 8 or len(span.parent_span_id) not in (0, 8):
                    raise AssertionError(f"ids of the wrong size: {span}")
                found.append(Span(
                    span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name, span.kind,
                    span.start_time_unix_nano, span.end_time_unix_nano, _attributes(span.attributes),
                    [(link.trace_id.hex(), link.span_id.hex()) for link in span.links], span.status.code, resource,
                    [(event.name, _attributes(event.attributes)) for event in span.events], span.trace_state))
    return found


def _attributes(pairs):
    found = {}
    for pair in pairs:
        if pair.key in found or not pair.key:
            raise AssertionError(f"an attribute without a name, or twice: {pair}")
        kind = pair.value.WhichOneof("value")
        value = getattr(pair.value, kind)
        found[pair.key] = [getattr(part, part.WhichOneof("value")) for part in value.values] \
            if kind == "array_value" else value
    return found


def otlp_from_json(body):
    """Reads OTLP's own JSON, whose ids are hex, with protobuf's reader, which refuses what it does not know."""
    def with_base64(value):
        if isinstance(value, list):
            return [with_base64(part) for part in value]
        if not isinstance(value, dict):
            return value
        changed = {}
        for name, part in value.items():
            if name in ("traceId", "spanId", "parentSpanId") and part:
                if not re.fullmatch(r"[0-9a-f]{32}" if name == "traceId" else r"[0-9a-f]{16}", part):
                    raise AssertionError(f"{name} is not lower-case hex: {part!r}")
                part = base64.b64encode(bytes.fromhex(part)).decode()
            elif name in ("kind", "code") and not isinstance(part, int):
                raise AssertionError(f"{name} is not an integer: {part!r}")
            elif name.endswith("UnixNano") or name == "intValue":
                if not isinstance(part, str):
                    raise AssertionError(f"{name} is not a 64-bit number as a string: {part!r}")
            changed[name] = with_base64(part)
        return changed

    return json_format.ParseDict(with_base64(body), trace_service_pb2.ExportTraceServiceRequest())


# Prometheus

class Prometheus:
    """Debian's Prometheus, which asks each target once a second."""

    def __init__(self, targets):
        self.folder = tempfile.mkdtemp(prefix="onsale-prometheus-")
        self.url = f"http://127.0.0.1:{free_port()}"
        config = pathlib.Path(self.folder, "prometheus.yml")  # JSON is YAML
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in targets.items()]}))
        self.errors = open(self.folder + "/errors.log", "wb")
        self.process = subprocess.Popen(
            [shutil.which("prometheus") or "/usr/bin/prometheus", "--config.file", str(config),
             "--storage.tsdb.path", self.folder + "/data", "--web.listen-address", self.url[len("http://"):],
             "--enable-feature=exemplar-storage"],
            stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        try:
            eventually(self._is_ready, "Prometheus is ready", 30)
        except BaseException:
            self.stop()
            raise

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(pathlib.Path(self.folder, "errors.log").read_text()[-2000:])
        try:
            return send(self.url, "GET", "/-/ready").status == 200
        except NoAnswer:
            return False

    def ask(self, path, **parameters):
        answer = send(self.url, "GET", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        if answer.get("status") != "success":
            raise AssertionError(f"{path} {parameters}: {answer}")
        return answer["data"]

    def query(self, query):
        """The series of an instant query, as (labels, value)."""
        return [(series["metric"], float(series["value"][1])) for series in self.ask("query", query=query)["result"]]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class TextRelay:
    """Passes scrapes on and asks for the old text format, which this Prometheus can't be told to prefer."""

    def __init__(self, url):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer = send(url, "GET", self.path, headers={"Accept": "text/plain;version=0.0.4"})
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.target = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def promtool(*arguments, text=""):
    """Exit status and everything it said."""
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr
