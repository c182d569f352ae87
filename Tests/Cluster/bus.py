"""Kafka: what carries what happens to services."""

import os
import pathlib
import subprocess

from server import Server
from waiting import eventually

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def mock_broker():
    return os.environ.get("ONSALE_MOCK_BROKER") or str(ROOT / ".build/debug/MockBroker")


class Kafka(Server):
    """librdkafka's own mock cluster (Tests/MockBroker). It forgets everything when it ends."""

    stdin = subprocess.PIPE

    def __init__(self, servers, name, brokers):
        super().__init__(servers, name)
        self.brokers_count = brokers
        # Apart from the log, in which librdkafka writes too.
        self.answered = self.folder / "answers"

    @property
    def brokers(self):
        """As ONSALE_KAFKA_BROKERS has it."""
        return self._answers()[0]

    @property
    def shown(self):
        return self.brokers

    def command(self):
        return ["/bin/sh", "-c", 'exec "$0" "$1" >"$2"', mock_broker(), str(self.brokers_count), str(self.answered)]

    def answers(self):
        return bool(self._answers())

    def tell(self, command):
        """Gives one command, of those in Tests/MockBroker/main.c, and returns when it is done."""
        before = len(self._answers())
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()
        answer = eventually(lambda: self._answers()[before:], f"{self.name} does {command}")[0]
        if answer != "ok":
            raise ValueError(f"{command}: {answer}")

    def kill(self):
        super().kill()
        if self.process is not None:
            self.process.stdin.close()
            self.answered.unlink(missing_ok=True)

    def _answers(self):
        try:
            return self.answered.read_text().splitlines()
        except OSError:
            return []
