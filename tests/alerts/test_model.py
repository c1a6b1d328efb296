"""What an alert must be: each broken one is refused with its name, the value and what to do."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from alerts.model import AlertError, Severity, unique
from alerts.proof.plan import CONTEXT
from alerts.rules import ALERTS, api, pool, postgres, postgres_objects, telemetry
from exporters.catalogue.labels import INSTANCE, JOB
from signals import limits, objectives
from signals import postgres as postgres_signals
from signals.idioms import promql

GOOD = api.API_LATENCY_P95_HIGH


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": "api down"}, "no CamelCase word"),
        ({"name": "A" + "Long" * 10}, "characters; Grafana takes 40"),
        ({"service": "The API"}, "service 'The API'"),
        ({"operator": ">="}, "operator is '>=' (str); expected '>' or '<'"),
        ({"severity": "warning"}, "severity is 'warning' (str); expected Severity.CRITICAL or"),
        (
            {"hold": "10m"},
            "hold is '10m' (str); expected seconds, as a finite number; write it without quotes",
        ),
        ({"limit": 0.2}, "limit is 0.2 (float); expected Objective or Limit or None"),
        ({"limit": limits.redis.EVICTIONS}, "in 'seconds', but 'evictions' is 1 per second"),
        ({"hold": -1}, "hold is -1"),
        ({"keep": float("nan")}, "keep is nan"),
        ({"window": 0}, "window is 0"),
        (
            {"by": (JOB, INSTANCE)},
            "by is ['instance', 'job'], but the query of 'Latency, p95' has ['job']; instances would merge "
            "or not match; let it keep them, as value(METRIC, by=(INSTANCE,)) does",
        ),
        ({"by": ()}, "has ['job']; instances would merge or not match; give by=(JOB,)"),
        ({"guards": (postgres.ANSWERS,)}, "match nothing"),
        ({"inhibits": (INSTANCE,)}, "match nothing"),
        ({"engines": ()}, "engines is ()"),
        ({"engines": ("nagios",)}, "engines[0] is 'nagios' (str); expected 'grafana' or 'prometheus'"),
        ({"severity": Severity.INFO}, "severity info notifies nobody"),
        ({"no_answer": "fire"}, "known to Grafana alone"),
        ({"summary": "No period"}, "end it with a period"),
        ({"summary": "Two\nlines."}, "no sentence on one line"),
        ({"summary": "p95 of {{ $labels.handler }}."}, "names $labels.handler"),
        ({"summary": "{{ query `up` }}."}, "expected $labels.x or $value"),
        ({"summary": "It is {{ $value | humanize }."}, "opens or closes a template"),
        ({"description": "It is $value }}."}, "opens or closes a template"),
        ({"summary": "{{ $value | toUpper }}."}, "expected $labels.x or $value"),
        ({"summary": "Above {threshold}."}, "has {threshold}"),
        ({"summary": "Costs ${HOME}."}, "which Grafana expands"),
        ({"description": "It is {{ $value }}."}, "in the summary alone"),
        ({"description": "$__file{/etc/passwd} is read."}, "which Grafana expands"),
    ],
    ids=str,
)
def test_a_broken_alert_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(AlertError, match=re.escape(complaint)) as caught:
        replace(GOOD, **changes)
    assert "alert " in str(caught.value)


def test_an_alert_needs_a_limit_or_a_signal_with_an_objective() -> None:
    with pytest.raises(AlertError, match="no objective and no limit"):
        replace(GOOD, signal=replace(GOOD.signal, objective=None, good="Few."))
    assert replace(GOOD, limit=limits.postgres.SLOW_STATEMENT).threshold is limits.postgres.SLOW_STATEMENT


WARNING = postgres.POSTGRES_CONNECTIONS_HIGH


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"yields_to": GOOD}, "yields to ApiLatencyP95High, which has by ['job']"),
        ({"window": 600}, "window 300 s; expected its own, ['instance', 'job'] and 600 s; make them equal"),
        ({"keep": 150}, "keep is 150 s, longer than the 120 s that PostgresConnectionsCritical is held"),
        ({"keep": 120}, "keep is 120 s, as long as PostgresConnectionsCritical is held"),
        ({"yields_to": "PostgresConnectionsCritical"}, "yields_to is 'PostgresConnectionsCritical' (str)"),
    ],
    ids=str,
)
def test_an_alert_that_could_speak_beside_its_graver_one_is_refused(
    changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(AlertError, match=re.escape(complaint)):
        replace(WARNING, **changes)


def test_an_alert_is_silent_once_the_condition_of_its_graver_one_has_lasted() -> None:
    graver = CONTEXT.fill(postgres.POSTGRES_CONNECTIONS_CRITICAL.condition, 300)
    told = CONTEXT.fill(WARNING.condition, 300)
    assert told.endswith(
        " unless on (environment, cluster, job, instance) "
        f"(count_over_time(({graver})[59999ms:30s]) > 60 / 30 - 1)"
        " unless on (environment, cluster, job, instance) "
        'ALERTS{alertname="PostgresConnectionsCritical",alertstate="firing"}'
    )
    assert "> 0.95" in graver
    assert "> 0.8)" in told


def test_two_names_of_one_uid_are_refused() -> None:
    with pytest.raises(AlertError, match="share the uid 'api-p95'"):
        unique((replace(GOOD, name="ApiP95"), replace(GOOD, name="APiP95")))
    for second in (GOOD, replace(GOOD, hold=1)):
        with pytest.raises(AlertError, match=f"two alerts are called {GOOD.name!r}; expected one; rename"):
            unique((GOOD, second))


def test_the_uid_follows_the_name_alone() -> None:
    assert [alert.uid for alert in (GOOD, postgres.POSTGRES_DOWN, telemetry.WATCHDOG)] == [
        "api-latency-p95-high",
        "postgres-down",
        "watchdog",
    ]


def test_one_rule_alone_fires_where_there_is_no_answer() -> None:
    assert [alert.name for alert in ALERTS if alert.no_answer == "fire"] == ["PrometheusUnreachable"]


def test_a_replaced_objective_moves_the_rule_and_its_words() -> None:
    slower = replace(objectives.P95, value=0.3)
    context = replace(CONTEXT, numbers={**CONTEXT.numbers, "p95": slower})
    assert context.fill(GOOD.condition, GOOD.window).count("> 0.3)") == 1
    assert context.says(GOOD, GOOD.summary).endswith("above 300 ms.")


def test_the_clock_scales_windows_holds_and_times_but_no_limit() -> None:
    scaled = replace(CONTEXT, time_scale=0.1)
    rule = scaled.fill(GOOD.condition, GOOD.window)
    assert "[30s]" in rule
    assert "> 0.15)" in rule
    assert scaled.says(GOOD, "Held {hold} of {window}.") == "Held 1 min of 30 s."
    warm = scaled.fill(
        promql("{up} > <elapsed:warm_up>", limits.redis.WARM_UP, up=postgres_signals.UP.query), 300
    )
    assert warm.endswith("> 180")


def test_a_guard_is_joined_on_its_own_labels_and_the_identity() -> None:
    told = CONTEXT.fill(postgres_objects.POSTGRES_SLOW_QUERIES.condition, 600)
    assert "and on (environment, cluster, job, instance) (max by" in told


def test_every_rule_keeps_the_identity_in_every_aggregation() -> None:
    for alert in ALERTS:
        text = CONTEXT.fill(alert.condition, alert.window)
        groups = re.findall(r"(?:by|on) \(([^)]*)\)", text)
        assert all(group.startswith("environment, cluster") for group in groups), alert.name


def test_without_an_identity_labels_join_as_before() -> None:
    bare = replace(CONTEXT, identity=())
    assert "and on (job) (sum by (job) (rate(" in bare.fill(GOOD.condition, 300)
    ceiling = pool.DB_POOL_CEILING_ABOVE_SERVER
    assert bare.fill(ceiling.condition, 300).startswith("(sum by () (")
