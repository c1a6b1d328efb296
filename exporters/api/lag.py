"""How late the event loop runs what is due: one call that blocks it delays every request of its worker.

The same timer looks at the loop's threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from time import monotonic
from weakref import WeakSet

from exporters.api.metrics import caught, loop_metrics
from exporters.api.threads import Threads

PAUSE = 0.25
SCRAPE_INTERVAL = 20.0


class LoopLag:
    """The largest lag of this process's event loops, shown for one to two scrapes, so that none misses it.

    A mean would drown the one worker that is blocked, and the one call in a hundred that blocks it. Each loop
    has a timer and no task: a loop that ends drops it, so it keeps nothing alive and nobody must stop it.
    What blocks a loop is known to it when it ends. So it also writes when it last ran: the page that is made
    from outside sees how late it is by now. Of several workers the health check asks one that is not blocked.

    Attributes:
        is_running: whether the loop that was met last still runs. Asking which one runs here is a system call
            before Python 3.12, too dear for each request.
    """

    def __init__(self, scrape_interval: float = SCRAPE_INTERVAL) -> None:
        self._half = scrape_interval
        self._threads = Threads()
        self.is_running: Callable[[], bool] = lambda: False
        self._watched: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        self._turn = self._before = self._now = 0.0

    def watch(self) -> None:
        """Measure the loop that runs here from now on, unless it is measured; never raises."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # another library's, such as trio's
            return
        try:
            self.is_running = loop.is_running
            if loop not in self._watched:
                self._watched.add(loop)
                self.note(0.0, monotonic())
                self._wait(loop)
                self._threads.watch()
        except Exception:
            caught("loop")

    def note(self, lag: float, now: float) -> None:
        """Take in one lag, in seconds, and write the largest.

        Args:
            lag: how late the loop was.
            now: on the monotonic clock, which all processes of a host share.
        """
        if now >= self._turn:
            self._before = self._now if now < self._turn + self._half else 0.0
            self._now, self._turn = 0.0, now + self._half
        self._now = max(self._now, lag)
        loop_metrics().write(max(self._before, self._now), now)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        # Of a context of its own: that of the first request would live as long as the loop.
        loop.call_later(PAUSE, self._due, monotonic() + PAUSE, context=Context())

    def _due(self, due: float) -> None:
        try:
            now = monotonic()
            self.note(max(0.0, now - due), now)
            self._threads.look()
        except Exception:
            caught("loop")
        self._wait(asyncio.get_running_loop())
