"""A server that stands still, its connections open, the worst kind of outage; or one that lost a worker."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import defaultdict
from pathlib import Path

from examples.faults.model import FaultError, Targets

# How Python names a worker; it may have a helper beside them.
SPAWNED = b"spawn_main"


class Process:
    """A running server of the chain.

    Raises:
        FaultError: there is no such server.
    """

    def __init__(self, targets: Targets, *, server: str) -> None:
        if server not in targets.processes:
            raise FaultError(f"no server {server!r}; expected one of {', '.join(sorted(targets.processes))}")
        self.server = server
        self.pid = targets.processes[server]

    def require(self) -> None:
        """Go on if it runs.

        Raises:
            FaultError: it does not.
        """
        if not Path(f"/proc/{self.pid}").exists():
            raise FaultError(f"{self.server} (process {self.pid}) does not run; is the demo still up?")


class StopServer(Process):
    """Stops a server and all its children (SIGSTOP), and lets them go on (SIGCONT)."""

    def inject(self) -> None:
        """Stop it."""
        self.require()
        self._send(signal.SIGSTOP)

    def heal(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)

    def _send(self, what: signal.Signals) -> None:
        for pid in family(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, what)


class LoseWorker(Process):
    """One worker of the application is killed, and whoever should replace it does not."""

    def __init__(self, targets: Targets) -> None:
        super().__init__(targets, server="api")

    def inject(self) -> None:
        """Stop the parent, and kill one of its workers.

        Raises:
            FaultError: it has none.
        """
        self.require()
        workers = [pid for pid in family(self.pid) if spawned(pid)]
        if not workers:
            raise FaultError(f"the api (process {self.pid}) has no worker; expected uvicorn with --workers")
        os.kill(self.pid, signal.SIGSTOP)
        os.kill(workers[-1], signal.SIGKILL)

    def heal(self) -> None:
        """Let the parent go on; it replaces what it lost."""
        os.kill(self.pid, signal.SIGCONT)


def spawned(pid: int) -> bool:
    """Whether it is a worker, and not the parent or what has ended meanwhile."""
    try:
        return SPAWNED in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def family(pid: int) -> list[int]:
    """A process and all its descendants, parents first. PostgreSQL's are in process groups of their own."""
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            _, _, rest = stat.read_text().rpartition(")")  # the name before may hold anything
            children[int(rest.split()[1])].append(int(stat.parent.name))
    found = [pid]
    for parent in found:
        found += children[parent]
    return found
