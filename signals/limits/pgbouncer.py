"""Where alerts on PgBouncer draw their lines, and why there."""

from __future__ import annotations

from signals.numbers import SECONDS, Limit

POOLER_WAIT = Limit(
    key="pooler_wait",
    value=1,
    unit=SECONDS,
    why="Hundreds of times a short transaction: behind each that waits so long there is a request.",
)
