"""Panels as the checks go through them."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.expressions import Json
from dashboards.checks.expressions import panels as panels_of
from dashboards.checks.subject import Subject

SILENT = frozenset({"row", "text"})


def each(subject: Subject) -> Iterator[tuple[str, str, Json]]:
    """Every panel with its file and how to call it."""
    for path, board in subject.boards.items():
        for panel in panels_of(board):
            yield path, f"panel {panel.get('title')!r}", panel
