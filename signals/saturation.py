"""Signals of everything that can fill up, each as a share of what there is, under the name of the thing."""

from __future__ import annotations

from signals import api_load, api_run, pgbouncer, pool, postgres, postgres_upkeep, redis
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


EVERYTHING = (
    pool.WORKER_UTILIZATION.called("Fullest pool"),
    pool.CEILING_SHARE.called("Ceiling of all pools"),
    pgbouncer.FULLEST.called("PgBouncer pool"),
    pgbouncer.CLIENTS_SHARE.called("PgBouncer clients"),
    postgres.CONNECTIONS_SHARE.called("PostgreSQL"),
    XID_SHARE,
    postgres_upkeep.SLOT_SHARE.called("Replica slot"),
    redis.MEMORY_SHARE.called("Redis memory"),
    redis.CLIENTS_SHARE.called("Redis clients"),
    api_run.THREADS_SHARE.called("Worker threads"),
    api_load.CAPACITY_USED.called("Throughput"),
)
