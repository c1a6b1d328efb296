"""A bar of a share that does not end at the whole is full at any value."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

WHOLE = {"percentunit": 1, "percent": 100}
FILLED = frozenset({"gauge", "bargauge"})


@file_rule("axis-whole", "gauges and bars of a share end at the whole", answers=("E15",))
def whole(subject: Subject, report: Report) -> Iterator[Finding]:
    """Bars that are full at any value; of graphs not asked, where a share of errors would lie on the axis."""
    for path, where, panel in each(subject):
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        end = WHOLE.get(str(defaults.get("unit")))
        if panel.get("type") not in FILLED or end is None:
            continue
        low, high = defaults.get("min"), defaults.get("max")
        if (low if low is not None else 0) != 0 or high is None:
            message = f"it draws a share from {low} to {high}; expected from 0 to {end}"
            yield report(path, where, message, "Set min and max.")
