"""Where alerts on the connection pool draw their lines, and why there."""

from __future__ import annotations

from signals.numbers import COUNT, PER_SECOND, RATIO, SECONDS, Limit

POOL_TIMEOUTS = Limit(key="pool_timeouts", value=0, unit=COUNT, why="Each timeout is a request that failed.")
CEILING_SHARE = Limit(
    key="ceiling_share",
    value=1,
    unit=RATIO,
    why="Beyond it the pools may ask for more connections than the server gives to ordinary roles.",
)
POOL_WAIT = Limit(
    key="pool_wait",
    value=0.05,
    unit=SECONDS,
    why="A third of p95's objective, spent in a queue; a pool that is large enough gives at once.",
)
POOL_USED = Limit(
    key="pool_used",
    value=0.9,
    unit=RATIO,
    whole=True,
    why="A connection or two are left; the next burst waits.",
)
CONNECTION_HELD = Limit(
    key="connection_held",
    value=0.5,
    unit=SECONDS,
    why="Several times what a request may take: the connection is held over something else.",
)
MINIMUM_CHECKOUTS = Limit(
    key="minimum_checkouts",
    value=1,
    unit=PER_SECOND,
    why="Fewer than one in a second make a percentile or a mean of a few.",
)
