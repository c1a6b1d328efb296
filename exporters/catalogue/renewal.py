"""How often an emitter looks anew, where that is less often than it is scraped.

A counter that stands still between two looks has a rate of zero and then of several times the truth, unless
its window holds several of them. The exporter's defaults and the boards' windows come from here.
"""

from __future__ import annotations

from collections.abc import Mapping

from exporters.catalogue.types import Metric

# Statistics of each table, index and statement cost the server more than all other questions together.
HEAVY_SECONDS = 60.0
# Sizes are read from the file system.
SIZES_SECONDS = 300.0
# A pass over the keys of Redis.
KEYS_SECONDS = 60.0

BY_COLLECTOR: Mapping[str, float] = {
    "postgres.expected_indexes": HEAVY_SECONDS,
    "postgres.tables": HEAVY_SECONDS,
    "postgres.indexes": HEAVY_SECONDS,
    "postgres.index_totals": HEAVY_SECONDS,
    "postgres.statements": HEAVY_SECONDS,
    "postgres.statements_info": HEAVY_SECONDS,
    "postgres.configuration": HEAVY_SECONDS,
    "postgres.statement_texts": SIZES_SECONDS,
    "postgres.index_candidates": SIZES_SECONDS,
    "postgres.sizes": SIZES_SECONDS,
    "redis.keyspace": KEYS_SECONDS,
    "redis.sample": KEYS_SECONDS,
}


def renewed(metric: Metric) -> float:
    """Seconds between two looks, by default; 0 where each scrape looks anew."""
    return BY_COLLECTOR.get(metric.collector, 0.0)
