"""What the figures of the services are measured on: the program with its roles, a bus, and the outside world.

    with World() as world:
        sale = world.sale(roles="sale")
        mail = world.work(sale, "documents", "mail")

Everything is a process of its own on the loopback, and is ended with the block (Tests/Cluster).
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "Tests/Cluster"))
os.environ.setdefault("ONSALE_BINARY", str(ROOT / ".build/release/onsale"))

from node import binary  # noqa: E402
from server import Server  # noqa: E402
from servers import Servers  # noqa: E402
from waiting import accepts, eventually, status_of  # noqa: E402

ADMIN_TOKEN = "figures-admin-token"
SERVICES = ("documents", "mail", "eligibility", "webhooks", "settlement")


class World(Servers):
    def __init__(self, faults=0.0, seed=1, kafka=False, outside_stands_back=False):
        """
        - faults: the share of mails that are refused, answered late or cut off.
        - outside_stands_back: the mail server takes only processor time that nobody else wants.
        """
        super().__init__()
        self.faults = faults
        self.seed = seed
        self.with_kafka = kafka
        self.outside_stands_back = outside_stands_back

    def __enter__(self):
        super().__enter__()
        self.outside = self._add(Outside(self, "outside", self.faults, self.seed))
        self.broker = self._add(MockBroker(self, "broker")) if self.with_kafka else None
        return self

    def sale(self, roles="all", name="sale", keeps_mails=False, **settings):
        return self._add(Sale(self, name, roles, {**self._settings(keeps_mails), **settings}))

    def work(self, sale, *services, name=None, keeps_mails=False, starts=True):
        worker = Worker(self, name or "-".join(services), sale, services, self._settings(keeps_mails))
        if starts:
            return self._add(worker)
        self.started.append(worker)
        return worker

    def _settings(self, keeps_mails):
        settings = {"ONSALE_WEBHOOK_PRIVATE": "1", "ONSALE_LOG_LEVEL": os.environ.get("ONSALE_LOG_LEVEL", "warning")}
        if not keeps_mails:
            settings |= {"ONSALE_SMTP_URL": f"smtp://127.0.0.1:{self.outside.port('smtp')}",
                         "ONSALE_MAIL_FROM": "Onsale <tickets@onsale.example>"}
        if self.broker:
            settings["ONSALE_KAFKA_BROKERS"] = self.broker.addresses
        return settings


class Sale(Server):
    """`onsale serve`, with the sandbox in it."""

    def __init__(self, servers, name, roles, settings):
        super().__init__(servers, name)
        self.data = self.folder / "data"
        self.settings = {"ONSALE_ADMIN_TOKEN": ADMIN_TOKEN, "ONSALE_LOGIN": "open", "ONSALE_PAYMENT_URL": "sandbox",
                         "ONSALE_ROLES": roles, **settings}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port()}"

    def command(self):
        return [binary(), "serve", "--port", str(self.port()), "--management-port", str(self.port("management")),
                "--data", str(self.data)]

    def environment(self):
        return {**os.environ, **self.settings}

    def answers(self):
        return status_of(self.url, "/health/ready") == 200

    def services(self):
        return self.data / "services"


class Worker(Server):
    """`onsale work`, beside a sale on its data folder."""

    def __init__(self, servers, name, sale, services, settings):
        super().__init__(servers, name)
        self.sale = sale
        self.services = services
        self.settings = {**settings, "ONSALE_PUBLIC_URL": sale.url}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port()}"

    def command(self):
        return [binary(), "work", *self.services, "--data", str(self.sale.data), "--management-port", str(self.port())]

    def environment(self):
        return {**os.environ, **self.settings}

    def answers(self):
        return status_of(self.url, "/health/ready") == 200


class Outside(Server):
    """A mail server and an organizer's endpoints (outside.py). What it was given stands in a log."""

    def __init__(self, servers, name, faults, seed):
        super().__init__(servers, name)
        self.faults = faults
        self.seed = seed
        self.record = self.folder / "record"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port()}"

    def command(self):
        return [sys.executable, str(HERE / "outside.py"), "--smtp", str(self.port("smtp")), "--http", str(self.port()),
                "--record", str(self.record), "--faults", str(self.faults), "--seed", str(self.seed),
                *(["--stands-back"] if self.servers.outside_stands_back else [])]

    def answers(self):
        return accepts(self.port()) and accepts(self.port("smtp"))

    def heal(self):
        """From here on every mail is accepted at once."""
        self.process.send_signal(signal.SIGUSR1)

    def entries(self, kind):
        """What it was given, as far as it is written down: `mail` or `webhook`."""
        with open(self.record) as record:
            for line in record:
                entry = json.loads(line)
                if entry["what"] == kind:
                    yield entry


class MailCount:
    """How many mails were accepted, counted as they come."""

    def __init__(self, outside):
        self.record = open(outside.record, "rb")
        self.count = 0

    def now(self):
        for line in self.record:
            self.count += line.startswith(b'{"what": "mail"')
        return self.count


class MockBroker(Server):
    """librdkafka's mock cluster (Tests/MockBroker), which takes commands."""

    BROKERS = 3

    def command(self):
        program = os.environ.get("ONSALE_MOCK_BROKER") or str(ROOT / ".build/debug/MockBroker")
        return [program, str(self.BROKERS)]

    def start(self, tries=1):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *self.command()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        self.servers.tell_guardian("began", self.process.pid)
        self.addresses = self.process.stdout.readline().strip()
        if not self.addresses:
            raise RuntimeError("the mock cluster did not start")
        return self

    @property
    def shown(self):
        return self.addresses

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        if (answer := self.process.stdout.readline().strip()) != "ok":
            raise RuntimeError(f"{command}: {answer}")


def arguments(text):
    """A parser for a figure's options."""
    return argparse.ArgumentParser(description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter)


def main(figure):
    """Runs a figure and ends with its status; everything is stopped however it ends."""
    if not os.access(binary(), os.X_OK):
        sys.exit(f"there is no program at {binary()}: run make build, or set ONSALE_BINARY")
    # A shell's background job would ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(figure())
    sys.exit(1)


__all__ = ["ADMIN_TOKEN", "SERVICES", "MailCount", "World", "arguments", "binary", "eventually", "main"]
