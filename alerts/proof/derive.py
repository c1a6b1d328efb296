"""A case that follows from the definition: of one gauge, or of one counter's growth, and a limit."""

from __future__ import annotations

import math
import re

from alerts.model import Alert
from alerts.proof.clock import STEP
from alerts.proof.model import Case, Held
from alerts.proof.series import Series, gauge
from alerts.proof.templates import filled
from alerts.render import RenderContext
from exporters.catalogue import Gauge, Label, Matcher
from signals.idioms import enclosed, value
from signals.numbers import COUNT, STATE
from signals.promql import Query, Shape

# Beyond the limit by less than a tenth of it, so that a limit moved by a tenth is noticed. No round number:
# a message rounds, and a half may go either way.
BEYOND = 0.0873
# How long a rate may take from just within its limit to beyond it, in seconds.
SOON = 45
# By how much a number that is rounded grows beyond its limit.
STEEP = 0.1
NUDGE = 0.1


class NotDerivedError(Exception):
    """No case follows from the definition: the message says why."""


def derived(alert: Alert, context: RenderContext) -> Case:
    """The case of an alert on one plain metric.

    Its message is what Prometheus' templates make of the summary; that people understand it is not proven.

    Raises:
        NotDerivedError: the signal or a guard is more than that.
    """
    shape = alert.signal.query.shape
    if shape is None:
        raise NotDerivedError(
            f"its signal {alert.signal.title!r} is more than one gauge, or one counter's rate or increase"
        )
    if alert.yields_to:
        raise NotDerivedError(f"it yields to {alert.yields_to.name}")
    up = [_up(guard) for guard in alert.guards]
    labels = {label.name: _value(label, shape) for label in shape.metric.labels}
    job = next((each.value for each in shape.where if each.label == "job" and each.operator == "="), "")
    series = Series(metric=shape.metric, labels=labels, job=job, levels=_levels(alert, shape, context))
    known = {name: each for name, each in series.all_labels.items() if name in alert.signal.query.labels}
    worth = series.levels[2]
    if not isinstance(worth, int | float):
        raise NotDerivedError("its levels are no numbers")
    grown, nudge = worth if shape.kind == "value" else worth / STEP, NUDGE
    if shape.kind == "increase":
        grown = round(grown * alert.window)
        # Between two whole numbers lies none.
        nudge = max(nudge, 1 / (abs(context.number(alert.threshold).value) or 1))
    held = tuple(
        Held(why=f"{each} is 0", guard=guard, levels={each.name: 0.0})
        for guard, each in zip(alert.guards, up, strict=True)
    )
    return Case(
        alert=alert,
        name="derived",
        series=(series, *(gauge(each, 1, 1, 1, 1) for each in dict.fromkeys(up))),
        labels=known,
        summary=filled(context.says(alert, alert.summary), known, grown),
        held=held,
        nudge=nudge,
    )


def _up(guard: Query) -> Gauge:
    """The gauge whose 1 the guard asks for."""
    metric = guard.metrics[0] if len(guard.metrics) == 1 else None
    plain = isinstance(metric, Gauge) and not metric.labels
    if (
        isinstance(metric, Gauge)
        and plain
        and guard.text == f"{enclosed(value(metric, over='max').text)} == 1"
    ):
        return metric
    raise NotDerivedError(f"its guard `{guard.text}` is more than a gauge that is 1")


def _levels(alert: Alert, shape: Shape, context: RenderContext) -> tuple[float, float, float, float]:
    """Quiet, just within, just beyond, quiet: a gauge's value, or what a counter grows by in a step."""
    limit, unit = context.number(alert.threshold).value, alert.signal.unit
    sign = 1 if alert.operator == ">" else -1
    step = 1.0 if limit == 0 or unit is STATE else limit * BEYOND
    if unit is COUNT and shape.kind == "value":
        step = min(1.0, step)
    if shape.kind == "value":
        # Between two states lies none; a count is not below 0.
        quiet = limit if unit is STATE or limit == 0 else limit - sign * limit / 2
        return quiet, limit, limit + sign * step, quiet
    if shape.kind == "increase":
        # It is rounded: a little less than a half is as good as none.
        whole = math.floor(limit) if sign > 0 else math.ceil(limit)
        edge = whole + sign * (0.5 - STEEP * min(0.3, SOON / alert.window))
        quiet = limit - sign * limit / 2
        rates = (quiet, edge, edge + sign * STEEP, quiet)
        quiet, edge, fault, after = (each * STEP / alert.window for each in rates)
        return quiet, edge, fault, after
    # Not the limit itself, which a rate hits but for the last digit; and so near that it is soon passed.
    within = sign * step * min(0.3, SOON / alert.window) if limit else 0.0
    if limit == 0:
        step = 1.5
    rates = (limit - sign * limit / 2, limit - within, limit + sign * step, limit - sign * limit / 2)
    quiet, edge, fault, after = (each * STEP for each in rates)
    return quiet, edge, fault, after


def _value(label: Label, shape: Shape) -> str:
    """A value of the label that the selector takes."""
    matchers = [each for each in shape.where if each.label == label.name]
    tried = (*label.values, *(part for each in matchers for part in each.value.split("|")), "some", "500")
    for tried_value in tried:
        if all(_takes(each, tried_value) for each in matchers):
            return tried_value
    raise NotDerivedError(f"no value was found that `{', '.join(map(str, matchers))}` takes")


def _takes(matcher: Matcher, tried: str) -> bool:
    pattern = matcher.value if "~" in matcher.operator else re.escape(matcher.value)
    return (re.fullmatch(pattern, tried) is not None) == (matcher.operator[0] == "=")
