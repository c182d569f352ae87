"""A node that does what a test says, and remembers what it was asked."""

import asyncio
import dataclasses
import json
import threading


@dataclasses.dataclass
class Request:
    method: str
    target: str
    headers: list  # of (name in lower case, value)
    body: bytes
    connection: int

    @property
    def path(self):
        return self.target.partition("?")[0]

    def values(self, name):
        return [value for known, value in self.headers if known == name]

    def __getitem__(self, name):
        return ", ".join(self.values(name))


@dataclasses.dataclass
class Reply:
    """`cut` hangs up without a word, once the request has been read. `waits_for` is an event that must be set first."""

    status: int = 200
    body: object = b""
    headers: dict = dataclasses.field(default_factory=dict)
    cut: bool = False
    waits_for: threading.Event = None
    is_stream: bool = False


PUBLIC = {"Cache-Control": "public, max-age=1"}


class StubNode:
    """Answers by `respond`, a function of the request that gives a Reply; by default with its own name."""

    def __init__(self, name, respond=None):
        self.name = name
        self.port = 0
        self.requests = []
        self.respond = respond or self.introduce
        self.streams = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listener = None
        self._writers = set()
        self._connections = 0

    def introduce(self, request):
        if request.path.endswith("/stream"):
            return Reply(is_stream=True)
        return Reply(201 if request.method == "POST" else 200, {"node": self.name})

    def __enter__(self):
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        """Listens, on the same port as before."""
        self._listener = self._do(asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1024))
        self.port = self._listener.sockets[0].getsockname()[1]

    def stop(self):
        """As if killed: connections are reset, new ones refused."""
        async def stop():
            if self._listener:
                self._listener.close()
                self._listener = None
            for writer in list(self._writers):
                writer.transport.abort()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._do(stop())

    def send(self, text):
        """Sends a message to all who listen to a stream."""
        async def send():
            for writer in self.streams:
                writer.write(text.encode())
        self._do(send())

    def listeners(self):
        return sum(not writer.is_closing() for writer in self.streams)

    def of(self, path):
        return [request for request in list(self.requests) if request.path == path]

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        self._connections += 1
        connection = self._connections
        try:
            while request := await self._read(reader, connection):
                self.requests.append(request)
                if not await self._answer(request, reader, writer):
                    break
        except (OSError, EOFError, ValueError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    @staticmethod
    async def _read(reader, connection):
        line = await reader.readline()
        if not line:
            return None
        method, target, _ = line.decode().split()
        headers = []
        while (line := await reader.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name.lower(), value.strip()))
        request = Request(method, target, headers, b"", connection)
        if "chunked" in request["transfer-encoding"]:
            while size := int(await reader.readline(), 16):
                request.body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
        elif length := int(request["content-length"] or 0):
            request.body = await reader.readexactly(length)
        return request

    async def _answer(self, request, reader, writer):
        reply = self.respond(request)
        if reply.waits_for:
            while not reply.waits_for.is_set():
                await asyncio.sleep(0.01)
        if reply.cut:
            writer.transport.abort()
            return False
        if reply.is_stream:
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n"
                b"connection: close\r\n\r\ndata: first\n\n")
            await writer.drain()
            self.streams.append(writer)
            await reader.read()
            return False
        body, headers = reply.body, dict(reply.headers)
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        if ids := request.values("x-request-id"):
            headers.setdefault("x-request-id", ids[0])
        headers.setdefault("onsale-node", self.name)
        if reply.status not in (204, 304):
            headers["Content-Length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if request.method == "HEAD":
            body = b""
        writer.write(f"HTTP/1.1 {reply.status} Status\r\n{lines}\r\n".encode() + body)
        await writer.drain()
        return request["connection"].lower() != "close"
