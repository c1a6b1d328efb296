"""What nobody can tell now: the metrics of a target that is down, or of a server that does not answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.proof.clock import reach
from dashboards.checks.promql import ParseError, parse, selectors
from dashboards.errors import RefusedError
from dashboards.prove.absent import ANSWERS, job_of
from dashboards.prove.model import Source
from dashboards.prove.times import Span
from dashboards.stack import Stack
from exporters.catalogue import Metric
from exporters.catalogue.external import UP
from exporters.catalogue.labels import JOB
from signals.promql import duration

# So many scrapes are looked through to find when something answered for the last time.
STEPS = 5000
# What says who answers; a query that fills its gaps with it tells no more than that.
TELL = (UP, *ANSWERS.values())
# The job that tells of a server that need not be there; the others are told by the job that has them.
TOLD_BY = {"pgbouncer": "exporter"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dark:
    """Who is down.

    Attributes:
        stack: whose metrics, and who emits them.
        jobs, servers: seconds for which each target, and each server behind the exporter, has not answered.
    """

    stack: Stack
    jobs: Mapping[str, float]
    servers: Mapping[str, float]

    def of(self, expr: str) -> tuple[str, bool]:
        """Who is down of those that tell what a query asks, and whether nobody else tells it now.

        Args:
            expr: with every variable filled. What it looks back to may have been told before.
        """
        if not (self.jobs or self.servers):
            return "", False
        try:
            names = {each.name for each in selectors(parse(expr))}
        except ParseError:
            return "", False
        metrics = {name: self.stack.catalogue.find(name) for name in names}
        dark = {name: self._metric(metric) for name, metric in metrics.items() if metric}
        causes = dict(sorted(each for each in dark.values() if each))
        if not causes:
            return "", False
        others = [name for name in names if not dark.get(name) and metrics[name] not in TELL]
        return " and ".join(causes), not others and reach(expr) < min(causes.values())

    def _metric(self, metric: Metric) -> tuple[str, float] | None:
        """Why nobody tells a metric, and for how many seconds."""
        job = job_of(metric, self.stack) or TOLD_BY.get(metric.source, "")
        if job in self.jobs:
            return f"the target of job {job!r} is down", self.jobs[job]
        if metric.source in self.servers and metric is not ANSWERS[metric.source]:
            return f"{metric.source} does not answer the exporter", self.servers[metric.source]
        return None


def darkness(stack: Stack, source: Source, span: Span) -> Dark:
    """Who is down at the end of the time shown, every target or server of its kind.

    Raises:
        StackError: the source does not answer.
    """
    step = stack.scraped.interval
    window = duration(STEPS * step)

    def silent(selector: str) -> float | None:
        """For how many seconds at least it has not been 1; None if it is, or if there is none."""
        if _number(source, span, f"max({selector})") != 0:
            return None
        last = f"timestamp({selector}) and ({selector} == 1)"
        at = _number(source, span, f"max(max_over_time(({last})[{window}:{duration(step)}]))")
        return STEPS * step if at is None else max(0.0, span.end - at - step)

    jobs = {job.name: silent(f"{UP}{{{JOB.eq(job.name)}}}") for job in stack.scraped.jobs}
    servers = {name: silent(each.name) for name, each in ANSWERS.items()}
    return Dark(
        stack=stack,
        jobs={name: seconds for name, seconds in jobs.items() if seconds is not None},
        servers={name: seconds for name, seconds in servers.items() if seconds is not None},
    )


def _number(source: Source, span: Span, expr: str) -> float | None:
    target = {"refId": "A", "instant": True, "range": False, "format": "time_series"}
    try:
        found = source.answer(target, expr, span.start, span.end, span.seconds)
    except RefusedError:  # then nothing is known of who is down
        return None
    return found[0][1][-1] if found and found[0][1] else None
