"""The threads that run what is no coroutine: `def` endpoints and dependencies wait for one of anyio's."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from exporters.api.metrics import loop_metrics

if TYPE_CHECKING:
    from anyio import CapacityLimiter


class Threads:
    """How many threads are taken, of how many, and who waits for one; of each loop there is a limiter.

    anyio tells it only inside a task, so it is asked for when a request or the server's first event comes by.
    """

    def __init__(self) -> None:
        self._limiters: WeakSet[CapacityLimiter] = WeakSet()

    def watch(self) -> None:
        """Take in the limiter of the loop that runs here."""
        from anyio.to_thread import current_default_thread_limiter  # noqa: PLC0415  # the page needs no anyio

        self._limiters.add(current_default_thread_limiter())
        self.look()

    def look(self) -> None:
        """Write how it is now."""
        limiters = list(self._limiters)
        used, limit, waiting = loop_metrics().threads
        used.set(sum(each.borrowed_tokens for each in limiters))
        limit.set(sum(each.total_tokens for each in limiters))
        waiting.set(sum(each.statistics().tasks_waiting for each in limiters))
