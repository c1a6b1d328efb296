"""Panels stand inside Grafana's 24 columns, and none covers another."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

COLUMNS = 24


@file_rule("grid", "panels stand inside 24 columns and do not overlap", answers=("E9",))
def grid(subject: Subject, report: Report) -> Iterator[Finding]:
    """Places that Grafana would move, and with them everything below."""
    for path, board in subject.boards.items():
        top = board.get("panels", [])
        for group in (top, *(panel["panels"] for panel in top if panel.get("panels"))):
            yield from _group(path, group, report)


def _group(path: str, panels: list[Json], report: Report) -> Iterator[Finding]:
    placed = []
    for panel in panels:
        where, place = f"panel {panel.get('title')!r}", panel.get("gridPos")
        if not _inside(place):
            message = f"its gridPos is {place}; expected x, y, w, h inside {COLUMNS} columns"
            yield report(path, where, message, "Move it on the board.")
        elif place is not None:
            placed.append((where, place))
    # From the top down: beside each stand those alone that reach below its upper edge, of which few fit in.
    above: list[tuple[str, Json]] = []
    for other, b in sorted(placed, key=lambda each: each[1]["y"]):
        above = [(one, a) for one, a in above if b["y"] < a["y"] + a["h"]]
        covered = [(one, a) for one, a in above if a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"]]
        if covered:
            one, a = covered[0]
            yield report(path, other, f"it covers {one}: {b} and {a}", "Move one of them on the board.")
        else:
            above.append((other, b))


def _inside(place: Json | None) -> bool:
    if place is None or any(type(place.get(key)) is not int for key in "xywh"):
        return False
    right = place["x"] + place["w"]
    return bool(min(place["x"], place["y"]) >= 0 and min(place["w"], place["h"]) >= 1 and right <= COLUMNS)
