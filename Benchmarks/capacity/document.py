"""docs/SCALE.md, with its tables between marks."""

import pathlib
import re

from tables import tables

DOCUMENT = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/SCALE.md"


def filled(text):
    """The document with these tables in it."""
    for name, body in tables().items():
        text, count = re.subn(
            rf"(<!-- capacity: {name} -->\n).*?(<!-- end -->)", lambda match: match[1] + body + "\n" + match[2], text,
            flags=re.DOTALL)
        if count != 1:
            raise SystemExit(f"{DOCUMENT.name} has no single place for the table {name}")
    return text
