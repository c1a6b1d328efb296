"""Rules as Prometheus loads them: recordings first, then one group of alerts for each service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alerts.model import Alert, RenderContext, unique
from signals.model import Recording
from signals.promql import duration

Json = dict[str, Any]

RECORDED = "recorded"


def render(
    alerts: Sequence[Alert], recordings: Sequence[Recording], context: RenderContext
) -> dict[str, Json]:
    """Rule files by name: `recorded`, and one for each service.

    Args:
        alerts: those of other engines are left out.
        recordings: evaluated in their order.
        context: what the stack gives.
    """
    groups: dict[str, list[Json]] = {}
    for recording in recordings:
        rule = {"record": recording.metric.name, "expr": context.record(recording)}
        groups.setdefault(RECORDED, []).append(rule)
    for alert in unique(tuple(alerts)):
        if "prometheus" in alert.engines:
            groups.setdefault(alert.service, []).append(rule_of(alert, context))
    # Prometheus has no lower limit of its own; a second is one.
    interval = duration(max(1.0, context.evaluation * context.time_scale))
    return {
        name: {"groups": [{"name": name, "interval": interval, "rules": rules}]}
        for name, rules in groups.items()
    }


def rule_of(alert: Alert, context: RenderContext) -> Json:
    """One alert as a rule."""
    rule: Json = {"alert": alert.name, "expr": context.fill(alert.condition, alert.window)}
    for key, seconds in (("for", alert.hold), ("keep_firing_for", alert.keep)):
        if seconds:
            rule[key] = duration(seconds * context.time_scale)
    rule["labels"] = alert.labels
    rule["annotations"] = context.annotations(alert)
    return rule
