"""Signals of the watchers themselves: can the other boards be believed?"""

from __future__ import annotations

from exporters.catalogue import external, self_
from signals.idioms import SERVER_LEVEL, grouping, promql, rate, select, span, value
from signals.limits import shared
from signals.limits import telemetry as limits
from signals.model import Signal
from signals.numbers import COUNT, PER_SECOND, RATIO, SECONDS, STATE
from signals.promql import Query

# A bare `up` stays 1 for five minutes after Prometheus goes blind; two scrapes of 15 s do not.
FRESH = span(30)
NAMES = tuple(label.name for label in SERVER_LEVEL)

TARGETS = Signal(
    title="Targets",
    why="1 if the target answered Prometheus within the last 30 seconds. A gap means that "
    "Prometheus was blind.",
    good="All up.",
    act="Open the target's page; see the error on Prometheus' page of targets.",
    query=Query(
        f"max by {grouping(NAMES)} (last_over_time({select(external.UP)}[{FRESH}]))",
        (external.UP,),
        (),
        NAMES,
    ),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{job}} {{instance}}",
)
TARGET_ANSWERS = Signal(
    title="Target answers",
    why="Share of the scrapes within three minutes that succeeded, by target. A flapping target is seen too.",
    act="Open the target's page; see the error on Prometheus' page of targets.",
    query=Query(
        f"avg by {grouping(NAMES)} (avg_over_time({select(external.UP)}[{span(180)}]))",
        (external.UP,),
        (),
        NAMES,
    ),
    unit=RATIO,
    objective=limits.UP_SHARE,
    legend="{{job}} {{instance}}",
)
SCRAPE_TIME = Signal(
    title="Scrape time",
    why="Time of the last scrape, by target.",
    good="Far below the scrape timeout of 10 s.",
    act="On the target's page, the slowest collector is usually statistics of tables or statements.",
    query=value(external.SCRAPE_DURATION, over="max"),
    unit=SECONDS,
    legend="{{job}} {{instance}}",
)
SAMPLES = Signal(
    title="Samples by target",
    why="Samples of the last scrape, by target.",
    good="Steady.",
    act="A target that grows has a label without bound; the exporter's caps name the metric in its log.",
    query=value(external.SCRAPE_SAMPLES, over="max"),
    unit=COUNT,
    legend="{{job}} {{instance}}",
)
COLLECTORS = Signal(
    title="PostgreSQL collectors",
    why="1 if the collector's last run succeeded.",
    good="All 1.",
    act="The exporter's log names the SQLSTATE once: a missing right, a lock, or a timeout.",
    query=value(self_.COLLECTOR_SUCCESS, over="min", by=(self_.COLLECTOR,)),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{collector}}",
)
COLLECTOR_ERRORS = Signal(
    title="Collector errors",
    why="Failed runs per second, by collector and code.",
    good="None.",
    act="42501 is a missing right, 57014 a timeout, 55P03 a lock.",
    query=rate(self_.COLLECTOR_ERRORS, by=(self_.COLLECTOR, self_.CODE)),
    unit=PER_SECOND,
    legend="{{collector}} {{code}}",
)
RULE_FAILURES = Signal(
    title="Rule failures",
    why="Evaluations of rules that failed, per second.",
    good="None.",
    act="Prometheus' page of rules shows the error.",
    query=rate(external.RULE_FAILURES),
    unit=PER_SECOND,
    legend="failed",
)
FIRING = Signal(
    title="Firing",
    why="How often each alert fires now in Prometheus, a second opinion on the engine that notifies.",
    good="None firing.",
    act="Open the alert's runbook.",
    query=Query(
        "sum by (<by:alertname,severity,service>) ("
        + select(external.ALERTS, external.ALERTSTATE.eq("firing"), external.SEVERITY.ne("info"))
        + ")",
        (external.ALERTS,),
        (),
        ("alertname", "severity", "service"),
    ),
    unit=COUNT,
    legend="{{alertname}}",
)
REACHABLE = Signal(
    title="Prometheus reachable",
    why="Always 1 where the one who asks can reach Prometheus. An alert above zero on it fires for ever, and "
    "silence at its receiver means a broken path.",
    good="1.",
    act="Is Prometheus running, and is the data source's URL right?",
    query=promql("vector(1)", labels=()),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="reachable",
)
RULES_AGE = Signal(
    title="Last evaluation of rules",
    why="Time since Prometheus last evaluated the group of rules that waits longest.",
    good="Below a minute. That a message gets out is seen at its receiver alone.",
    act="See Prometheus' page of rules: are they loaded, and which group is slow?",
    query=promql("time() - {last}", last=value(external.RULES_EVALUATED, over="min")),
    unit=SECONDS,
    objective=limits.RULES_AGE,
    legend="age",
)
