"""Ends what a test started, when the test has ended, however it ended.

It reads commands, one a line, from the pipe that is its standard input:

    began PID       a process that leads a session of its own
    ended PID       it has been waited for

When the pipe closes, which the kernel does even after `kill -9`, every process of every session that is left is killed,
their children too, and then the folder, the one argument, removed.
"""

import os
import shutil
import signal
import sys
import time


def main():
    folder = sys.argv[1]
    # Only the end of the pipe ends it.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    sessions = set()
    for line in sys.stdin:
        word, _, number = line.partition(" ")
        if word == "began":
            sessions.add(int(number))
        elif word == "ended":
            sessions.discard(int(number))
    end(sessions)
    shutil.rmtree(folder, ignore_errors=True)


def end(sessions):
    """Kills all processes of these sessions, and waits some seconds until none is left."""
    for _ in range(200):
        left = members(sessions)
        if not left:
            return
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
            except OSError:
                pass
        time.sleep(0.02)


def members(sessions):
    """The living processes of these sessions, and their children in sessions of their own, as PostgreSQL has them."""
    if not sessions:
        return []
    found, children = [], {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", errors="replace") as stat:
                # The name, in parentheses, may have anything in it.
                state, parent, _, session = stat.read().rpartition(") ")[2].split()[:4]
        except OSError:
            continue
        if state in "ZX":
            continue
        children.setdefault(int(parent), []).append(int(entry))
        if int(session) in sessions:
            found.append(int(entry))
    for process in found:
        found += [child for child in children.get(process, []) if child not in found]
    return found


if __name__ == "__main__":
    main()
