"""How figures are written: a row of docs/BENCHMARKS.md each."""

import os
import statistics


def row(what, figure, goal="", how=""):
    print(f"| {what} | {figure} | {goal} | {how} |", flush=True)


def quantiles(milliseconds):
    """p50, p99 and the largest."""
    values = sorted(milliseconds)
    if not values:
        return "none"
    return ", ".join(f"{name} {shown(values[min(len(values) - 1, int(len(values) * share))])}"
                     for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1)))


def shown(milliseconds):
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.2f} s"


def ratios(values):
    """The median, and all of them."""
    values = sorted(values)
    return f"{statistics.median(values):.2f} ({', '.join(f'{value:.2f}' for value in values)})"


def processor(server):
    """Processor seconds that a server has used so far, user's and system's."""
    with open(f"/proc/{server.process.pid}/stat") as stat:
        fields = stat.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
    return kilobytes / 1024
