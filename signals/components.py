"""Signals of who answers and what fires, since when: an answer that is lost is shown as lost.

A bare `up` or `pg_up` stays what it was for five minutes after Prometheus or the exporter went blind.
"""

from __future__ import annotations

from collections.abc import Sequence

from exporters.catalogue import Gauge, Label, Matcher, external, pgbouncer, postgres, redis
from exporters.catalogue.labels import INSTANCE, JOB
from signals import telemetry
from signals.api import HEALTH_JOB
from signals.idioms import SERVER_LEVEL, grouping, promql, select
from signals.limits import shared
from signals.model import Signal
from signals.numbers import COUNT, SECONDS, STATE
from signals.promql import Query

EXPORTER_JOB = JOB.eq("exporter")


def _fresh(metric: Gauge, *where: Matcher, by: Sequence[Label] = SERVER_LEVEL) -> Query:
    """What it said within the last two scrapes, and nothing if it said nothing."""
    names = tuple(label.name for label in by)
    text = f"max by {grouping(names)} (last_over_time({select(metric, *where)}[{telemetry.FRESH}]))"
    return Query(text, (metric,), (), names)


API = Signal(
    title="API",
    why="Whether the health route answered the last probe from outside. A gap: nobody probed.",
    act="Open the API board; if the lane has a gap, see whether blackbox_exporter runs.",
    query=_fresh(external.PROBE_SUCCESS, HEALTH_JOB, by=(JOB,)),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="API",
)
POSTGRES = Signal(
    title="PostgreSQL",
    why="Whether PostgreSQL answered the exporter's last question. A gap: nobody asked.",
    act="Open the PostgreSQL board; if the lane has a gap, look at the exporter's first.",
    query=_fresh(postgres.UP),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="PostgreSQL, by {{instance}}",
)
PGBOUNCER = Signal(
    title="PgBouncer",
    why="Whether PgBouncer answered the exporter's last question. A gap: nobody asked.",
    act="See its row on the PostgreSQL board; if the lane has a gap, look at the exporter's first. Without a "
    "lane none is watched.",
    query=_fresh(pgbouncer.UP),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="PgBouncer {{instance}}",
)
REDIS = Signal(
    title="Redis",
    why="Whether Redis answered the exporter's last question. A gap: nobody asked.",
    act="Open the Redis board; if the lane has a gap, look at the exporter's first.",
    query=_fresh(redis.UP),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="Redis, by {{instance}}",
)
EXPORTER = Signal(
    title="Exporter",
    why="Whether the exporter answered Prometheus' last scrape. A gap in all lanes: Prometheus was blind.",
    act="Start it; nothing is known of PostgreSQL, PgBouncer and Redis while it is down.",
    query=_fresh(external.UP, EXPORTER_JOB),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="Exporter {{instance}}",
)
ALERT_NAMES = (external.ALERTNAME.name, external.SEVERITY.name, external.SERVICE.name)


def _firing(severity: str) -> Query:
    firing = select(external.ALERTS, external.ALERTSTATE.eq("firing"), external.SEVERITY.eq(severity))
    return promql(
        "count by (<by:>) ({firing}) or 0 * count by (<by:>) ({rules})",
        labels=(),
        # One of several instances is one alert, as in the table below.
        firing=Query(f"sum by (<by:{','.join(ALERT_NAMES)}>) ({firing})", (external.ALERTS,)),
        # Where no rule is evaluated, nobody knows whether anything would fire.
        rules=external.RULES_EVALUATED,
    )


FIRING_CRITICAL = Signal(
    title="Critical alerts",
    why="Alerts that fire now in Prometheus and wake someone.",
    act="Start with the table below: the one that fires longest is often the cause of the others.",
    query=_firing("critical"),
    unit=COUNT,
    objective=shared.FIRING,
    critical=shared.FIRING,
    legend="critical",
)
FIRING_WARNINGS = Signal(
    title="Warnings",
    why="Alerts that fire now in Prometheus and can wait until tomorrow.",
    act="See to them within working hours, before one becomes critical.",
    query=_firing("warning"),
    unit=COUNT,
    objective=shared.FIRING,
    legend="warning",
)
# Without one that is not firing yet: an alert that holds has the time of its condition, too.
_SINCE = Query(
    f"{select(external.ALERTS_SINCE, external.SEVERITY.ne('info'))} and ignoring(alertstate) "
    f"{select(external.ALERTS, external.ALERTSTATE.eq('firing'))}",
    (external.ALERTS_SINCE, external.ALERTS),
)
# Labels that repeat the name, for a board that knows where to read on of each: the second with these, too.
RUNBOOK, PANEL = "runbook", "panel"
REPEATED = (JOB.name, INSTANCE.name)


def _longest(query: Query) -> Query:
    """Of several alerts of one name the one that fires longest, with name and target in two more labels."""
    labels = (*ALERT_NAMES, *REPEATED)
    text = f"topk by {grouping(ALERT_NAMES)} (1, max by {grouping(labels)} ({query.text}))"
    text = f'label_replace({text}, "{RUNBOOK}", "$1", "{external.ALERTNAME}", "(.+)")'
    told = ", ".join(f'"{each}"' for each in (external.ALERTNAME, *REPEATED))
    text = f'label_join({text}, "{PANEL}", ";", {told})'
    return Query(text, query.metrics, query.numbers, (*labels, RUNBOOK, PANEL))


FIRING_SINCE = Signal(
    title="For",
    why="How long the condition of each alert that fires has held in Prometheus, without a break; of several "
    "of one name the longest.",
    good="None firing.",
    act="Click the alert: its runbook says what it means and what to do, its panel since when and how "
    "bad, of several servers at the one that fires longest.",
    query=_longest(Query(f"time() - ({_SINCE.text})", _SINCE.metrics)),
    unit=SECONDS,
    legend="{{alertname}}",
    empty="none firing",
)
COMPONENTS = (API, PGBOUNCER, POSTGRES, REDIS, EXPORTER)
