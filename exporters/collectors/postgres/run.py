"""A collector at work: what came of it last."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from exporters.collectors.backoff import LONGEST_SECONDS, BackOff
from exporters.collectors.base import Family
from exporters.collectors.postgres.model import Collector


@dataclass(slots=True, eq=False)
class Run:
    """The last run of a collector.

    Attributes:
        ok: it succeeded, or this server has no answer to the question.
        seconds: it took.
        families: what it found; none after a failure.
        answered: when that was read, by ``time.monotonic()``; None if there is nothing.
        failed: when it did, if its last run was waited for and failed; else 0.
        back_off: how long it is left alone then; never longer than an answer would have stood.
    """

    collector: Collector
    ok: bool = False
    seconds: float = 0.0
    families: list[Family] = field(default_factory=list)
    answered: float | None = None
    failed: float = 0.0
    back_off: BackOff = field(init=False)

    def __post_init__(self) -> None:
        self.back_off = BackOff(min(self.collector.ttl or LONGEST_SECONDS, LONGEST_SECONDS))

    @property
    def name(self) -> str:
        """Such as ``postgres.activity``."""
        return self.collector.name

    def due(self, now: float) -> bool:
        """Its answer does not stand any more, and it does not rest from failing."""
        if self.answered is None:
            return not self.back_off.rests
        return now - self.answered >= self.collector.ttl

    def begin(self) -> None:
        """Until it ends it has failed."""
        self.ok, self.seconds = False, 0.0
        self.forget()

    def end(self, families: list[Family], seconds: float, *, ok: bool) -> None:
        """Keep what came of it."""
        self.families, self.seconds, self.ok = families, seconds, ok
        self.answered, self.failed = time.monotonic(), 0.0
        if ok:
            self.back_off.reset()
        else:
            self.fail()

    def fail(self) -> None:
        """There is no answer, and it is not known when there will be."""
        self.answered, self.failed = None, time.monotonic()
        self.back_off.failed()

    def forget(self) -> None:
        """Drop what was found."""
        self.families, self.answered = [], None
