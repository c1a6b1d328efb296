"""What nobody can tell yet: who tells it has been scraped for too short a time to fill a window."""

from __future__ import annotations

from dashboards.checks.promql import ParseError, parse, selectors
from dashboards.errors import RefusedError
from dashboards.prometheus_api import Prometheus
from dashboards.prove.absent import EVALUATED, job_of
from dashboards.prove.dark import TOLD_BY
from dashboards.prove.model import Source
from dashboards.prove.selectors import moment
from dashboards.prove.times import Span
from dashboards.stack import Stack
from exporters.catalogue.external import UP
from exporters.catalogue.labels import JOB
from signals.promql import duration

# Scrapes until all can be there: two for a rate, five evaluations for a mean of a quarter, one to spare.
FILLED = 8
# So many scrapes are looked through for the first one; before that lies what counts as a past.
RECENT = 40
EVERY_JOB = ""
TOO_EARLY = "too early: "


class Early:
    """Since when Prometheus has seen those that tell, as far as that is not long ago.

    Args:
        stack: whose metrics, and who emits them.
        source: that is asked, once something is empty.
        span: at whose end one looks.
    """

    def __init__(self, stack: Stack, source: Source, span: Span) -> None:
        self.stack, self.source, self.span = stack, source, span
        self.firsts: dict[str, tuple[float, str] | None] = {}

    def of(self, expr: str, step: float) -> str:
        """Why it is too early for a query; empty if it is not.

        Args:
            expr: with every variable filled.
            step: seconds between two points of its graph.
        """
        try:
            names = {each.name for each in selectors(parse(expr))}
        except ParseError:
            return ""
        jobs = {self._job(name) for name in names}
        found = [self._first(job) for job in jobs]
        firsts = [each for each in found if each is not None]
        scrape = self.stack.scraped.interval
        enough = min(FILLED * scrape + step, (RECENT - 1) * scrape)
        if not firsts or len(firsts) < len(found):
            return ""
        first, says = max(firsts)
        ago = self.span.end - first
        return f"{TOO_EARLY}{says} {ago:.0f} s ago, {moment(first)}" if 0 <= ago <= enough else ""

    def _job(self, name: str) -> str:
        """The job that tells a metric; no name where none does by itself."""
        metric = self.stack.catalogue.find(name)
        if metric is None or metric.source in EVALUATED:
            return EVERY_JOB
        return job_of(metric, self.stack) or TOLD_BY.get(metric.source, EVERY_JOB)

    def _first(self, job: str) -> tuple[float, str] | None:
        """When it was scraped for the first time, or else Prometheus began; None where neither is known."""
        if job not in self.firsts:
            at = self._asked(f"{UP}{{{JOB.eq(job)}}}" if job else UP.name)
            who = f"job {job!r} was" if job else "targets were"
            says = f"{who} scraped for the first time"
            if at is None and isinstance(self.source, Prometheus):
                at, says = self.source.started(), "nothing is scraped yet, and Prometheus began"
            self.firsts[job] = None if at is None else (at, says)
        return self.firsts[job]

    def _asked(self, selector: str) -> float | None:
        """The first sample of lately; what was there before that is long ago."""
        step = self.stack.scraped.interval
        past = f"[{duration(RECENT * step)}:{duration(step)}]"
        target = {"refId": "A", "instant": True, "range": False, "format": "time_series"}
        expr = f"min(min_over_time(timestamp({selector}){past}))"
        try:
            found = self.source.answer(target, expr, self.span.start, self.span.end, self.span.seconds)
        except RefusedError:
            return None
        return found[0][1][-1] if found and found[0][1] else None
