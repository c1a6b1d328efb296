"""A single number is the number now; where there is none, it says so instead of showing an old one.

A stat with a trend asks for a range. It shows the value of the last step, and none where that has none:
joined with a clock, which has a sample at each step, the end of the series is seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

SINGLE = frozenset({"stat", "gauge", "bargauge"})
CLOCK = "vector(1)"


@file_rule(
    "stat-now",
    "stats, gauges and tables ask for now; single numbers show the last, or say there is none",
    answers=("E12",),
    about="own",
)
def stats(subject: Subject, report: Report) -> Iterator[Finding]:
    """Queries over a range behind a single number, means, and silent gaps."""
    for path, where, panel in each(subject):
        if panel.get("type") not in SINGLE | {"table"}:
            continue
        calcs = panel.get("options", {}).get("reduceOptions", {}).get("calcs")
        trend = _trend(panel)
        for target in panel.get("targets", ()):
            if not trend and (not target.get("instant") or target.get("range")):
                message = "it shows one value and asks for a range"
                yield report(path, f"{where}, query {target.get('refId')}", message, "Ask instant.")
        if panel["type"] in SINGLE:
            wanted = ["last"] if trend else ["lastNotNull"]
            if calcs != wanted:
                message = f"it reduces by {calcs}; expected {wanted}"
                yield report(path, where, message, "Show the last value.")
            if not panel.get("fieldConfig", {}).get("defaults", {}).get("noValue"):
                yield report(path, where, "it does not say what no sample means", "Set noValue.")


def _trend(panel: Json) -> bool:
    """Whether the panel joins what it asks with a clock, so that no sample at the end is no value."""
    clock = any(target.get("expr") == CLOCK for target in panel.get("targets", ()))
    steps = panel.get("transformations", ())
    return clock and any(
        step.get("id") == "joinByField" and step.get("options", {}).get("mode") == "outer" for step in steps
    )
