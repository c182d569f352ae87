"""What the kernel knows of processes."""

import pathlib

from waiting import eventually


def children(process):
    try:
        with open(f"/proc/{process}/task/{process}/children") as children:
            return [int(child) for child in children.read().split()]
    except OSError:
        return []


def title(process):
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes().rstrip(b"\0 ")
    except OSError:
        return b""


def wait_for_end(processes):
    eventually(lambda: not any(is_alive(process) for process in processes), "all children have ended", 10)


def is_alive(process):
    try:
        state = pathlib.Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(") ")[2][0]
    except OSError:
        return False
    return state not in "ZX"
