"""Rules on the watchers themselves: is there anything to judge by, and does a message still get out?"""

from __future__ import annotations

from alerts.model import Alert, Severity, State
from exporters.catalogue import external
from exporters.catalogue.labels import INSTANCE, JOB
from signals import telemetry
from signals.idioms import grouping, promql, select, span, value
from signals.limits import telemetry as limits
from signals.promql import Query

# As long as the rule itself looks back, so that both see an outage of the API begin and end together.
HEALTH_ANSWERS = Query(
    f"avg by {grouping(())} "
    f"(avg_over_time({select(external.PROBE_SUCCESS, JOB.eq('api-health'))}[{span(180)}]))",
    (external.PROBE_SUCCESS,),
)
# ApiDown speaks for the application's own metrics page while nothing of the application answers. It cannot
# where the probe is dead, so neither job is left out for good.
NOBODY_ELSE_SPEAKS = promql(
    "{others} or ({each} unless on (<by:>) {health} < <number:up_share>)",
    limits.UP_SHARE,
    others=value(external.UP, JOB.ne("api"), over="count"),
    each=value(external.UP, over="count"),
    health=HEALTH_ANSWERS,
)
GRAFANA_ALONE = "Grafana alone evaluates it, and promtool cannot: it fires on the error of a query."
ALWAYS_FIRES = "It fires for ever; its receiver's silence is the alarm."

TARGET_DOWN = Alert(
    name="TargetDown",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.TARGET_ANSWERS,
    operator="<",
    by=(JOB, INSTANCE),
    guards=(NOBODY_ELSE_SPEAKS,),
    # As long as it looks back: the first scrapes after a start may all have failed.
    hold=180,
    keep=60,
    summary="{{ $labels.instance }} ({{ $labels.job }}) answered {{ $value | humanizePercentage }} of its "
    "scrapes, below {limit}.",
    description="What this target measures is unknown: boards have gaps, and rules that read it are silent.",
)
PROMETHEUS_UNREACHABLE = Alert(
    name="PrometheusUnreachable",
    service="telemetry",
    severity=Severity.CRITICAL,
    signal=telemetry.REACHABLE,
    operator="<",
    by=(),
    hold=120,
    engines=("grafana",),
    no_answer="fire",
    summary="Grafana gets no answer from Prometheus.",
    description="No other rule can be evaluated: each keeps the state that it had, whatever happens.",
    unproven=dict.fromkeys(State, GRAFANA_ALONE),
)
WATCHDOG = Alert(
    name="Watchdog",
    service="telemetry",
    severity=Severity.INFO,
    signal=telemetry.REACHABLE,
    limit=limits.ALIVE,
    operator=">",
    by=(),
    hold=0,
    summary="Alerting works.",
    description="This message comes again and again; its absence means that no alert gets through.",
    unproven={state: ALWAYS_FIRES for state in State if state is not State.FIRING},
)
ALERTS = (TARGET_DOWN, PROMETHEUS_UNREACHABLE, WATCHDOG)
