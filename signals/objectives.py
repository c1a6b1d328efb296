"""Every number of the audit, once. A range in the audit is given by its worse end.

The endpoints and prefixes are those of the example; a team's own stack replaces the objective as a whole.
"""

from __future__ import annotations

from exporters.catalogue.api import HANDLER, PREFIX
from signals.numbers import BYTES, COUNT, RATIO, REQUESTS_PER_SECOND, SECONDS, STATE, Objective

DASHBOARD = (HANDLER.eq("/api/dashboard/admin"),)

AVERAGE = Objective(
    key="average",
    title="Average response time",
    value=0.06,
    unit=SECONDS,
    better="lower",
    baseline=0.3,
    week1=0.1,
    month1=0.06,
)
P95 = Objective(
    key="p95",
    title="p95 response time",
    value=0.15,
    unit=SECONDS,
    better="lower",
    baseline=0.8,
    week1=0.25,
    month1=0.15,
)
DASHBOARD_TIME = Objective(
    key="dashboard_time",
    title="Dashboard load time",
    value=0.1,
    unit=SECONDS,
    better="lower",
    baseline=0.5,
    week1=0.1,
    month1=0.1,
    where=DASHBOARD,
)
THROUGHPUT = Objective(
    key="throughput",
    title="Requests/s, p95 held",
    value=500,
    unit=REQUESTS_PER_SECOND,
    better="higher",
    baseline=50,
    week1=200,
    month1=500,
)
QUERIES = Objective(
    key="queries",
    title="Queries per request",
    value=2,
    unit=COUNT,
    better="lower",
    baseline=10,
    week1=3,
    month1=2,
)
NPLUSONE = Objective(
    key="nplusone",
    title="N+1 requests",
    value=0,
    unit=REQUESTS_PER_SECOND,
    better="lower",
    month1=0,
)
DASHBOARD_CACHE = Objective(
    key="dashboard_cache",
    title="Dashboard cache hits",
    value=0.80,
    unit=RATIO,
    better="higher",
    baseline=0,
    week1=0.80,
    month1=0.80,
    where=(PREFIX.eq("dashboard_admin"),),
)
CACHE = Objective(
    key="cache",
    title="Cache hit ratio",
    value=0.85,
    unit=RATIO,
    better="higher",
    month1=0.85,
)
PAYLOAD = Objective(
    key="payload",
    title="Payload cut by",
    value=0.70,
    unit=RATIO,
    better="higher",
    week1=0.70,
    month1=0.70,
)
BANDWIDTH = Objective(
    key="bandwidth",
    title="Saved by compression",
    value=0.70,
    unit=RATIO,
    better="higher",
    baseline=0,
    week1=0.70,
    month1=0.70,
)
DASHBOARD_CALLS = Objective(
    key="dashboard_calls",
    title="Dashboard SQL cut by",
    value=0.90,
    unit=RATIO,
    better="higher",
    week1=0.90,
    month1=0.90,
    where=DASHBOARD,
)
PAYROLL = Objective(
    key="payroll",
    title="Batch payroll cut by",
    value=0.60,
    unit=RATIO,
    better="higher",
    month1=0.60,
    where=(HANDLER.eq("/api/payroll/batch"),),
)
FILTERING = Objective(
    key="filtering",
    title="Filtered list cut by",
    value=0.50,
    unit=RATIO,
    better="higher",
    month1=0.50,
    where=(HANDLER.eq("/api/employees"),),
)
INDEXES = Objective(
    key="indexes",
    title="Expected indexes",
    value=1,
    unit=RATIO,
    better="higher",
    baseline=0,
    week1=1,
    month1=1,
)
REDIS_MEMORY = Objective(
    key="redis_memory",
    title="Redis memory limit",
    value=512 * 1024 * 1024,
    unit=BYTES,
    better="higher",
    baseline=256 * 1024 * 1024,
    month1=512 * 1024 * 1024,
)
BOARDS_LIVE = Objective(
    key="boards_live", title="Boards have data", value=1, unit=STATE, better="higher", month1=1
)
SLOW_QUERIES_LIVE = Objective(
    key="slow_queries_live",
    title="Slow queries have data",
    value=1,
    unit=STATE,
    better="higher",
    month1=1,
)
EVICTIONS_LIVE = Objective(
    key="evictions_live", title="Evictions have data", value=1, unit=STATE, better="higher", month1=1
)
POOL_LIVE = Objective(
    key="pool_live", title="Pools have data", value=1, unit=STATE, better="higher", month1=1
)

OBJECTIVES = tuple(value for value in vars().copy().values() if isinstance(value, Objective))
