"""Numbers as people read them, rounded to what is known."""

import math


def short(value, unit=""):
    """Two significant digits, three from a hundred on."""
    if value == 0:
        return "0" + unit
    digits = 2 if abs(value) < 100 else 3
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    if abs(rounded) >= 10:
        return f"{rounded:,.0f}{unit}"
    return f"{rounded:.{1 - math.floor(math.log10(abs(rounded)))}f}{unit}"


def least(value, unit=""):
    return short(value, unit) if value >= 0.01 else "under 0.01" + unit


def scaled(value, unit):
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return short(value / factor) + f" {prefix}{unit}"
    return short(value) + f" {unit}"
