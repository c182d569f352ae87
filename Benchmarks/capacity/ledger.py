"""What processes use while something is done."""

import os
import pathlib
import time

from processes import children

TICK = os.sysconf("SC_CLK_TCK")


def processor(process):
    """Seconds that a process and its children, living and ended, have used."""
    total = 0
    for one in [process, *children(process)]:
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15 if one == process else 13])
    return total / TICK


def resident(process):
    return int(pathlib.Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096


class Ledger:
    """What named processes, and PostgreSQL, use while something is done."""

    def __init__(self, processes, postgres=None):
        self.processes = processes
        self.postgres = postgres

    def look(self):
        figures = {name: processor(process) * 1e6 for name, process in self.processes.items()}
        if self.postgres:
            commits, wal, rows, facts, size = self.postgres.psql(
                "SELECT xact_commit, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0'),"
                " (SELECT count(*) FROM journal),"
                " (SELECT sum(fact_count) FROM journal), (SELECT sum(length(payload)) FROM journal)"
                " FROM pg_stat_database WHERE datname = 'onsale'").split("|")
            figures |= {"commits": int(commits), "wal bytes": int(wal), "rows": int(rows), "facts": int(facts or 0),
                        "payload bytes": int(size or 0)}
        return figures

    def settle(self):
        """Waits until what follows after the answers is done too, at most 5 s."""
        deadline = time.monotonic() + 5
        before = self.look()
        while time.monotonic() < deadline:
            time.sleep(0.5)
            now = self.look()
            if sum(now[name] - before[name] for name in self.processes) < 60_000 * len(self.processes):
                return
            before = now

    async def measure(self, name, count, work, crowd=None):
        """Does something `count` times and prints what each cost, in µs and bytes."""
        self.settle()
        moved = (crowd.bytes_out, crowd.bytes_in) if crowd else (0, 0)
        start = time.monotonic()
        before = self.look()
        result = await work
        seconds = time.monotonic() - start
        self.settle()
        after = self.look()
        each = {key: (after[key] - before[key]) / count for key in after}
        text = ", ".join(f"{key} {value:.3f}" if key in ("rows", "commits", "facts") else f"{key} {value:.1f}"
                         for key, value in each.items())
        wire = f"; out {(crowd.bytes_out - moved[0]) / count:.0f} B, in {(crowd.bytes_in - moved[1]) / count:.0f} B" \
            if crowd else ""
        print(f"{name}: {text}{wire} ({count} in {seconds:.1f} s)", flush=True)
        return result
