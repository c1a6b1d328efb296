"""How each kind of panel looks: Grafana's `options` and `fieldConfig`, as a running Grafana drew them.

What the colours mean stands in `dashboards.colours`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards import colours
from dashboards.model import CLOCK, Panel, Word
from dashboards.queries import column
from exporters.catalogue.external import SEVERITY
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
    spoken,
)
from signals.scores import UNTRIED

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

UP_DOWN = (Word(0, "DOWN", "bad"), Word(1, "UP", "good"))
YES_NO = (Word(0, "no", "bad"), Word(1, "yes", "good"))
REACHED = (Word(0, "missed", "warning"), Word(1, "reached", "good"), Word(UNTRIED, "not tried", "neutral"))
# Too little to see, and more than a floating point number loses.
JUST = 1e-9
# Pixels of a column whose words are short; Grafana's own least width pushes the last one out of half a row.
NARROW = 80
# A share of which hundredths of a percent matter.
NEARLY_ALL = 0.99
# What an axis shows at least, so that a line of zeros is not drawn against a hundred.
LEAST: dict[Unit, float] = {
    **{RATIO: 0.01, COUNT: 1, PER_SECOND: 0.1, REQUESTS_PER_SECOND: 0.1, SECONDS: 0.001},
    **dict.fromkeys((BYTES, BYTES_PER_SECOND), 1024),
}
# Columns of the grid from which names have room beside their bars.
WIDE = 8


def mapping(words: tuple[Word, ...]) -> list[Json]:
    """Values shown as coloured words."""
    options = {
        str(word.value): {"text": word.text, "color": colours.TONES[word.tone], "index": index}
        for index, word in enumerate(words)
    }
    return [{"type": "value", "options": options}]


def nothing(text: str, colour: str = colours.NEUTRAL) -> Json:
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
    grave = [(critical.value, "red")] if critical else []
    lines = grave if critical and critical.key == number.key else [(number.value, "orange"), *grave]
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


def _many(panel: Panel) -> bool:
    return len(panel.shown) > 1 or "{{" in panel.signals[0].legend


def legend(panel: Panel) -> Json:
    """A table of last and highest values where there are several lines, nothing for one."""
    many = _many(panel)
    return {
        "showLegend": many,
        "displayMode": "table" if many else "list",
        "placement": "bottom",
        "calcs": ["lastNotNull", "max"] if many else [],
        "sortBy": "Last *",
        "sortDesc": True,
    }


REDUCE: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}
# Of all that a trend asks, its own value, and that of the last step or none.
OF_TREND: Json = {"calcs": ["last"], "fields": f"/^(?!({CLOCK}|Time)$)/", "values": False}
HIDE_FROM: Json = {"legend": False, "tooltip": False, "viz": False}


def options(panel: Panel) -> Json:
    """The panel's `options`."""
    return OPTIONS[panel.kind](panel)


def _stat_options(panel: Panel) -> Json:
    named = any(metric.unit == "info" for metric in panel.signals[0].query.metrics)
    judged = panel.signals[0].objective is not None or panel.signals[0].unit is STATE
    return {
        "reduceOptions": OF_TREND if panel.trend else REDUCE,
        "orientation": "auto",
        "textMode": "name" if named else "auto",
        "wideLayout": True,
        "colorMode": "background" if judged and not named else "none",
        "graphMode": "area" if panel.trend else "none",
        "justifyMode": "auto",
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    }


def _graph_options(panel: Panel) -> Json:
    return {"legend": legend(panel), "tooltip": {"mode": "multi", "sort": "desc"}}


def _table_options(panel: Panel) -> Json:
    order: list[Json] = []
    if panel.kind != "scorecard" and panel.signals:
        if SEVERITY.name in panel.signals[0].query.labels:
            order = [{"displayName": column(SEVERITY.name), "desc": False}]  # critical before warning
        order.append({"displayName": panel.signals[0].title, "desc": True})
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


def _bars_options(panel: Panel) -> Json:
    beside = panel.width >= WIDE
    return {
        "reduceOptions": REDUCE,
        "orientation": "horizontal",
        "displayMode": "basic",
        "valueMode": "color",
        "namePlacement": "left" if beside else "top",
        "showUnfilled": True,
        "sizing": "manual",
        "minVizWidth": 8,
        # With its name, where that stands above: the value beside the bar has 14 px, or is cut off.
        "minVizHeight": 16 if beside else 40,
        "maxVizHeight": 28 if beside else 56,
        # Grafana leaves as much room beside a bar as the longest name takes at 12 px, whatever its size is.
        "text": {"titleSize": 12 if beside else 14, "valueSize": 14},
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


def words(panel: Panel) -> tuple[Word, ...]:
    """How the panel writes a state."""
    return panel.words or (YES_NO if panel.kind in ("table", "scorecard") else UP_DOWN)


def field_config(panel: Panel, numbers: Mapping[str, Number]) -> Json:
    """The panel's `fieldConfig`."""
    if panel.kind == "text":
        return {"defaults": {}, "overrides": []}
    first = panel.signals[0]
    defaults: Json = {
        "unit": GRAFANA_UNITS[first.unit],
        "mappings": mapping(words(panel)) if first.unit is STATE or panel.words else [],
        "color": {"mode": "thresholds"},
        "thresholds": thresholds(first, numbers),
        "noValue": panel.no_value or "no data",
    }
    overrides: list[Json] = []
    if panel.kind == "stat":
        number = first.objective and numbers.get(first.objective.key, first.objective)
        if first.unit is RATIO and number and NEARLY_ALL <= number.value < 1:
            defaults["decimals"] = 2  # 99.86 % is not yet 99.9 %
        defaults["mappings"] = [*defaults["mappings"], nothing(defaults["noValue"])]
        overrides = [
            override("byName", signal.legend, thresholds=thresholds(signal, numbers))
            for signal in panel.signals[1:]
        ]
    elif panel.kind == "graph":
        custom = _lines(panel, first, numbers) | _reach(panel, numbers)
        defaults |= {"color": _shades(colours.HUES[0]), "min": 0, "custom": custom}
        overrides = [*_colours(panel), *_dashes(panel)]
    elif panel.kind == "heatmap":
        defaults = {"custom": {"hideFrom": HIDE_FROM, "scaleDistribution": {"type": "linear"}}}
    elif panel.kind == "timeline":
        custom = {"lineWidth": 0, "fillOpacity": 70, "hideFrom": HIDE_FROM}
        # With thresholds as colours, Grafana prints the threshold's range in place of the word.
        defaults |= {"color": {"mode": "palette-classic"}, "custom": custom}
    elif panel.kind == "bars":
        defaults |= {"min": 0, "max": 1, "decimals": 1}
        overrides = [
            override("byName", signal.title, thresholds=thresholds(signal, numbers))
            for signal in panel.signals[1:]
        ]
    elif panel.kind in ("table", "scorecard"):
        card = panel.kind == "scorecard"
        cell = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": False}
        cell["minWidth"] = NARROW
        defaults |= {"custom": cell, "thresholds": {"mode": "absolute", "steps": steps(None)}}
        # Columns of labels have no unit: Grafana would read an identifier as a number of it.
        defaults |= {
            "unit": defaults["unit"] if card else "string",
            "mappings": mapping(YES_NO) if card and first.unit is STATE else [],
        }
        # A whole table without rows says why; of other tables each column has its own.
        if card:
            defaults["noValue"] = "–"
    return {"defaults": defaults, "overrides": overrides}


def _lines(panel: Panel, first: Signal, numbers: Mapping[str, Number]) -> Json:
    piled = "percent" if panel.shares else "normal" if panel.stacked else "none"
    return {
        "drawStyle": "bars" if panel.columns else "line",
        "lineInterpolation": "linear",
        # Of what is piled up, a part of nothing would draw its line over that below it.
        "lineWidth": 1 if piled == "none" else 0,
        # Of many lines the fills would add up to a colour of their own.
        "fillOpacity": 60 if piled != "none" or panel.columns else 0 if _many(panel) else 8,
        "gradientMode": "none",
        "showPoints": "never",
        "pointSize": 5,
        "spanNulls": False,
        "stacking": {"mode": piled, "group": "A"},
        "axisPlacement": "auto",
        "axisLabel": _meaning(first, numbers),
        "scaleDistribution": {"type": "linear"},
        "hideFrom": HIDE_FROM,
        "thresholdsStyle": {"mode": "dashed" if first.objective else "off"},
    }


def _meaning(signal: Signal, numbers: Mapping[str, Number]) -> str:
    """What the dashed line of a graph is; Grafana has no words beside the line itself."""
    if signal.objective is None or signal.unit is STATE:
        return ""
    number = numbers.get(signal.objective.key, signal.objective)
    side = "≤" if number.better == "lower" else "≥"
    told = f"good: {side} {spoken(number.value, number.unit)}"
    if signal.critical is None:
        return told
    critical = numbers.get(signal.critical.key, signal.critical)
    if critical.key == number.key:
        return f"{told}, else critical"
    return f"{told}, critical: {spoken(critical.value, critical.unit)}"


def _reach(panel: Panel, numbers: Mapping[str, Number]) -> Json:
    """How far the axis reaches at least; else Grafana draws zeros up to 100, shares up to 10000 %."""
    signal = panel.signals[0]
    if panel.shares or signal.unit not in LEAST:
        return {}
    if signal.unit is not RATIO:
        return {"axisSoftMax": LEAST[signal.unit]}
    number = signal.objective and numbers.get(signal.objective.key, signal.objective)
    return {"axisSoftMax": min(1.0, 2 * number.value) if number else LEAST[RATIO]}


def override(matcher: str, value: str, **properties: Any) -> Json:
    """An override of named fields; keyword names use ``__`` for a dot."""
    found = [{"id": name.replace("__", "."), "value": each} for name, each in properties.items()]
    return {"matcher": {"id": matcher, "options": value}, "properties": found}


def _shades(hue: str) -> Json:
    return {"mode": "shades", "fixedColor": hue}


def _colours(panel: Panel) -> list[Json]:
    hues = [override("byRegexp", name, color=_shades(hue)) for name, hue in colours.of_names(panel)]
    return hues + [
        override(matcher, name, color={"mode": "fixed", "fixedColor": colour})
        for matcher, name, colour in colours.of_lines(panel)
    ]


def _dashes(panel: Panel) -> list[Json]:
    return [
        override(
            "byName",
            legend,
            color={"mode": "fixed", "fixedColor": colour},
            custom__lineStyle={"fill": "dash", "dash": list(dash)},
            custom__lineWidth=1,
            custom__fillOpacity=0,
            custom__stacking={"mode": "none", "group": "limits"},
        )
        for legend, colour, dash in colours.of_limits(panel)
    ]
