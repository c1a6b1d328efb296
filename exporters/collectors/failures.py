"""Failures of collectors: each is counted; each cause is told when it begins, and once when they end."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from exporters.collectors.selfstats import SelfStats

VARYING = re.compile(r"\b\w*\d\w*")  # numbers, and what is written with them
MOST_CAUSES = 10  # of one outage that are told as they show; more, when they stay

Cause = tuple[str, str]  # a code, and what of the detail does not vary


@dataclass(slots=True)
class _Outage:
    told: set[Cause] = field(default_factory=set)
    last_told: Cause | None = None
    before: Cause | None = None

    def is_news(self, cause: Cause) -> bool:
        """Whether it is a new cause, or one that has come back to stay: two that take turns are told once."""
        is_new = cause not in self.told and len(self.told) < MOST_CAUSES
        stays = cause == self.before and cause != self.last_told
        self.before = cause
        if is_new or stays:
            self.told.add(cause)
            self.last_told = cause
        return is_new or stays


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
        self._outages: dict[str, _Outage] = {}

    def tell(self, part: str, code: str, detail: str = "") -> None:
        """How a part went.

        Args:
            part: such as ``postgres.locks``.
            code: SQLSTATE or the class of an exception; empty if it answered.
            detail: what else the log says, with what parts it from the rest. Where other words stand in it,
                it is another cause; other numbers are none.
        """
        if not code:
            if self._outages.pop(part, None):
                self._log.info("%s: answers again", part)
            return
        self._stats.failed(part, code)
        outage = self._outages.setdefault(part, _Outage())
        if outage.is_news((code, VARYING.sub("", detail))):
            self._log.warning("%s: %s%s", part, self._explained(code), detail)
