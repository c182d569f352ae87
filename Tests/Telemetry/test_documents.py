"""docs/OPERATIONS.md, the rules and the dashboard speak of what the program has, and leave nothing out.

What it has, it says itself: a demo is started, a ticket is bought, returned and declined, and then its /metrics and the
spans that it sent to a collector are compared with the tables. Needs ONSALE_BINARY (.build/debug/onsale) and only the
standard library.
"""

import gzip
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("ONSALE_BINARY") or str(ROOT / ".build/debug/onsale")
OPERATIONS = ROOT / "docs/OPERATIONS.md"
RULES = ROOT / "deploy/prometheus/rules/onsale.yml"
DASHBOARD = ROOT / "deploy/grafana/onsale.json"
ADMIN_TOKEN = "test-admin-token-0"
EVENT = "arena-night-1"
# Spans of what is asked only when something went wrong.
LOOK_UPS = {"payment." + name for name in ("payment", "payments", "refunds", "dispute", "reference", "probe")}
# Spans that a server alone has no use for.
AMONG_NODES = {"forward"}
# What Prometheus adds by itself.
ITS_OWN = {"up", "ALERTS", "ALERTS_FOR_STATE"}


# The documents

def table(name):
    """The rows of the table between <!-- name --> and the next comment, as lists of cells."""
    text = OPERATIONS.read_text()
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", text, re.S)
    assert found, f"docs/OPERATIONS.md has no table between <!-- {name} --> and <!-- end -->"
    lines = [line for line in found[1].splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])] for line in lines]


def named(cell):
    return re.findall(r"`([^`]+)`", cell)


def documented_metrics():
    """By name: kind, and the labels with the values they may have, or None for any."""
    metrics = {}
    for names, kind, labels, _ in table("metrics"):
        allowed = {}
        for label in filter(None, (part.strip() for part in labels.split(";"))):
            name, _, values = label.partition(" = ")
            allowed[name.strip("`")] = {value.strip() for value in values.split(",")} if values else None
        for name in named(names):
            assert name not in metrics, f"{name} is in the table twice"
            metrics[name] = (kind, allowed)
    return metrics


def documented_spans():
    """By name: kind and attributes."""
    spans, above = {}, set()
    for names, kind, _, attributes in table("spans"):
        above = above if attributes == "as above" else set(named(attributes))
        spans.update({name: (kind, above) for name in named(names)})
    return spans


def rules():
    """What each rule is and says. The file is written so that these lines suffice to read it."""
    found, block = [], None
    for line in RULES.read_text().splitlines():
        indent = len(line) - len(line.lstrip())
        if block is not None and (indent > block or not line.strip()):
            found[-1]["expr"] += line + "\n"
            continue
        block = None
        begin = re.match(r"\s*- (alert|record): (\S+)$", line)
        member = re.match(r'\s*(expr|severity|runbook_url): (.*)$', line)
        if begin:
            found.append({"kind": begin[1], "name": begin[2], "expr": ""})
        elif member and member[1] == "expr" and member[2] == "|":
            block = indent
        elif member:
            found[-1][member[1]] = member[2].strip('"')
    return found


def dashboard_expressions():
    dashboard = json.loads(DASHBOARD.read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        asked = re.match(r"label_values\((.+), \w+\)$", variable.get("definition", ""))
        if asked:
            yield variable["name"], asked[1]


# PromQL

TOKEN = re.compile(
    r"""\s+ | \#[^\n]* | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*` | \[[^\]]*\] |
        (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*) | \d[\w.]* | (?P<mark>[(){},]) | [-+*/%^=<>!~@]+""", re.X)
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
KEYWORDS = {"and", "or", "unless", "offset", "bool", "inf", "nan", "start", "end", "atan2"}


def metric_names(expression):
    """The metrics an expression reads: its names that are no function, keyword, label or grouping."""
    tokens, at = [], 0
    while at < len(expression):
        token = TOKEN.match(expression, at)
        if not token:
            raise ValueError(f"not understood at {expression[at:at + 20]!r} in {expression}")
        at = token.end()
        if token["name"] or token["mark"]:
            tokens.append(token[0])
    names, braces, grouping = set(), 0, 0
    for place, token in enumerate(tokens):
        after = tokens[place + 1] if place + 1 < len(tokens) else ""
        if grouping:
            # Inside the list of labels; no parenthesis can be nested there.
            grouping = 0 if token == ")" else grouping
        elif token.lower() in GROUPING:
            grouping = 1 if after == "(" else 0
        elif token in "{}":
            braces += 1 if token == "{" else -1
        elif token in "(),":
            pass
        # `sum (…)`, `sum by (…) (…)`: a function.
        elif braces == 0 and after.lower() not in ("(", "by", "without") and token.lower() not in KEYWORDS:
            names.add(token)
    return names


def family(name, kinds):
    """The metric a series belongs to: a histogram has three kinds of series."""
    if name in kinds:
        return name
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    return base if kinds.get(base) == "histogram" else name


# The program

class Collector(http.server.ThreadingHTTPServer):
    """Takes OTLP in JSON and keeps the spans."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), CollectorHandler)
        self.spans = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def names(self):
        return {span_name(span) for span in list(self.spans)}


class CollectorHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for resource in json.loads(body)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                self.server.spans += scope["spans"]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def span_name(span):
    """As the table names it: routes and methods are left out."""
    name = re.sub(r"^[A-Z]+ /.*", "METHOD /route", span["name"])
    return re.sub(r"^[A-Z]+$", "METHOD", name)


def span_kind(span):
    kinds = ("unspecified", "internal", "server", "client", "producer", "consumer")
    kind = span.get("kind", 0)
    return kinds[kind] if isinstance(kind, int) else kind.removeprefix("SPAN_KIND_").lower()


class Demo:
    """`onsale serve --demo` in a temporary folder, its traces sent to a collector."""

    def __init__(self, collector):
        self.folder = tempfile.mkdtemp(prefix="onsale-documents-")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ONSALE_", "OTEL_"))}
        environment.update({
            "ONSALE_ADMIN_TOKEN": ADMIN_TOKEN, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
            "OTEL_BSP_SCHEDULE_DELAY": "200"})
        self.errors = open(self.folder + "/errors.log", "wb")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--demo", "--port", "0", "--management-port", "0", "--data", self.folder + "/data"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, env=environment, text=True)
        # A server that hangs while it starts must not hang the tests.
        timer = threading.Timer(60, self.process.kill)
        timer.start()
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "open at http://" in line:
                self.url = line[line.index("http://"):].strip()
            if line.strip().startswith("management "):
                self.management = line.split()[-1]
                break
        timer.cancel()
        if not hasattr(self, "management"):
            log = pathlib.Path(self.errors.name).read_text(errors="replace")
            self.stop()
            raise AssertionError(f"{BINARY} did not start: {said}\n{log[-4000:]}")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, method, path, token=None, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(
            self.url + path, method=method, headers=headers, data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")

    def buy(self, buyer, method):
        """One ticket. Returns the session and the order."""
        event = f"/v1/events/{EVENT}"
        session = self.send("POST", "/v1/sessions", body={"email": f"{buyer}@example.com"})["token"]
        ticket = self.send("POST", event + "/waiting-room", session)["ticket"]
        admitted = self.send("POST", event + "/waiting-room/pass", session, {"ticket": ticket})["pass"]
        hold = self.send("POST", event + "/holds", admitted, {"area": "Standing", "quantity": 1})["hold"]
        order = self.send(
            "POST", event + "/orders", admitted, {"hold": hold, "payment": {"method": method}},
            Idempotency_Key="first", Prefer="wait=10")
        return session, order

    def metrics(self):
        """Kinds and helps by family, and the labels and name of each sample."""
        with urllib.request.urlopen(self.management + "/metrics", timeout=10) as answer:
            return read_metrics(answer.read().decode())


def read_metrics(text):
    kinds, helps, samples = {}, {}, []
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ", 3)
            kinds[name] = kind
        elif line.startswith("# HELP "):
            _, _, name, words = line.split(" ", 3)
            helps[name] = words
        elif line and not line.startswith("#"):
            name, labels = re.match(r"([^{ ]+)(\{.*\})? ", line).groups()
            samples.append((name, dict(re.findall(r'(\w+)="((?:\\.|[^"\\])*)"', labels or ""))))
    return kinds, helps, samples


class DocumentTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.collector = Collector()
        cls.addClassCleanup(cls.collector.server_close)
        cls.addClassCleanup(cls.collector.shutdown)
        demo = Demo(cls.collector)
        cls.addClassCleanup(demo.stop)
        session, kept = demo.buy("kept", "pm_card_visa")
        demo.send("POST", f"/v1/events/{EVENT}/orders/{kept['order']}/cancel", session, Idempotency_Key="back")
        _, declined = demo.buy("declined", "pm_sandbox_captureFails")
        assert (kept["state"], declined["state"]) == ("confirmed", "declined"), (kept, declined)
        # Refund, void and the last spans follow the answers.
        until = time.monotonic() + 20
        needed = set(documented_spans()) - LOOK_UPS - AMONG_NODES
        while not needed <= cls.collector.names() and time.monotonic() < until:
            time.sleep(0.2)
        cls.kinds, cls.helps, cls.samples = demo.metrics()

    def test_every_metric_is_in_the_table_with_its_kind(self):
        documented = {name: kind for name, (kind, _) in documented_metrics().items()}
        self.assertEqual(dict(sorted(documented.items())), dict(sorted(self.kinds.items())))

    def test_every_metric_says_what_it_means(self):
        self.assertEqual([], sorted(name for name in self.kinds if not self.helps.get(name, "").strip()))

    def test_every_label_and_value_is_in_the_table(self):
        documented, unknown = documented_metrics(), set()
        for name, labels in self.samples:
            allowed = documented.get(family(name, self.kinds), (None, {}))[1]
            for label, value in labels.items():
                if label == "le":
                    continue
                if label not in allowed:
                    unknown.add(f"{name}: {label}")
                elif allowed[label] is not None and value not in allowed[label]:
                    unknown.add(f"{name}: {label}={value}")
        self.assertEqual(set(), unknown)

    def test_the_dashboard_reads_only_what_exists(self):
        for panel, expression in dashboard_expressions():
            with self.subTest(panel):
                missing = {name for name in metric_names(expression) if family(name, self.kinds) not in self.kinds}
                self.assertEqual(set(), missing)

    def test_the_rules_read_only_what_exists(self):
        existing = ITS_OWN | {rule["name"] for rule in rules() if rule["kind"] == "record"}
        for rule in rules():
            with self.subTest(rule["name"]):
                names = metric_names(rule["expr"]) - existing
                self.assertTrue(metric_names(rule["expr"]))
                self.assertEqual(set(), {name for name in names if family(name, self.kinds) not in self.kinds})

    def test_every_span_is_in_the_table_with_its_kind_and_attributes(self):
        documented, wrong = documented_spans(), set()
        for span in self.collector.spans:
            name = span_name(span)
            kind, attributes = documented.get(name, (None, set()))
            if kind != span_kind(span):
                wrong.add(f"{name} is {span_kind(span)}")
            wrong |= {f"{name}: {a['key']}" for a in span.get("attributes", []) if a["key"] not in attributes}
        self.assertEqual(set(), wrong)

    def test_every_span_in_the_table_exists(self):
        self.assertEqual(set(), set(documented_spans()) - LOOK_UPS - AMONG_NODES - self.collector.names())


class AlertTests(unittest.TestCase):
    """Of the documents alone."""

    def test_every_alert_is_in_the_table_with_its_severities(self):
        severities = {}
        for rule in rules():
            if rule["kind"] == "alert":
                severities.setdefault(rule["name"], set()).add(rule["severity"])
        documented = {named(name)[0]: set(re.findall(r"critical|warning", cell)) for name, cell, _ in table("alerts")}
        self.assertEqual(documented, severities)

    def test_every_alert_leads_to_a_section_and_every_section_to_an_alert(self):
        text = OPERATIONS.read_text()
        part = text[text.index("\n## Alerts\n"):]
        part = part[:part.index("\n## ", 1)]
        sections = re.findall(r"^### (\w+)$", part, re.M)
        alerts = {rule["name"]: rule["runbook_url"] for rule in rules() if rule["kind"] == "alert"}
        self.assertEqual(sorted(alerts), sorted(sections))
        for name, url in alerts.items():
            self.assertEqual(f"docs/OPERATIONS.md#{name.lower()}", url)

    def test_links_within_the_document_lead_somewhere(self):
        text = OPERATIONS.read_text()
        anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)}
        self.assertEqual(set(), set(re.findall(r"\]\(#([^)]+)\)", text)) - anchors)

    def test_metric_names_are_told_from_the_rest_of_an_expression(self):
        for expression, names in {
            'sum by (le, job) (rate(a_bucket{le="0.1", x=~"b{c}"}[5m] offset 9m30s)) > 0.5': {"a_bucket"},
            'a{b="c"} and on (job) b:c:d unless ignoring (x) (e == bool 1)': {"a", "b:c:d", "e"},
            'histogram_quantile(0.99, sum without (state) (h_bucket)) / time() * 1e3': {"h_bucket"},
            'sum(a) by (job) or absent(up{job="x"})': {"a", "up"},
        }.items():
            self.assertEqual(names, metric_names(expression), expression)


if __name__ == "__main__":
    unittest.main()
