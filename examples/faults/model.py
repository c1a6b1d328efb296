"""What a fault is, and what it may be done to."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol


class FaultError(RuntimeError):
    """A fault cannot be injected here; the message says why and what would help."""


class Fault(Protocol):
    """Something that goes wrong until it is healed; then all is as before, and it can be injected again."""

    def inject(self) -> None:
        """Break it."""

    def heal(self) -> None:
        """Mend it; harmless if nothing was injected."""


@contextlib.contextmanager
def injected(fault: Fault) -> Iterator[None]:
    """The fault is on inside, and healed whatever happens."""
    try:
        fault.inject()
        yield
    finally:
        fault.heal()


@dataclass(frozen=True, kw_only=True)
class Targets:
    """Where the parts of a running backend are.

    Attributes:
        fault_file: the application's BACKEND_FAULT_FILE.
        database_url: of the backend's own role.
        superuser_dsn: a libpq connection string for the superuser, by the socket.
        pooler_url: of the backend's jobs, through PgBouncer.
        home: the directory of everything, with ``provisioning/`` as Prometheus reads it.
        time_scale: factor on intervals, windows and holds.
        processes: the process id of each server by name: ``api``, ``postgres``, ``redis`` and more.
        ports: the port on 127.0.0.1 of each server by name, also of those that do not run.
    """

    fault_file: str
    database_url: str
    redis_url: str
    superuser_dsn: str = ""
    pooler_url: str = ""
    home: str = ""
    time_scale: float = 1.0
    processes: Mapping[str, int] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)

    def url(self, server: str) -> str:
        """Where a server answers, without a slash at the end.

        Raises:
            FaultError: there is no such server.
        """
        if server not in self.ports:
            raise FaultError(
                f"the chain has no {server!r}; expected one of {', '.join(sorted(self.ports)) or '(none)'}; "
                "start `python -m examples.demo --stay` of this checkout"
            )
        return f"http://127.0.0.1:{self.ports[server]}"

    def save(self, file: Path) -> None:
        """Write it for `python -m examples.faults`; it holds passwords, so only the owner may read it."""
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self), indent=2))

    @classmethod
    def load(cls, file: Path) -> Targets:
        """Read what `save` wrote.

        Raises:
            FaultError: there is no such file, or it holds something else.
        """
        try:
            return cls(**json.loads(file.read_text()))
        except OSError as error:
            raise FaultError(
                f"{file}: {error.strerror}; expected the file that `python -m examples.demo --stay` names"
            ) from None
        except (ValueError, TypeError):
            raise FaultError(f"{file}: not a file that `python -m examples.demo --stay` wrote") from None


class Repeated:
    """A fault that acts again and again, in a thread of its own, until it is healed."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.ended = threading.Event()
        self.thread: threading.Thread | None = None

    def inject(self) -> None:
        """Begin; the first step is done when this returns."""
        self.ended.clear()
        self.step()
        self.thread = threading.Thread(target=self._repeat, name=type(self).__name__, daemon=True)
        self.thread.start()

    def heal(self) -> None:
        """End the thread."""
        self.ended.set()
        if self.thread is not None:
            self.thread.join()
            self.thread = None

    def step(self) -> None:
        """Act once."""
        raise NotImplementedError

    def _repeat(self) -> None:
        while not self.ended.wait(self.pause):
            self.step()
