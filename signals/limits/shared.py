"""What any server is held to."""

from __future__ import annotations

from signals.numbers import COUNT, RATIO, STATE, Limit

ANSWERING = Limit(key="answering", value=1, unit=STATE, better="higher", why="1 is an answer, 0 is none.")
FIRING = Limit(key="firing", value=0, unit=COUNT, why="Whatever fires hurts somebody, or is about to.")
UP_SHARE = Limit(
    key="up_share",
    value=0.5,
    unit=RATIO,
    whole=True,
    better="higher",
    why="A single missed scrape is no outage; half of them missed is.",
)
