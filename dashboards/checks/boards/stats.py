"""A single number is the number now; where there is none, it says so instead of showing an old one."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

SINGLE = frozenset({"stat", "gauge", "bargauge"})


@file_rule(
    "stat-now", "stats, gauges and tables ask for now; single numbers show the last, or say there is none"
)
def stats(subject: Subject, report: Report) -> Iterator[Finding]:
    """Queries over a range behind a single number, means, and silent gaps."""
    for path, where, panel in each(subject):
        if panel.get("type") not in SINGLE | {"table"}:
            continue
        for target in panel.get("targets", ()):
            if not target.get("instant") or target.get("range"):
                message = "it shows one value and asks for a range"
                yield report(path, f"{where}, query {target.get('refId')}", message, "Ask instant.")
        if panel["type"] in SINGLE:
            calcs = panel.get("options", {}).get("reduceOptions", {}).get("calcs")
            if calcs != ["lastNotNull"]:
                message = f"it reduces by {calcs}; expected ['lastNotNull']"
                yield report(path, where, message, "Show the last value.")
            if not panel.get("fieldConfig", {}).get("defaults", {}).get("noValue"):
                yield report(path, where, "it does not say what no sample means", "Set noValue.")
