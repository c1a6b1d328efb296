"""What a stack holds, as rows for `list`."""

from __future__ import annotations

from dashboards.stack import Stack
from signals.numbers import Limit, Objective, spoken

Row = dict[str, str]


def rows(what: str, stack: Stack) -> list[Row]:
    """The metrics, signals, boards, alerts, objectives or limits of a stack."""
    return ROWS[what](stack)


def _metrics(stack: Stack) -> list[Row]:
    return [
        {
            "name": metric.name,
            "kind": metric.kind,
            "collector": metric.collector,
            "labels": ",".join(label.name for label in metric.labels),
            "help": metric.help,
        }
        for metric in stack.catalogue
    ]


def _signals(stack: Stack) -> list[Row]:
    return [
        {"board": board.uid, "panel": panel.title, "signal": signal.title, "unit": signal.unit.name}
        for board in stack.boards
        for panel in board.panels
        for signal in panel.shown
    ]


def _boards(stack: Stack) -> list[Row]:
    return [
        {
            "uid": board.uid,
            "title": board.title,
            "panels": str(len(list(board.panels))),
            "for": board.description,
        }
        for board in stack.all_boards
    ]


def _alerts(stack: Stack) -> list[Row]:
    found = []
    for alert in stack.alerts:
        number = stack.numbers.get(alert.threshold.key, alert.threshold)
        uid, panel = stack.panel_of(alert.signal)
        found.append(
            {
                "name": alert.name,
                "severity": alert.severity.value,
                "limit": f"{alert.operator} {spoken(number.value, number.unit)}",
                "hold": f"{alert.hold * stack.time_scale:g} s",
                "engines": ",".join(alert.engines),
                "not proven": ",".join(alert.unproven) or "-",
                "panel": f"{uid}#{panel}",
                "signal": alert.signal.title,
            }
        )
    return found


def _objectives(stack: Stack) -> list[Row]:
    found = []
    for objective in stack.numbers.values():
        if not isinstance(objective, Objective):
            continue
        values = (objective.baseline, objective.week1, objective.month1, objective.value)
        told = ["-" if value is None else spoken(value, objective.unit) for value in values]
        found.append(
            {"key": objective.key, "title": objective.title}
            | dict(zip(("baseline", "week1", "month1", "now counts"), told, strict=True))
        )
    return found


def _limits(stack: Stack) -> list[Row]:
    return [
        {
            "key": limit.key,
            "limit": spoken(limit.value, limit.unit),
            "unit": limit.unit.name,
            "why": limit.why,
        }
        for limit in stack.numbers.values()
        if isinstance(limit, Limit)
    ]


ROWS = {
    "metrics": _metrics,
    "signals": _signals,
    "boards": _boards,
    "alerts": _alerts,
    "objectives": _objectives,
    "limits": _limits,
}
