"""A server that stands still: its connections stay open and nobody answers, the worst kind of outage."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import defaultdict
from pathlib import Path

from examples.faults.model import FaultError, Targets


class StopServer:
    """Stops a server and all its children (SIGSTOP), and lets them go on (SIGCONT)."""

    def __init__(self, targets: Targets, *, server: str) -> None:
        if server not in targets.processes:
            raise FaultError(f"no server {server!r}; expected one of {', '.join(sorted(targets.processes))}")
        self.server = server
        self.pid = targets.processes[server]

    def inject(self) -> None:
        """Stop it.

        Raises:
            FaultError: it does not run.
        """
        if not Path(f"/proc/{self.pid}").exists():
            raise FaultError(f"{self.server} (process {self.pid}) does not run; is the demo still up?")
        self._send(signal.SIGSTOP)

    def heal(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)

    def _send(self, what: signal.Signals) -> None:
        for pid in family(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, what)


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
