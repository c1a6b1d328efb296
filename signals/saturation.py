"""Signals of everything that can fill up, each as a share of what there is, under the name of the thing."""

from __future__ import annotations

from dataclasses import replace

from signals import api_load, api_run, pool, postgres, postgres_upkeep, redis
from signals.idioms import SERVER_LEVEL, promql
from signals.limits import postgres as limits
from signals.model import Signal
from signals.numbers import RATIO

XID_SHARE = Signal(
    title="Transaction ids",
    why="The oldest database's age of transaction ids, of the {number:xid_wrap} at which PostgreSQL stops.",
    good="Below a quarter: autovacuum begins at 200 million.",
    act="See the vacuum panels of the PostgreSQL board: what keeps the oldest transaction open?",
    query=promql(
        "max by (<by:job,instance>) ({age}) / <number:xid_wrap>",
        limits.XID_WRAP,
        labels=SERVER_LEVEL,
        age=postgres_upkeep.XID_AGE.query,
    ),
    unit=RATIO,
    legend="transaction ids",
)


def _named(signal: Signal, title: str) -> Signal:
    return replace(signal, title=title)


EVERYTHING = (
    _named(pool.WORKER_UTILIZATION, "Pool of the fullest worker"),
    _named(pool.CEILING_SHARE, "Ceiling of all pools"),
    _named(postgres.CONNECTIONS_SHARE, "PostgreSQL connections"),
    XID_SHARE,
    _named(postgres_upkeep.SLOT_SHARE, "Log kept for replicas"),
    _named(redis.MEMORY_SHARE, "Redis memory"),
    _named(redis.CLIENTS_SHARE, "Redis clients"),
    _named(api_run.THREADS_SHARE, "Threads of the workers"),
    _named(api_load.CAPACITY_USED, "Proven throughput"),
)
