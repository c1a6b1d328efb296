"""One alert with everything around it, as both engines are given it, for checks to judge."""

from __future__ import annotations

from typing import Any

from dashboards.checks import Finding
from tests.checks.small import BOARD_FILE, RULE_FILE, board, changed, judge, panel

Json = dict[str, Any]
Edits = list[tuple[str, Any]]

GRAFANA = "grafana/alerting/rules.json"
NOTIFICATIONS = "grafana/alerting/notifications.json"
SOURCE_FILE = "grafana/datasources/prometheus.yaml"
PROMETHEUS = "prometheus/prometheus.yml"
ALERTMANAGER = "alertmanager/alertmanager.yml"
RUNBOOK_FILE = "grafana/dashboards/backend-runbooks.json"
RULE = f"{GRAFANA} groups 0 rules 0"
THEIRS = f"{RULE_FILE} groups 0 rules 0"
TREE = f"{NOTIFICATIONS} policies 0"
ROUTE = f"{ALERTMANAGER} route"

EXPR = "max by (environment, cluster, job, instance) (redis_up)"
LABELS = {"severity": "critical", "service": "redis"}
TOLD = {
    "summary": "Redis watched by {{ $labels.instance }} does not answer.",
    "description": "Nothing is cached.",
    "runbook_url": "http://localhost:3000/d/backend-runbooks?viewPanel=panel-11",
    "dashboard_url": "http://localhost:3000/d/small?viewPanel=panel-1",
}


def grafanas(title: str = "Small", uid: str = "small", **more: Any) -> Json:
    """The rule as Grafana reads it."""
    source = {"type": "prometheus", "uid": "prometheus"}
    threshold = {"evaluator": {"type": "lt", "params": [1]}}
    return {
        "uid": uid,
        "title": title,
        "condition": "C",
        "data": [
            {
                "refId": "A",
                "datasourceUid": "prometheus",
                "relativeTimeRange": {"from": 300, "to": 0},
                "model": {"refId": "A", "expr": EXPR, "datasource": source},
            },
            {
                "refId": "C",
                "datasourceUid": "__expr__",
                "model": {"refId": "C", "type": "threshold", "expression": "A", "conditions": [threshold]},
            },
        ],
        "for": "60s",
        "keepFiringFor": "60s",
        "noDataState": "OK",
        "execErrState": "KeepLast",
        "labels": LABELS,
        "annotations": {**TOLD, "__dashboardUid__": "small", "__panelId__": "1"},
    } | more


def prometheuss(name: str = "Small", **more: Any) -> Json:
    """The rule as Prometheus reads it."""
    times = {"for": "1m", "keep_firing_for": "1m"}
    return {"alert": name, "expr": f"{EXPR} < 1", **times, "labels": LABELS, "annotations": TOLD} | more


GROUPING = ["environment", "cluster", "alertname"]
SCRAPED = {"global": {"scrape_interval": "15s"}, "scrape_configs": [{"job_name": "exporter"}]}
PANEL = panel('redis_up{environment=~"$environment",cluster=~"$cluster"}', unit="none")
PANEL["fieldConfig"]["defaults"]["thresholds"] = {
    "steps": [{"value": None, "color": "red"}, {"value": 1, "color": "green"}]
}
COMMON: Json = {
    BOARD_FILE: board(PANEL),
    RUNBOOK_FILE: {
        "uid": "backend-runbooks",
        "title": "Runbooks",
        "schemaVersion": 42,
        "version": 1,
        "editable": False,
        "tags": ["backend"],
        "panels": [
            {"id": 11, "type": "text", "title": "Small", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 8}},
            {"id": 12, "type": "text", "title": "Another", "gridPos": {"x": 0, "y": 8, "w": 24, "h": 8}},
        ],
    },
    SOURCE_FILE: {
        "datasources": [
            {
                "name": "Prometheus",
                "uid": "prometheus",
                "type": "prometheus",
                "jsonData": {"timeInterval": "15s"},
            }
        ]
    },
    PROMETHEUS: SCRAPED,
    RULE_FILE: {"groups": [{"name": "small", "rules": [prometheuss()]}]},
}
# Grafana notifies.
BY_GRAFANA: Json = COMMON | {
    GRAFANA: {
        "groups": [{"name": "small", "folder": "backend", "interval": "30s", "rules": [grafanas()]}],
    },
    NOTIFICATIONS: {
        "contactPoints": [
            {
                "name": name,
                "receivers": [{"uid": f"{name}-hook", "type": "webhook", "settings": {"url": "x"}}],
            }
            for name in ("critical", "warning")
        ],
        "muteTimes": [{"name": "nights"}],
        "policies": [
            {
                "receiver": "warning",
                "group_by": GROUPING,
                "group_wait": "30s",
                "repeat_interval": "1d",
                "routes": [
                    {
                        "receiver": "warning",
                        "group_by": ["alertname", "datasource_uid"],
                        "object_matchers": [["alertname", "=~", "DatasourceError|DatasourceNoData"]],
                    },
                    {
                        "receiver": "critical",
                        "object_matchers": [["severity", "=", "critical"]],
                        "mute_time_intervals": ["nights"],
                        "routes": [{"object_matchers": [["service", "=", "redis"]]}],
                    },
                ],
            }
        ],
    },
}
# Alertmanager notifies.
BY_ALERTMANAGER: Json = COMMON | {
    PROMETHEUS: SCRAPED | {"alerting": {"alertmanagers": [{"static_configs": [{"targets": ["x:9093"]}]}]}},
    ALERTMANAGER: {
        "receivers": [{"name": "critical"}, {"name": "warning"}],
        "time_intervals": [{"name": "nights"}],
        "route": {
            "receiver": "warning",
            "group_by": GROUPING,
            "routes": [
                {
                    "receiver": "critical",
                    "matchers": ['severity="critical"'],
                    "active_time_intervals": ["nights"],
                }
            ],
        },
        "inhibit_rules": [
            {
                "source_matchers": ['alertname="Small"'],
                "target_matchers": ['service="redis"', 'alertname!="Small"'],
                "equal": ["environment", "cluster"],
            }
        ],
    },
}


def judged(edits: Edits, documents: Json | None = None) -> list[Finding]:
    """The findings where some values are others; a file of Alertmanager's asks for its engine."""
    ours = any(place.startswith(ALERTMANAGER) for place, _ in edits)
    return judge(changed(documents or (BY_ALERTMANAGER if ours else BY_GRAFANA), *edits))
