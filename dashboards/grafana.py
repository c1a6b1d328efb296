"""Boards to Grafana's dashboard JSON, through grafanalib; the only module that imports it.

grafanalib gives the frame of panels and boards. Its options are those of Grafana 6 to 8, so `normalise`
keeps the keys that schema version 42 knows and puts `dashboards.visual` in place of the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from grafanalib import core as grafana
from grafanalib._gen import DashboardEncoder

from dashboards import cards, links, visual
from dashboards.annotations import Annotation, events
from dashboards.colours import OF_LABEL
from dashboards.layout import Place, PlacedRow, place
from dashboards.links import DATASOURCE_VARIABLE
from dashboards.model import Board, Panel
from dashboards.queries import (
    Target,
    Variable,
    column,
    least_step,
    targets,
    transformations,
    variables,
)
from dashboards.visual import Json, override
from exporters.catalogue.external import SEVERITY
from signals.model import Signal
from signals.numbers import STATE, Number
from signals.promql import Context

SCHEMA_VERSION = 42
DATASOURCE: Json = {"type": "prometheus", "uid": f"${{{DATASOURCE_VARIABLE}}}"}

PANEL_TYPES = {
    "stat": grafana.Stat,
    "graph": grafana.TimeSeries,
    "table": grafana.Table,
    "scorecard": grafana.Table,
    "heatmap": grafana.Heatmap,
    "timeline": grafana.StateTimeline,
    "bars": grafana.BarGauge,
    "text": grafana.Text,
}
# Names of indexes and routes, whole where the table has the whole row; of alerts elsewhere.
WIDTHS = {24: 330, 12: 250, 0: 210}
KEY_WIDTHS = {"queryid": 190}
# Of a scorecard, so that a phone shows the target, what is now, and whether that is enough.
TARGET_WIDTH, SCORE_WIDTH = 170, 86
# The label whose column holds sentences.
TEXT = "query"
PANEL_KEYS = ("id", "type", "title", "description", "gridPos", "datasource", "interval", "transformations")
ROW_KEYS = ("id", "type", "title", "gridPos", "collapsed")
BOARD_KEYS = (
    "uid",
    "title",
    "description",
    "tags",
    "time",
    "refresh",
    "editable",
    "graphTooltip",
    "timezone",
)


def render_board(board: Board, context: Context, *, refresh: str = "30s") -> Json:
    """The board as Grafana's dashboard JSON, schema version 42.

    Args:
        board: the definition.
        context: identity, numbers and time scale of the stack; scope and window are the panels' own.
        refresh: how often an open board asks again.
    """
    frame = grafana.Dashboard(
        title=board.title,
        uid=board.uid,
        description=board.description,
        tags=list(board.tags),
        time=grafana.Time("now-1h", "now"),
        refresh=refresh,
        editable=False,
        sharedCrosshair=True,
        timezone="browser",
    )
    panels = [panel for placed in place(board) for panel in _row(placed, board, context)]
    return {
        **_kept(_plain(frame), BOARD_KEYS),
        "annotations": {"list": [_built_in_annotation(), *map(_annotation, events(context))]},
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "links": [links.board_link(board, there, context) for there in board.neighbours],
        "liveNow": False,
        "panels": panels,
        "preload": False,
        "schemaVersion": SCHEMA_VERSION,
        "templating": {"list": [_datasource_variable(), *map(_variable, variables(board, context))]},
        "timepicker": {},
        "version": 1,
        "weekStart": "",
    }


def _plain(thing: object) -> Json:
    """What grafanalib makes of its own object, as plain values."""
    found: Json = json.loads(json.dumps(thing, cls=DashboardEncoder))
    return found


def _kept(found: Json, keys: Iterable[str]) -> Json:
    return {key: found[key] for key in keys if found.get(key) is not None}


def _row(placed: PlacedRow, board: Board, context: Context) -> list[Json]:
    heading = grafana.RowPanel(
        title=placed.row.title,
        id=board.panel_id(f"row: {placed.row.title}"),
        gridPos=_grid(placed.place),
        collapsed=placed.row.collapsed,
    )
    panels = [_panel(panel, where, board, context) for panel, where in placed.panels]
    head = {**_kept(_plain(heading), ROW_KEYS), "panels": panels if placed.row.collapsed else []}
    return [head] if placed.row.collapsed else [head, *panels]


def _grid(where: Place) -> grafana.GridPos:
    return grafana.GridPos(h=where.h, w=where.w, x=where.x, y=where.y)


def _panel(panel: Panel, where: Place, board: Board, context: Context) -> Json:
    asked = targets(panel, board, context) if panel.kind != "text" else []
    more: Json = {} if panel.kind == "text" else {"dataSource": DATASOURCE}
    if least := least_step(panel, context):
        more["interval"] = least
    drawn = PANEL_TYPES[panel.kind](
        title=panel.title,
        description=describe(panel, context.numbers) or None,
        id=board.panel_id(panel.title),
        gridPos=_grid(where),
        targets=[grafana.Target(expr=target.expr, refId=target.ref) for target in asked],
        transformations=transformations(panel, board, context),
        **more,
    )
    return normalise(_plain(drawn), panel, asked, board, context)


def normalise(found: Json, panel: Panel, asked: list[Target], board: Board, context: Context) -> Json:
    """A panel of grafanalib as Grafana 12 and 13 want it: known keys only, objects for data sources."""
    kept = _kept(found, PANEL_KEYS)
    config = visual.field_config(panel, context.numbers)
    if panel.kind == "table":
        config["overrides"] += [*_columns(panel, context), *links.alert_links(panel, board, context)]
    elif panel.kind == "scorecard":
        config["overrides"] += _scorecard_columns()
    if panel.opens:
        links.lead_on(panel, board, config, context)
    clean: Json = {**kept, "options": visual.options(panel), "fieldConfig": config}
    if not clean.get("transformations"):
        clean.pop("transformations", None)
    if asked:
        clean["targets"] = [
            _target(target, frame) for target, frame in zip(asked, found["targets"], strict=True)
        ]
    return clean


def _target(target: Target, frame: Json) -> Json:
    return {
        "refId": frame["refId"],
        "expr": frame["expr"],
        "datasource": DATASOURCE,
        "editorMode": "code",
        "instant": target.instant,
        "range": not target.instant,
        "format": target.format,
        "legendFormat": target.legend,
    }


def describe(panel: Panel, numbers: Mapping[str, Number]) -> str:
    """What it is, what good looks like, what to do, and which metrics it reads."""
    if panel.kind == "text":
        return ""
    parts = [cards.MEANING] if panel.kind == "scorecard" else []
    if panel.kind == "bars":
        parts.append("Of several servers or services, each bar tells the worst.")
    parts += [panel.note] if panel.note else []
    several = len(panel.signals) > 1
    words = {float(word.value): word.text for word in visual.words(panel)}
    for signal in panel.signals:
        parts.append(_explained(signal, numbers, words, named=several))
    for limit in panel.limits:
        parts.append(f"Dashed, **{limit.legend}**: {limit.says(limit.why, numbers)}")
    if panel.zero:
        parts.append(f"*Zero means:* {panel.zero}")
    if panel.no_value and panel.kind != "stat":
        parts.append(f"*Empty means:* {panel.no_value}")
    metrics = dict.fromkeys(metric.name for signal in panel.shown for metric in signal.query.metrics)
    if metrics:
        parts.append("*Source:* " + ", ".join(f"`{name}`" for name in metrics))
    return "\n\n".join(parts)


def _explained(
    signal: Signal, numbers: Mapping[str, Number], words: Mapping[float, str], *, named: bool
) -> str:
    """In paragraphs; of one among several in one, so that all can be taken in."""
    why = signal.says(signal.why, numbers)
    told = [
        f"**{signal.title}**: {why}" if named else why,
        f"*Good:* {signal.says_good(numbers, words)}",
        f"*Otherwise:* {signal.says(signal.act, numbers)}",
    ]
    return (" " if named else "\n\n").join(told)


def _columns(panel: Panel, context: Context) -> list[Json]:
    """Each column has the unit and the line of its own signal; a cell without a value is a dash."""
    found = [override("byType", kind, noValue="–") for kind in ("number", "string")]
    for signal in panel.signals:
        if signal.is_name:
            continue
        state = signal.unit is STATE
        properties: Json = {"unit": visual.GRAFANA_UNITS[signal.unit]}
        if state:
            properties["mappings"] = visual.mapping(visual.YES_NO)
        if state or signal.objective is not None:
            properties["thresholds"] = visual.thresholds(signal, context.numbers)
            properties["custom__cellOptions"] = {"type": "color-text"}
        found.append(override("byName", signal.title, **properties))
    if any(SEVERITY.name in signal.query.labels for signal in panel.signals):
        options = {
            value: {"text": value, "color": colour, "index": index}
            for index, (value, colour) in enumerate(OF_LABEL[SEVERITY.name])
        }
        properties = {
            "mappings": [{"type": "value", "options": options}],
            "custom__cellOptions": {"type": "color-text"},
        }
        found.append(override("byName", column(SEVERITY.name), **properties))
    if panel.key:
        width = next(pixels for least, pixels in WIDTHS.items() if panel.width >= least)
        width = min(width, KEY_WIDTHS.get(panel.key, width))
        found.append(override("byName", column(panel.key), custom__width=width, custom__filterable=True))
    if any(TEXT in signal.query.labels for signal in panel.signals):
        room = 1040 if panel.key == TEXT else 380
        found.append(override("byName", column(TEXT), custom__width=room, custom__inspect=True))
    return found


def _scorecard_columns() -> list[Json]:
    cell = {"type": "color-text"}
    steps = {"mode": "absolute", "steps": [{"color": "text", "value": None}]}
    good = {
        "mode": "absolute",
        "steps": [{"color": "orange", "value": None}, {"color": "green", "value": 1}],
    }
    reached = override(
        "byName",
        "Reached",
        unit="none",
        mappings=[*visual.mapping(visual.REACHED), visual.nothing("unknown", "text")],
        custom__cellOptions=cell,
        thresholds=good,
        noValue="unknown",
    )
    plain = [override("byName", name, thresholds=steps, noValue="unknown") for name in ("Now", "Best")]
    way = override(
        "byName",
        "How far",
        unit="percentunit",
        decimals=0,
        min=0,
        max=1,
        mappings=[visual.nothing("unknown", "text")],
        custom__cellOptions={"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
        custom__width=160,
        thresholds=good,
    )
    # Of what a wide screen has more the target takes all.
    numbers = override("byRegexp", "/^(?!Target$)/", custom__width=SCORE_WIDTH)
    wrapped = {"type": "auto", "wrapText": True}
    target = override("byName", "Target", custom__minWidth=TARGET_WIDTH, custom__cellOptions=wrapped)
    return [numbers, reached, *plain, way, target]


def _datasource_variable() -> Json:
    return {
        "type": "datasource",
        "name": DATASOURCE_VARIABLE,
        "label": "Data source",
        "query": "prometheus",
        "regex": "",
        "current": {"selected": True, "text": "Prometheus", "value": "prometheus"},
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "options": [],
        "refresh": 1,
        "skipUrlSync": False,
    }


def _variable(variable: Variable) -> Json:
    every: dict[str, Any] = {"selected": True, "text": ["All"], "value": ["$__all"]}
    found: Json = {
        "type": "query",
        "name": variable.name,
        "label": variable.label,
        "datasource": DATASOURCE,
        "definition": variable.query,
        "query": {
            "qryType": 1,
            "query": variable.query,
            "refId": "PrometheusVariableQueryEditor-VariableQuery",
        },
        "current": every if variable.multi else {},
        "hide": 0,
        "includeAll": variable.multi,
        "multi": variable.multi,
        "options": [],
        "refresh": 2,
        "regex": "",
        "skipUrlSync": False,
        "sort": 1,
    }
    return {**found, "allValue": ".+"} if variable.multi else found


def _built_in_annotation() -> Json:
    return {
        "builtIn": 1,
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "enable": True,
        "hide": True,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    }


def _annotation(annotation: Annotation) -> Json:
    return {
        "name": annotation.name,
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": annotation.colour,
        # Their switches would take two lines above the verdict.
        "placement": "inControlsMenu",
        # Beside the target, as Grafana once kept them, they are lost where a board becomes schema version 2.
        "target": {"refId": "Anno", "expr": annotation.expr, "interval": annotation.step},
        "titleFormat": annotation.title,
        "textFormat": annotation.text,
        "useValueForTime": False,
    }
