"""Rules as Grafana provisions them from a file. A wrong value there ends the whole server."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from alerts.model import Alert, unique
from alerts.render import RenderContext
from signals.promql import duration

Json = dict[str, Any]

# Grafana's scheduler ticks every ten seconds, and refuses an interval that is no multiple of it.
TICK = 10
EXPRESSION = "__expr__"
EVALUATOR = {">": "gt", "<": "lt"}
# Without a sample Grafana expands the texts all the same, with an empty value, and logs an error each time.
HUMANIZED = re.compile(r"(\{\{\s*\$value\s*\|[^}]*\}\})")


def render(alerts: Sequence[Alert], context: RenderContext) -> Json:
    """The file of rules, one group for each service.

    Args:
        alerts: those of other engines are left out.
        context: what the stack gives.
    """
    interval = ticks(context.evaluation * context.time_scale)
    groups: dict[str, list[Json]] = {}
    for alert in unique(tuple(alerts)):
        if "grafana" in alert.engines:
            groups.setdefault(alert.service, []).append(rule_of(alert, context, interval))
    return {
        "apiVersion": 1,
        "groups": [
            {
                "orgId": 1,
                "name": name,
                "folder": context.folder,
                "interval": duration(interval),
                "rules": rules,
            }
            for name, rules in groups.items()
        ],
    }


def ticks(seconds: float) -> int:
    """The least multiple of Grafana's tick that holds this time; at least one tick."""
    return max(1, math.ceil(round(seconds / TICK, 6))) * TICK


def rule_of(alert: Alert, context: RenderContext, interval: int) -> Json:
    """One alert as a rule: A is the value that its guards let through, C compares it with the limit."""
    scale = context.time_scale
    # A pending time that is no multiple of the interval is waited for longer anyway.
    hold, keep = (
        math.ceil(round(each * scale / interval, 6)) * interval for each in (alert.hold, alert.keep)
    )
    uid, panel = context.panel_of(alert.signal)
    fire = alert.no_answer == "fire"
    texts = context.annotations(alert)
    return {
        "uid": alert.uid,
        "title": alert.name,
        "condition": "C",
        "for": f"{hold}s",
        "keepFiringFor": f"{keep}s",
        "noDataState": "Alerting" if fire else "OK",
        "execErrState": "Alerting" if fire else "KeepLast",
        "missing_series_evals_to_resolve": 1,
        "isPaused": False,
        "labels": alert.labels,
        "annotations": {
            **texts,
            "summary": HUMANIZED.sub(r"{{ if print $value }}\1{{ end }}", texts["summary"]),
            # Links in messages come from these two alone.
            "__dashboardUid__": uid,
            "__panelId__": str(panel),
        },
        "data": [_value(alert, context), _threshold(alert, context)],
    }


def _value(alert: Alert, context: RenderContext) -> Json:
    source = {"type": "prometheus", "uid": context.datasource_uid}
    return {
        "refId": "A",
        "datasourceUid": context.datasource_uid,
        # An instant query does not read it, yet Grafana refuses a range that is empty.
        "relativeTimeRange": {"from": max(60, math.ceil(alert.window * context.time_scale)), "to": 0},
        "model": {
            "refId": "A",
            "expr": context.fill(alert.value, alert.window),
            "instant": True,
            "range": False,
            "datasource": source,
        },
    }


def _threshold(alert: Alert, context: RenderContext) -> Json:
    limit = context.number(alert.threshold).value
    return {
        "refId": "C",
        "datasourceUid": EXPRESSION,
        "relativeTimeRange": {"from": 0, "to": 0},
        "model": {
            "refId": "C",
            "type": "threshold",
            "expression": "A",
            "datasource": {"type": EXPRESSION, "uid": EXPRESSION},
            "conditions": [{"evaluator": {"type": EVALUATOR[alert.operator], "params": [limit]}}],
        },
    }
