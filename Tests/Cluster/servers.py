"""The servers of a cluster, for tests and for `make cluster`: PostgreSQL, Redis, Kafka, nginx and the program itself.

    with Servers() as servers:
        database = servers.postgres()
        redis = servers.redis()
        nodes = [servers.node(name, DATABASE_URL=database.url, ONSALE_REDIS_URL=redis.url) for name in ("a", "b")]
        edge = servers.nginx({node.name: node.address for node in nodes})

Each listens on a free port of the loopback, in one temporary folder, and has answered when it is returned. Leaving the
block stops all of them and removes the folder. So does an exception, SIGTERM, and the end of this process by SIGKILL: a
guardian (guardian.py) notices, and the kernel kills each server with the thread that started it.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

from bus import Kafka
from cache import Redis
from database import Postgres
from nginx import Nginx
from node import Node, Sandbox, Worker

HERE = pathlib.Path(__file__).resolve().parent


class Servers:
    """Everything that was started, in the order in which it was."""

    def __init__(self, say=lambda line: None):
        self.say = say
        self.started = []
        self.folder = None
        self._guardian = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="onsale-cluster-"))
        try:
            # Other users, as whom PostgreSQL and nginx run, must get through.
            self.folder.chmod(0o711)
            self._guardian = subprocess.Popen(
                [sys.executable, str(HERE / "guardian.py"), str(self.folder)], stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, start_new_session=True)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_):
        try:
            for server in reversed(self.started):
                server.stop()
        finally:
            # Removes the folder, and whatever did not stop.
            self._guardian.stdin.close()
            self._guardian.wait()

    def tell_guardian(self, word, process):
        self._guardian.stdin.write(f"{word} {process}\n".encode())
        self._guardian.stdin.flush()

    def postgres(self, **settings):
        return self._add(Postgres(self, f"postgres{len(self.started)}", settings))

    def redis(self, **settings):
        return self._add(Redis(self, f"redis{len(self.started)}", settings))

    def kafka(self, brokers=3):
        return self._add(Kafka(self, f"kafka{len(self.started)}", brokers))

    def node(self, name, *arguments, **environment):
        return self._add(Node(self, name, arguments, environment))

    def worker(self, *services, **environment):
        return self._add(Worker(self, services, environment))

    def sandbox(self, secret_key, **environment):
        return self._add(Sandbox(self, "sandbox", secret_key, environment))

    def nginx(self, upstreams, **options):
        return self._add(Nginx(self, f"nginx{len(self.started)}", upstreams, **options))

    def _add(self, server):
        self.started.append(server)
        server.start()
        self.say(f"{server.name} {server.shown}")
        return server
