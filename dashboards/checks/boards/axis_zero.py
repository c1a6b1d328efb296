"""A graph of shares or counts starts at nothing: from elsewhere a breath looks like a storm."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.promql import Binary, Call, Negation, Node, walk
from dashboards.checks.subject import Subject

# Of these, nothing is the natural beginning; seconds and bytes may be looked at closely.
COUNTED = frozenset({"percentunit", "percent", "short", "none", "reqps", "cps", "ops", "rps", "wps", "iops"})
# What may lie below nothing.
SIGNED = frozenset({"deriv", "delta", "idelta", "predict_linear", "ln", "log2", "log10", "sgn"})


@file_rule("axis-zero", "graphs of shares and counts begin at 0", answers=("E15",))
def zero(subject: Subject, report: Report) -> Iterator[Finding]:
    """Axes that Grafana fits to the data."""
    for path, where, panel in each(subject):
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        if panel.get("type") != "timeseries" or defaults.get("unit") not in COUNTED:
            continue
        custom = defaults.get("custom", {})
        free = defaults.get("min") is None and custom.get("axisSoftMin") is None
        if free and custom.get("scaleDistribution", {}).get("type") != "log" and not _signed(subject, panel):
            message = f"its unit is {defaults['unit']!r}, and its axis begins where its lines do"
            yield report(path, where, message, "Set min to 0.")


def _signed(subject: Subject, panel: Json) -> bool:
    """Whether a value may be below nothing, is drawn there, or is unknown."""
    if any(_mirrored(override) for override in panel.get("fieldConfig", {}).get("overrides", ())):
        return True
    targets = panel.get("targets", ())
    found = [subject.queries.get(str(target.get("expr"))) for target in targets]
    return not found or any(query is None or _below(query.node) for query in found)


def _mirrored(override: Json) -> bool:
    """Whether it draws some lines downwards, such as what was sent below what was received."""
    return {"id": "custom.transform", "value": "negative-Y"} in override.get("properties", ())


def _below(node: Node) -> bool:
    return any(
        isinstance(each, Negation)
        or (isinstance(each, Binary) and each.operator == "-")
        or (isinstance(each, Call) and each.function in SIGNED)
        for each, _ in walk(node)
    )
