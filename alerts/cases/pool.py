"""Cases of the rules in `alerts.rules.pool`."""

from __future__ import annotations

from alerts.cases.common import connection_limits
from alerts.proof.model import Case
from alerts.proof.series import counter, gauge
from alerts.rules import pool
from exporters.catalogue import api as api_metrics

CASES = (
    Case(
        alert=pool.DB_POOL_TIMEOUTS,
        # One in five minutes.
        series=(counter(api_metrics.POOL_TIMEOUTS, 0, 0, (1, *[0] * 18), 0, pool="default"),),
        labels={"job": "api", "pool": "default"},
        summary="About 1.053 callers of pool default of api gave up waiting for a connection within 5 min.",
    ),
    Case(
        alert=pool.DB_POOL_CEILING_ABOVE_SERVER,
        series=(gauge(api_metrics.POOL_MAX, 60, 97, 102, 60, pool="default"), *connection_limits(100)),
        labels={},
        summary="The pools may open 105.2% of the connections that PostgreSQL gives.",
    ),
)
