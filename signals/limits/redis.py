"""Where alerts on Redis draw their lines, and why there."""

from __future__ import annotations

from signals.numbers import BYTES, PER_SECOND, RATIO, SECONDS, Limit

KEYSPACE_HITS = Limit(
    key="keyspace_hits",
    value=0.80,
    unit=RATIO,
    better="higher",
    why="Below it the cache no longer carries its load.",
)
EVICTIONS = Limit(
    key="evictions",
    value=1,
    unit=PER_SECOND,
    why="allkeys-lru evicts in normal life; a steady stream means that the working set does not fit.",
)
MINIMUM_LOOKUPS = Limit(
    key="minimum_lookups", value=10, unit=PER_SECOND, why="Fewer look-ups make the hit ratio jump."
)
WARM_UP = Limit(
    key="warm_up", value=1800, unit=SECONDS, why="A cache is cold for half an hour after its server started."
)
REDIS_MEMORY_HIGH = Limit(
    key="redis_memory_high",
    value=1024 * 1024 * 1024,
    unit=BYTES,
    why="The upper end of the recommendation, 512 MB to 1 GB.",
)
