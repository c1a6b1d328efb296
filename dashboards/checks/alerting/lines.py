"""Whoever follows an alert to its panel sees the line that was crossed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import of_grafana
from dashboards.checks.expressions import Json, panels
from dashboards.checks.finding import Finding, Report, file_rule, listed
from dashboards.checks.subject import Subject

# A line stands just above a limit that is good itself, zero too.
JUST = 1e-6
GOOD, BELOW = "green", "lt"
INFO = "info"


@file_rule(
    "rule-line",
    "the panel that an alert leads to draws its limit, green on the side of silence",
    answers=("E28",),
    about="own",
)
def lines(subject: Subject, report: Report) -> Iterator[Finding]:
    """Limits that nobody sees on the panel, which then is green while the alert fires."""
    for path, where, _, rule in of_grafana(subject):
        if rule.get("labels", {}).get("severity") == INFO:
            continue  # the heartbeat: nobody is told of its value
        annotations = rule.get("annotations", {})
        board = subject.boards_by_uid.get(str(annotations.get("__dashboardUid__")), {})
        for panel in panels(board):
            if str(panel.get("id")) != str(annotations.get("__panelId__")):
                continue
            for kind, limit in _limits(rule):
                found = [colour for line, colour in _drawn(panel) if _same(limit, line)]
                name = panel.get("title")
                if not found:
                    there = listed(f"{line:g}" for line, _ in _drawn(panel))
                    message = f"its limit {limit:g} is no line of the panel {name!r}"
                    fix = f"Lines there: {there}. Show its signal first on a panel, with the same number."
                    yield report(path, where, message, fix)
                elif all((colour == GOOD) != (kind == BELOW) for colour in found):
                    message = f"beyond its limit {limit:g} the panel {name!r} is {found[0]} on the wrong side"
                    yield report(path, where, message, "Say of the number which side is better.")


def _same(limit: float, line: float) -> bool:
    return math.isclose(limit, line, rel_tol=JUST, abs_tol=JUST)


def _limits(rule: Json) -> Iterator[tuple[str, float]]:
    for query in rule.get("data", ()):
        for condition in query.get("model", {}).get("conditions", ()):
            evaluator = condition.get("evaluator", {})
            yield from ((evaluator.get("type"), limit) for limit in evaluator.get("params", ()))


def _drawn(panel: Json) -> Iterator[tuple[float, str]]:
    """Where colours change, and to which."""
    config = panel.get("fieldConfig", {})
    found = [config.get("defaults", {}).get("thresholds", {})]
    for override in config.get("overrides", ()):
        found += [each["value"] for each in override.get("properties", ()) if each.get("id") == "thresholds"]
    for thresholds in found:
        for step in thresholds.get("steps", ()):
            if step.get("value") is not None:
                yield step["value"], str(step.get("color"))
