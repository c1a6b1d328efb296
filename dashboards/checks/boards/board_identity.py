"""Address and title: links, and Grafana's right to write, hang on them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

UID = re.compile(r"[a-zA-Z0-9_-]{1,40}\Z")


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
