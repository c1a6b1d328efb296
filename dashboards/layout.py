"""Where panels stand on Grafana's grid of 24 columns: left to right, top to bottom, without holes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dashboards.model import COLUMNS, Board, Panel, Row


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle on the grid."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row's heading and its panels, each with its place."""

    row: Row
    place: Place
    panels: tuple[tuple[Panel, Place], ...]


def lines(panels: tuple[Panel, ...]) -> Iterator[list[tuple[Panel, int]]]:
    """Panels with their widths, broken into lines of at most 24 columns.

    Neighbours of width 0 share their line evenly, at most eight to a line.
    """
    line: list[tuple[Panel, int]] = []
    for panel in panels:
        width = panel.width or 3
        open_line = line and (line[0][0].width == 0) == (panel.width == 0)
        if line and (not open_line or sum(w for _, w in line) + width > COLUMNS):
            yield _stretched(line)
            line = []
        line.append((panel, width))
    if line:
        yield _stretched(line)


def _stretched(line: list[tuple[Panel, int]]) -> list[tuple[Panel, int]]:
    """A line that fills all columns: the rest goes to its panels from the left."""
    rest = COLUMNS - sum(width for _, width in line)
    share, more = divmod(rest, len(line))
    return [(panel, width + share + (position < more)) for position, (panel, width) in enumerate(line)]


def place(board: Board) -> tuple[PlacedRow, ...]:
    """The whole board, placed."""
    y = 0
    placed = []
    for each in board.rows:
        heading = Place(0, y, COLUMNS, 1)
        below = y + 1
        panels: list[tuple[Panel, Place]] = []
        for line in lines(each.panels):
            height = max(panel.height for panel, _ in line)
            x = 0
            for panel, width in line:
                panels.append((panel, Place(x, below, width, height)))
                x += width
            below += height
        placed.append(PlacedRow(each, heading, tuple(panels)))
        y = y + 1 if each.collapsed else below
    return tuple(placed)
