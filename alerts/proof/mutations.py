"""A rule with one thing changed: its cases must notice each change, or they prove nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from alerts.model import Alert, State
from alerts.proof.clock import FINE_GRID, GRID
from alerts.proof.model import Case, Demand, Group
from alerts.proof.plan import Json, Plan
from alerts.proof.series import Series
from exporters.catalogue import Matcher
from signals.idioms import enclosed
from signals.numbers import COUNT, STATE, Number
from signals.promql import duration, tidy

SELECTOR = re.compile(r'(\w*)\{((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\}')
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"')
OTHER = "other"
TIMES = ("for", "keep_firing_for")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A changed rule.

    Attributes:
        change: what was changed, in words.
        rule: as Prometheus loads it.
        at_limit: what is demanded of its condition, where that may notice it.
        dropped: metric and matcher, where that was dropped.
    """

    change: str
    rule: Json
    at_limit: Demand | None = None
    dropped: tuple[str, Matcher] | None = None


def mutants(plan: Plan) -> list[Mutant]:
    """Every change; what changes nothing is left out."""
    intact = (plan.rule["expr"], *map(plan.rule.get, TIMES))
    named = [*_of_comparison(plan), *_of_guards(plan), *_of_times(plan), *_of_matchers(plan)]
    return [
        replace(each, rule={**each.rule, "alert": f"{plan.alert.name} {index}"})
        for index, each in enumerate(named)
        if (each.rule["expr"], *map(each.rule.get, TIMES)) != intact or each.at_limit
    ]


def _changed(plan: Plan, expr: str, **times: float) -> Json:
    """The rule with the intact summary: a change must show in what it does, not in what it says of itself."""
    alert = plan.alert
    rule = {"expr": expr, "labels": plan.rule["labels"]}
    for key, seconds in {"for": alert.hold, "keep_firing_for": alert.keep, **times}.items():
        if seconds:
            rule[key] = duration(seconds * plan.context.time_scale)
    return {**rule, "annotations": {"summary": plan.rule["annotations"]["summary"]}}


def _other(plan: Plan, change: str, alert: Alert) -> Mutant:
    return Mutant(change=change, rule=_changed(plan, plan.context.fill(alert.condition, alert.window)))


def _numbered(plan: Plan, change: str, number: Number) -> Mutant:
    moved = replace(plan.context, numbers={**plan.context.numbers, number.key: number})
    alert = plan.alert
    return Mutant(change=change, rule=_changed(plan, moved.fill(alert.condition, alert.window)))


def _of_comparison(plan: Plan) -> Iterator[Mutant]:
    alert, condition = plan.alert, plan.alert.condition
    yield _other(plan, "operator", replace(alert, operator="<" if alert.operator == ">" else ">"))
    if State.AT_LIMIT in plan.proven:
        sign = f"{alert.operator} <number:{alert.threshold.key}>"
        # The value may be compared with its limit in its own query, too.
        value = enclosed(alert.signal.query.text)
        before, _, after = condition.text.partition(value)
        text = before + value + after.replace(sign, sign.replace(" ", "= ", 1), 1)
        lax = replace(condition, text=text)
        rule = _changed(plan, plan.context.fill(lax, alert.window))
        yield Mutant(change="limit included", rule=rule, at_limit=plan.at_limit(lax, plan.context))
    for change, number in _moved(plan, plan.context.number(alert.threshold)):
        yield _numbered(plan, change, number)


def _of_guards(plan: Plan) -> Iterator[Mutant]:
    alert = plan.alert
    for index, guard in enumerate(alert.guards):
        rest = tuple(each for each in alert.guards if each is not guard)
        yield _other(plan, f"without guard {index + 1}", replace(alert, guards=rest))
    if alert.yields_to:
        yield _other(plan, f"without yielding to {alert.yields_to.name}", replace(alert, yields_to=None))
    # Those of the graver alert are its own case's concern.
    own = (number for query in (alert.signal.query, *alert.guards) for number in query.numbers)
    for number in dict.fromkeys(own):
        if number.key != alert.threshold.key:
            yield _numbered(plan, f"{number.key} of 0", replace(plan.context.number(number), value=0))


def _of_times(plan: Plan) -> Iterator[Mutant]:
    alert, expr = plan.alert, plan.rule["expr"]
    longer = alert.hold * 2 + 600
    yield Mutant(change="longer hold", rule=_changed(plan, expr, **{"for": longer}))
    shorter = alert.hold // GRID * FINE_GRID  # half, where that is a moment of evaluation
    yield Mutant(change="shorter hold", rule=_changed(plan, expr, **{"for": shorter}))
    yield Mutant(change="no keep", rule=_changed(plan, expr, keep_firing_for=0))


def _moved(plan: Plan, number: Number) -> Iterator[tuple[str, Number]]:
    step = 1 if number.unit is STATE else abs(number.value) * plan.case.nudge or 2
    strict = -step if plan.alert.operator == ">" else step
    # Where no limit is ever kept, as by Watchdog, a laxer one cannot be told.
    if State.UNDER not in plan.alert.unproven:
        yield "limit that fires sooner", replace(number, value=number.value + strict)
    yield "limit that fires later", replace(number, value=number.value - strict)
    # Between two states lies none, and of whole things none between nothing and one.
    if number.unit is not STATE and not (number.unit is COUNT and number.value == 1 and strict > 0):
        yield "half the limit", replace(number, value=number.value / 2)


def _of_matchers(plan: Plan) -> Iterator[Mutant]:
    """Each label matcher in the rule: with another value, and dropped."""
    expr = plan.rule["expr"]
    for selector in SELECTOR.finditer(expr):
        for found in MATCHER.finditer(expr, selector.start(2), selector.end(2)):
            matcher = Matcher(found[1], found[2], found[3])  # type: ignore[arg-type]  # the pattern knows no other
            before, after = expr[: found.start()], expr[found.end() :]
            other = Matcher(matcher.label, matcher.operator, OTHER)
            where = f"{matcher} of {selector[1]}"
            yield Mutant(change=f"{where} changed", rule=_changed(plan, f"{before}{other}{after}"))
            bare = tidy(
                f"{before.rstrip(',')}{after}" if before.endswith(",") else before + after.lstrip(",")
            )
            rule = _changed(plan, bare)
            yield Mutant(change=f"{where} dropped", rule=rule, dropped=(selector[1], matcher))


def decoys(case: Case, metric: str, matcher: Matcher) -> list[Series]:
    """The case's series of a metric once more, as only the matcher keeps them out.

    A label of Prometheus' own, such as the job, is none of the series' labels.
    """
    value = _refused(matcher)
    return [
        replace(series, labels={**series.labels, matcher.label: value})
        for series in case.series
        if series.name == metric and value is not None and series.all_labels.get(matcher.label) != value
    ]


def _refused(matcher: Matcher) -> str | None:
    """A value that the matcher does not let through; None if none is found."""
    if matcher.operator in ("=", "=~"):
        return OTHER
    # The first of what it names, with a character for each that may be any.
    first = matcher.value.split("|")[0].replace(".*", "x").replace(".+", "x").replace(".", "x")
    return first if matcher.operator == "!=" or re.fullmatch(matcher.value, first) else None


def decoy_groups(plan: Plan, metric: str, matcher: Matcher) -> Iterator[Group]:
    """The phases beside a decoy in trouble, and what holds the rule back beside one in trouble or health."""
    found = decoys(plan.case, metric, matcher)
    if not found:
        return
    trouble = [each.at(each.levels[2]) for each in found]
    health = [each.at(each.levels[0]) for each in found]
    yield plan.phases(trouble)
    for held in plan.case.held:
        yield plan.held(held, trouble)
        yield plan.held(held, health)
