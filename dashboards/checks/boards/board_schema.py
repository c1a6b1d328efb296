"""A board of another schema is migrated at each load."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

SCHEMA_VERSION = 42
FOREIGN_KEYS = ("__inputs", "__requires", "__elements", "id", "gnetId", "rows", "style")


@file_rule(
    "board-schema", "boards are of schema version 42, without what exports bring along", answers=("E3",)
)
def schema(subject: Subject, report: Report) -> Iterator[Finding]:
    """Another version is migrated at each load; an export asks for inputs that a file cannot give."""
    for path, board in subject.boards.items():
        version = board.get("schemaVersion")
        if version != SCHEMA_VERSION:
            message = f"schemaVersion is {version!r}; expected {SCHEMA_VERSION}"
            yield report(path, "board", message, "Open it in Grafana 12, and export it anew.")
        for key in FOREIGN_KEYS:
            if key in board:
                yield report(
                    path, "board", f"it has the key {key!r}, which no provisioned board has", "Take it out."
                )
