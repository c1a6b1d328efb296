"""Somebody else's dashboards, small, as they come: written here, in the forms of many years."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dashboards.checks import RULES, Finding, others
from dashboards.checks.others import File, Source

Json = dict[str, Any]
PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
LOKI = {"type": "loki", "uid": "${loki_datasource}"}
SCOPE = 'job=~"$job",instance=~"$instance"'
RATE = f"sum by (path) (rate(web_requests_total{{{SCOPE}}}[$__rate_interval]))"


def variable(name: str, **more: Any) -> Json:
    """A variable of targets, as one should be."""
    return {
        "name": name,
        "type": "query",
        "label": name.title(),
        "datasource": PROMETHEUS,
        "query": f"label_values(up, {name})",
        "refresh": 2,
        "multi": True,
        "allValue": ".+",
    } | more


def source(name: str = "datasource", kind: str = "prometheus") -> Json:
    """The variable of a data source."""
    return {"name": name, "type": "datasource", "query": kind, "label": "Data source"}


def graph(expr: str = RATE, unit: str = "reqps", legend: str = "{{path}}", **more: Any) -> Json:
    """A graph with nothing wrong in it."""
    return {
        "id": 1,
        "type": "timeseries",
        "title": "Requests",
        "description": "How many there are.",
        "datasource": PROMETHEUS,
        "gridPos": {"x": 0, "y": 0, "w": 24, "h": 8},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"showLegend": True, "displayMode": "table", "calcs": ["lastNotNull", "max"]}},
        "targets": [{"refId": "A", "expr": expr, "datasource": PROMETHEUS, "legendFormat": legend}],
    } | more


def board(*panels: Json, variables: tuple[Json, ...] | None = None, **more: Any) -> Json:
    """A board that the checks take as it is."""
    mine = variables if variables is not None else (source(), variable("job"), variable("instance"))
    return {
        "uid": "theirs",
        "title": "Theirs",
        "tags": ["web"],
        "editable": False,
        "schemaVersion": 42,
        "panels": list(panels or (graph(),)),
        "templating": {"list": list(mine)},
        "annotations": {"list": []},
    } | more


def judge(document: Json, *sources: Path | str) -> list[Finding]:
    """What the checks say of a board, as it would be read."""
    read = others.files.board_of("theirs.json", document)
    return others.judge([File("theirs.json", read)], RULES, [Source(str(each)) for each in sources])


def rules(found: list[Finding]) -> set[str]:
    """The checks that found something."""
    return {each.rule for each in found}
