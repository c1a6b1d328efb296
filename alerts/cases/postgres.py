"""Cases of the rules in `alerts.rules.postgres`."""

from __future__ import annotations

from alerts.cases.common import (
    EXPORTER,
    HALF_SILENT,
    MOSTLY_SILENT,
    ON_REPLICA,
    PG_DOWN,
    PG_OTHER,
    PG_PRIMARY,
    PG_STARTED,
    PG_UP,
    connection_limits,
)
from alerts.proof.model import Case, Held
from alerts.proof.series import counter, gauge
from alerts.rules import postgres
from exporters.catalogue import postgres as pg_metrics

DATABASE = {"datname": "backend"}
ROLE = {"datname": "backend", "usename": "app", "application_name": "api"}

CASES = (
    Case(
        alert=postgres.POSTGRES_DOWN,
        series=(gauge(pg_metrics.UP, 1, 1, 0, 1),),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 has answered nothing for 1 min, or only now and then.",
    ),
    Case(
        alert=postgres.POSTGRES_DOWN,
        name="most of the time",
        series=(gauge(pg_metrics.UP, 1, HALF_SILENT, MOSTLY_SILENT, 1),),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 has answered nothing for 1 min, or only now and then.",
    ),
    Case(
        alert=postgres.POSTGRES_CONNECTIONS_HIGH,
        series=(
            PG_UP,
            gauge(pg_metrics.ACTIVITY, 5, 10, 15, 5, state="active", **ROLE),
            gauge(pg_metrics.ACTIVITY, 20, 70, 70, 20, state="idle", **ROLE),
            *connection_limits(103),
        ),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 has 85% of its connections in use, above 80 %.",
        held=(
            PG_DOWN,
            Held(why="the critical one speaks", guard=None, levels={pg_metrics.ACTIVITY.name: 48}),
        ),
    ),
    Case(
        alert=postgres.POSTGRES_CONNECTIONS_CRITICAL,
        series=(
            PG_UP,
            gauge(pg_metrics.ACTIVITY, 5, 15, 16, 5, state="active", **ROLE),
            gauge(pg_metrics.ACTIVITY, 20, 80, 80, 20, state="idle", **ROLE),
            *connection_limits(103),
        ),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 has 96% of its connections in use, above 95 %.",
        nudge=0.05,
        held=(PG_DOWN,),
    ),
    Case(
        alert=postgres.POSTGRES_IDLE_IN_TRANSACTION,
        series=(PG_UP, gauge(pg_metrics.IDLE_IN_TRANSACTION, 0, 300, 320, 0, **DATABASE)),
        labels={**EXPORTER, **DATABASE},
        summary="A client has done nothing inside a transaction of backend (exporter:10910) for 5m 20s, "
        "above 5 min.",
        held=(PG_DOWN,),
    ),
    Case(
        alert=postgres.POSTGRES_LONG_TRANSACTION,
        series=(
            PG_UP,
            PG_PRIMARY,
            gauge(pg_metrics.OLDEST_OPEN, 5, 900, 960, 5, **DATABASE),
            gauge(pg_metrics.IDLE_IN_TRANSACTION, 5, 300, 300, 5, **DATABASE),
        ),
        labels={**EXPORTER, **DATABASE},
        summary="A transaction in backend (exporter:10910) has been open for 16m 0s, above 15 min.",
        held=(
            PG_DOWN,
            ON_REPLICA,
            Held(why="it was forgotten", guard=None, levels={pg_metrics.IDLE_IN_TRANSACTION.name: 301}),
        ),
    ),
    Case(
        alert=postgres.POSTGRES_BLOCKED_SESSIONS,
        series=(PG_UP, gauge(pg_metrics.LONGEST_BLOCKED, 0, 30, 32, 0, **DATABASE)),
        labels={**EXPORTER, **DATABASE},
        summary="A session in backend (exporter:10910) has waited 32s for a lock, above 30 s.",
        held=(PG_DOWN,),
    ),
    Case(
        alert=postgres.POSTGRES_DEADLOCKS,
        # In the sixty steps of a window, and rounded.
        series=(PG_UP, PG_STARTED, counter(pg_metrics.DEADLOCKS, 0, 2.49 / 60, 2.7 / 60, 0, **DATABASE)),
        labels={**EXPORTER, **DATABASE},
        summary="About 3 deadlocks in backend (exporter:10910) within 15 min.",
        held=(PG_DOWN, PG_OTHER),
        nudge=0.5,
    ),
    Case(
        alert=postgres.POSTGRES_CACHE_HIT_LOW,
        series=(
            PG_UP,
            PG_STARTED,
            counter(pg_metrics.BLOCKS_HIT, 99000, 95010, 94500, 99000, **DATABASE),
            counter(pg_metrics.BLOCKS_READ, 1000, 4990, 5500, 1000, **DATABASE),
        ),
        labels={**EXPORTER, **DATABASE},
        summary="94.5% of the blocks that backend (exporter:10910) needs are in shared buffers, below 95 %.",
        held=(
            PG_DOWN,
            # It started at minute 0; without the guard it would fire at minute 15.
            Held(
                why="its buffers are cold", guard=postgres.WARM, levels={pg_metrics.START_TIME.name: 0}, at=29
            ),
            Held(
                why="hardly a block is needed",
                guard=postgres.ENOUGH_BLOCKS,
                levels={pg_metrics.BLOCKS_HIT.name: 14175, pg_metrics.BLOCKS_READ.name: 825},
            ),
        ),
    ),
    Case(
        alert=postgres.POSTGRES_TEMP_FILES,
        series=(
            PG_UP,
            counter(pg_metrics.TEMP_BYTES, 0, 150 * 1024**2, 160 * 1024**2, 0, **DATABASE),
        ),
        labels={**EXPORTER, **DATABASE},
        summary="Statements in backend (exporter:10910) write 10.67MiB/s to temporary files, above 10 MiB/s.",
        held=(PG_DOWN,),
    ),
)
