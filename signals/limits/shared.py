"""What any server is held to."""

from __future__ import annotations

from signals.numbers import STATE, Limit

ANSWERING = Limit(key="answering", value=1, unit=STATE, better="higher", why="1 is an answer, 0 is none.")
