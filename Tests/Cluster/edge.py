"""What the tests of nginx have in common: clients, and an edge in front of stub nodes."""

import concurrent.futures
import gzip
import http.client
import json
import ssl
import subprocess
import unittest

from servers import Servers
from stub_node import StubNode


class Answer:
    def __init__(self, status, headers, body, version=""):
        self.status = status
        self.headers = [(name.lower(), value) for name, value in headers]
        self.body = body
        self.version = version

    def values(self, name):
        return [value for known, value in self.headers if known == name]

    def __getitem__(self, name):
        return ", ".join(self.values(name))

    @property
    def json(self):
        body = gzip.decompress(self.body) if self["content-encoding"] == "gzip" else self.body
        return json.loads(body)

    def __str__(self):
        return f"{self.status} {self.headers} {self.body[:300]}"


def untrusting():
    """Accepts the certificate that the edge made for itself."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Client:
    """One connection over HTTP/1.1, kept as long as the server keeps it."""

    def __init__(self, url, timeout=30):
        scheme, _, address = url.partition("://")
        self.connection = http.client.HTTPSConnection(address, timeout=timeout, context=untrusting()) \
            if scheme == "https" else http.client.HTTPConnection(address, timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, method, path, headers=None, body=None, chunked=False):
        if body is not None and not isinstance(body, bytes) and not chunked:
            body = json.dumps(body).encode()
        self.connection.request(method, path, body, headers or {}, encode_chunked=chunked)
        answer = self.connection.getresponse()
        version = {10: "1.0", 11: "1.1"}[answer.version]
        return Answer(answer.status, answer.getheaders(), answer.read(), version)


def send(url, method, path, headers=None, body=None, **options):
    """One request on a connection of its own."""
    with Client(url) as client:
        return client.send(method, path, {"Connection": "close", **(headers or {})}, body, **options)


def together(count, work):
    """Does the same so many times at once; the results in the order of their numbers."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def curl(*arguments, seconds=30):
    """One answer as curl sees it."""
    done = subprocess.run(
        ["curl", "-sS", "-k", "-i", "--max-time", str(seconds), *arguments], capture_output=True, timeout=seconds + 10)
    if done.returncode != 0:
        raise OSError(f"curl: {done.returncode} {done.stderr.decode()}")
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status = first.split()[:2]
    return Answer(int(status), [line.split(": ", 1) for line in lines], body, version.removeprefix("HTTP/"))


class EdgeTestCase(unittest.TestCase):
    """nginx in front of nodes. `changes` is what a class alters in the deployed configuration."""

    nodes_count = 2
    changes = {}
    trusts = ()

    def setUp(self):
        self.servers = self.enterContext(Servers())
        self.nodes = [self.make_node(f"node{number}") for number in range(self.nodes_count)]
        self.edge = self.servers.nginx(
            {node.name: node.address for node in self.nodes}, changes=self.changes, trusts=self.trusts)
        self.url = self.edge.url

    def make_node(self, name):
        return self.enterContext(StubNode(name))

    def let_all(self, respond):
        for node in self.nodes:
            node.respond = respond

    def send(self, method, path, headers=None, body=None, **options):
        return send(self.url, method, path, headers, body, **options)

    def asked(self, path):
        """All requests for a path that came to any node."""
        return [request for node in self.nodes for request in node.of(path)]

    def owner(self, event):
        """Which node the edge asks about an event."""
        name = self.send("GET", f"/v1/events/{event}/availability")["onsale-node"]
        return next(node for node in self.nodes if node.name == name)

    def expect_problem(self, answer, status, slug):
        """A refusal in the contract's shape."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer["content-type"], "application/problem+json", answer)
        problem = answer.json
        self.assertEqual(problem["type"], "/problems/" + slug)
        self.assertEqual(problem["status"], status)
        self.assertTrue(problem["title"] and problem["detail"])
        self.assertEqual(len(answer.values("x-request-id")), 1, answer)
        if status in (429, 502, 503, 504):
            self.assertEqual(answer.values("retry-after"), ["1"], answer)
