"""Where alerts on PostgreSQL draw their lines, and why there."""

from __future__ import annotations

from signals.numbers import PER_SECOND, RATIO, SECONDS, Limit

CONNECTIONS_SHARE = Limit(
    key="connections_share",
    value=0.80,
    unit=RATIO,
    why="A deploy that doubles the workers for a moment still fits into the rest.",
)
CONNECTIONS_SHARE_CRITICAL = Limit(
    key="connections_share_critical",
    value=0.95,
    unit=RATIO,
    why="The rest is gone within seconds, and with it every request that needs a new connection.",
)
SLOW_STATEMENT = Limit(
    key="slow_statement",
    value=0.5,
    unit=SECONDS,
    why="Half a second in one statement is a page that feels broken.",
)
MINIMUM_CALLS = Limit(
    key="minimum_calls",
    value=0.05,
    unit=PER_SECOND,
    why="Less than one call in twenty seconds is a job, not traffic.",
)
