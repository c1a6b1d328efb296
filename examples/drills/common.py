"""What follows from what, and how long the demo's exporter remembers."""

from __future__ import annotations

from exporters.catalogue.renewal import HEAVY_SECONDS, KEYS_SECONDS
from signals.numbers import Seconds

TIME_SCALE = 1 / 20
# Built into Prometheus: every five seconds it hands on which targets it found, and every five takes that up.
DISCOVERY = 5.0 + 5.0
# Its default, `--rules.alert.resend-delay`: so often it repeats what fires, and what could not be told.
RESEND: Seconds = 60
# Beside the requests of a drill itself: whoever waits longer, or in vain.
SLOW = frozenset({"ApiLatencyP95High", "ApiLatencyAverageHigh", "ApiLatencyBudgetBurnFast"})
FAILS = frozenset({"ApiErrorBudgetBurnFast"})
# A request that waits in vain for a connection fails.
TIMED_OUT = FAILS | {"DbPoolTimeouts"}
# What the database feels when nothing is cached: the dashboard's aggregates, for each request.
UNCACHED = frozenset(
    {
        "ApiEventLoopLag",
        "DbConnectionsHeldLong",
        "PostgresIndexUseLow",
        "PostgresSeqScanOnLargeTable",
        "PostgresSlowQueries",
    }
)
# They look back for days: what several drills spent of a budget may fire them long after.
LASTING = frozenset({"ApiErrorBudgetBurnSlow", "ApiLatencyBudgetBurnSlow"})
# What stops for good is seen at once; back again, it is down until half of five minutes' answers came.
STOPPED: Seconds = 0
HALF_BACK: Seconds = 150
# Looks at tables, indexes and statements, and counts of keys, come so late.
HEAVY = HEAVY_SECONDS
KEYS = KEYS_SECONDS
