"""The proxy that makes a network slow passes on what is said, and leaves nothing behind."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Iterator

import pytest

from benchmarks.delay import delayed


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that says each client once what it was asked."""

    def answer() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # shut down
                return
            threading.Thread(target=say, args=(client,), daemon=True).start()

    def say(client: socket.socket) -> None:
        with client:
            while said := client.recv(100):
                client.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_who_is_still_connected_at_its_end_is_hung_up_on(echo: int) -> None:
    with delayed(echo, 0.002) as proxy:
        client = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)
        client.sendall(b"first")
        assert client.recv(100) == b"first"
        assert proxy.turns == 1
    with client:
        assert client.recv(100) == b""
    gc.collect()  # what was not closed warns now, and a warning fails a test


def test_what_is_said_last_arrives(echo: int) -> None:
    said = bytes(range(256)) * 4000
    with (
        delayed(echo, 0.002) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client,
    ):
        threading.Thread(target=lambda: (client.sendall(said), client.shutdown(socket.SHUT_WR))).start()
        assert b"".join(iter(lambda: client.recv(1 << 16), b"")) == said
