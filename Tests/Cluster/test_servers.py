"""The servers and the failing network that all other tests here stand on."""

import json
import os
import pathlib
import select
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import textwrap
import threading
import time
import unittest

import processes
from proxy import Proxy
from server import NotStarted
from servers import Servers
from waiting import eventually

HERE = pathlib.Path(__file__).resolve().parent


class ServersTests(unittest.TestCase):
    def test_database_syncs_and_survives_a_kill(self):
        with Servers() as started:
            database = started.postgres()
            self.assertEqual(database.psql("SHOW fsync"), "on")
            self.assertEqual(database.psql("SHOW synchronous_commit"), "on")
            database.psql("CREATE TABLE seats (seat text); INSERT INTO seats VALUES ('F1-1-1')")
            database.kill()
            database.start()
            self.assertEqual(database.psql("SELECT seat FROM seats"), "F1-1-1")
            self.assertEqual(database.stop(), 0)

    def test_redis_answers_and_forgets(self):
        with Servers() as started:
            cache = started.redis(requirepass="secret")
            self.assertEqual(cache.ask("SET", "a", "b"), "+OK")
            cache.kill()
            cache.start()
            self.assertEqual(cache.ask("EXISTS", "a"), ":0")

    def test_paused_server_is_silent_until_it_goes_on(self):
        with Servers() as started:
            cache = started.redis()
            cache.pause()
            with socket.create_connection(("127.0.0.1", cache.port()), 5) as connection:
                connection.sendall(b"PING\r\n")
                connection.settimeout(0.2)
                with self.assertRaises(TimeoutError):
                    connection.recv(10)
                cache.resume()
                connection.settimeout(10)
                self.assertEqual(connection.recv(10), b"+PONG\r\n")

    def test_paused_database_stops_with_its_connections(self):
        with Servers() as started:
            database = started.postgres()
            session = subprocess.Popen(
                [database.tools / "psql", "-X", "-q", "-At", database.url], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE)
            session.stdin.write(b"SELECT 1;\n")
            session.stdin.flush()
            self.assertEqual(session.stdout.readline(), b"1\n")
            database.pause()
            session.stdin.write(b"SELECT 2;\n")
            session.stdin.flush()
            with self.assertRaises(subprocess.TimeoutExpired):
                session.wait(0.2)
            self.assertFalse(select.select([session.stdout], [], [], 0.2)[0])
            database.resume()
            self.assertEqual(session.communicate(timeout=10)[0], b"2\n")

    def test_server_that_can_not_start_says_why(self):
        with Servers() as started, self.assertRaises(NotStarted) as raised:
            started.redis(maxmemory="nonsense")
        self.assertIn("nonsense", str(raised.exception))

    def test_nothing_is_left_behind_after_an_exception(self):
        with self.assertRaises(ZeroDivisionError), Servers() as started:
            folder, pids = started.folder, _all_of(started)
            1 / 0
        self.assertFalse(folder.exists())
        self.assertEqual([pid for pid in pids if processes.is_alive(pid)], [])

    def test_nothing_is_left_behind_when_the_test_itself_is_killed(self):
        for number in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(number), _elsewhere() as (process, folder, pids):
                process.send_signal(number)
                process.wait()
                self.assertGreater(len(pids), 6)
                eventually(lambda: not any(processes.is_alive(pid) for pid in pids), "all have ended")
                eventually(lambda: not folder.exists(), "the folder is gone")

    def test_nothing_runs_on_when_the_guardian_is_killed_too(self):
        with _elsewhere() as (process, folder, pids):
            guardian = next(pid for pid in pids if b"guardian.py" in processes.title(pid))
            os.kill(guardian, signal.SIGKILL)
            process.kill()
            process.wait()
            try:
                eventually(lambda: not any(processes.is_alive(pid) for pid in pids), "all have ended")
            finally:
                shutil.rmtree(folder)  # nobody was left to do it


class _elsewhere:
    """Another process that has started a database, a cache and an edge, and waits."""

    def __enter__(self):
        script = textwrap.dedent("""
            import json, sys, time
            import test_servers
            from servers import Servers
            with Servers() as started:
                pids = test_servers._all_of(started)
                print(json.dumps([str(started.folder), pids]), flush=True)
                time.sleep(600)
        """)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=HERE, stdout=subprocess.PIPE, start_new_session=True)
        folder, pids = json.loads(self.process.stdout.readline())
        return self.process, pathlib.Path(folder), pids

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def _all_of(started):
    """Starts one of each; all their processes, the guardian too."""
    started.postgres()
    started.redis()
    started.nginx({"a": "127.0.0.1:9"})
    found, left = [], [started._guardian.pid, *(server.process.pid for server in started.started)]
    while left:
        found.append(left.pop())
        left += processes.children(found[-1])
    return found


class Echo(socketserver.ThreadingTCPServer):
    """Answers each line with the same line, and remembers it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        self.heard = []
        echo = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    for line in self.rfile:
                        echo.heard.append(line)
                        self.wfile.write(line)
                except OSError:
                    pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class ProxyTests(unittest.TestCase):
    def setUp(self):
        self.echo = self.enterContext(Echo())
        self.proxy = self.enterContext(Proxy(self.echo.server_address))

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.proxy.port), 10)
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection, line=b"a\n"):
        connection.sendall(line)
        return connection.recv(len(line))

    def test_passes_everything_on(self):
        connection = self.connect()
        self.assertEqual(self.ask(connection), b"a\n")
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(connection.recv(1), b"")

    def test_cut_resets_old_and_new_connections_until_it_is_mended(self):
        old = self.connect()
        self.ask(old)
        self.proxy.cut()
        with self.assertRaises(OSError):
            if not self.ask(old):
                raise OSError
        new = self.connect()
        with self.assertRaises(OSError):
            if not self.ask(new):
                raise OSError
        self.proxy.pass_on()
        self.assertEqual(self.ask(self.connect()), b"a\n")

    def test_what_falls_into_the_blackhole_arrives_when_the_network_is_back(self):
        connection = self.connect()
        self.ask(connection)
        self.proxy.blackhole()
        connection.sendall(b"b\n")
        connection.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            connection.recv(2)
        self.assertNotIn(b"b\n", self.echo.heard)
        self.proxy.pass_on()
        connection.settimeout(10)
        self.assertEqual(connection.recv(2), b"b\n")

    def test_delay_and_throttle_take_their_time(self):
        connection = self.connect()
        self.proxy.delay(0.1)
        began = time.monotonic()
        self.ask(connection)
        self.assertGreaterEqual(time.monotonic() - began, 0.2)
        self.proxy.throttle(10_000)
        began = time.monotonic()
        line = b"x" * 1999 + b"\n"
        connection.sendall(line)
        heard = b""
        while len(heard) < len(line):
            heard += connection.recv(4096)
        self.assertGreaterEqual(time.monotonic() - began, 0.2)

    def test_dropped_answer_belongs_to_something_that_was_done(self):
        connection = self.connect()
        self.proxy.drop_answer(2)
        self.assertEqual(self.ask(connection, b"1\n"), b"1\n")
        with self.assertRaises(OSError):
            if not self.ask(connection, b"2\n"):
                raise OSError
        self.assertEqual(self.echo.heard, [b"1\n", b"2\n"])
        self.assertEqual(self.proxy.dropped, 1)
        self.assertEqual(self.ask(self.connect(), b"3\n"), b"3\n")

    def test_answer_to_given_words_is_dropped_also_when_they_come_in_pieces(self):
        connection = self.connect()
        self.proxy.drop_answer_to(b"COMMIT")
        self.assertEqual(self.ask(connection, b"INSERT\n"), b"INSERT\n")
        connection.sendall(b"COM")
        time.sleep(0.05)
        with self.assertRaises(OSError):
            if not self.ask(connection, b"MIT\n"):
                raise OSError
        self.assertEqual(self.echo.heard[-1], b"COMMIT\n")
        self.assertEqual(self.ask(self.connect(), b"COMMIT\n"), b"COMMIT\n")


if __name__ == "__main__":
    unittest.main()
