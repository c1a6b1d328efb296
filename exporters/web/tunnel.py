"""TLS between a client and the server, over the same inlet and outlet as without it.

The socket stays what it is, so that whoever looks at a client sees whether it gets on, and may hang up.
"""

from __future__ import annotations

import contextlib
import io
import ssl
from collections.abc import Callable
from typing import Any, TypeVar, cast

from exporters.clients import Inlet, Outlet

Result = TypeVar("Result")

AT_ONCE = 65536  # bytes
PLAIN_HTTP = "HTTP_REQUEST"  # what OpenSSL calls a client that speaks HTTP
SAY_HTTPS = (
    b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    b"HTTPS is spoken here; expected https://\n"
)


class Tunnel(io.RawIOBase):
    """Takes and gives the plain text of one connection."""

    def __init__(self, context: ssl.SSLContext, inlet: Inlet, outlet: Outlet) -> None:
        super().__init__()
        self._inlet = inlet
        self._outlet = outlet
        self._received = ssl.MemoryBIO()
        self._to_send = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send, server_side=True)

    def shake_hands(self) -> None:
        """Agree with the client, for as long as an inlet waits for each part.

        Raises:
            OSError: it is gone, has nothing that is expected of it, or speaks something else.
        """
        try:
            self._go(self._tls.do_handshake)
        except ssl.SSLError as error:
            if error.reason == PLAIN_HTTP:
                _write_all(self._outlet, SAY_HTTPS)
            raise

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def writable(self) -> bool:
        """It is for writing too."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Take what the client sends; nothing is its end."""
        try:
            # With a buffer it is the number of bytes.
            return cast("int", self._go(lambda: self._tls.read(len(buffer), buffer)))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return 0

    def write(self, data: Any) -> int:
        """Send a part."""
        part = memoryview(data)[:AT_ONCE]
        return self._go(lambda: self._tls.write(part))

    def give(self, answer: bytes) -> None:
        """Send the whole of it."""
        _write_all(self, answer)

    def close(self) -> None:
        """Tell the client that this was all."""
        if not self.closed:
            with contextlib.suppress(OSError, ValueError):  # it has gone before
                self._go(self._say_end)
        super().close()

    def _say_end(self) -> None:
        with contextlib.suppress(ssl.SSLWantReadError):  # what it says to that is not waited for
            self._tls.unwrap()

    def _go(self, step: Callable[[], Result]) -> Result:
        """Do this, with as much from the client as it takes, and send what comes of it."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._send()
                self._receive()
            except ssl.SSLError:
                with contextlib.suppress(OSError):  # the reason, in TLS's own words
                    self._send()
                raise
            else:
                self._send()
                return result

    def _receive(self) -> None:
        buffer = bytearray(AT_ONCE)
        count = self._inlet.readinto(buffer)
        if count:
            self._received.write(memoryview(buffer)[:count])
        else:
            self._received.write_eof()

    def _send(self) -> None:
        while self._to_send.pending:
            _write_all(self._outlet, self._to_send.read(AT_ONCE))


def _write_all(writer: Tunnel | Outlet, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[writer.write(left) :]
