"""A kind of panel that Grafana does not have is drawn as an error."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.finding import Finding, Report, file_rule, nearest
from dashboards.checks.subject import Subject

# Built into Grafana 12 and 13. Others are plugins, or went with Angular.
TYPES = frozenset(
    {
        "alertlist", "annolist", "barchart", "bargauge", "candlestick", "canvas", "dashlist", "datagrid",
        "flamegraph", "gauge", "geomap", "heatmap", "histogram", "logs", "news", "nodeGraph", "piechart",
        "row", "stat", "state-timeline", "status-history", "table", "text", "timeseries", "traces",
        "trend", "xychart",
    }
)  # fmt: skip
# What became of Angular's.
GONE = {
    "graph": "timeseries",
    "singlestat": "stat",
    "table-old": "table",
    "grafana-piechart-panel": "piechart",
    "grafana-worldmap-panel": "geomap",
}


@file_rule("panel-type", "every panel is of a kind that Grafana 12 and 13 have", answers=("E11",))
def kinds(subject: Subject, report: Report) -> Iterator[Finding]:
    """Kinds that are gone, or never were."""
    for path, where, panel in each(subject):
        kind = panel.get("type")
        if kind not in TYPES:
            now = GONE.get(str(kind), "")
            fix = f"Make it a {now}." if now else nearest(str(kind), TYPES) or "Use a kind that is built in."
            yield report(path, where, f"Grafana has no panel type {kind!r}", fix)
