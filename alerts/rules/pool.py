"""Rules on the connection pool: do callers get a connection, and could the server give them all?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from exporters.catalogue import api as metrics
from exporters.catalogue.labels import JOB
from signals import pool

DB_POOL_TIMEOUTS = Alert(
    name="DbPoolTimeouts",
    service="api",
    severity=Severity.WARNING,
    signal=pool.TIMEOUTS,
    operator=">",
    by=(JOB, metrics.POOL),
    hold=0,
    keep=600,
    summary="About {{ $value | humanize }} callers of pool {{ $labels.pool }} of {{ $labels.job }} gave up "
    "waiting for a connection within {window}.",
    description="Each of them is a request that failed after waiting for as long as pool_timeout.",
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
ALERTS = (DB_POOL_TIMEOUTS, DB_POOL_CEILING_ABOVE_SERVER)
