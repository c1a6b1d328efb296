"""A network on which everything takes its time, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Stands before a server.

    Attributes:
        server: the port of the server.
        seconds: how much longer a way there and back takes.
        turns: how often somebody asked something after an answer: each a way there and back.
        port: where it listens itself.
    """

    server: int
    seconds: float
    turns: int = 0
    port: int = field(init=False)
    _open: set[StreamWriter] = field(default_factory=set)
    _ends: bool = False

    async def client(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Stand between a client and the server until neither says any more."""
        with contextlib.suppress(OSError):
            async with self._connection(writer):
                there = await asyncio.open_connection("127.0.0.1", self.server)
                said = [False]  # whether it was the client who spoke last
                async with self._connection(there[1]):
                    await asyncio.gather(
                        self._way(reader, there[1], said, True),
                        self._way(there[0], writer, said, False),
                        return_exceptions=True,
                    )

    @asynccontextmanager
    async def _connection(self, writer: StreamWriter) -> AsyncIterator[None]:
        self._open.add(writer)
        if self._ends:
            writer.transport.abort()
        try:
            yield
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            self._open.remove(writer)

    async def _way(self, reader: StreamReader, writer: StreamWriter, said: list[bool], asks: bool) -> None:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        passing = loop.create_task(_pass_on(queue, writer))
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                self.turns += asks and not said[0]
                said[0] = asks
                queue.put_nowait((loop.time() + self.seconds / 2, data))
        queue.put_nowait((loop.time(), b""))
        await passing

    async def end(self, listening: asyncio.Server) -> None:
        """Hang up on everybody.

        No task is cancelled: one that had not begun would close nothing. Nor is the listener closed before
        all have ended: asyncio would let go, unclosed, of whom it was just taking in.
        """
        self._ends = True
        for writer in self._open:
            writer.transport.abort()
        while left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left)
        listening.close()


async def _pass_on(queue: asyncio.Queue[tuple[float, bytes]], writer: StreamWriter) -> None:
    """Say when it is due what is in the queue; nothing is said last."""
    while True:
        due, data = await queue.get()
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        if not data:
            writer.write_eof()
            return
        writer.write(data)
        await writer.drain()


@contextmanager
def delayed(port: int, seconds: float) -> Iterator[Proxy]:
    """A proxy through which a way there and back takes so much longer; its end hangs up on who is left."""
    proxy = Proxy(port, seconds)
    listener = socket.create_server(("127.0.0.1", 0))
    proxy.port = listener.getsockname()[1]
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(proxy.client, sock=listener))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(proxy.end(server))
        loop.close()
