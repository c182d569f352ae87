"""PostgreSQL."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess

from processes import children, wait_for_end
from server import NotStarted, Server


class Postgres(Server):
    """PostgreSQL as Debian has it, with its journal synced, on a port and a socket."""

    dies_by = "SIGQUIT"
    # Not waiting for its clients.
    stops_by = signal.SIGINT
    password = "onsale"
    database = "onsale"

    def __init__(self, servers, name, settings):
        super().__init__(servers, name)
        self.settings = settings
        self.tools = _postgres_tools()

    @property
    def url(self):
        return self.url_through(self.port())

    def url_through(self, port):
        """As `url`, but through another port, of a proxy for instance."""
        return f"postgresql://onsale:{self.password}@127.0.0.1:{port}/{self.database}"

    @property
    def sockets(self):
        return self.folder / "sockets"

    def user(self):
        # It refuses to be root.
        return "postgres" if os.geteuid() == 0 else None

    def prepare(self):
        if (self.folder / "data").exists():
            return
        secret = self.folder / "password"
        secret.write_text(self.password)
        self.sockets.mkdir()
        if user := self.user():
            account = pwd.getpwnam(user)
            for path in (self.folder, self.sockets, secret):
                os.chown(path, account.pw_uid, account.pw_gid)
        # What initdb makes needs no sync of its own: it is lost with the folder anyway.
        self.run(self.tools / "initdb", "--pgdata", self.folder / "data", "--username", "onsale", "--pwfile", secret,
                 "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")

    def command(self):
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port(), "unix_socket_directories": self.sockets,
            "fsync": "on", "synchronous_commit": "on", "max_connections": 200, **self.settings}
        return [str(self.tools / "postgres"), "-D", str(self.folder / "data"),
                *(f"--{name}={value}" for name, value in settings.items())]

    def answers(self):
        ready = subprocess.run(
            [self.tools / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port())], timeout=10)
        if ready.returncode != 0:
            return False
        if not self.psql("SELECT 1 FROM pg_database WHERE datname = 'onsale'", database="postgres"):
            self.psql("CREATE DATABASE onsale", database="postgres")
        return True

    def psql(self, statement, database=None):
        """What a statement gives: a line a row, columns divided by `|`."""
        return self.run(
            self.tools / "psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", self.port(),
            "-U", "onsale", "-d", database or self.database, "-c", statement).strip()

    def end_connections(self, where="true"):
        """Ends all clients' connections, or those that a condition on pg_stat_activity chooses. How many."""
        return int(self.psql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            f" WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND ({where})",
            database="postgres"))

    def kill(self):
        # Each backend leads a session of its own, and ends when the postmaster has; wait for that, so that the next
        # start finds the shared memory free.
        backends = children(self.process.pid) if self.process else []
        super().kill()
        wait_for_end(backends)

    def run(self, *arguments):
        wrapper = ["setpriv", "--reuid", self.user(), "--regid", self.user(), "--init-groups"] if self.user() else []
        done = subprocess.run(
            [*wrapper, *map(str, arguments)], capture_output=True, text=True, timeout=120, cwd="/",
            env={**os.environ, "PGPASSWORD": self.password, "LC_ALL": "C.UTF-8"})
        if done.returncode != 0:
            raise NotStarted(f"{arguments[0]}: {done.stderr[-2000:]}")
        return done.stdout


def _postgres_tools():
    """Where the newest PostgreSQL's programs are; Debian keeps the server's off the path."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    server = shutil.which("postgres")
    if server is None:
        raise NotStarted("PostgreSQL is not installed")
    return pathlib.Path(server).resolve().parent
