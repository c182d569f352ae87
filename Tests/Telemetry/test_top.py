"""`onsale top`, as a command and on a terminal of its own."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import unittest

from peers import ADMIN_TOKEN, BINARY, Buyer, Collector, Onsale, Reply, Sandbox, eventually, free_port

TAKES_OVER = ("\x1b[?1049h", "\x1b[?25l")  # the alternate screen, no cursor
GIVES_BACK = ("\x1b[?25h", "\x1b[?1049l")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A pseudo-terminal with a program on it, which it is the controlling one of."""

    def __init__(self, *arguments, columns=100, rows=30, **environment):
        self.shown = ""
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(BINARY, [BINARY, *arguments], {**os.environ, "TERM": "xterm-256color", **environment})
        self.resize(columns, rows)
        self.status = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.end)

    def resize(self, columns, rows):
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds=0.1):
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.end], [], [], left)[0]:
                break
            try:
                heard = os.read(self.end, 65_536)
            except OSError:  # nobody is on it any more
                break
            if not heard:
                break
            self.shown += heard.decode(errors="replace")
        return self.shown

    def until(self, text, seconds=15):
        eventually(lambda: text in self.read(), lambda: f"{text!r} is shown; last: {self.screen()}", seconds, 0)

    def screen(self):
        """The lines of the last picture, which each begin by their position."""
        lines = {}
        picture = self.shown[self.shown.rfind("\x1b[1;1H"):]
        for row, text in re.findall(r"\x1b\[(\d+);1H([^\x1b]*(?:\x1b\[[0-9;]*m[^\x1b]*)*)", picture):
            lines[int(row)] = ESCAPE.sub("", text)
        return [lines[row] for row in sorted(lines)]

    def press(self, keys):
        os.write(self.end, keys)

    def wait(self, seconds=10):
        """Its exit status: an exit code, or a signal's number below zero."""
        def ended():
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            return pid

        eventually(ended, "it ends", seconds, 0)
        self.read(0.3)
        return self.status

    def modes(self):
        return termios.tcgetattr(self.end)[3] & (termios.ECHO | termios.ICANON | termios.ISIG)


def row(text, event):
    """An event's row in the table: its phase, and free, held and sold."""
    for line in text.splitlines() if isinstance(text, str) else text:
        words = line.split()
        if words[:1] == [event]:
            return words[1], *(int(word.replace(",", "")) for word in words[2:5])
    return None


class TopTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = cls.enterClassContext(Onsale(Sandbox()))
        cls.program.create_event("hall", {"Floor": 50_000}, capacity=1500)
        buyers = [Buyer(cls.program, "hall") for _ in range(3)]
        for buyer in buyers[:2]:
            buyer.buy(2)
        buyers[2].hold(3)
        cls.url = f"http://127.0.0.1:{cls.program.management_port}"

    def expected(self):
        report = self.program.report("hall")
        self.assertEqual((report["free"], report["held"], report["sold"]), (1493, 3, 4))
        return "open", 1493, 3, 4

    def test_once_prints_what_the_api_says(self):
        status, told, errors = self.program.command(
            "top", "--once", "--url", self.url, "--seconds", "0.3", COLUMNS="120")
        self.assertEqual((status, errors), (0, ""))
        self.assertNotIn("\x1b", told)
        self.assertEqual(row(told, "hall"), self.expected())
        for word in ("onsale " + self.program.management("GET", "/info")["version"], "rule breaches 0", "commit p50",
                     "provider up", "requests/s"):
            self.assertIn(word, re.sub(" +", " ", told))
        self.assertLessEqual(max(len(line) for line in told.splitlines()), 120)

    def test_without_a_terminal_it_is_as_with_once(self):
        status, told, _ = self.program.command("top", "--url", self.url, "--seconds", "0.3")
        self.assertEqual(status, 0)
        self.assertEqual(row(told, "hall"), self.expected())

    def test_an_event_s_past_is_charted(self):
        status, told, errors = self.program.command(
            "top", "--once", "--url", self.url, "--server", self.program.url, "--event", "hall", "--seconds", "0.3",
            ONSALE_ADMIN_TOKEN=ADMIN_TOKEN)
        self.assertEqual((status, errors), (0, ""))
        self.assertNotIn("no timeline", told)
        status, told, _ = self.program.command(
            "top", "--once", "--url", self.url, "--server", self.program.url, "--event", "hall", "--seconds", "0.3",
            ONSALE_ADMIN_TOKEN="not-the-organizer-s")
        self.assertEqual(status, 0)
        self.assertIn("no timeline", told)

    def test_no_server_is_told(self):
        status, told, errors = self.program.command("top", "--once", "--url", f"http://127.0.0.1:{free_port()}")
        self.assertEqual((status, told), (1, ""))
        self.assertIn("no metrics from http://127.0.0.1:", errors)
        self.assertIn("refused", errors.lower())

    def test_another_server_is_told(self):
        status, told, errors = self.program.command("top", "--once", "--url", self.program.url)
        self.assertEqual((status, told), (1, ""))
        self.assertIn("404", errors)

    def test_a_hostile_server_is_shown_without_harm(self):
        text = (
            '# TYPE onsale_seats gauge\nonsale_seats{event="\x1b[31mred\x9b\x07\u202e",state="free"} 5\n'
            'onsale_seats{event="huge",state="free"} 1e308\nonsale_seats{event="huge",state="sold"} 1e308\n'
            'onsale_seats{event="odd",state="free"} NaN\nonsale_seats{event="odd",state="sold"} -Inf\n'
            'onsale_seats{event="' + "long" * 500 + '",state="free"} 7\n'
            'onsale_build_info{version="\x1b]0;title\x07",build="\\n\\n"} 1\n'
            'onsale_commit_seconds_bucket{le="x"} 3\n}}}{{{\nonsale_waiting{event="huge"\n\x00\n'
            'process_start_time_seconds -1e300\n').encode()
        with contextlib.ExitStack() as stack:
            server = Collector()
            stack.callback(server.stop)
            server.script(otherwise=Reply(body=text, headers={"Content-Type": "text/plain; version=0.0.4"}))
            status, told, _ = self.program.command("top", "--once", "--url", server.url, "--seconds", "0.2")
            self.assertEqual(status, 0)
            self.assertFalse(re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", told), repr(told))
            self.assertLessEqual(max(len(line) for line in told.splitlines()), 120)
            for body, megabytes in ((b"", 0), (b"\xff\xfe" * 500, 0), (b"<html>", 0), (b"", 100)):
                server.script(otherwise=Reply(body=body, megabytes=megabytes))
                status, _, errors = self.program.command("top", "--once", "--url", server.url, "--seconds", "0.2")
                self.assertEqual(status, 1, body[:20])
                self.assertIn("no metrics", errors)
            server.script(otherwise=Reply(hangs=True))
            began = time.monotonic()
            status, _, errors = self.program.command("top", "--once", "--url", server.url)
            self.assertEqual(status, 1)
            self.assertIn("no answer within", errors)
            self.assertLess(time.monotonic() - began, 10)

    def test_an_address_that_is_none_is_refused(self):
        for url in ("nonsense", "ftp://127.0.0.1", "http://", "file:///etc/passwd"):
            status, _, errors = self.program.command("top", "--once", "--url", url)
            self.assertNotEqual(status, 0, url)
            self.assertTrue(errors, url)

    def top(self, **more):
        return Terminal("top", "--url", self.url, "--seconds", "0.5", **more)

    def test_it_draws_and_quits_with_q(self):
        with self.top() as terminal:
            before = terminal.modes()
            terminal.until("hall")
            eventually(lambda: terminal.read() and row(terminal.screen(), "hall") == self.expected(), "the numbers", 10)
            self.assertTrue(all(sequence in terminal.shown for sequence in TAKES_OVER))
            self.assertNotIn(GIVES_BACK[1], terminal.shown)
            self.assertEqual(terminal.modes(), termios.ISIG, "no echo, key by key")
            terminal.press(b"q")
            self.assertEqual(terminal.wait(), 0)
            self.assert_given_back(terminal, before)

    def assert_given_back(self, terminal, modes):
        for taken, given in zip(TAKES_OVER, GIVES_BACK[::-1]):
            self.assertGreater(terminal.shown.rfind(given), terminal.shown.rfind(taken), repr(terminal.shown[-200:]))
        self.assertEqual(terminal.modes(), modes)

    def test_a_signal_gives_the_terminal_back(self):
        for what in ("Ctrl-C", signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(what), self.top() as terminal:
                before = terminal.modes()
                terminal.until("hall")
                if what == "Ctrl-C":
                    terminal.press(b"\x03")
                else:
                    os.kill(terminal.pid, what)
                status = terminal.wait()
                expected = signal.SIGINT if what == "Ctrl-C" else what
                self.assertIn(status, (-expected, 128 + expected, 0))
                self.assert_given_back(terminal, before)

    def test_it_keeps_to_the_terminal_s_size(self):
        with self.top(columns=80, rows=24) as terminal:
            for columns, rows in ((80, 24), (140, 40), (80, 20), (40, 8)):
                terminal.resize(columns, rows)
                terminal.shown = ""
                eventually(lambda: terminal.read() and len(terminal.screen()) == rows, f"{columns}×{rows}", 10)
                eventually(lambda: terminal.read() and {len(line) for line in terminal.screen()} == {columns},
                           lambda: f"{columns}×{rows}: {[len(line) for line in terminal.screen()]}", 5)
            terminal.press(b"q")
            self.assertEqual(terminal.wait(), 0)

    def test_colours_can_be_left_out(self):
        with self.top(NO_COLOR="1") as terminal:
            terminal.until("hall")
            self.assertFalse(re.findall(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", terminal.shown))
            terminal.press(b"q")
            self.assertEqual(terminal.wait(), 0)

    def test_a_server_that_goes_is_told(self):
        with Onsale(Sandbox()) as program:
            program.create_event("gone", {"Floor": 50_000}, capacity=10)
            port = program.management_port
            with Terminal("top", "--url", f"http://127.0.0.1:{port}", "--seconds", "0.3") as terminal:
                terminal.until("gone")
                program.kill()
                terminal.until("no metrics since", 10)
                self.assertEqual(row(terminal.screen(), "gone"), ("open", 10, 0, 0), "the last picture stays")
                with contextlib.suppress(OSError):
                    terminal.press(b"q")
                self.assertEqual(terminal.wait(), 0)


if __name__ == "__main__":
    unittest.main()
