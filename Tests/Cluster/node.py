"""The program: as a node, as services apart from it, and as the payments sandbox."""

import os
import pathlib

from server import Server
from waiting import status_of

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def binary():
    return os.environ.get("ONSALE_BINARY") or str(ROOT / ".build/debug/onsale")


class Node(Server):
    """`onsale serve`; what it stores survives a kill and is used by the next start."""

    def __init__(self, servers, name, arguments, environment):
        super().__init__(servers, name)
        self.arguments = arguments
        self.given = environment
        self.data = self.folder / "data"

    @property
    def address(self):
        return f"127.0.0.1:{self.port()}"

    @property
    def url(self):
        return f"http://{self.address}"

    @property
    def management_url(self):
        return f"http://127.0.0.1:{self.port('management')}"

    def command(self):
        return [binary(), "serve", "--port", str(self.port()), "--management-port", str(self.port("management")),
                "--data", str(self.data), *self.arguments]

    def environment(self):
        return {
            **os.environ, "ONSALE_NODE_NAME": self.name, "ONSALE_NODE_URL": self.url,
            "SWIFT_BACKTRACE": "color=no,threads=crashed,registers=none,images=none,limit=12",
            **{name: str(value) for name, value in self.given.items()}}

    def answers(self):
        return status_of(self.url, "/health/ready") == 200


class Worker(Server):
    """`onsale work`: services in a process of their own."""

    def __init__(self, servers, services, environment):
        super().__init__(servers, "-".join(services))
        self.services = services
        self.given = environment

    @property
    def management_url(self):
        return f"http://127.0.0.1:{self.port()}"

    @property
    def shown(self):
        return self.management_url

    def command(self):
        return [binary(), "work", *self.services, "--management-port", str(self.port())]

    def environment(self):
        return {**os.environ, **{name: str(value) for name, value in self.given.items()}}

    def answers(self):
        return status_of(self.management_url, "/health/ready") == 200


class Sandbox(Server):
    """`onsale payments-sandbox`: one provider for all nodes."""

    def __init__(self, servers, name, secret_key, environment):
        super().__init__(servers, name)
        self.secret_key = secret_key
        self.given = environment

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port()}"

    def command(self):
        return [binary(), "payments-sandbox", "--port", str(self.port()), "--data", str(self.folder / "data")]

    def environment(self):
        return {**os.environ, "ONSALE_PAYMENT_SECRET_KEY": self.secret_key,
                **{name: str(value) for name, value in self.given.items()}}

    def answers(self):
        return status_of(self.url, "/") is not None
