"""Faults inside the application: entries in the file that its workers watch."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from examples.faults.model import Targets

DEFAULT_HANDLER = "/api/employees"


@dataclass(frozen=True)
class AppFault:
    """One entry of the fault file; workers see it within a fifth of a second."""

    file: Path
    name: str
    values: dict[str, Any]

    def inject(self) -> None:
        """Add the entry."""
        self._write({**self._entries(), self.name: self.values})

    def heal(self) -> None:
        """Remove the entry."""
        entries = self._entries()
        if entries.pop(self.name, None) is not None:
            self._write(entries)

    def _entries(self) -> dict[str, Any]:
        try:
            entries: dict[str, Any] = json.loads(self.file.read_text())
        except FileNotFoundError:
            return {}
        return entries

    def _write(self, entries: dict[str, Any]) -> None:
        new = self.file.with_suffix(".new")  # a worker never reads half a file
        new.write_text(json.dumps(entries))
        new.replace(self.file)


def slow_endpoint(
    targets: Targets,
    *,
    handler: str = DEFAULT_HANDLER,
    delay: float = 1.0,
    at: Literal["app", "database"] = "app",
) -> AppFault:
    """Each request of a route takes `delay` seconds longer, in the application or in a statement."""
    return _fault(targets, "slow", handler=handler, seconds=delay, at=at)


def errors(targets: Targets, *, handler: str = DEFAULT_HANDLER) -> AppFault:
    """Each request of a route ends in an exception, so in a 500."""
    return _fault(targets, "errors", handler=handler)


def nplusone(targets: Targets, *, handler: str = DEFAULT_HANDLER, queries: int = 20) -> AppFault:
    """Each request of a route executes one statement `queries` times more."""
    return _fault(targets, "nplusone", handler=handler, queries=queries)


def hold_pool(
    targets: Targets, *, connections: int = 30, on_seconds: float = 0, off_seconds: float = 0
) -> AppFault:
    """Each worker holds that many connections of its pool, each in an open transaction, perhaps in turns."""
    return _fault(targets, "hold", connections=connections, on=on_seconds, off=off_seconds)


def block_loop(targets: Targets, *, handler: str = DEFAULT_HANDLER, delay: float = 0.4) -> AppFault:
    """Each request of a route holds up the event loop, so every other request of its worker."""
    return _fault(targets, "block", handler=handler, seconds=delay)


def lose_compression(targets: Targets) -> AppFault:
    """Answers are sent as they are, as behind a proxy that takes Accept-Encoding away."""
    return _fault(targets, "uncompressed")


def _fault(targets: Targets, name: str, **values: object) -> AppFault:
    return AppFault(Path(targets.fault_file), name, values)


class SlowClients:
    """Many clients begin to send a request and never end it: each keeps the application waiting."""

    HEAD = (
        "POST /api/payroll/batch HTTP/1.1\r\nHost: backend\r\nContent-Type: application/json\r\n"
        "Content-Length: 1000\r\n\r\n{"
    )

    def __init__(self, targets: Targets, *, connections: int = 240) -> None:
        self.address = urlsplit(targets.url("api"))
        self.count = connections
        self.held: list[socket.socket] = []

    def inject(self) -> None:
        """Open the connections, and send what comes before the body."""
        while len(self.held) < self.count:
            host, port = self.address.hostname, self.address.port
            self.held.append(socket.create_connection((host, port), timeout=10))
            self.held[-1].sendall(self.HEAD.encode())

    def heal(self) -> None:
        """Hang up."""
        while self.held:
            self.held.pop().close()
