"""The edge: nginx with the configuration that is deployed."""

import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess

from processes import children, title
from server import NotStarted, Server
from waiting import accepts, eventually

DEPLOY = pathlib.Path(__file__).resolve().parent.parent.parent / "deploy"


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
        return accepts(self.port("tls")) and accepts(self.port("rehearsal"))

    def check(self):
        """What `nginx -t` says of the configuration, and whether it is well."""
        done = subprocess.run([*self.command()[:-2], "-t"], capture_output=True, text=True, timeout=30)
        return done.returncode == 0, done.stderr

    def workers(self):
        """The workers that take requests; one that was told to go is none."""
        return [child for child in children(self.process.pid) if b"worker process\0" in title(child) + b"\0"]

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
