"""Panels as the checks go through them."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.expressions import Json
from dashboards.checks.expressions import panels as panels_of
from dashboards.checks.subject import Subject

# What stands in a board for a panel of the library, which is judged where it is kept.
SHARED = "library-panel-ref"
# What asks no data source: words, and lists that Grafana itself knows.
SILENT = frozenset({"row", "text", "alertlist", "annolist", "dashlist", "news"})


def each(subject: Subject, *, shared: bool = False) -> Iterator[tuple[str, str, Json]]:
    """Every panel with its file and how to call it; those of the library too if one asks for them."""
    for path, board in subject.boards.items():
        for panel in panels_of(board):
            if shared or panel.get("type") != SHARED or not panel.get("libraryPanel"):
                yield path, f"panel {panel.get('title')!r}", panel
