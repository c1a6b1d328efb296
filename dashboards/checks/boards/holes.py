"""Panels fill the width, line by line, in the order of their rows."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.grid import COLUMNS
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject


@file_rule("grid-holes", "panels leave no hole, and rows follow each other", answers=("E9",), about="own")
def holes(subject: Subject, report: Report) -> Iterator[Finding]:
    """Gaps, into which Grafana pulls what stands below, and panels that stand above their own row."""
    for path, board in subject.boards.items():
        top = board.get("panels", [])
        for row, group in _rows(top):
            places = [each["gridPos"] for each in group if each.get("gridPos")]
            if places:
                yield from _judged(path, row, places, report)


def _rows(panels: list[Json]) -> Iterator[tuple[Json | None, list[Json]]]:
    """Each heading with the panels below it, wherever they are kept."""
    heading: Json | None = None
    below: list[Json] = []
    for panel in panels:
        if panel.get("type") != "row":
            below.append(panel)
            continue
        yield heading, below
        yield panel, panel.get("panels", [])  # of a collapsed one, as it stands when it is opened
        heading, below = panel, []
    yield heading, below


def _judged(path: str, row: Json | None, places: list[Json], report: Report) -> Iterator[Finding]:
    where = f"panel {row.get('title')!r}" if row else "board"
    top = row["gridPos"]["y"] + row["gridPos"]["h"] if row and row.get("gridPos") else 0
    first = min(place["y"] for place in places)
    if first != top:
        message = f"its panels begin at line {first}; expected {top}, below their heading"
        yield report(path, where, message, "Let the layout place them.")
    height = max(place["y"] + place["h"] for place in places) - first
    filled = sum(place["w"] * place["h"] for place in places)
    if filled != COLUMNS * height:
        message = f"its panels fill {filled} of {COLUMNS} x {height} places of the grid"
        yield report(path, where, message, "Let the layout stretch them.")
