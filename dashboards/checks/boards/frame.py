"""What makes a file a dashboard that Grafana 12 and 13 load as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

UID = re.compile(r"[a-zA-Z0-9_-]{1,40}\Z")
SCHEMA_VERSION = 42
FOREIGN_KEYS = ("__inputs", "__requires", "__elements", "id", "gnetId", "rows", "style")


@file_rule(
    "board-identity",
    "uids and titles of boards are right, and stand for one board",
    answers=(
        "E1",
        "E2",
    ),
)
def identity(subject: Subject, report: Report) -> Iterator[Finding]:
    """Address and title: links, and Grafana's right to write, hang on them."""
    for key in ("uid", "title"):
        seen: dict[str, str] = {}
        for path, board in subject.boards.items():
            value = board.get(key)
            if not isinstance(value, str) or not value.strip():
                yield report(path, "board", f"it has no {key}", f"Give it a {key}.")
                continue
            if key == "uid" and not UID.match(value):
                fix = "At most 40 letters, digits, `_` and `-`."
                yield report(path, "board", f"the uid {value!r} is refused by Grafana", fix)
            if value in seen:
                message = f"its {key} {value!r} is also that of {seen[value]}; Grafana then updates neither"
                yield report(path, "board", message, "Change one of the two.")
            seen.setdefault(value, path)


@file_rule(
    "board-schema", "boards are of schema version 42, without what exports bring along", answers=("E3",)
)
def schema(subject: Subject, report: Report) -> Iterator[Finding]:
    """Another version is migrated at each load; an export asks for inputs that a file cannot give."""
    for path, board in subject.boards.items():
        version = board.get("schemaVersion")
        if version != SCHEMA_VERSION:
            yield report(
                path, "board", f"schemaVersion is {version!r}; expected {SCHEMA_VERSION}", "Render it anew."
            )
        for key in FOREIGN_KEYS:
            if key in board:
                yield report(
                    path, "board", f"it has the key {key!r}, which no provisioned board has", "Take it out."
                )


@file_rule("board-nulls", "nothing in a board is null but the base of thresholds", answers=("E3",))
def nulls(subject: Subject, report: Report) -> Iterator[Finding]:
    """Grafana 13 drops a panel that it cannot convert, and null is what it trips over."""
    for path, board in subject.boards.items():
        found = [where for where in _nulls(board, ()) if not _base(where)]
        if found:
            place = ".".join(map(str, found[0]))
            more = f", and {len(found) - 1} other values" if len(found) > 1 else ""
            yield report(path, "board", f"{place} is null{more}", "Leave the keys out.")


def _base(where: tuple[str | int, ...]) -> bool:
    """Whether it is the first of some thresholds."""
    return len(where) > 2 and where[-3] == "steps" and where[-2:] == (0, "value")


def _nulls(value: Any, where: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if value is None:
        yield where
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _nulls(each, (*where, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _nulls(each, (*where, index))
