"""The program under test, its clients, and what a failure must report."""

import http.client
import json
import os
import pathlib
import queue
import signal
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get("ONSALE_BINARY") or str(HERE.parent.parent / ".build/debug/onsale")
ADMIN_TOKEN = "test-admin-token"
FINAL = ("confirmed", "declined", "expired", "refunded")


class NoAnswer(Exception):
    """The server could not be reached, or hung up."""


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def __getitem__(self, name):
        return self.json[name]

    def get(self, name, fallback=None):
        return self.json.get(name, fallback) if isinstance(self.json, dict) else fallback

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    @property
    def slug(self):
        return (self.get("type") or "").rsplit("/", 1)[-1]

    def __str__(self):
        return f"{self.status} {self.body[:600].decode(errors='replace')}"


class Program:
    """`onsale serve` on its own data folder, which survives a kill and is used by the next start."""

    def __init__(self, provider, **environment):
        self.provider = provider
        self.environment = environment
        self.folder = tempfile.mkdtemp(prefix="onsale-provider-")
        self.data = self.folder + "/data"
        self.management_port = 0
        self.process = None
        self.url = ""

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, tries=2):
        # With port 0 we would not learn which port it is.
        self.management_port = _free_port()
        environment = dict(os.environ)
        environment.update({
            "ONSALE_LOGIN": "open", "ONSALE_ADMIN_TOKEN": ADMIN_TOKEN, "ONSALE_PUBLIC_URL": "http://127.0.0.1:8080", "ONSALE_PAYMENT_URL": self.provider.url,
            "ONSALE_PAYMENT_SECRET_KEY": self.provider.secret_key,
            "ONSALE_PAYMENT_WEBHOOK_SECRET": self.provider.webhook_secret,
            "SWIFT_BACKTRACE": "color=no,threads=crashed,registers=none,images=none,limit=12", **self.environment})
        with open(self.folder + "/errors.log", "ab") as errors:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--port", "0", "--management-port", str(self.management_port), "--data", self.data],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment)
        lines = queue.Queue()
        threading.Thread(target=_read_away, args=(self.process.stdout, lines), daemon=True).start()
        until = time.monotonic() + 60
        said = []
        while time.monotonic() < until:
            try:
                line = lines.get(timeout=1)
            except queue.Empty:
                continue
            if line is None:
                break
            said.append(line)
            if "open at http://" in line:
                self.url = line[line.index("http://"):].strip()
                self.provider.webhook_url = self.url + "/v1/webhooks/payments"
                return self
        self.kill()
        if tries > 1:  # another process may have taken the free port meanwhile
            return self.start(tries - 1)
        raise AssertionError(f"{BINARY} did not start: {said}\n{self.errors()}")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def stop(self):
        """Asks it to stop; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            return None

    def is_running(self):
        return self.process.poll() is None

    def verify(self):
        done = subprocess.run([BINARY, "verify", "--data", self.data], capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def errors(self):
        """The end of its log; after a crash, the reason."""
        with open(self.folder + "/errors.log", errors="replace") as errors:
            said = errors.read()
        crash = said.find("*** ")
        return said[max(0, crash - 1000):crash + 3000] if crash >= 0 else said[-4000:]

    def send(self, method, path, token=None, body=None, headers=None, timeout=30):
        return send(self.url, method, path, token, body, headers, timeout)

    def manage(self, path):
        """Sends a request to the management port."""
        return send(f"http://127.0.0.1:{self.management_port}", "GET", path, timeout=10)

    def insist(self, method, path, token=None, body=None, headers=None, seconds=60):
        """Repeats until an answer is final; a lost connection, a 429 or a 5xx isn't."""
        until = time.monotonic() + seconds
        while True:
            try:
                answer = self.send(method, path, token, body, headers)
                if answer.status < 500 and answer.status != 429:
                    return answer
            except NoAnswer as error:
                answer = error
            if time.monotonic() > until:
                raise AssertionError(f"{method} {path}: no answer in {seconds} s, at last {answer}")
            time.sleep(0.3)

    # What most tests need

    def create_event(self, id, prices, capacity=2000, currency="KRW", hold_seconds=600):
        answer = self.insist("POST", "/v1/events", ADMIN_TOKEN, {
            "id": id, "title": id, "venue": "Hall", "startsAt": "2030-01-01T10:00:00Z", "currency": currency,
            "areas": [{"name": name, "capacity": capacity, "category": name} for name in prices],
            "prices": [{"category": name, "amount": amount} for name, amount in prices.items()],
            "onsale": {"waitingRoom": False, "maxActiveShoppers": 5000, "passSeconds": 3600},
            "limits": {"ticketsPerBuyer": 8, "holdSeconds": hold_seconds}})
        assert answer.status in (201, 409), f"the event was not created: {answer}"

    def buyer(self, name, event):
        """A session and a pass."""
        session = self.insist("POST", "/v1/sessions", body={"email": f"{name}@example.com"})["token"]
        joined = self.insist("POST", f"/v1/events/{event}/waiting-room", session)
        answer = self.insist(
            "POST", f"/v1/events/{event}/waiting-room/pass", session, {"ticket": joined["ticket"]})
        assert answer.status in (200, 201), f"no pass: {answer}"
        return session, answer["pass"]

    def hold(self, event, pass_, area, quantity, key):
        answer = self.insist("POST", f"/v1/events/{event}/holds", pass_, {"area": area, "quantity": quantity},
                             {"Idempotency-Key": key})
        assert answer.status == 201, f"no hold: {answer}"
        return answer["hold"]

    def place(self, event, pass_, hold, method, key, seconds=60):
        answer = self.insist("POST", f"/v1/events/{event}/orders", pass_,
                             {"hold": hold, "payment": {"method": method}}, {"Idempotency-Key": key}, seconds)
        assert answer.status in (201, 202), f"no order: {answer}"
        return answer.json

    def order(self, event, order):
        return self.insist("GET", f"/v1/events/{event}/orders/{order}", ADMIN_TOKEN).json

    def cancel(self, event, order, key):
        return self.insist("POST", f"/v1/events/{event}/orders/{order}/cancel", ADMIN_TOKEN,
                           headers={"Idempotency-Key": key})

    def take_back(self, event, order, tickets, key, reason=None):
        """Takes some of an order's tickets back."""
        body = {"tickets": list(tickets), **({"reason": reason} if reason else {})}
        return self.insist("POST", f"/v1/events/{event}/orders/{order}/refunds", ADMIN_TOKEN, body,
                           {"Idempotency-Key": key})

    def orders(self, event):
        """All orders of an event, by id."""
        found, after = {}, ""
        while True:
            page = self.insist("GET", f"/v1/events/{event}/orders?limit=100{after}", ADMIN_TOKEN)
            found.update({order["order"]: order for order in page.get("orders", [])})
            if not page.get("next"):
                return found
            after = "&after=" + urllib.parse.quote(str(page["next"]))

    def report(self, event):
        return self.insist("GET", f"/v1/events/{event}/report", ADMIN_TOKEN).json

    def void_tickets(self, event):
        return set(self.insist("GET", f"/v1/events/{event}/tickets/void", ADMIN_TOKEN).get("tickets", []))

    def explain(self, event, order):
        """Everything both sides know about an order, for a failure's message."""
        lines = [f"order {order}"]
        try:
            lines.append("  server: " + json.dumps(self.order(event, order)))
            story = self.send("GET", f"/v1/events/{event}/orders/{order}/story", ADMIN_TOKEN)
            steps = story.get("steps", []) if story.status == 200 else [f"no story: {story.status}"]
            lines += [f"  story: {json.dumps(step)}" for step in steps]
        except (NoAnswer, AssertionError) as error:
            lines.append(f"  server: {error}")
        lines += [f"  provider: {account}" for account in self.provider.accounts().get(order, [])]
        lines += [f"  {call}" for call in self.provider.log(order)]
        lines += [f"  {told}" for told in self.provider.told(order)]
        return "\n".join(lines)


def send(url, method, path, token=None, body=None, headers=None, timeout=30):
    """One request. An answer that has not ended within `timeout` seconds, as a stream never does, is none."""
    address = urllib.parse.urlsplit(url)
    headers = {"Connection": "close", **(headers or {})}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        body = json.dumps(body)
        headers["Content-Type"] = "application/json"
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, _read(answer, time.monotonic() + timeout))
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def _read(answer, deadline):
    # The connection's own timeout is for each read: a stream's heartbeats would keep it for ever.
    body = b""
    while chunk := answer.read1(65_536):
        body += chunk
        if time.monotonic() > deadline:
            raise TimeoutError(f"the answer has not ended: {len(body)} bytes so far")
    if answer.length:
        raise http.client.IncompleteRead(body, answer.length)
    return body


def follow(action, outcome):
    """Answers as the card's holder on the page named by an order's action. Returns the status."""
    url = urllib.parse.urlsplit(action["url"])
    return send(f"{url.scheme}://{url.netloc}", "POST", url.path, body={"outcome": outcome}).status


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _read_away(stream, lines):
    with stream:
        for line in stream:
            if lines.qsize() < 100:
                lines.put(line.decode(errors="replace"))
    lines.put(None)
