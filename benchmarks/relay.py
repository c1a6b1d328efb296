"""A network between an exporter and a server, which can be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PIECE = 1 << 16


class Relay:
    """Passes on what comes to its port, to another one of this machine, while it is not cut.

    While it is, nothing comes through and nobody is told: no end, no refusal; who connects then waits.
    """

    def __init__(self, to: int) -> None:
        self.to = to
        self._whole = threading.Event()
        self._whole.set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Nothing passes until the end; then those who were connected before are hung up on."""
        before = set(self._open)
        self._whole.clear()
        try:
            yield
        finally:
            self._drop(before)
            self._whole.set()

    def close(self) -> None:
        """End, with all connections."""
        self._ended = True
        self._whole.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._drop(set(self._open))

    def _drop(self, several: set[socket.socket]) -> None:
        for each in several:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._ended:
            with contextlib.suppress(OSError):
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            self._open.add(client)
            try:
                self._whole.wait()
                with socket.create_connection(("127.0.0.1", self.to)) as server:
                    self._open.add(server)
                    back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
                    back.start()
                    self._pump(client, server)
                    back.join()
                    self._open.discard(server)
            except OSError:
                pass  # nobody listens: whoever connected sees an end
            finally:
                self._open.discard(client)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(PIECE):
                self._whole.wait()
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
