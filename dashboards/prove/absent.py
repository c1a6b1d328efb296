"""Why a metric is not there: nobody emits it, its target is down, or its collector fails, and since when."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.checks.finding import nearest
from dashboards.prove import mend
from dashboards.prove.nothing import Nothing
from dashboards.prove.selectors import Look, Why, moment
from dashboards.stack import Stack
from exporters.catalogue import Gauge, Metric, pgbouncer, postgres, redis, self_
from exporters.catalogue.external import UP
from exporters.catalogue.labels import JOB

# What says whether the server behind the exporter answers, and whether a collector of it succeeds.
ANSWERS: Mapping[str, Gauge] = {
    "postgres": postgres.UP,
    "redis": redis.UP,
    "pgbouncer": pgbouncer.UP,
}
SUCCEEDS: Mapping[str, Gauge] = {
    "postgres": self_.COLLECTOR_SUCCESS,
    "redis": self_.REDIS_COLLECTOR_SUCCESS,
    "pgbouncer": self_.PGBOUNCER_COLLECTOR_SUCCESS,
}
REFUSED = "42501"
# Seconds after its start within which Prometheus has found its targets.
FIRST = 10.0
# Sources that nobody scrapes: Prometheus evaluates them.
EVALUATED = ("rules", "alerts")


def absent(name: str, stack: Stack, look: Look) -> Why:
    """Why a metric has no sample in the time shown."""
    metric = stack.catalogue.find(name)
    if metric is None:
        known = sorted(series for each in stack.catalogue for series in each.series)
        hint = nearest(name, known)
        return Why(cause="metric absent", says=f"nobody is known to emit {name}. {hint}".rstrip())
    ended = look.last_of(name)
    gone = f"{name} has had no sample since {moment(ended)}" if ended else f"there is no {name}"
    why = _down(metric, gone, stack, look) or _failing(metric, gone, look)
    return why or _lacking(metric, gone, stack, look)


def begun(look: Look) -> Why | None:
    """Where Prometheus has just begun: it has its targets some seconds later, and scrapes each in turn."""
    began = None if look.prometheus.query(UP.name, look.until) else look.prometheus.started()
    if began is None or not 0 <= look.until - began < FIRST + look.scrape:
        return None
    says = f"Prometheus began at {moment(began)}, and has scraped nothing yet"
    return Why(cause="not scraped yet", says=says, mend=mend.TIME)


def usual(metric: Metric, stack: Stack, nothing: Nothing) -> str:
    """Why a metric may be missing although nothing is wrong, as the catalogue says; empty if it may not.

    Where the catalogue says what must be 0 for that, it is asked.
    """
    if metric.until is not None:
        return nothing.not_yet(metric)
    if metric.optional:
        return f"{metric.name} is missing {metric.optional}"
    of_none = metric.source in EVALUATED or metric.collector == UP.collector
    # Of their own metrics a team wants to see each.
    asked = of_none or metric in stack.metrics or job_of(metric, stack)
    return "" if asked else f"this stack scrapes nothing of {metric.source}"


def _lacking(metric: Metric, gone: str, stack: Stack, look: Look) -> Why:
    """Who emits it answers; what is optional comes by itself where others of the same collector are there."""
    if metric in stack.metrics and not job_of(metric, stack):
        says = f"{gone}; this stack scrapes nothing of {metric.source}"
        return Why(cause="no target", says=says, mend=mend.own(metric))
    usual = f", as is usual {metric.optional}" if metric.optional else ""
    says = f"{gone}{usual}; {metric.collector} emits it"
    beside = [each for each in stack.catalogue if each.collector == metric.collector and not each.optional]
    ready = bool(metric.optional and beside and look.prometheus.query(beside[0].series[-1], look.span.end))
    return Why(cause="metric absent", says=says, mend="" if ready else mend.line(metric))


def _down(metric: Metric, gone: str, stack: Stack, look: Look) -> Why | None:
    """Where nobody scrapes whoever emits it, or the last scrapes failed."""
    name = job_of(metric, stack)
    if not name:
        return None
    selector = f"{UP}{{{JOB.eq(name)}}}"
    answered = look.prometheus.query(selector, look.span.end)
    if any(values[-1] for _, values in answered):
        return None
    targets = [each["labels"] for each in look.told("targets", "activeTargets", state="active")]
    if not answered and (waiting := [each for each in targets if each.get("job") == name]):
        says = f"{gone}; {waiting[0].get('instance', name)} of job {name!r} is not scraped yet"
        return Why(cause="not scraped yet", says=says, mend=mend.TIME)
    if not answered:
        (job,) = [each for each in stack.scraped.jobs if each.name == name]
        line = mend.line(metric) if job.kind == "health" else mend.job(name, bool(job.addresses))
        return Why(cause="no target", says=f"{gone}; Prometheus scrapes no target of job {name!r}", mend=line)
    target = answered[0][0].get("instance", name)
    since = f"{_since(selector, look)}{_error(name, look)}"
    return Why(
        cause="target down",
        says=f"{gone}; {target} of job {name!r} is down {since}",
        mend="the target itself: start it, or correct its address",
    )


def job_of(metric: Metric, stack: Stack) -> str:
    """The job that scrapes whoever emits this; empty if the stack has none, or nobody is scraped for it."""
    jobs = stack.scraped.jobs
    if metric.source == "blackbox":
        return next((job.name for job in jobs if job.kind == "health"), "")
    name = mend.JOBS.get(metric.source, metric.source)
    return name if name in [job.name for job in jobs] and metric.collector != UP.collector else ""


def _since(selector: str, look: Look) -> str:
    last = look.last_of(selector, "== 1")
    return f"since {moment(last)}" if last else "for longer than a day, or has never been up"


def _error(job: str, look: Look) -> str:
    """What Prometheus says of the last scrape."""
    targets = look.told("targets", "activeTargets", state="active")
    errors = [each["lastError"] for each in targets if each["labels"].get("job") == job]
    return f" ({errors[0]})" if errors and errors[0] else ""


def _failing(metric: Metric, gone: str, look: Look) -> Why | None:
    """Where the server behind the exporter does not answer, or one of the collectors fails."""
    answers, succeeds = ANSWERS.get(metric.source), SUCCEEDS.get(metric.source)
    if answers is None or succeeds is None or metric is answers:
        return None
    at = look.span.end
    found = look.prometheus.query(answers.name, at)
    if not found:
        says = f"{gone}; the exporter tells no {answers}, as it was given no server"
        return Why(cause="not configured", says=says, mend=mend.LINES[metric.source])
    if not any(values[-1] for _, values in found):
        says = f"{gone}; {metric.source} does not answer the exporter {_since(answers.name, look)}"
        return Why(
            cause="server down", says=says, mend=f"the server itself, or else {mend.LINES[metric.source]}"
        )
    selector = f"{succeeds}{{{self_.COLLECTOR.eq(metric.collector)}}}"
    ran = look.prometheus.query(selector, at)
    if not ran or any(values[-1] for _, values in ran):
        return None
    errors = f"{self_.COLLECTOR_ERRORS}{{{self_.COLLECTOR.eq(metric.collector)}}}"
    codes = sorted({labels.get("code", "") for labels, _ in look.prometheus.query(errors, at)})
    return Why(
        cause="collector fails",
        says=f"{gone}; collector {metric.collector} fails {_since(selector, look)} ({', '.join(codes)})",
        mend=mend.ROLE if REFUSED in codes else "the exporter's log names the reason",
    )
