"""A real server and a real browser for the tests, started on free ports and stopped whatever happens."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
ONSALE = os.environ.get("ONSALE_BINARY", str(ROOT / ".build/debug/onsale"))
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
EXAMPLES = ROOT / "Sources/onsale/Examples"
ADMIN = "browser-admin-token"
DOOR = "browser-door-token"

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}


def moment(seconds):
    """The time that many seconds from now, in the contract's format."""
    then = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%S.") + f"{then.microsecond // 1000:03d}Z"


class Server:
    """An Onsale server with its own data folder."""

    def __init__(self, environment=None):
        self.folder = tempfile.mkdtemp(prefix="onsale-browser-")
        self.environment = environment or {}
        self.port = None
        self.management = None
        self.process = None

    def start(self):
        """Starts the server, on its earlier port if it is a restart."""
        environment = {
            **os.environ,
            "ONSALE_ADMIN_TOKEN": ADMIN,
            "ONSALE_DOOR_TOKEN": DOOR,
            "ONSALE_LOGIN": "open",
            "ONSALE_PAYMENT_URL": "sandbox",
            "ONSALE_LOG_LEVEL": "error",
            **self.environment,
        }
        self.process = subprocess.Popen(
            [ONSALE, "serve", "--port", str(self.port or 0), "--management-port", "0", "--data", self.folder + "/data"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for line in self.process.stdout:
            if line.startswith("Onsale is open at "):
                self.url = line.split()[-1]
                self.port = int(self.url.rpartition(":")[2])
            elif line.split()[:1] == ["management"]:
                self.management = line.split()[-1]
                break
        else:
            raise RuntimeError("the server did not start")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process:
            self.process.stdout.close()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # The API calls that tests need besides the pages.

    def call(self, method, path, body=None, token=None, headers=None):
        """Returns the status and the JSON of the response."""
        request = urllib.request.Request(self.url + path, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", "Bearer " + token)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                content = response.read()
                return response.status, json.loads(content) if content else None
        except urllib.error.HTTPError as error:
            content = error.read()
            return error.code, json.loads(content) if content else None

    def newest_code(self):
        """The code of the newest mail, where mails are kept."""
        with urllib.request.urlopen(self.management + "/mails", timeout=20) as response:
            subjects = [mail["subject"] for mail in json.load(response)["mails"]]
        return re.search(r"\d{6}", subjects[0])[0]

    def newest_link(self):
        """The link of the newest mail that has a code."""
        def answer(path):
            with urllib.request.urlopen(self.management + path, timeout=20) as response:
                return json.load(response)
        mail = answer("/mails/" + answer("/mails")["mails"][0]["id"])
        return re.search(r"http\S+/sign-in#\S+", mail["text"])[0]

    def create_event(self, event, plan="small", areas=None, onsale=None, limits=None, title=None, stage=None):
        plans = {"small": small_plan(), "none": None}
        if plan not in plans:
            plans[plan] = json.loads((EXAMPLES / f"{plan}.json").read_text())
        seating_plan = plans[plan]
        areas = [{"name": "Standing", "capacity": 50, "category": "Floor"}] if areas is None else areas
        categories = [category["name"] for category in (seating_plan or {"categories": []})["categories"]]
        categories = list(dict.fromkeys(categories + [area["category"] for area in areas]))
        body = {
            "id": event,
            "title": title or "Night of " + event,
            "venue": "Test Hall",
            "startsAt": "2030-03-01T10:00:00.000Z",
            "currency": "KRW",
            "areas": areas,
            "prices": [{"category": name, "amount": 100000 + 11000 * n} for n, name in enumerate(categories)],
            "onsale": {"waitingRoom": False, **(onsale or {})},
            "limits": {"ticketsPerBuyer": 4, "holdSeconds": 300, **(limits or {})},
        }
        if seating_plan:
            body["seatingPlan"] = seating_plan
        if stage:
            body["stage"] = stage
        status, answer = self.call("POST", "/v1/events", body, ADMIN)
        if status != 201:
            raise RuntimeError(f"event: {status} {answer}")
        return answer

    def claim(self, event, session, ticket):
        """Claims a pass; returns the status and the response."""
        return self.call("POST", f"/v1/events/{event}/waiting-room/pass", {"ticket": ticket}, session)

    def pass_for(self, email, event):
        _, session = self.call("POST", "/v1/sessions", {"email": email})
        _, place = self.call("POST", f"/v1/events/{event}/waiting-room", token=session["token"])
        status, answer = self.claim(event, session["token"], place["ticket"])
        if status != 201:
            raise RuntimeError(f"pass: {status} {answer}")
        return session["token"], answer["pass"]

    def buy(self, email, event, wanted):
        """Buys through the API; returns the session and the order with its tickets."""
        session, shopping = self.pass_for(email, event)
        status, hold = self.call("POST", f"/v1/events/{event}/holds", wanted, shopping)
        if status != 201:
            raise RuntimeError(f"hold: {status} {hold}")
        status, order = self.call(
            "POST",
            f"/v1/events/{event}/orders",
            {"hold": hold["hold"], "payment": {"method": "pm_card_visa"}},
            shopping,
            {"Idempotency-Key": "buy-" + hold["hold"], "Prefer": "wait=10"},
        )
        if status != 201:
            raise RuntimeError(f"order: {status} {order}")
        return session, order


def small_plan():
    """Two zones with three rows of ten seats each."""

    def seat(zone, row, number):
        return {
            "seat_guid": f"{zone}-{row}-{number}",
            "seat_number": str(number),
            "position": {"x": number * 20, "y": 0},
            "category": "VIP" if row == 1 else "R",
        }

    return {
        "name": "Small hall",
        "size": {"width": 600, "height": 260},
        "categories": [{"name": "VIP", "color": "#7c3aed"}, {"name": "R", "color": "#e11d48"}],
        "zones": [
            {
                "name": zone,
                "position": {"x": 280 * index, "y": 60},
                "rows": [
                    {
                        "row_number": str(row),
                        "position": {"x": 0, "y": 30 * row},
                        "seats": [seat(zone, row, number) for number in range(1, 11)],
                    }
                    for row in range(1, 4)
                ],
            }
            for index, zone in enumerate(["A", "B"])
        ],
    }


class BrowserTest(unittest.TestCase):
    """One server and one browser per class. Errors in the console of a page fail its test."""

    environment = {}
    arguments = []
    # The browser's own messages about refused or lost requests are not errors of the page.
    EXPECTED = ("Failed to load resource", "net::ERR_")

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.server = Server(cls.environment)
        cls.stack.callback(cls.server.remove)
        cls.server.start()
        playwright = cls.stack.enter_context(sync_playwright())
        cls.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *cls.arguments])
        cls.stack.callback(cls.browser.close)
        cls.prepare()

    @classmethod
    def prepare(cls):
        """Creates the events that the tests share."""

    def setUp(self):
        self.faults = []

    def tearDown(self):
        self.assertEqual(self.faults, [], "the console of a page has errors")

    def context(self, locale="en-US", scheme="light", device=DESKTOP, **options):
        """A person with their own browser."""
        context = self.browser.new_context(
            locale=locale, color_scheme=scheme, **{"timezone_id": "Asia/Seoul", **device, **options}
        )
        context.set_default_timeout(15_000)
        self.addCleanup(context.close)
        return context

    def page(self, context=None, **options):
        page = (context or self.context(**options)).new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._hear)
        return page

    def _hear(self, message):
        if message.type == "error" and not any(text in message.text for text in self.EXPECTED):
            self.faults.append(message.text)


def wait_until(is_true, seconds=15):
    """Waits for something that is not visible on a page."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")
