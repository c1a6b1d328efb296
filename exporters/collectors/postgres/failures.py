"""Failures of collectors: each is counted, and told when it begins and when it ends."""

from __future__ import annotations

import logging

from exporters.collectors.postgres.codes import explained
from exporters.collectors.selfstats import SelfStats


class Failures:
    """Those of one backend, of which one thread tells at a time.

    Args:
        stats: where they are counted.
        log: where they are told.
    """

    def __init__(self, stats: SelfStats, log: logging.Logger) -> None:
        self._stats = stats
        self._log = log
        self._told: set[str] = set()

    def tell(self, part: str, code: str, detail: str = "") -> None:
        """How a part went.

        Args:
            part: such as ``postgres.locks``.
            code: SQLSTATE or the class of an exception; empty if it answered.
            detail: what else the log says.
        """
        if code:
            self._stats.failed(part, code)
        if code and part not in self._told:
            self._told.add(part)
            self._log.warning("%s: %s", part, " ".join(filter(None, (explained(code), detail))))
        elif not code and part in self._told:
            self._told.discard(part)
            self._log.info("%s: answers again", part)
