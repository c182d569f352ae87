"""What one open stream costs nginx: memory of its workers before and after so many fans listen, each on a connection of
their own, as a browser asks. `python3 stream_cost.py [2000]` prints a line a transport.

Sockets' buffers, which are the kernel's, are not in it.
"""

import asyncio
import pathlib
import sys

from edge import untrusting
from servers import Servers
from stub_node import StubNode

PATH = "/v1/events/arena/waiting-room/stream"
FIELDS = {
    "accept": "text/event-stream", "accept-encoding": "gzip, deflate, br, zstd",
    "accept-language": "ko-KR,ko;q=0.9,en;q=0.8",
    "authorization": "Bearer " + "x" * 420, "referer": "https://tickets.example.com/events/arena",
    "user-agent": "Mozilla/5.0 (Linux; Android 14; SM-S928N) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0",
    "sec-ch-ua": '"Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99"', "sec-fetch-mode": "cors",
    "x-request-id": "x" * 32, "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}


def memory(edge):
    """Bytes of all workers that belong to one process alone or are shared, shared ones divided (PSS)."""
    total = 0
    for worker in edge.workers():
        for line in pathlib.Path(f"/proc/{worker}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) << 10
    return total


def http1():
    lines = "".join(f"{name}: {value}\r\n" for name, value in FIELDS.items())
    return f"GET {PATH} HTTP/1.1\r\nHost: tickets.example.com\r\n{lines}\r\n".encode()


def http2():
    """A preface, settings, and one request (RFC 9113), its fields literal (RFC 7541, 6.2.2)."""
    def frame(kind, flags, stream, payload):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    def length(number):
        if number < 127:
            return bytes([number])
        number, given = number - 127, b"\x7f"
        while number >= 128:
            given, number = given + bytes([number % 128 + 128]), number // 128
        return given + bytes([number])

    fields = {":method": "GET", ":scheme": "https", ":authority": "tickets.example.com", ":path": PATH, **FIELDS}
    block = b"".join(
        b"\x00" + length(len(name)) + name.encode() + length(len(value)) + value.encode()
        for name, value in fields.items())
    settings = frame(4, 0, 0, b"") + frame(4, 1, 0, b"")
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + frame(1, 5, 1, block)


async def listen(edge, count, transport):
    """Opens so many streams; their sockets, once each has heard its first message."""
    context = None
    if transport != "http/1.1 without TLS":
        context = untrusting()
        context.set_alpn_protocols(["h2" if transport == "h2" else "http/1.1"])
    words = http2() if transport == "h2" else http1()

    async def one(_):
        port = edge.port("tls" if context else "rehearsal")
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(words)
        heard = b""
        while b"data: first" not in heard:
            piece = await asyncio.wait_for(reader.read(65_536), 30)
            if not piece:
                raise EOFError(heard[:500])
            heard += piece
        return writer

    writers = []
    for start in range(0, count, 100):
        writers += await asyncio.gather(*map(one, range(start, min(count, start + 100))))
    return writers


async def measure(edge, nodes, count, transport):
    # What is made once, and the pages that an allocator keeps, must not count.
    for writer in await listen(edge, 20, transport):
        writer.transport.abort()
    await asyncio.sleep(1)
    before = memory(edge)
    writers = await listen(edge, count, transport)
    await asyncio.sleep(1)
    after = memory(edge)
    for writer in writers:
        writer.transport.abort()
    return (after - before) / count


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    for transport in ("http/1.1 without TLS", "http/1.1", "h2"):
        with Servers() as servers, StubNode("a") as one, StubNode("b") as other:
            edge = servers.nginx({"a": one.address, "b": other.address}, changes={
                "limit_conn onsale_connections 1000;": "", "limit_conn onsale_streams 950;": "",
                "burst=600": "burst=100000"})
            cost = asyncio.run(measure(edge, (one, other), count, transport))
            print(f"{transport}: {cost / 1024:.1f} KB a stream, {count} streams")


if __name__ == "__main__":
    main()
