"""The world outside: a mail server that may misbehave by a seed, and an organizer's endpoints. A line of JSON for
everything it was given goes to the record.

POST /eligibility refuses orders whose proof is "no". POST /webhook accepts everything. SIGUSR1 ends all misbehaviour.
"""

import argparse
import asyncio
import contextlib
import email
import email.policy
import json
import os
import random
import re
import signal
import time

ORDER = re.compile(rb"ord_[0-9a-hjkmnp-tv-z]{24}")
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.MULTILINE | re.IGNORECASE)
HANG_SECONDS = 15
FAULTS = ("refuse", "refuse after data", "hang", "cut", "cut after data")


class Outside:
    def __init__(self, record, faults, seed):
        self.record = open(record, "a", buffering=1)
        self.faults = faults
        self.random = random.Random(seed)

    def heal(self):
        self.faults = 0

    def note(self, what, **entry):
        self.record.write(json.dumps({"what": what, "at": time.time() * 1000, **entry}) + "\n")

    # Mail

    async def smtp(self, reader, writer):
        try:
            await self.talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def talk(self, reader, writer):
        writer.write(b"220 sink\r\n")
        fault = None
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                writer.write(b"250-sink\r\n250-8BITMIME\r\n250 SIZE 20000000\r\n")
            elif word == b"MAIL":
                fault = self.random.choice(FAULTS) if self.random.random() < self.faults else None
                writer.write(b"451 Try again later\r\n" if fault == "refuse" else b"250 Ok\r\n")
            elif word == b"DATA":
                if fault == "cut":
                    return
                if fault == "hang":
                    await asyncio.sleep(HANG_SECONDS)
                    return
                writer.write(b"354 Go on\r\n")
                mail = await reader.readuntil(b"\r\n.\r\n")
                if fault == "refuse after data":
                    writer.write(b"451 Try again later\r\n")
                    continue
                self.accept(mail)
                if fault == "cut after data":
                    return
                writer.write(b"250 Accepted\r\n")
            elif word == b"QUIT":
                writer.write(b"221 Bye\r\n")
                return
            else:
                writer.write(b"250 Ok\r\n")

    def accept(self, mail):
        at = time.time() * 1000
        name = MESSAGE_ID.search(mail).group(1).decode()
        has_tickets = b"application/pdf" in mail
        # A name of an attachment has it in plain text; the text itself may be encoded.
        found = ORDER.search(mail) or ORDER.search(text_of(mail))
        self.note("mail", accepted=at, id=name, kind="tickets" if has_tickets else "other", bytes=len(mail),
                  order=found.group().decode() if found else None)

    # HTTP

    async def http(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                lines = head.split("\r\n")
                fields = (line.partition(":") for line in lines[1:])
                headers = {name.lower(): value.strip() for name, _, value in fields}
                body = await reader.readexactly(int(headers.get("content-length") or 0))
                answer = self.answer(lines[0].split()[1], headers, body)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                             % (len(answer), answer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, path, headers, body):
        if path == "/eligibility":
            question = json.loads(body)
            is_eligible = question.get("proof") != "no"
            self.note("question", order=question["order"], eligible=is_eligible)
            return json.dumps({"eligible": is_eligible, "reason": "Not a member."}).encode()
        if path == "/webhook":
            self.note("webhook", id=headers.get("webhook-id"), type=json.loads(body).get("type"))
        return b"{}"


def text_of(mail):
    message = email.message_from_bytes(mail, policy=email.policy.default)
    part = message.get_body(("plain", "html"))
    return part.get_content().encode() if part else b""


def stand_back():
    """Leaves the processors to others: a real mail server has some of its own."""
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as session:
        session.write("19")
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    os.nice(19)


async def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--smtp", type=int, required=True)
    options.add_argument("--http", type=int, required=True)
    options.add_argument("--record", required=True)
    options.add_argument("--faults", type=float, default=0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--stands-back", action="store_true")
    given = options.parse_args()
    if given.stands_back:
        stand_back()
    outside = Outside(given.record, given.faults, given.seed)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, outside.heal)
    await asyncio.start_server(outside.smtp, "127.0.0.1", given.smtp, limit=1 << 24)
    await asyncio.start_server(outside.http, "127.0.0.1", given.http)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
