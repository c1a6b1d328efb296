"""A legend of several lines says their last and highest values, so that one need not guess from the curve."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.graphs import names_lines
from dashboards.checks.boards.panels import each
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

WANTED = ("lastNotNull", "max")


@file_rule(
    "legend-values",
    "a legend of several lines shows their last and highest values",
    "warning",
    answers=("W14",),
)
def values(subject: Subject, report: Report) -> Iterator[Finding]:
    """Legends that are names alone."""
    for path, where, panel in each(subject):
        legend = panel.get("options", {}).get("legend", {})
        if panel.get("type") != "timeseries" or not legend.get("showLegend") or not names_lines(panel):
            continue
        calcs = legend.get("calcs") or []
        if legend.get("displayMode") != "table" or not set(WANTED) <= set(map(str, calcs)):
            message = (
                f"its legend is a {legend.get('displayMode')} of {calcs}; expected a table of {list(WANTED)}"
            )
            yield report(path, where, message, "Show both.")
