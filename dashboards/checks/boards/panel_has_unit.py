"""A number without a unit is a riddle."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import SILENT, each
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

UNITLESS = SILENT | {"alertlist", "annolist", "dashlist", "heatmap", "logs", "news", "nodeGraph", "traces"}


@file_rule(
    "panel-has-unit",
    "every panel with numbers has a unit",
    answers=(
        "E8",
        "panel-units-rule",
    ),
)
def units(subject: Subject, report: Report) -> Iterator[Finding]:
    """A number without a unit is a riddle."""
    for path, where, panel in each(subject):
        if panel.get("type") not in UNITLESS and not panel.get("fieldConfig", {}).get("defaults", {}).get(
            "unit"
        ):
            yield report(path, where, "it has no unit", "Give it one; a plain number is `short`.")
