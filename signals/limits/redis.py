"""Where alerts on Redis draw their lines, and why there."""

from __future__ import annotations

from signals.numbers import BYTES, COUNT, PER_SECOND, RATIO, SECONDS, Limit

KEYSPACE_HITS = Limit(
    key="keyspace_hits",
    value=0.80,
    unit=RATIO,
    whole=True,
    better="higher",
    why="Below it the cache no longer carries its load.",
)
EVICTIONS = Limit(
    key="evictions",
    value=1,
    unit=PER_SECOND,
    why="A few are chance; a steady stream means that what has a time to live does not fit until then.",
)
MINIMUM_MISSES = Limit(
    key="minimum_misses",
    value=2,
    unit=PER_SECOND,
    why="Fewer queries more are nothing to the database, and few look-ups make the hit ratio jump.",
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
POLICIES = Limit(key="redis_policies", value=1, unit=COUNT, why="A server keeps the policy it was given.")
MEMORY_FULL = Limit(
    key="redis_memory_full",
    value=0.97,
    unit=RATIO,
    why="Under noeviction the next larger write is refused.",
)
FRAGMENTATION = Limit(
    key="redis_fragmentation",
    value=1.5,
    unit=RATIO,
    why="Half as much again as the data needs: the host runs out of memory before maxmemory is reached.",
)
FRAGMENTATION_BYTES = Limit(
    key="redis_fragmentation_bytes",
    value=100 * 1024 * 1024,
    unit=BYTES,
    why="On a small heap the allocator's own pages make any ratio; less than this hurts no host.",
)
REJECTED = Limit(key="redis_rejected", value=0, unit=COUNT, why="Each of them is a client without a cache.")
CLIENTS_SHARE = Limit(
    key="redis_clients_share",
    value=0.80,
    unit=RATIO,
    whole=True,
    why="A deploy that doubles the workers for a moment still fits into the rest.",
)
BLOCKED_CLIENTS = Limit(
    key="redis_blocked",
    value=0,
    unit=COUNT,
    why="A cache blocks nobody; where workers wait on a queue by design, give their number.",
)
MEMORY_PREDICTED = Limit(
    key="redis_memory_predicted",
    value=1,
    unit=RATIO,
    why="Beyond it the memory is full when the working day has not ended.",
)
FORESIGHT = Limit(
    key="redis_foresight", value=14400, unit=SECONDS, why="Four hours are time enough to find who writes."
)
UNTIMED_GROWTH = Limit(
    key="redis_untimed_growth",
    value=0.1,
    unit=PER_SECOND,
    why="Fewer than one in ten seconds are settings, not a leak.",
)
PATTERN_GROWTH = Limit(
    key="redis_pattern_growth",
    value=3,
    unit=RATIO,
    why="A week knows the busiest hours; three times its peak is no traffic but another key.",
)
PATTERN_KEYS = Limit(
    key="redis_pattern_keys",
    value=10_000,
    unit=COUNT,
    why="A few hundred keys may triple in a minute and cost nothing.",
)
UNMATCHED_GROWTH = Limit(
    key="redis_unmatched_growth",
    value=1000,
    unit=COUNT,
    why="A few keys are somebody at the console; a thousand are written by a program.",
)
WRITES_REFUSED = Limit(
    key="redis_writes_refused",
    value=0,
    unit=PER_SECOND,
    why="Each is something that was not cached, or is lost.",
)
BUSY = Limit(
    key="redis_busy",
    value=0.7,
    unit=RATIO,
    whole=True,
    why="Redis runs one command at a time: beyond it calls begin to wait for each other.",
)
