"""What follows from what, and how long the demo's exporter remembers."""

from __future__ import annotations

from exporters.catalogue.renewal import HEAVY_SECONDS, KEYS_SECONDS

# Beside the requests of a drill itself: whoever waits longer, or in vain.
SLOW = frozenset({"ApiLatencyP95High", "ApiLatencyAverageHigh"})
FAILS = frozenset({"ApiErrorRatioHigh"})
# Looks at tables, indexes and statements, and counts of keys, come so late.
HEAVY = HEAVY_SECONDS
KEYS = KEYS_SECONDS
