"""Ask less and less often for what always fails: an attempt costs the server, and often a page its time."""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 3  # that fail one after the other, before there is any pause
PAUSE_SHARE = 0.5  # of the time for which it has failed
LONGEST_SECONDS = 60.0


class BackOff:
    """How long to leave something alone that fails.

    Args:
        longest: seconds that a pause may take.
    """

    def __init__(self, longest: float = LONGEST_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._longest = longest
        self._clock = clock
        self._failures = 0
        self._since = self._last = 0.0

    def failed(self) -> None:
        """It did just now."""
        self._last = self._clock()
        self._since = self._since if self._failures else self._last
        self._failures += 1

    def reset(self) -> None:
        """It works, or there is reason to think that it may."""
        self._failures = 0

    @property
    def rests(self) -> bool:
        """It failed some times in a row, and the pause after the last time is not over."""
        if self._failures < TRIES:
            return False
        return self._clock() - self._last < min(self._longest, PAUSE_SHARE * (self._last - self._since))
