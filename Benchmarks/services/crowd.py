"""A crowd that takes holds as fast as the server gives them, sent by wrk: one in Python would measure itself."""

import collections
import itertools
import shutil
import subprocess
import sys

from buyers import AREA, Buyers, Event
from report import processor
from world import HERE

CONNECTIONS = 128
# Each hold leaves a place less, so that many per event.
HOLDS_MAX = 600_000

Turn = collections.namedtuple("Turn", "per_second p99 microseconds")


class Crowd:
    """Those who come to one server."""

    def __init__(self, sale, connections=CONNECTIONS):
        if not shutil.which("wrk"):
            sys.exit("wrk is missing: install Debian's package wrk")
        self.sale = sale
        self.connections = connections
        self.names = itertools.count()
        self.left = 0

    def holds(self, seconds):
        """Takes holds for so long: holds a second, p99 in milliseconds, processor time a hold in microseconds."""
        if self.left <= 0:
            self._new_event()
        before = processor(self.sale)
        done = subprocess.run(
            ["wrk", "--threads", "1", "--connections", str(self.connections), "--duration", str(seconds), "--script",
             str(HERE / "holds.lua"), self.sale.url, "--", self.event.name, AREA, str(self.passes)],
            capture_output=True, text=True, timeout=seconds + 60, check=True)
        used = processor(self.sale) - before
        line = next(line for line in done.stdout.splitlines() if line.startswith("figures "))
        count, took, failed, p99 = (float(part) for part in line.split()[1:])
        if failed > count / 1000:
            raise RuntimeError(f"{failed:.0f} of {count:.0f} got no hold")
        self.left -= count
        return Turn(count / took, p99, used * 1e6 / max(1, count))

    def _new_event(self):
        self.event = Event(self.sale, f"crowd-{next(self.names)}")
        with Buyers(self.event, count=self.connections) as buyers:
            self.passes = self.sale.folder / "passes"
            self.passes.write_text("".join(pass_ + "\n" for _, pass_ in buyers.passes))
        self.left = HOLDS_MAX
