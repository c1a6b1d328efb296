"""Threads that are kept for a while after their work: to begin one takes longer than to hand work to one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

KEPT_SECONDS = 90.0  # without work; a scraper that comes each minute finds one
MOST_IDLE = 10  # whoever would be one more ends at once

Work = Callable[[], None]


class Crew:
    """As many threads as there is work for at once, and some that wait for more.

    Args:
        name: of each of them.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._may_idle = MOST_IDLE
        self._idle = 0  # those who wait, and are not meant by something in the queue
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()

    def do(self, work: Work) -> None:
        """Have a thread do this, which raises nothing; return at once.

        Raises:
            RuntimeError: the system allows no more threads.
        """
        with self._lock:
            if self._idle:
                self._idle -= 1
                self._queue.put(work)
                return
        threading.Thread(target=self._run, args=(work,), name=self.name, daemon=True).start()

    def disband(self) -> None:
        """Let those go who wait for more, at once; whoever is at work goes after it."""
        with self._lock:
            self._may_idle = 0
            for _ in range(self._idle):
                self._queue.put(None)
            self._idle = 0

    def _run(self, work: Work | None) -> None:
        while work is not None:
            work()
            work = None  # which may hold much, such as a page
            with self._lock:
                if self._idle >= self._may_idle:
                    return
                self._idle += 1
            work = self._next()

    def _next(self) -> Work | None:
        try:
            return self._queue.get(timeout=KEPT_SECONDS)
        except queue.Empty:
            pass
        with self._lock:
            if self._idle:
                self._idle -= 1
                return None
        return self._queue.get()  # it was handed on just now
