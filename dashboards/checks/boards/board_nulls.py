"""Null is what Grafana 13 trips over when it converts a panel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject


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
