"""One program that is started for a test, and how it is stopped."""

import os
import signal
import subprocess

from processes import children
from waiting import eventually, free_port

START_SECONDS = 60
STOP_SECONDS = 15


class NotStarted(Exception):
    """A server that ended, or gave no answer in time; with what it said."""


class Server:
    """One program. What a kind of it must say: its command, and whether it answers."""

    # What it gets when this process dies without having stopped it, and to stop at once.
    dies_by = "SIGKILL"
    stops_by = signal.SIGTERM
    stdin = subprocess.DEVNULL

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
                [*wrapper, *self.command()], stdin=self.stdin, stdout=log, stderr=log, cwd=self.folder,
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
        for process in [self.process.pid, *children(self.process.pid)]:
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
