"""Faults for drills, at servers and application: what an outage does, never a written series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from examples.faults.application import (
    SlowClients,
    block_loop,
    errors,
    hold_pool,
    lose_compression,
    nplusone,
    slow_endpoint,
)
from examples.faults.cache import (
    FillRedis,
    FlushCache,
    FragmentRedis,
    GrowKeys,
    MissKeys,
    OutgrowMemory,
    RefuseWrites,
)
from examples.faults.model import Fault, FaultError, Targets, injected
from examples.faults.objects import (
    ColdReads,
    DeadTuples,
    DropIndex,
    EvictStatements,
    HeadScans,
    InactiveSlot,
    InvalidIndex,
    RevokeStatements,
    TempFiles,
    WrongColumns,
)
from examples.faults.payload import GrowPayload
from examples.faults.process import LoseWorker, StopServer
from examples.faults.redis_server import BlockClients, ConfigureRedis, FailSaves, HoldRedisClients
from examples.faults.sessions import (
    CutSessions,
    Deadlock,
    HoldPooler,
    HoldServerConnections,
    LockTable,
    LongTransaction,
    OpenTransaction,
)
from examples.faults.watchers import (
    BreakConfig,
    EmptyTargets,
    FailRule,
    ForgetDatabase,
    RefuseMessages,
    SlowRule,
    SlowScrape,
)

__all__ = ["FAULTS", "Fault", "FaultError", "Targets", "injected", "make"]


def hold_connections(
    targets: Targets,
    *,
    at: Literal["pool", "server"] = "pool",
    connections: int = 30,
    leave: int = 0,
    on_seconds: float = 0,
    off_seconds: float = 0,
) -> Fault:
    """Connections are taken and not given back: in each worker's pool, or at the server by another client."""
    if at == "pool":
        return hold_pool(targets, connections=connections, on_seconds=on_seconds, off_seconds=off_seconds)
    return HoldServerConnections(targets, connections=connections, leave=leave)


FAULTS: Mapping[str, Callable[..., Fault]] = {
    "slow-endpoint": slow_endpoint,
    "errors": errors,
    "nplusone": nplusone,
    "hold-connections": hold_connections,
    "block-loop": block_loop,
    "slow-clients": SlowClients,
    "large-response": GrowPayload,
    "lose-compression": lose_compression,
    "hold-pooler": HoldPooler,
    "open-transaction": OpenTransaction,
    "long-transaction": LongTransaction,
    "lock-table": LockTable,
    "cut-sessions": CutSessions,
    "deadlock": Deadlock,
    "drop-index": DropIndex,
    "wrong-columns": WrongColumns,
    "invalid-index": InvalidIndex,
    "dead-tuples": DeadTuples,
    "temp-files": TempFiles,
    "head-scans": HeadScans,
    "cold-reads": ColdReads,
    "evict-statements": EvictStatements,
    "inactive-slot": InactiveSlot,
    "revoke-statements": RevokeStatements,
    "fill-redis": FillRedis,
    "refuse-writes": RefuseWrites,
    "outgrow-redis": OutgrowMemory,
    "flush-cache": FlushCache,
    "miss-keys": MissKeys,
    "grow-keys": GrowKeys,
    "fragment-redis": FragmentRedis,
    "configure-redis": ConfigureRedis,
    "hold-redis-clients": HoldRedisClients,
    "block-clients": BlockClients,
    "fail-saves": FailSaves,
    "fail-rule": FailRule,
    "slow-rule": SlowRule,
    "break-config": BreakConfig,
    "empty-targets": EmptyTargets,
    "slow-scrape": SlowScrape,
    "forget-database": ForgetDatabase,
    "refuse-messages": RefuseMessages,
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
