"""Rules as Prometheus loads them: in each group recordings first, then alerts.

Prometheus evaluates a group in order, and groups beside each other. So what reads a recording stands in its
group; the other alerts of a service are a group of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alerts.model import Alert, AlertError, unique
from alerts.render import RenderContext
from signals.model import Recording, group_of
from signals.promql import duration

Json = dict[str, Any]


def render(
    alerts: Sequence[Alert], recordings: Sequence[Recording], context: RenderContext
) -> dict[str, Json]:
    """Rule files by the name of their one group: those of recordings, and one for each service.

    Args:
        alerts: those of other engines are left out.
        recordings: evaluated in their order.
        context: what the stack gives.

    Raises:
        AlertError: an alert reads recordings of two groups.
    """
    groups: dict[str, list[Json]] = {}
    paces: dict[str, int] = {}
    for recording in recordings:
        paces[recording.group] = max(recording.each, paces.get(recording.group, 1))
        rule = {"record": recording.metric.name, "expr": context.record(recording)}
        groups.setdefault(recording.group, []).append(rule)
    for alert in unique(tuple(alerts)):
        if "prometheus" in alert.engines:
            groups.setdefault(group_for(alert), []).append(rule_of(alert, context))
    return {
        name: {
            "groups": [
                {"name": name, "interval": duration(context.step * paces.get(name, 1)), "rules": rules}
            ]
        }
        for name, rules in groups.items()
    }


def group_for(alert: Alert) -> str:
    """The group that evaluates an alert: that of the recordings it reads, else its service's.

    Raises:
        AlertError: it reads recordings of two groups, which are evaluated beside each other.
    """
    read = {group_of(metric) for query in alert.queries for metric in query.metrics} - {""}
    if len(read) > 1:
        raise AlertError(
            f"alert {alert.name} reads recordings of the groups {', '.join(sorted(read))}; expected one, as "
            "groups are evaluated in no order; give these recordings one group="
        )
    return read.pop() if read else alert.service


def rule_of(alert: Alert, context: RenderContext) -> Json:
    """One alert as a rule."""
    rule: Json = {"alert": alert.name, "expr": context.fill(alert.condition, alert.window)}
    for key, seconds in (("for", alert.hold), ("keep_firing_for", alert.keep)):
        if seconds:
            rule[key] = duration(seconds * context.time_scale)
    rule["labels"] = alert.labels
    rule["annotations"] = context.annotations(alert)
    return rule
