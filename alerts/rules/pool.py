"""Rules on the connection pool: do callers get a connection, and could the server give them all?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from alerts.rules.api import POSTGRES_ANSWERS
from exporters.catalogue import api as metrics
from exporters.catalogue.labels import JOB
from signals import pool
from signals.idioms import WINDOW, grouping, promql, rate, select
from signals.limits import pool as limits
from signals.promql import Query

DB_POOL_TIMEOUTS = Alert(
    name="DbPoolTimeouts",
    service="api",
    severity=Severity.WARNING,
    signal=pool.TIMEOUTS,
    operator=">",
    by=(JOB, metrics.POOL),
    guards=(POSTGRES_ANSWERS,),
    hold=0,
    keep=600,
    summary="About {{ $value | humanize }} callers of pool {{ $labels.pool }} of {{ $labels.job }} gave up "
    "waiting for a connection within {window}.",
    description="Each of them is a request that failed after waiting for as long as pool_timeout.",
)
ENOUGH_CHECKOUTS = promql(
    "{rate} > <number:minimum_checkouts>",
    limits.MINIMUM_CHECKOUTS,
    rate=rate(metrics.POOL_WAIT, by=(metrics.POOL,)),
)
ENOUGH_RETURNS = promql(
    "{rate} > <number:minimum_checkouts>",
    limits.MINIMUM_CHECKOUTS,
    rate=rate(metrics.POOL_USE, by=(metrics.POOL,)),
)
# Within the window, not now: between two scrapes each of them may have got one.
CALLERS_WAIT = Query(
    f"sum by {grouping((JOB.name, metrics.POOL.name))} "
    f"(max_over_time({select(metrics.POOL_PENDING)}[{WINDOW}])) > 0",
    (metrics.POOL_PENDING,),
    (),
    (JOB.name, metrics.POOL.name),
)

DB_POOL_SATURATED = Alert(
    name="DbPoolSaturated",
    service="api",
    severity=Severity.WARNING,
    signal=pool.WORKER_UTILIZATION,
    operator=">",
    by=(JOB, metrics.POOL),
    guards=(CALLERS_WAIT, POSTGRES_ANSWERS),
    hold=300,
    keep=300,
    summary="A worker of {{ $labels.job }} uses {{ $value | humanizePercentage }} of pool "
    "{{ $labels.pool }}, above {limit}, and callers wait.",
    description="Each request that needs the database waits for another to end; soon they give up.",
)
DB_POOL_WAIT_HIGH = Alert(
    name="DbPoolWaitHigh",
    service="api",
    severity=Severity.WARNING,
    signal=pool.WAIT_P95,
    operator=">",
    by=(JOB, metrics.POOL),
    guards=(ENOUGH_CHECKOUTS, POSTGRES_ANSWERS),
    yields_to=DB_POOL_SATURATED,
    hold=300,
    keep=120,
    summary="One caller in twenty of pool {{ $labels.pool }} of {{ $labels.job }} waits "
    "{{ $value | humanizeDuration }} or more for a connection, above {limit}.",
    description="That much is added to each of these requests before its first statement.",
)
DB_CONNECTIONS_HELD_LONG = Alert(
    name="DbConnectionsHeldLong",
    service="api",
    severity=Severity.WARNING,
    signal=pool.USE_MEAN,
    operator=">",
    by=(JOB, metrics.POOL),
    guards=(ENOUGH_RETURNS, POSTGRES_ANSWERS),
    window=600,
    hold=600,
    keep=600,
    summary="Callers of pool {{ $labels.pool }} of {{ $labels.job }} keep a connection for "
    "{{ $value | humanizeDuration }} on average, above {limit}.",
    description="A pool of any size is empty soon if each connection is held over other work.",
)
DB_POOL_CEILING_ABOVE_SERVER = Alert(
    name="DbPoolCeilingAboveServer",
    service="api",
    severity=Severity.WARNING,
    signal=pool.CEILING_SHARE,
    operator=">",
    by=(),
    hold=900,
    summary="The pools may open {{ $value | humanizePercentage }} of the connections that PostgreSQL gives.",
    description="Under load the server will refuse connections although every pool is within its limit.",
)
ALERTS = (
    DB_POOL_TIMEOUTS,
    DB_POOL_SATURATED,
    DB_POOL_WAIT_HIGH,
    DB_CONNECTIONS_HELD_LONG,
    DB_POOL_CEILING_ABOVE_SERVER,
)
