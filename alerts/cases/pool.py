"""Cases of the rules in `alerts.rules.pool`."""

from __future__ import annotations

from alerts.cases.common import FIFTEEN, PG_SERVERS, WORKERS, connection_limits
from alerts.proof.model import Case, Held
from alerts.proof.series import counter, gauge, histogram
from alerts.rules import api, pool
from exporters.catalogue import api as api_metrics
from exporters.catalogue import postgres
from signals.limits.pool import CONNECTION_HELD, POOL_WAIT
from signals.numbers import SECONDS, spoken

POOL = {"pool": "default"}
# The bound above the limit.
LONGER = min(bound for bound in api_metrics.POOL_WAIT.buckets if bound > POOL_WAIT.value)
PG_GONE = Held(why="PostgreSQL is down", guard=api.POSTGRES_ANSWERS, levels={postgres.UP.name: 0})
USE = api_metrics.POOL_USE.name

CASES = (
    Case(
        alert=pool.DB_POOL_TIMEOUTS,
        # One in five minutes.
        series=(
            counter(api_metrics.POOL_TIMEOUTS, 0, 0, (1, *[0] * 18), 0, pool="default"),
            WORKERS,
            *PG_SERVERS,
        ),
        labels={"job": "api", "pool": "default"},
        summary="About 1 callers of pool default of api gave up waiting for a connection within 5 min.",
        held=(PG_GONE,),
    ),
    Case(
        alert=pool.DB_POOL_SATURATED,
        series=(
            gauge(api_metrics.POOL_WORKER_UTILIZATION, 0.5, 0.9, 0.95, 0.5, **POOL),
            # Between two scrapes somebody got one.
            gauge(api_metrics.POOL_PENDING, 0, (3, 0), (3, 0), 0, **POOL),
            WORKERS,
            *PG_SERVERS,
        ),
        labels={"job": "api", **POOL},
        summary="A worker of api uses 95% of pool default, above 90 %, and callers wait.",
        held=(
            Held(why="nobody waits", guard=pool.CALLERS_WAIT, levels={api_metrics.POOL_PENDING.name: 0}),
            PG_GONE,
        ),
    ),
    Case(
        alert=pool.DB_POOL_WAIT_HIGH,
        series=(
            gauge(api_metrics.POOL_WORKER_UTILIZATION, 0.5, 0.5, 0.5, 0.5, **POOL),
            gauge(api_metrics.POOL_PENDING, 1, 1, 1, 1, **POOL),
            WORKERS,
            *PG_SERVERS,
            *histogram(
                api_metrics.POOL_WAIT,
                POOL,
                {0.0005: 10000},
                {POOL_WAIT.value: 9501, LONGER: 499},
                {POOL_WAIT.value: 9490, LONGER: 510},
                {0.0005: 10000},
            ),
        ),
        labels={"job": "api", **POOL},
        # Of the 510 longer ones ten are among the first 95 %.
        summary="One caller in twenty of pool default of api waits "
        f"{1000 * (POOL_WAIT.value + (LONGER - POOL_WAIT.value) * 10 / 510):.4g}ms or more for a connection, "
        f"above {spoken(POOL_WAIT.value, SECONDS)}.",
        held=(
            PG_GONE,
            Held(
                why="too few callers",
                guard=pool.ENOUGH_CHECKOUTS,
                levels={f"{api_metrics.POOL_WAIT.name}_count": FIFTEEN},
            ),
            Held(
                why="DbPoolSaturated speaks",
                guard=None,
                levels={api_metrics.POOL_WORKER_UTILIZATION.name: 1},
            ),
        ),
    ),
    Case(
        alert=pool.DB_CONNECTIONS_HELD_LONG,
        series=(
            WORKERS,
            *PG_SERVERS,
            *histogram(
                api_metrics.POOL_USE, POOL, *[{CONNECTION_HELD.value: 150}] * 4, total=(7.5, 74.9, 78, 7.5)
            ),
        ),
        labels={"job": "api", **POOL},
        summary="Callers of pool default of api keep a connection for 520ms on average, above 500 ms.",
        held=(
            PG_GONE,
            Held(
                why="too few callers",
                guard=pool.ENOUGH_RETURNS,
                levels={f"{USE}_count": FIFTEEN, f"{USE}_sum": 7.8},
            ),
        ),
    ),
    Case(
        alert=pool.DB_POOL_CEILING_ABOVE_SERVER,
        series=(gauge(api_metrics.POOL_MAX, 60, 97, 102, 60, pool="default"), *connection_limits(100)),
        labels={},
        summary="The pools may open 105.2% of the connections that PostgreSQL gives.",
    ),
)
