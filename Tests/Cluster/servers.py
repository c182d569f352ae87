"""The servers of a cluster, for tests and for `make cluster`: PostgreSQL, Redis, nginx and the program itself.

    with Servers() as servers:
        database = servers.postgres()
        redis = servers.redis()
        nodes = [servers.node(name, DATABASE_URL=database.url, ONSALE_REDIS_URL=redis.url) for name in ("a", "b")]
        edge = servers.nginx({node.name: node.address for node in nodes})

Each listens on a free port of the loopback, in one temporary folder, and has answered when it is returned. Leaving the
block stops all of them and removes the folder. So does an exception, SIGTERM, and the end of this process by SIGKILL: a
guardian (guardian.py) notices, and the kernel kills each server with the thread that started it.
"""

import http.client
import json
import os
import pathlib
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DEPLOY = ROOT / "deploy"
START_SECONDS = 60
STOP_SECONDS = 15


def binary():
    return os.environ.get("ONSALE_BINARY") or str(ROOT / ".build/debug/onsale")


class NotStarted(Exception):
    """A server that ended, or gave no answer in time; with what it said."""


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

    def node(self, name, *arguments, **environment):
        return self._add(Node(self, name, arguments, environment))

    def sandbox(self, secret_key, **environment):
        return self._add(Sandbox(self, "sandbox", secret_key, environment))

    def nginx(self, upstreams, **options):
        return self._add(Nginx(self, f"nginx{len(self.started)}", upstreams, **options))

    def _add(self, server):
        self.started.append(server)
        server.start()
        self.say(f"{server.name} {server.shown}")
        return server


class Server:
    """One program. What a kind of it must say: its command, and whether it answers."""

    # What it gets when this process dies without having stopped it, and to stop at once.
    dies_by = "SIGKILL"
    stops_by = signal.SIGTERM

    def __init__(self, servers, name):
        self.servers = servers
        self.name = name
        self.folder = servers.folder / name
        self.folder.mkdir(mode=0o755)
        self.log = self.folder / "log"
        self.process = None
        self.ports = {}
        # Ports that others have been told of.
        self.is_bound_to_ports = False

    # For each kind

    def prepare(self):
        """What must be there before the first start; asked again if that fails."""

    def command(self):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    def user(self):
        """As whom it runs; None for ourselves."""
        return None

    def answers(self):
        raise NotImplementedError

    @property
    def shown(self):
        return self.url

    # For all

    def port(self, purpose="port"):
        """A free port, the same at every start."""
        if purpose not in self.ports:
            self.ports[purpose] = free_port()
        return self.ports[purpose]

    def start(self, tries=3):
        """Starts it and waits until it answers.

        - Raises: NotStarted.
        """
        first = self.process is None
        if first:
            self.prepare()
        wrapper = ["setpriv", "--pdeathsig", self.dies_by.removeprefix("SIG")]
        if self.user():
            wrapper += ["--reuid", self.user(), "--regid", self.user(), "--init-groups"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, *self.command()], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env=self.environment(), start_new_session=True)
        self.servers.tell_guardian("began", self.process.pid)
        try:
            eventually(self._has_answered, f"{self.name} answers", START_SECONDS)
        except BaseException as error:
            self.kill()
            if not isinstance(error, (NotStarted, TimeoutError)):
                raise
            # Somebody else may have taken the free port meanwhile.
            if first and tries > 1 and not self.is_bound_to_ports:
                self.ports.clear()
                self.process = None
                return self.start(tries - 1)
            raise NotStarted(f"{self.name}: {error}\n{self.said()}") from error
        return self

    def _has_answered(self):
        if self.process.poll() is not None:
            raise NotStarted(f"it ended with {self.process.returncode}")
        return self.answers()

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Asks it to stop, and kills it if it doesn't. Its exit status; None if it had to be killed."""
        if not self.is_running:
            return self.process and self.process.returncode
        self.resume()
        self.process.send_signal(self.stops_by)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        self.kill()
        return status

    def kill(self):
        """Kills it, and its children, as a power cut would."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.servers.tell_guardian("ended", self.process.pid)

    def pause(self):
        """Stops it and its children where they are; nobody is told."""
        self._signal_all(signal.SIGSTOP)

    def resume(self):
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number):
        # PostgreSQL's children lead groups of their own.
        for process in [self.process.pid, *_children(self.process.pid)]:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def said(self, bytes_max=4000):
        """The end of its log."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return ""
        crash = text.find("*** ")
        return text[max(0, crash - 1000):crash + 3000] if crash >= 0 else text[-bytes_max:]


# The database

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
        children = _children(self.process.pid) if self.process else []
        super().kill()
        _wait_for_end(children)

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


# What may be lost

class Redis(Server):
    """redis-server, which keeps nothing on disk."""

    def __init__(self, servers, name, settings):
        super().__init__(servers, name)
        self.settings = {"maxmemory": "64mb", "maxmemory-policy": "volatile-ttl", **{
            name.replace("_", "-"): value for name, value in settings.items()}}

    @property
    def url(self):
        return self.url_through(self.port())

    def url_through(self, port):
        password = self.settings.get("requirepass")
        return f"redis://{f':{password}@' if password else ''}127.0.0.1:{port}/0"

    def command(self):
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port()), "--save", "",
                   "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no"]
        for name, value in self.settings.items():
            command += [f"--{name}", str(value)]
        return command

    def answers(self):
        try:
            return self.ask("PING") == "+PONG"
        except OSError:
            return False

    def ask(self, *words):
        """Sends one command; the first line of its answer."""
        with socket.create_connection(("127.0.0.1", self.port()), 5) as connection:
            reader = connection.makefile("rb")
            commands = [words]
            if password := self.settings.get("requirepass"):
                commands.insert(0, ("AUTH", password))
            answer = b""
            for command in commands:
                parts = [str(word).encode() for word in command]
                connection.sendall(b"*%d\r\n" % len(parts) + b"".join(
                    b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
                answer = reader.readline()
            return answer.decode().rstrip("\r\n")


# The program

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


# The edge

class Nginx(Server):
    """nginx with the configuration that is deployed (deploy/nginx), but for ports, paths, names and, where a test asks
    for it, some limits: `changes` maps a line's text to what stands there instead."""

    dies_by = "SIGTERM"
    stops_by = signal.SIGTERM
    host = "tickets.example.com"

    def __init__(self, servers, name, upstreams, changes=(), certificate=None, trusts=(), host=None, ports=None):
        """
        - upstreams: host and port of each node, by its name.
        - certificate: (certificate, key); a self-made one without.
        - trusts: addresses whose X-Forwarded-For is believed, as a CDN's.
        - ports: where to listen, by purpose: `tls`, `rehearsal`, `plain`; a free one where there is none.
        """
        super().__init__(servers, name)
        if ports:
            self.ports.update(ports)
            self.is_bound_to_ports = True
        self.upstreams = upstreams
        self.changes = dict(changes)
        self.trusts = trusts
        if host:
            self.host = host
        self.configuration = self.folder / "nginx"
        self.certificate, self.key = certificate or self_made_certificate(self.folder, self.host)

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port('tls')}"

    @property
    def rehearsal_url(self):
        """Without TLS and limits, for `onsale rush`."""
        return f"http://127.0.0.1:{self.port('rehearsal')}"

    @property
    def access_log(self):
        return self.folder / "onsale.log"

    def prepare(self):
        (self.folder / "state").mkdir(exist_ok=True)
        self.write()

    def write(self, upstreams=None):
        """Writes the configuration; a reload uses it."""
        if upstreams is not None:
            self.upstreams = upstreams
        # Not even root may have more, in a container.
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        files = 65_536 if files == resource.RLIM_INFINITY else files
        shutil.rmtree(self.configuration, ignore_errors=True)
        shutil.copytree(DEPLOY / "nginx", self.configuration)
        changes = {
            "/run/nginx.pid": f"{self.folder}/pid",
            "/var/log/nginx/error.log": f"{self.folder}/error.log",
            "/var/log/nginx/onsale.log": str(self.access_log),
            "/var/lib/nginx/": f"{self.folder}/state/",
            "    include onsale.conf;": "".join(
                f"    {kind}_temp_path {self.folder}/state/{kind};\n" for kind in ("fastcgi", "uwsgi", "scgi"))
            + "    include onsale.conf;\n    include rehearsal.conf;",
            "    listen 80;\n    listen [::]:80;": f"    listen 127.0.0.1:{self.port('plain')};",
            "    listen 443 ssl http2 backlog=4096;\n    listen [::]:443 ssl http2 backlog=4096;":
                f"    listen 127.0.0.1:{self.port('tls')} ssl http2 backlog=4096;",
            "listen 127.0.0.1:8080;": f"listen 127.0.0.1:{self.port('rehearsal')} backlog=4096;",
            "tickets.example.com": self.host,
            "/etc/nginx/onsale/certificate.pem": str(self.certificate),
            "/etc/nginx/onsale/key.pem": str(self.key),
            "worker_rlimit_nofile 65536;": f"worker_rlimit_nofile {min(65_536, files)};",
            **self.changes,
        }
        if os.geteuid() != 0:
            changes["user www-data;\n"] = ""
        (self.configuration / "upstreams.conf").write_text(self._upstreams())
        if self.trusts:
            (self.configuration / "snippets/onsale-real-ip.conf").write_text(
                "".join(f"set_real_ip_from {address};\n" for address in self.trusts)
                + "real_ip_header X-Forwarded-For;\nreal_ip_recursive on;\n")
        unused = set(changes)
        for path in self.configuration.rglob("*.conf"):
            text = path.read_text()
            for old, new in changes.items():
                if old in text:
                    unused.discard(old)
                    text = text.replace(old, new)
            path.write_text(text)
        if unused:
            raise NotStarted(f"deploy/nginx no longer has {sorted(unused)}")

    def _upstreams(self):
        """The deployed file with these servers in it."""
        lines = (DEPLOY / "nginx/upstreams.conf").read_text().splitlines(keepends=True)
        first = next(index for index, line in enumerate(lines) if line.lstrip().startswith("server "))
        line = lines[first]
        servers = [line.replace(line.split()[1], address) for address in self.upstreams.values()]
        return "".join(lines[:first] + servers + [
            line for line in lines[first:] if not line.lstrip().startswith("server ")])

    def command(self):
        return ["/usr/sbin/nginx", "-c", str(self.configuration / "nginx.conf"), "-e", str(self.folder / "error.log"),
                "-g", "daemon off;"]

    def answers(self):
        return _accepts(self.port("tls")) and _accepts(self.port("rehearsal"))

    def check(self):
        """What `nginx -t` says of the configuration, and whether it is well."""
        done = subprocess.run([*self.command()[:-2], "-t"], capture_output=True, text=True, timeout=30)
        return done.returncode == 0, done.stderr

    def workers(self):
        """The workers that take requests; one that was told to go is none."""
        return [child for child in _children(self.process.pid) if b"worker process\0" in _title(child) + b"\0"]

    def reload(self):
        """Reads the configuration anew, and waits until only new workers take connections.

        - Raises: NotStarted if the configuration is refused.
        """
        well, said = self.check()
        if not well:
            raise NotStarted(said)
        before = set(self.workers())
        self.process.send_signal(signal.SIGHUP)
        eventually(lambda: (now := set(self.workers())) and not now & before, "nginx has new workers", 20)

    def requests(self):
        """The access log, which nginx writes once a second."""
        try:
            lines = self.access_log.read_text().splitlines()
        except OSError:
            return []
        return [json.loads(line) for line in lines]

    def said(self, bytes_max=4000):
        try:
            errors = (self.folder / "error.log").read_text(errors="replace")
        except OSError:
            errors = ""
        return super().said(bytes_max) + errors[-bytes_max:]


def self_made_certificate(folder, host):
    """A certificate and key for a name and this machine, which nobody trusts; good for a week."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7",
         "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host},DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True, timeout=60)
    return certificate, key


# For all of them

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition, what, seconds=10.0, pause=0.02):
    """Waits until a condition holds, and returns what it gave.

    - Raises: TimeoutError.
    """
    until = time.monotonic() + seconds
    while True:
        if result := condition():
            return result
        if time.monotonic() > until:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(pause)


def status_of(url, path):
    """The status of a GET; None without an answer."""
    address = url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
        return True
    except OSError:
        return False


def _children(process):
    try:
        with open(f"/proc/{process}/task/{process}/children") as children:
            return [int(child) for child in children.read().split()]
    except OSError:
        return []


def _title(process):
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes().rstrip(b"\0 ")
    except OSError:
        return b""


def _wait_for_end(processes):
    eventually(lambda: not any(_is_alive(process) for process in processes), "all children have ended", 10)


def _is_alive(process):
    try:
        state = pathlib.Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(") ")[2][0]
    except OSError:
        return False
    return state not in "ZX"
