"""Small files with one thing in them, for checks to judge."""

from __future__ import annotations

import json
from typing import Any

import yaml

from dashboards.checks import Finding, check_files
from dashboards.stack import STACK

Json = dict[str, Any]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
LEGEND = {"showLegend": True, "displayMode": "table", "calcs": ["lastNotNull", "max"]}
BASE = {"mode": "absolute", "steps": [{"color": "green", "value": None}]}
SCOPE = 'environment=~"$environment",cluster=~"$cluster"'
BOARD_FILE = "grafana/dashboards/small.json"
RULE_FILE = "prometheus/rules/small.yml"


def panel(expr: str, kind: str = "timeseries", unit: str = "", legend: str = "line", **more: Any) -> Json:
    """A panel as it is rendered, with one query."""
    instant = kind in ("stat", "table", "bargauge")
    found: Json = {
        "id": 1,
        "type": kind,
        "title": "Requests",
        "description": "How many. Good is many. Otherwise wait.",
        "datasource": SOURCE,
        "gridPos": {"x": 0, "y": 0, "w": 24, "h": 8},
        "fieldConfig": {
            "defaults": {"unit": unit, "noValue": "no data", "min": 0, "thresholds": BASE},
            "overrides": [],
        },
        "options": {"legend": LEGEND, "reduceOptions": {"calcs": ["lastNotNull"]}},
        "targets": [
            {
                "refId": "A",
                "expr": expr,
                "datasource": SOURCE,
                "instant": instant,
                "range": not instant,
                "legendFormat": legend,
            }
        ],
    }
    return found | more


def variable(name: str, query: str) -> Json:
    """A variable that Prometheus fills."""
    return {
        "type": "query",
        "name": name,
        "datasource": SOURCE,
        "query": {"query": query},
        "definition": query,
        "refresh": 2,
    }


def board(*panels: Json, variables: tuple[Json, ...] | None = None, **more: Any) -> Json:
    """A dashboard of these panels, with the variables that every board has."""
    mine = variables or (
        variable("environment", "label_values(up, environment)"),
        variable("cluster", 'label_values(up{environment=~"$environment"}, cluster)'),
    )
    source = {"type": "datasource", "name": "datasource", "query": "prometheus", "label": "Data source"}
    firing = f'ALERTS{{{SCOPE},alertstate="firing"}}'
    return {
        "uid": "small",
        "title": "Small",
        "tags": ["backend"],
        "schemaVersion": 42,
        "version": 1,
        "editable": False,
        "panels": list(panels),
        "templating": {"list": [source, *mine]},
        "annotations": {
            "list": [{"name": "Alerts", "target": {"expr": firing}, "titleFormat": "{{alertname}}"}]
        },
        "links": [],
    } | more


def files(*boards: Json) -> dict[str, bytes]:
    """The files of these dashboards."""
    return {f"grafana/dashboards/{each['uid']}.json": json.dumps(each).encode() for each in boards}


def rule_file(*rules: Json) -> dict[str, bytes]:
    """A file of Prometheus' rules."""
    return {RULE_FILE: yaml.safe_dump({"groups": [{"name": "small", "rules": list(rules)}]}).encode()}


def alert(expr: str, name: str = "Small", summary: str = "It is small.", **more: Any) -> Json:
    """A rule of Prometheus."""
    annotations = {"summary": summary, "description": "It is."}
    labels = {"severity": "warning", "service": "api"}
    return {"alert": name, "expr": expr, "labels": labels, "annotations": annotations} | more


def judge(found: dict[str, bytes]) -> list[Finding]:
    """What the checks say of these files, with the project's own catalogue and identity."""
    retention = STACK.retention * 86_400
    return check_files(found, STACK.catalogue, identity=STACK.identity, retention=retention)


def only(found: list[Finding], *rules: str) -> list[Finding]:
    """The findings of these checks."""
    return [each for each in found if each.rule in rules]


def asked(expr: str, **more: Any) -> list[Finding]:
    """What the checks say of a panel with this query. ``SCOPE`` in it stands for the variables."""
    return judge(files(board(panel(expr.replace("SCOPE", SCOPE), **more))))


def alerted(expr: str, **more: Any) -> list[Finding]:
    """What the checks say of a rule with this query."""
    return judge(rule_file(alert(expr, **more)))


DROP = object()
"""In place of a value: without it."""


def changed(documents: Json, *edits: tuple[str, Any]) -> dict[str, bytes]:
    """Files of these documents with other values in some places, each written as ``file key 0 key``."""
    found = json.loads(json.dumps(documents))  # nothing shared between two places
    for place, value in edits:
        *way, last = (int(word) if word.isdigit() else word for word in place.split())
        holder: Any = found
        for step in way:
            holder = holder[step]
        if value is DROP:
            del holder[last]
        else:
            holder[last] = value
    return {path: _bytes(path, document) for path, document in found.items()}


def _bytes(path: str, document: Any) -> bytes:
    text = json.dumps(document) if path.endswith(".json") else yaml.safe_dump(document)
    return text.encode()
