"""Where alerts on the watchers draw their lines, and why there."""

from __future__ import annotations

from signals.numbers import RATIO, SECONDS, STATE, Limit

ALIVE = Limit(
    key="alive", value=0, unit=STATE, why="Any answer is above it, so an alert on it fires for ever."
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
