"""Waiting, and asking whether somebody answers."""

import http.client
import socket
import time


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


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
        return True
    except OSError:
        return False
