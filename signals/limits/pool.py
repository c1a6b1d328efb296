"""Where alerts on the connection pool draw their lines, and why there."""

from __future__ import annotations

from signals.numbers import COUNT, RATIO, Limit

POOL_TIMEOUTS = Limit(key="pool_timeouts", value=0, unit=COUNT, why="Each timeout is a request that failed.")
CEILING_SHARE = Limit(
    key="ceiling_share",
    value=1,
    unit=RATIO,
    why="Beyond it the pools may ask for more connections than the server gives to ordinary roles.",
)
