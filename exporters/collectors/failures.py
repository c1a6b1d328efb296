"""Failures of collectors: each is counted; each kind is told when it begins, and once when they end."""

from __future__ import annotations

import logging
from collections.abc import Callable

from exporters.collectors.selfstats import SelfStats


class Failures:
    """Those of one backend, of which one thread tells at a time.

    Args:
        stats: where they are counted.
        log: where they are told.
        explained: what a code means to this kind of server, and what to do about it.
    """

    def __init__(self, stats: SelfStats, log: logging.Logger, explained: Callable[[str], str]) -> None:
        self._stats = stats
        self._log = log
        self._explained = explained
        self._told: dict[str, set[str]] = {}

    def tell(self, part: str, code: str, detail: str = "") -> None:
        """How a part went.

        Args:
            part: such as ``postgres.locks``.
            code: SQLSTATE or the class of an exception; empty if it answered.
            detail: what else the log says, with what parts it from the rest.
        """
        if not code:
            if self._told.pop(part, None):
                self._log.info("%s: answers again", part)
            return
        self._stats.failed(part, code)
        told = self._told.setdefault(part, set())
        if code not in told:
            told.add(code)
            self._log.warning("%s: %s%s", part, self._explained(code), detail)
