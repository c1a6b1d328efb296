"""A graph with several lines names them."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule, listed
from dashboards.checks.subject import Subject

# What Grafana prints where a legend is left to it: all labels in braces.
RAW = "__auto"
GRAPHS = frozenset({"timeseries", "barchart", "trend"})


@file_rule(
    "graph-legend", "a graph that can have several lines shows a legend that names them", answers=("W14",)
)
def legends(subject: Subject, report: Report) -> Iterator[Finding]:
    """Lines of one source are one thing; lines by another label, or of several queries, need names."""
    for path, where, panel in each(subject):
        targets = panel.get("targets", ())
        if panel.get("type") not in GRAPHS:
            continue
        by: set[str] = set()
        for target in targets:
            query = subject.queries.get(str(target.get("expr")))
            labels = query.labels.names(query.node) if query else None
            by |= (labels or frozenset()) - subject.known.target - _single(subject.boards[path])
            if str(target.get("legendFormat") or "").strip() in ("", RAW):
                place = f"{where}, query {target.get('refId')}"
                yield report(path, place, "its lines have no name", "Give it a legendFormat.")
        shown = panel.get("options", {}).get("legend", {}).get("showLegend")
        if (len(targets) > 1 or by) and not shown:
            why = f"lines by {listed(by)}" if by else f"{len(targets)} queries"
            yield report(
                path, where, f"it can have {why} and shows no legend", "Show it, and name the label."
            )


def _single(board: Json) -> set[str]:
    """The labels of which the reader chooses one value."""
    variables = board.get("templating", {}).get("list", ())
    return {
        str(each.get("name")) for each in variables if each.get("type") == "query" and not each.get("multi")
    }


def names_lines(panel: Json) -> bool:
    """Whether a panel draws several lines: of several queries, or by a label."""
    targets = panel.get("targets", ())
    return len(targets) > 1 or any("{{" in str(target.get("legendFormat")) for target in targets)
