"""Fans over HTTP/1.1, on connections that are kept."""

import asyncio
import json

from edge import untrusting

CONNECTIONS = 64


class Crowd:
    """Connections that are kept; each asks, waits for its answer, and asks again."""

    def __init__(self, url, count=CONNECTIONS):
        scheme, _, address = url.partition("://")
        self.host, _, port = address.partition(":")
        self.port = int(port)
        self.context = untrusting() if scheme == "https" else None
        self.count = count
        self.links = []
        self.bytes_in = self.bytes_out = 0

    async def open(self):
        self.links += [await asyncio.open_connection(self.host, self.port, ssl=self.context, limit=1 << 20)
                       for _ in range(self.count)]
        return self

    def close(self):
        for _, writer in self.links:
            writer.transport.abort()
        self.links = []

    async def ask(self, requests, expected):
        """The answers' bodies, in the order of the requests: (method, path, token, body)."""
        answers = [b""] * len(requests)
        waiting = iter(enumerate(requests))

        async def one(reader, writer):
            for number, (method, path, token, body) in waiting:
                text = json.dumps(body).encode() if body is not None else b""
                head = f"{method} {path} HTTP/1.1\r\nHost: tickets.example.com\r\n"
                if token:
                    head += f"Authorization: Bearer {token}\r\n"
                if method == "POST":
                    head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n"
                if path.endswith("/orders"):
                    head += f"Idempotency-Key: {body['hold']}\r\nPrefer: wait=10\r\n"
                message = head.encode() + b"\r\n" + text
                self.bytes_out += len(message)
                writer.write(message)
                fields = await reader.readuntil(b"\r\n\r\n")
                status = int(fields.split(b" ", 2)[1])
                length = next((int(line.split(b":")[1]) for line in fields.lower().split(b"\r\n")
                               if line.startswith(b"content-length:")), None)
                if length is None:
                    answer = b""
                    while size := int(await reader.readuntil(b"\r\n"), 16):
                        answer += (await reader.readexactly(size + 2))[:-2]
                    await reader.readexactly(2)
                else:
                    answer = await reader.readexactly(length)
                self.bytes_in += len(fields) + len(answer)
                if status not in expected:
                    raise RuntimeError(f"{method} {path}: {status} {answer[:300]!r}")
                answers[number] = answer

        await asyncio.gather(*(one(*link) for link in self.links))
        return answers
