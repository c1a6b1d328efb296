"""How each kind of panel looks: Grafana's `options` and `fieldConfig`, as a running Grafana drew them.

Colours mean the same on every board: green is good, orange misses an objective, red is trouble.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.model import Panel
from signals.model import Signal
from signals.numbers import (
    BYTES,
    BYTES_PER_SECOND,
    COUNT,
    PER_SECOND,
    RATIO,
    REQUESTS_PER_SECOND,
    SECONDS,
    STATE,
    Number,
    Unit,
)

Json = dict[str, Any]

GRAFANA_UNITS: dict[Unit, str] = {
    SECONDS: "s",
    RATIO: "percentunit",
    COUNT: "short",
    REQUESTS_PER_SECOND: "reqps",
    PER_SECOND: "cps",
    BYTES: "bytes",
    BYTES_PER_SECOND: "binBps",
    STATE: "none",
}

# Equal things in equal colours, whichever board they stand on.
COLOURS: tuple[tuple[str, str], ...] = (
    ("/^2\\d\\d$/", "green"),
    ("/^3\\d\\d$/", "blue"),
    ("/^4\\d\\d$/", "orange"),
    ("/^5\\d\\d$|^5xx$/", "red"),
    ("/^(hits|hit)$/", "green"),
    ("/^(misses|miss)$/", "orange"),
    ("/^(error|timeouts)$/", "red"),
    ("/^average$/", "green"),
    ("/^p50$/", "blue"),
    ("/^p95$/", "orange"),
    ("/^p99$/", "purple"),
    ("/^(active|used)$/", "blue"),
    ("/^idle$/", "green"),
    ("/^idle in transaction/", "orange"),
    ("/^(waiting|blocked)$/", "red"),
)
UP_DOWN = (("0", "DOWN", "red"), ("1", "UP", "green"))
YES_NO = (("0", "no", "red"), ("1", "yes", "green"))
# Neither good nor bad: nothing is known.
NEUTRAL = "#6e7580"
# Too little to see, and more than a floating point number loses.
JUST = 1e-9
# Pixels of a column whose words are short; Grafana's own least width pushes the last one out of half a row.
NARROW = 80
# Of the axis of shares that have no line.
LEAST_SHARE = 0.01
REACHED = (("0", "missed", "orange"), ("1", "reached", "green"))


def mapping(words: tuple[tuple[str, str, str], ...]) -> list[Json]:
    """Values shown as coloured words."""
    options = {
        value: {"text": word, "color": colour, "index": index}
        for index, (value, word, colour) in enumerate(words)
    }
    return [{"type": "value", "options": options}]


def nothing(text: str, colour: str = NEUTRAL) -> Json:
    """What is shown for no value; without it Grafana paints it like the best or the worst one."""
    return {
        "type": "special",
        "options": {"match": "null+nan", "result": {"text": text, "color": colour, "index": 9}},
    }


def steps(number: Number | None, critical: Number | None = None) -> list[Json]:
    """Threshold steps from an objective or limit: good on one side, orange on the other, red past `critical`.

    Grafana colours from a step upwards, so what is good at its limit has the step just above it.
    """
    if number is None:
        return [{"color": "green", "value": None}]
    lines = [(number.value, "orange"), *([(critical.value, "red")] if critical else [])]
    if number.better == "higher":
        colours = [*(colour for _, colour in reversed(lines)), "green"]
        edges = [None, *(value for value, _ in reversed(lines))]
    else:
        colours = ["green", *(colour for _, colour in lines)]
        edges = [None, *(float(f"{value * (1 + JUST):.12g}") or JUST for value, _ in lines)]
    return [{"color": colour, "value": edge} for colour, edge in zip(colours, edges, strict=True)]


def state_steps() -> list[Json]:
    """Red at 0, green at 1."""
    return [{"color": "red", "value": None}, {"color": "green", "value": 1}]


def thresholds(signal: Signal, numbers: Mapping[str, Number]) -> Json:
    """The thresholds of a signal, with the number that counts in this stack."""
    if signal.unit is STATE:
        return {"mode": "absolute", "steps": state_steps()}
    counts = [number and numbers.get(number.key, number) for number in (signal.objective, signal.critical)]
    return {"mode": "absolute", "steps": steps(*counts)}


def legend(panel: Panel) -> Json:
    """A table of last and highest values where there are several lines, nothing for one."""
    many = len(panel.shown) > 1 or "{{" in panel.signals[0].legend
    return {
        "showLegend": many,
        "displayMode": "table" if many else "list",
        "placement": "bottom",
        "calcs": ["lastNotNull", "max"] if many else [],
        "sortBy": "Last *",
        "sortDesc": True,
    }


REDUCE: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}
HIDE_FROM: Json = {"legend": False, "tooltip": False, "viz": False}


def options(panel: Panel) -> Json:
    """The panel's `options`."""
    return OPTIONS[panel.kind](panel)


def _stat_options(panel: Panel) -> Json:
    named = any(metric.unit == "info" for metric in panel.signals[0].query.metrics)
    judged = panel.signals[0].objective is not None or panel.signals[0].unit is STATE
    return {
        "reduceOptions": REDUCE,
        "orientation": "auto",
        "textMode": "name" if named else "auto",
        "wideLayout": True,
        "colorMode": "background" if judged and not named else "none",
        "graphMode": "none",
        "justifyMode": "auto",
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    }


def _graph_options(panel: Panel) -> Json:
    return {"legend": legend(panel), "tooltip": {"mode": "multi", "sort": "desc"}}


def _table_options(panel: Panel) -> Json:
    if panel.kind == "scorecard" or not panel.signals:
        order: list[Json] = []
    else:
        order = [{"displayName": panel.signals[0].title, "desc": True}]
    return {"showHeader": True, "cellHeight": "sm", "frameIndex": 0, "sortBy": order}


def _heatmap_options(panel: Panel) -> Json:
    return {
        "calculate": False,
        "cellGap": 1,
        "color": {
            "mode": "scheme",
            "scheme": "Oranges",
            "scale": "exponential",
            "exponent": 0.5,
            "steps": 64,
            "reverse": False,
            "fill": "dark-orange",
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": True},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": GRAFANA_UNITS[panel.signals[0].unit]},
    }


def _timeline_options(_panel: Panel) -> Json:
    return {
        "showValue": "auto",
        "mergeValues": True,
        "rowHeight": 0.9,
        "alignValue": "left",
        "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []},
        "tooltip": {"mode": "single", "sort": "none"},
    }


def _bars_options(_panel: Panel) -> Json:
    return {
        "reduceOptions": REDUCE,
        "orientation": "horizontal",
        "displayMode": "gradient",
        "valueMode": "color",
        "namePlacement": "auto",
        "showUnfilled": True,
        "sizing": "auto",
        "minVizWidth": 8,
        "minVizHeight": 16,
        "maxVizHeight": 300,
        "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []},
    }


def _text_options(panel: Panel) -> Json:
    return {"mode": "markdown", "content": panel.text}


OPTIONS = {
    "stat": _stat_options,
    "graph": _graph_options,
    "table": _table_options,
    "scorecard": _table_options,
    "heatmap": _heatmap_options,
    "timeline": _timeline_options,
    "bars": _bars_options,
    "text": _text_options,
}


def field_config(panel: Panel, numbers: Mapping[str, Number]) -> Json:
    """The panel's `fieldConfig`."""
    if panel.kind == "text":
        return {"defaults": {}, "overrides": []}
    first = panel.signals[0]
    defaults: Json = {
        "unit": GRAFANA_UNITS[first.unit],
        "mappings": mapping(UP_DOWN) if first.unit is STATE else [],
        "color": {"mode": "thresholds"},
        "thresholds": thresholds(first, numbers),
        "noValue": panel.no_value or panel.empty or "no data",
    }
    overrides: list[Json] = []
    if panel.kind == "stat":
        defaults["mappings"] = [*defaults["mappings"], nothing(defaults["noValue"])]
    elif panel.kind == "graph":
        custom = _lines(panel, first.objective is not None) | _reach(first, numbers)
        defaults |= {"color": {"mode": "palette-classic"}, "min": 0, "custom": custom}
        overrides = [*_colours(), *_dashes(panel)]
    elif panel.kind == "heatmap":
        defaults = {"custom": {"hideFrom": HIDE_FROM, "scaleDistribution": {"type": "linear"}}}
    elif panel.kind == "timeline":
        custom = {"lineWidth": 0, "fillOpacity": 70, "hideFrom": HIDE_FROM}
        # With thresholds as colours, Grafana prints the threshold's range in place of the word.
        defaults |= {"color": {"mode": "palette-classic"}, "custom": custom}
    elif panel.kind == "bars":
        defaults |= {"min": 0, "max": 1}
        overrides = [
            override("byName", signal.title, thresholds=thresholds(signal, numbers))
            for signal in panel.signals[1:]
        ]
    elif panel.kind in ("table", "scorecard"):
        card = panel.kind == "scorecard"
        cell = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": not card}
        if not card:
            cell["minWidth"] = NARROW
        defaults |= {"custom": cell, "thresholds": {"mode": "absolute", "steps": steps(None)}}
        # Columns of labels have no unit: Grafana would read an identifier as a number of it.
        defaults |= {
            "unit": defaults["unit"] if card else "string",
            "mappings": mapping(YES_NO) if card and first.unit is STATE else [],
            "noValue": "–" if card else defaults["noValue"],
        }
    return {"defaults": defaults, "overrides": overrides}


def _lines(panel: Panel, objective: bool) -> Json:
    return {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 30 if panel.stacked else 8,
        "gradientMode": "none",
        "showPoints": "never",
        "pointSize": 5,
        "spanNulls": False,
        "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
        "axisPlacement": "auto",
        "axisLabel": "",
        "scaleDistribution": {"type": "linear"},
        "hideFrom": HIDE_FROM,
        "thresholdsStyle": {"mode": "dashed" if objective else "off"},
    }


def _reach(signal: Signal, numbers: Mapping[str, Number]) -> Json:
    """How far the axis of a share reaches at least; without it Grafana draws zeros up to 10000 %."""
    if signal.unit is not RATIO:
        return {}
    number = signal.objective and numbers.get(signal.objective.key, signal.objective)
    return {"axisSoftMax": min(1.0, 2 * number.value) if number else LEAST_SHARE}


def override(matcher: str, value: str, **properties: Any) -> Json:
    """An override of named fields; keyword names use ``__`` for a dot."""
    found = [{"id": name.replace("__", "."), "value": each} for name, each in properties.items()]
    return {"matcher": {"id": matcher, "options": value}, "properties": found}


def _colours() -> list[Json]:
    return [
        override("byRegexp", pattern, color={"mode": "fixed", "fixedColor": colour})
        for pattern, colour in COLOURS
    ]


def _dashes(panel: Panel) -> list[Json]:
    return [
        override(
            "byName",
            signal.legend,
            color={"mode": "fixed", "fixedColor": "red"},
            custom__lineStyle={"fill": "dash", "dash": [10, 10]},
            custom__fillOpacity=0,
            custom__stacking={"mode": "none", "group": "limits"},
        )
        for signal in panel.limits
    ]
