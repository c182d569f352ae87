#!/usr/bin/env python3
"""Checks the draw of a waiting room; docs/draw.md says what it must be.

  check-draw.py URL EVENT [--lobby-index I]            what the server at URL has published for EVENT
  check-draw.py --seed HEX --size N [--lobby-index I]  values that were published, without a server
  check-draw.py --self-test                            this program, against draw-vectors.json beside it

Exit status: 0 all agrees, 1 something does not, 2 no draw yet, no server, or bad arguments.
"""

import argparse
import json
import re
import sys
from hashlib import sha256
from http.client import HTTPException
from itertools import count, islice
from pathlib import Path
from struct import unpack
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen


def words(seed):
    for k in count():
        yield from unpack(">8I", sha256(seed + k.to_bytes(8, "big")).digest())


def draw(seed, n):
    stream, numbers = words(seed), list(range(1, n + 1))
    for i in range(n - 1, 0, -1):
        limit = 2**32 - 2**32 % (i + 1)
        j = next(w for w in stream if w < limit) % (i + 1)
        numbers[i], numbers[j] = numbers[j], numbers[i]
    return numbers


class Disagreement(Exception):
    """What was published does not agree with itself. Exit status 1."""


class NothingToCheck(Exception):
    """No draw yet, or no server. Exit status 2."""


def require(holds, message):
    if not holds:
        raise Disagreement(message)


def fetch(url):
    try:
        with urlopen(Request(url, headers={"User-Agent": "check-draw"}), timeout=60) as answer:
            return answer.read()
    except HTTPError as error:
        raise NothingToCheck(f"{url} answered {error.code}.") from None
    except (OSError, HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise NothingToCheck(f"{url} can't be reached: {reason}") from None


def published(url, event):
    """The seed and the entrants that the server has published, after all that can be checked without the draw."""
    address = f"{url.rstrip('/')}/v1/events/{quote(event, safe='')}/waiting-room"
    try:
        room = json.loads(fetch(address))
        commitment, seed = room.get("drawCommitment"), room.get("drawSeed")
    except (ValueError, AttributeError):
        raise NothingToCheck(f"{address} did not answer with a JSON object.") from None
    if seed is None:
        raise NothingToCheck(
            f"The draw has not happened. The commitment is {commitment}: write it down." if commitment
            else "This event has no draw: its lobby has not opened, or it has none.")

    require(isinstance(seed, str) and re.fullmatch("[0-9a-f]{64}", seed), f"drawSeed is not 32 bytes in hex: {seed}")
    seed = bytes.fromhex(seed)
    require(commitment == sha256(seed).hexdigest(),
            f"drawCommitment is {commitment}, but the seed's SHA-256 is {sha256(seed).hexdigest()}.")
    print(f"commitment  {commitment} is the SHA-256 of the seed")

    text, size, entrants_hash = fetch(f"{address}/entrants"), room.get("lobbySize"), room.get("entrantsHash")
    require(entrants_hash == sha256(text).hexdigest(),
            f"entrantsHash is {entrants_hash}, but the list's SHA-256 is {sha256(text).hexdigest()}.")
    entrants = text.split(b"\n")
    require(entrants.pop() == b"", "The list's last line has no end.")
    require(type(size) is int and size == len(entrants),
            f"lobbySize is {size}, but the list has {len(entrants)} entrants.")
    require(len(set(entrants)) == len(entrants), "An entrant is on the list twice.")
    print(f"entrants    {entrants_hash} is the SHA-256 of the list of {size}")
    return seed, [entrant.decode("utf-8", "replace") for entrant in entrants]


def tell(seed, n, lobby_index=None, entrants=None):
    require(lobby_index is None or lobby_index < n, f"A lobby of {n} has no lobbyIndex {lobby_index}.")
    numbers = draw(seed, n)
    print(f"numbers     {hash_of(numbers)} is the SHA-256 of all {n}")
    if lobby_index is None:
        print("first ten  ", *(numbers[:10] or ["none"]))
    else:
        entrant = f" ({entrants[lobby_index]})" if entrants else ""
        print(f"lobbyIndex  {lobby_index}{entrant} has number {numbers[lobby_index]}")


def hash_of(numbers):
    return sha256("".join(f"{number}\n" for number in numbers).encode()).hexdigest()


def self_test():
    vectors = json.loads(Path(__file__).with_name("draw-vectors.json").read_text())
    seed = bytes.fromhex(vectors["seed"])
    require(sha256(seed).hexdigest() == vectors["commitment"], "The commitment differs.")
    require(list(islice(words(seed), 8)) == vectors["words"], "The words differ.")
    for vector in vectors["draws"]:
        numbers = draw(seed, vector["n"])
        computed = {"n": len(numbers), "numbers": numbers, "first": numbers[:3], "last": numbers[-1:],
                    "sha256": hash_of(numbers)}
        for name, value in vector.items():
            require(computed[name] == ([value] if name == "last" else value), f"n = {vector['n']}: {name} differs.")
    print(f"{len(vectors['draws'])} draws agree with draw-vectors.json")


def natural(text):
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) > 2**32:
        raise argparse.ArgumentTypeError("is not a whole number from 0 to 2^32")
    return int(text)


def seed_in_hex(text):
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError("is not 64 lower-case hex digits")
    return bytes.fromhex(text)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="check-draw.py URL EVENT | --seed HEX --size N | --self-test  [--lobby-index I]")
    parser.add_argument("url", nargs="?", metavar="URL")
    parser.add_argument("event", nargs="?", metavar="EVENT")
    parser.add_argument("--lobby-index", type=natural, metavar="I", help="whose number to tell, else the first ten")
    parser.add_argument("--seed", type=seed_in_hex, metavar="HEX")
    parser.add_argument("--size", type=natural, metavar="N")
    parser.add_argument("--self-test", action="store_true")
    asked = parser.parse_args()
    online, offline = asked.event is not None, asked.seed is not None and asked.size is not None
    if [online, offline, asked.self_test].count(True) != 1 or (asked.url and not online):
        parser.error("give URL and EVENT, or --seed and --size, or --self-test")

    try:
        if asked.self_test:
            self_test()
        elif offline:
            print(f"commitment  {sha256(asked.seed).hexdigest()} is the SHA-256 of the seed")
            tell(asked.seed, asked.size, asked.lobby_index)
        else:
            seed, entrants = published(asked.url, asked.event)
            tell(seed, len(entrants), asked.lobby_index, entrants)
    except Disagreement as disagreement:
        print(f"DOES NOT AGREE: {disagreement}", file=sys.stderr)
        return 1
    except NothingToCheck as nothing:
        print(nothing, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
