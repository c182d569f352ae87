"""A network that fails on demand: a TCP proxy between a client and a server.

    with Proxy(("127.0.0.1", 5432)) as proxy:
        … connect to 127.0.0.1:proxy.port …
        proxy.blackhole()

It knows no protocol. An answer is whatever comes from the server after something was sent to it.
"""

import asyncio
import threading

PIECE_BYTES = 64 << 10


class Proxy:
    """One address in front of one server. Its faults may be set from any thread, for connections old and new."""

    def __init__(self, server, port=0):
        """
        - server: host and port.
        - port: to listen on, of the loopback; 0 picks a free one.
        """
        self.server = server
        self.port = port
        self._settings = _Settings()
        self._connections = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.connections_seen = 0
        self.dropped = 0

    def __enter__(self):
        self._thread.start()
        listener = self._do(asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1024))
        self._listener = listener
        self.port = listener.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # Faults

    def pass_on(self):
        """All is well again. What a blackhole held back arrives now, as with a network that has come back."""
        self._set(_Settings())

    def cut(self):
        """Resets every connection, and each new one at once."""
        self._set(_Settings(refuses=True))
        self._do(self._reset_all())

    def reset(self):
        """Resets every connection there is; new ones are served."""
        self._do(self._reset_all())

    def blackhole(self):
        """Nothing arrives any more, and nobody is told."""
        self._set(_Settings(holds=True))

    def delay(self, seconds):
        """Everything arrives so much later, in both directions."""
        self._set(_Settings(delay_seconds=seconds))

    def throttle(self, bytes_per_second):
        """A thin line, for each direction of each connection."""
        self._set(_Settings(bytes_per_second=bytes_per_second))

    def drop_answer(self, number=1):
        """Counts answers from now on, over all connections: the one with this number is thrown away, and its connection
        reset. What was asked for has been done by then, or is being done."""
        self._set(_Settings(answers_left=number))

    def drop_answer_to(self, words):
        """The same for the first answer to anything with these bytes in it, `COMMIT` for instance."""
        self._set(_Settings(words=words))

    @property
    def connections(self):
        """How many there are now."""
        return len(self._connections)

    # The machinery, all of it on the loop's thread

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _set(self, settings):
        async def change():
            previous, self._settings = self._settings, settings
            previous.changed.set()
        self._do(change())

    async def _reset_all(self):
        for connection in list(self._connections):
            connection.reset()

    async def _close(self):
        self._listener.close()
        await self._reset_all()
        await self._listener.wait_closed()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, from_client, to_client):
        self.connections_seen += 1
        if self._settings.refuses:
            to_client.transport.abort()
            return
        await self._held_back()
        try:
            from_server, to_server = await asyncio.open_connection(*self.server)
        except OSError:
            to_client.transport.abort()
            return
        connection = _Connection(to_client, to_server)
        self._connections.add(connection)
        try:
            await asyncio.gather(
                self._pump(from_client, to_server, connection, is_question=True),
                self._pump(from_server, to_client, connection, is_question=False))
        except (OSError, EOFError):
            connection.reset()
        finally:
            self._connections.discard(connection)
            connection.reset()

    async def _held_back(self):
        while self._settings.holds:
            await self._settings.changed.wait()

    async def _pump(self, reader, writer, connection, is_question):
        while piece := await reader.read(PIECE_BYTES):
            await self._held_back()
            settings = self._settings
            if settings.delay_seconds:
                # Not one after the other: each piece is late by the same time.
                await asyncio.sleep(settings.delay_seconds)
                await self._held_back()
            if is_question:
                connection.ask(piece, settings)
            elif connection.is_dropped(settings):
                self.dropped += 1
                connection.reset()
                return
            if settings.bytes_per_second:
                await self._trickle(piece, writer, settings.bytes_per_second)
            else:
                writer.write(piece)
                await writer.drain()
        await self._held_back()
        if writer.can_write_eof():
            writer.write_eof()

    @staticmethod
    async def _trickle(piece, writer, bytes_per_second):
        step = max(1, bytes_per_second // 50)
        for start in range(0, len(piece), step):
            part = piece[start:start + step]
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(len(part) / bytes_per_second)


class _Settings:
    """What goes wrong. Replaced as a whole; `changed` wakes whoever waits under these."""

    def __init__(self, refuses=False, holds=False, delay_seconds=0.0, bytes_per_second=0, answers_left=0, words=b""):
        self.refuses = refuses
        self.holds = holds
        self.delay_seconds = delay_seconds
        self.bytes_per_second = bytes_per_second
        self.answers_left = answers_left
        self.words = words
        self.changed = asyncio.Event()


class _Connection:
    def __init__(self, to_client, to_server):
        self.writers = (to_client, to_server)
        self.is_asked = False
        self.is_doomed = False
        self.tail = b""

    def ask(self, piece, settings):
        self.is_asked = True
        if settings.words:
            # The words may come in two pieces.
            seen = self.tail + piece
            self.tail = seen[-len(settings.words) + 1:] if len(settings.words) > 1 else b""
            if settings.words in seen:
                settings.words = b""
                self.is_doomed = True

    def is_dropped(self, settings):
        """Whether the answer that begins here is thrown away."""
        if self.is_doomed:
            return True
        if self.is_asked:
            self.is_asked = False
            if settings.answers_left > 0:
                settings.answers_left -= 1
                return settings.answers_left == 0
        return False

    def reset(self):
        for writer in self.writers:
            writer.transport.abort()
