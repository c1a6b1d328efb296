"""Numbers that are no objective: where an alert draws its line, and why there."""

from __future__ import annotations

from signals.numbers import (
    BYTES,
    COUNT,
    PER_SECOND,
    RATIO,
    REQUESTS_PER_SECOND,
    SECONDS,
    STATE,
    Limit,
)

ANSWERING = Limit(key="answering", value=1, unit=STATE, better="higher", why="1 is an answer, 0 is none.")
ALIVE = Limit(
    key="alive", value=0, unit=STATE, why="Any answer is above it, so an alert on it fires for ever."
)
ERROR_RATIO = Limit(
    key="error_ratio", value=0.01, unit=RATIO, why="One request in a hundred fails: users notice."
)
QUERIES_ALERT = Limit(
    key="queries_alert",
    value=10,
    unit=COUNT,
    why="The worst end of what the audit found; an endpoint beyond it loops over rows.",
)
POOL_TIMEOUTS = Limit(key="pool_timeouts", value=0, unit=COUNT, why="Each timeout is a request that failed.")
CONNECTIONS_SHARE = Limit(
    key="connections_share",
    value=0.80,
    unit=RATIO,
    why="A deploy that doubles the workers for a moment still fits into the rest.",
)
CEILING_SHARE = Limit(
    key="ceiling_share",
    value=1,
    unit=RATIO,
    why="Beyond it the pools may ask for more connections than the server gives to ordinary roles.",
)
SLOW_STATEMENT = Limit(
    key="slow_statement",
    value=0.5,
    unit=SECONDS,
    why="Half a second in one statement is a page that feels broken.",
)
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
MINIMUM_TRAFFIC = Limit(
    key="minimum_traffic",
    value=1,
    unit=REQUESTS_PER_SECOND,
    why="Below one request per second a ratio or percentile is noise.",
)
MINIMUM_HANDLER_TRAFFIC = Limit(
    key="minimum_handler_traffic",
    value=0.2,
    unit=REQUESTS_PER_SECOND,
    why="An endpoint called less than once in five seconds gives too few samples.",
)
MINIMUM_LOOKUPS = Limit(
    key="minimum_lookups", value=10, unit=PER_SECOND, why="Fewer look-ups make the hit ratio jump."
)
MINIMUM_CALLS = Limit(
    key="minimum_calls",
    value=0.05,
    unit=PER_SECOND,
    why="Less than one call in twenty seconds is a job, not traffic.",
)
WARM_UP = Limit(
    key="warm_up", value=1800, unit=SECONDS, why="A cache is cold for half an hour after its server started."
)
UP_SHARE = Limit(
    key="up_share",
    value=0.5,
    unit=RATIO,
    better="higher",
    why="A single missed scrape is no outage; half of them missed is.",
)
RULES_AGE = Limit(
    key="rules_age",
    value=60,
    unit=SECONDS,
    why="Four evaluations missed: no alert of Prometheus can fire meanwhile.",
)
REDIS_MEMORY_HIGH = Limit(
    key="redis_memory_high",
    value=1024 * 1024 * 1024,
    unit=BYTES,
    why="The upper end of the recommendation, 512 MB to 1 GB.",
)

LIMITS = tuple(value for value in vars().copy().values() if isinstance(value, Limit))
