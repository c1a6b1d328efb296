"""Test files for promtool: what a case demands of its rule, and of the same rule with one thing changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from alerts.model import Alert, RenderContext, State
from alerts.prometheus import rule_of
from alerts.proof.model import Case, Held
from alerts.proof.series import GRID, PLACE, STEP, TWIN, phase_start
from signals.idioms import span
from signals.limits import LIMITS
from signals.numbers import STATE, Number
from signals.objectives import OBJECTIVES
from signals.promql import Query

Json = dict[str, Any]

GIVEN: tuple[Number, ...] = (*OBJECTIVES, *LIMITS)
NUMBERS = {number.key: number for number in GIVEN}
CONTEXT = RenderContext(
    panel_of=lambda _signal: ("backend-api", 7),
    runbook_panel_of=lambda _name: 9,
    action_of=lambda _alert: "Do the first thing.",
    identity=("environment", "cluster"),
    numbers=NUMBERS,
)
# Time for the first evaluation that sees a change, and for one more sample where a rate must move a little.
SLACK = 90


def rule_file(
    alert: Alert, context: RenderContext = CONTEXT, spans: Mapping[float, float] | None = None
) -> Json:
    """The rule alone in a file, with other fixed spans where some are given."""
    return {"groups": [{"name": "one", "rules": [rule_of(shortened(alert, spans or {}), context)]}]}


def shortened(alert: Alert, spans: Mapping[float, float]) -> Alert:
    """The alert with other fixed spans in its queries: a day that passes in minutes."""

    def short(query: Query) -> Query:
        text = query.text
        for given, here in spans.items():
            text = text.replace(span(given), span(here))
        return replace(query, text=text)

    return replace(
        alert,
        signal=replace(alert.signal, query=short(alert.signal.query)),
        guards=tuple(map(short, alert.guards)),
        yields_to=alert.yields_to and shortened(alert.yields_to, spans),
    )


def test_file(case: Case) -> Json:
    """Everything that the case demands."""
    tests = [_phases(case), *(_held(case, held) for held in case.held)]
    return {"rule_files": ["rule.yml"], "evaluation_interval": f"{GRID}s", "tests": tests}


def _phases(case: Case) -> Json:
    alert = case.alert
    phases = (*[0] * case.past, 0, 1, 2, 3)
    series = [each.written(PLACE, phases=phases) for each in case.series]
    series += [each.constant(each.levels[0]).written(TWIN, phases=phases) for each in case.series]
    return {
        "interval": f"{round(STEP * 1000)}ms",
        "input_series": series,
        "promql_expr_test": [
            _count(alert.name, when, state, expected)
            for _, when, state, expected in demands(alert, past=case.past)
        ],
        "alert_rule_test": [_message(case)],
    }


# What links to boards carry of the alert's installation.
KEPT = re.compile(r"\{\{ \$labels\.(\w+) \| urlquery \}\}")


def demands(alert: Alert, *, past: int = 0) -> Iterator[tuple[State, int, str, int]]:
    """What is proven: of which state, when in seconds, and how many instances are pending or firing."""
    proven = set(State) - set(alert.unproven)
    # What is never quiet fires from the first evaluation on.
    fault = phase_start(past + 2) if State.QUIET in proven else 0
    after, end = phase_start(past + 3), phase_start(past + 4)
    hold, keep, window = int(alert.hold), int(alert.keep), int(alert.window)
    if State.QUIET in proven:
        yield State.QUIET, phase_start(past + 1) - GRID, "pending|firing", 0
    if State.AT_LIMIT in proven:
        yield State.AT_LIMIT, fault - GRID, "pending|firing", 0
    if hold:
        yield State.FIRING, fault + hold - GRID, "firing", 0
    yield State.FIRING, fault + hold + SLACK, "firing", 1
    if State.RESOLVED in proven:
        if keep:
            yield State.RESOLVED, after + keep - GRID, "firing", 1
        yield State.RESOLVED, after + window + keep + SLACK, "pending|firing", 0
        yield State.RESOLVED, end - GRID, "pending|firing", 0


def _count(name: str, when: int, state: str, expected: int) -> Json:
    selector = f'ALERTS{{alertname="{name}",alertstate=~"{state}"}}'
    return {
        "expr": f"count({selector}) or vector(0)",
        "eval_time": f"{when}s",
        "exp_samples": [{"labels": "{}", "value": expected}],
    }


def _message(case: Case) -> Json:
    """At the end of the fault: the one instance, with its labels, and the message word for word."""
    rule = rule_of(case.alert, CONTEXT)
    place = PLACE if case.series else {}
    annotations = {
        key: KEPT.sub(lambda label: place[label[1]], text) for key, text in rule["annotations"].items()
    }
    return {
        "eval_time": f"{phase_start(case.past + 3) - GRID}s",
        "alertname": case.alert.name,
        "exp_alerts": [
            {
                "exp_labels": {**rule["labels"], **place, **case.labels},
                "exp_annotations": {**annotations, "summary": case.summary},
            }
        ],
    }


def _held(case: Case, held: Held) -> Json:
    series = [
        each.stepped(held.past.get(each.name, each.levels[0]), held.levels.get(each.name, each.levels[2]))
        for each in case.series
    ]
    when = phase_start(case.past) + held.at * 60
    return {
        "interval": f"{round(STEP * 1000)}ms",
        "input_series": [each.written(PLACE, phases=(*[0] * case.past, 1)) for each in series],
        "promql_expr_test": [_count(case.alert.name, when, "pending|firing", 0)],
    }


def mutations(case: Case) -> Iterator[tuple[str, Alert, RenderContext]]:
    """The rule with one thing changed: limit, operator, guards and their numbers, hold, keep.

    The case must notice each.
    """
    alert = case.alert
    flipped = replace(alert, operator="<" if alert.operator == ">" else ">")
    yield "operator", flipped, CONTEXT
    for name, number in _moved(case):
        yield name, alert, replace(CONTEXT, numbers={**NUMBERS, number.key: number})
    for index, guard in enumerate(alert.guards):
        rest = tuple(each for each in alert.guards if each is not guard)
        if any(held.guard is guard for held in case.held):
            yield f"without guard {index}", replace(alert, guards=rest), CONTEXT
    for number in dict.fromkeys(alert.value.numbers):
        if number.key != alert.threshold.key:
            lax = replace(number, value=0)
            yield f"{number.key} of 0", alert, replace(CONTEXT, numbers={**NUMBERS, number.key: lax})
    yield "longer hold", replace(alert, hold=alert.hold * 2 + 600), CONTEXT
    if alert.yields_to:
        yield f"without yielding to {alert.yields_to.name}", replace(alert, yields_to=None), CONTEXT
    if alert.hold:
        # What the graver one keeps is no part of this rule, and would forbid the change.
        graver = alert.yields_to and replace(alert.yields_to, keep=0)
        yield "no hold", replace(alert, hold=0, yields_to=graver), CONTEXT
    if alert.keep:
        yield "no keep", replace(alert, keep=0), CONTEXT


def _moved(case: Case) -> Iterator[tuple[str, Number]]:
    number = case.alert.threshold
    step = 1 if number.unit is STATE else abs(number.value) * case.nudge or 2
    strict = -step if case.alert.operator == ">" else step
    # Where no limit is ever kept, as by Watchdog, a laxer one cannot be told.
    if State.AT_LIMIT not in case.alert.unproven:
        yield "limit that fires sooner", replace(number, value=number.value + strict)
    yield "limit that fires later", replace(number, value=number.value - strict)
