"""On anybody's board, a single number is the last one: a mean of the time shown is never what is now."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.boards.stats import SINGLE
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

# A total or the highest of the time shown may be meant.
MEANS = frozenset({"mean", "avg", "median"})


@file_rule("single-value", "a single number is the last one", answers=("E12",), about="others")
def single(subject: Subject, report: Report) -> Iterator[Finding]:
    """Numbers that change with the time shown, though nothing changed."""
    for path, where, panel in each(subject):
        options = panel.get("options", {}).get("reduceOptions", {})
        calcs = options.get("calcs")
        if panel.get("type") not in SINGLE or options.get("values"):
            continue
        instant = all(target.get("instant") for target in panel.get("targets", ()))
        if MEANS.intersection(map(str, calcs if isinstance(calcs, list) else ())) and not (
            instant and panel.get("targets")
        ):
            message = f"it reduces by {calcs}, so that it shows another number for another time range"
            yield report(path, where, message, "Show lastNotNull, or ask with $__range.")
