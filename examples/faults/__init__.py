"""Faults for drills, at servers and application: what an outage does, never a written series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from examples.faults.application import errors, hold_pool, nplusone, slow_endpoint
from examples.faults.cache import FillRedis, FlushCache
from examples.faults.database import Deadlock, DropIndex, HoldServerConnections, LockTable
from examples.faults.model import Fault, FaultError, Targets, injected
from examples.faults.process import LoseWorker, StopServer

__all__ = ["FAULTS", "Fault", "FaultError", "Targets", "injected", "make"]


def hold_connections(
    targets: Targets, *, at: Literal["pool", "server"] = "pool", connections: int = 30
) -> Fault:
    """Connections are taken and not given back: in each worker's pool, or at the server by another client."""
    if at == "pool":
        return hold_pool(targets, connections=connections)
    return HoldServerConnections(targets, connections=connections)


FAULTS: Mapping[str, Callable[..., Fault]] = {
    "slow-endpoint": slow_endpoint,
    "errors": errors,
    "nplusone": nplusone,
    "hold-connections": hold_connections,
    "drop-index": DropIndex,
    "lock-table": LockTable,
    "deadlock": Deadlock,
    "fill-redis": FillRedis,
    "flush-cache": FlushCache,
    "stop-server": StopServer,
    "lose-worker": LoseWorker,
}


def make(name: str, targets: Targets, **options: Any) -> Fault:
    """The fault of this name; ``stop-postgres`` is ``stop-server`` with ``server="postgres"``.

    Raises:
        FaultError: there is no such fault, or no such server.
    """
    if name not in FAULTS and name.startswith("stop-"):
        return StopServer(targets, server=name.removeprefix("stop-"))
    if name not in FAULTS:
        raise FaultError(f"no fault {name!r}; expected one of {', '.join(FAULTS)}")
    return FAULTS[name](targets, **options)
