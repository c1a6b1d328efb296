"""What a backend counts of its own work: failures by collector and code, and connections opened."""

from __future__ import annotations

import threading
from collections import Counter

from exporters.catalogue import self_ as catalogue
from exporters.collectors.base import Family


class SelfStats:
    """Counters of one backend, for the life of the process; any thread may count.

    Args:
        backend: a value of the label ``backend``.
    """

    def __init__(self, backend: str) -> None:
        self.backend = backend
        self._lock = threading.Lock()
        self._errors: Counter[tuple[str, str]] = Counter()
        self._connects: Counter[str] = Counter()

    def failed(self, collector: str, code: str) -> None:
        """A run of a collector failed.

        Args:
            collector: such as ``redis.info``.
            code: SQLSTATE or the class of the exception, never its text.
        """
        with self._lock:
            self._errors[collector, code] += 1

    def connected(self, *, ok: bool) -> None:
        """A connection was opened, or was refused."""
        with self._lock:
            self._connects["ok" if ok else "error"] += 1

    def families(self) -> list[Family]:
        """All counters as they stand."""
        with self._lock:
            errors = dict(self._errors)
            connects = [self._connects[result] for result in catalogue.CONNECT_RESULT.values]
        return [
            Family(
                catalogue.COLLECTOR_ERRORS,
                [(self.backend, collector, code) for collector, code in errors],
                list(errors.values()),
            ),
            Family(
                catalogue.CONNECTS,
                [(self.backend, result) for result in catalogue.CONNECT_RESULT.values],
                connects,
            ),
        ]
