"""The moment a process begins to serve: only then it counts as a worker.

A master that merely loads the application, a migration script or a child of a process pool is none.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable

from exporters.api.lag import LoopLag
from exporters.api.metrics import ProcessMetrics, caught, warn_of_namesakes, workers_metrics
from exporters.api.siblings import warn_without_directory

log = logging.getLogger("exporters.api")


class Worker:
    """This process, as a worker that serves one application.

    Attributes:
        configured: how many workers there should be; None where nobody says.
        lag: how late this process's event loops are.
        started: whether this very process has been given an event by a server.
        on_start: what to do when it has, such as publishing the size of a pool.
    """

    def __init__(
        self, metrics: ProcessMetrics, version: str, configured: int | None, scrape_interval: float
    ) -> None:
        self.metrics = metrics
        self.version = version
        self.configured = configured
        self.lag = LoopLag(scrape_interval)
        self.started = False
        self.on_start: list[Callable[[], None]] = []
        os.register_at_fork(after_in_child=self._forget)

    def start(self) -> None:
        """Say that this worker is alive; never raises."""
        self.started = True
        try:
            self.metrics.workers.set(1)
            self.metrics.start_time.set(time.time())
            if self.configured:
                workers_metrics().configured.set(self.configured)
            self.metrics.info.labels(self.version).set(1)
            for step in self.on_start:
                step()
            warn_without_directory()
            warn_of_namesakes()
        except Exception:
            caught("request")

    def _forget(self) -> None:
        self.started = False
