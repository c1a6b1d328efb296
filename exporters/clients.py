"""Who is served, who waits for a place, and who is sent away for another: whoever takes or says nothing."""

from __future__ import annotations

import contextlib
import enum
import io
import math
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PLACES = 32  # clients that are served at once, each by a thread
STILL_SECONDS = 0.1  # without moving, while others wait
SILENT_SECONDS = 5.0  # without a byte to read, or for writing an answer
HEARD_AT_ONCE = 8192  # bytes; requests are shorter


class Doing(enum.Enum):
    """What a client that has a place is at."""

    ASKING = enum.auto()  # more of its request must come
    WAITING = enum.auto()  # for us
    READING = enum.auto()  # it must take more of its answer
    LEAVING = enum.auto()  # sent away


@dataclass(slots=True, eq=False)
class Client:
    """One connection.

    Attributes:
        since: by ``time.monotonic()``, when it came, then when it asked, then when it last moved.
        asked: by the same clock, when it was seen to have asked; others were seen at the same time, and
            whoever has a place later than they has not asked later.
        said: what it has sent, and nobody has read yet.
        left: of its answer, what it has not taken yet.
    """

    socket: socket.socket
    host: str
    since: float = field(default_factory=time.monotonic)
    doing: Doing = Doing.ASKING
    asked: float = math.inf
    said: bytes = b""
    left: bytes | memoryview = b""

    def hear(self) -> bool:
        """Take in what it has sent; False if that is nothing, and it has gone."""
        try:
            self.said = self.socket.recv(HEARD_AT_ONCE, socket.MSG_DONTWAIT)
        except OSError:
            return False
        return bool(self.said)

    def give(self, answer: bytes | memoryview) -> bool:
        """Send as much as it takes at once, of what was left first of all; whether nothing is left.

        Raises:
            OSError: it has gone.
            TimeoutError: it takes nothing more, for `SILENT_SECONDS`.
        """
        if self.left:
            self.wait()
        self.moves(Doing.READING)
        try:
            sent = self.socket.send(answer, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        self.left = memoryview(answer)[sent:]
        return not self.left

    def moves(self, doing: Doing) -> None:
        """It is at this now, and has just got on with it."""
        self.since = time.monotonic()
        self.goes_on(doing)

    def goes_on(self, doing: Doing) -> None:
        """It is at this now, which is no move."""
        if self.doing is not Doing.LEAVING:
            self.doing = doing

    def wait(self) -> None:
        """Return when it has got on; from then on it waits for us.

        That is said before anything is taken from the socket or put into it, so that one look at both tells
        whose turn it is.

        Raises:
            TimeoutError: it has not for `SILENT_SECONDS`.
        """
        events = select.poll()
        events.register(self.socket, WAITS_FOR.get(self.doing, 0))  # who was sent away is not waited for
        if not events.poll(SILENT_SECONDS * 1000):
            raise TimeoutError("it said and took nothing")
        self.goes_on(Doing.WAITING)

    def stands_still(self, now: float) -> bool:
        """It has asked for nothing or read nothing for a while, and that is not for us to end."""
        doing = self.doing
        if doing not in WAITS_FOR or now - self.since < STILL_SECONDS:
            return False
        events = select.poll()
        events.register(self.socket, WAITS_FOR[doing])
        return not events.poll(0)  # else its thread is late, not the client

    def hang_up(self) -> None:
        """Close the connection, whatever its state."""
        self.end()
        self.socket.close()

    def end(self) -> None:
        """End what its thread waits for."""
        self.doing = Doing.LEAVING
        with contextlib.suppress(OSError):  # it has gone by itself
            self.socket.shutdown(socket.SHUT_RDWR)


WAITS_FOR = {Doing.ASKING: select.POLLIN, Doing.READING: select.POLLOUT}


class Places:
    """Those who have asked: some are served, the others wait in the order of their coming.

    Args:
        more: how many places there are now beside the usual ones.
    """

    def __init__(self, more: Callable[[], int] = int) -> None:
        self._more = more
        self._lock = threading.Lock()
        self._served: set[Client] = set()
        self._waiting: deque[Client] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, client: Client) -> bool:
        """Whether there is a place for the client, which otherwise waits for one."""
        client.moves(Doing.WAITING)
        with self._lock:
            if len(self._served) >= PLACES + self._more():
                self._waiting.append(client)
                return False
            self._served.add(client)
            return True

    def leave(self, client: Client) -> Client | None:
        """The client has its answer; its place is for whoever waits longest, or nobody."""
        with self._lock:
            self._served.discard(client)
            if not self._waiting:
                return None
            successor = self._waiting.popleft()
            self._served.add(successor)
            return successor

    def make_room(self) -> list[Client]:
        """Send away as many as wait, of those who stand still; the thread of each then takes the next."""
        with self._lock:
            now = time.monotonic()
            still = [client for client in self._served if self._waiting and client.stands_still(now)]
            sent = sorted(still, key=lambda client: client.since)[: len(self._waiting)]
            for client in sent:
                client.end()
            return sent

    def wait_until_idle(self, seconds: float) -> None:
        """Return when nobody waits for an answer, or after this time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._lock:
                at_work = any(client.doing in (Doing.WAITING, Doing.READING) for client in self._served)
                if not at_work and not self._waiting:
                    return
            time.sleep(0.01)


class Inlet(io.RawIOBase):
    """Where a request is read; the client is asking only while we have nothing of it to go on with."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Take what the client sent, or else what it sends; its time for asking runs on."""
        client = self._client
        if client.said:
            taken, client.said = client.said[: len(buffer)], client.said[len(buffer) :]
            buffer[: len(taken)] = taken
            return len(taken)
        client.goes_on(Doing.ASKING)
        client.wait()
        return client.socket.recv_into(buffer, 0, socket.MSG_DONTWAIT)


class Outlet(io.RawIOBase):
    """Where an answer is written; each part that the client takes is a move."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def write(self, data: Any) -> int:
        """Send what the client takes."""
        self._client.moves(Doing.READING)
        self._client.wait()
        return self._client.socket.send(data, socket.MSG_DONTWAIT)
