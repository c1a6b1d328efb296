"""A network that breaks in the middle of what a server says, at the byte that a test chooses."""

from __future__ import annotations

import contextlib
import enum
import socket
import struct
import threading

PIECE = 1 << 16
RESET = struct.pack("ii", 1, 0)  # of SO_LINGER: hang up without a farewell


class Break(enum.Enum):
    """How it breaks."""

    END = enum.auto()  # as if the server had hung up
    RESET = enum.auto()  # as if its machine had gone and come back
    SILENCE = enum.auto()  # nothing more comes, and nobody is told


class Cutter:
    """Passes on what comes to its port; from the server only so much, if `cut` was called.

    After that it breaks once, and whoever connects again has the whole.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._lock = threading.Lock()
        self._left: int | None = None
        self._how = Break.END
        self.passed = 0  # bytes from the server
        self.broken = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, after: int | None, how: Break = Break.END) -> None:
        """Break when the server has said as many bytes more; with None, not at all."""
        with self._lock:
            self._left, self._how = after, how

    def close(self) -> None:
        """Take nobody in any more; threads end with their connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._to)) as server:
            threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
            with contextlib.suppress(OSError):
                while data := server.recv(PIECE):
                    part, how = self._allowed(data)
                    client.sendall(part)
                    if how is not None:
                        self._break(client, how)
                        return
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def _allowed(self, data: bytes) -> tuple[bytes, Break | None]:
        """What comes through of this, and how it breaks then."""
        with self._lock:
            if self._left is None or len(data) < self._left:
                self.passed += len(data)
                self._left = self._left and self._left - len(data)
                return data, None
            part, self._left = data[: self._left], None
            self.broken += 1
            return part, self._how

    def _break(self, client: socket.socket, how: Break) -> None:
        if how is Break.SILENCE:
            while client.recv(PIECE):  # until it gives up
                pass
        elif how is Break.RESET:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.shutdown(socket.SHUT_RD)  # which nobody sees; else the other thread would keep it open
            client.close()
        else:
            client.shutdown(socket.SHUT_RDWR)

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(PIECE):
                server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
