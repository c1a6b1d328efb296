"""A link brings variables that its board knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.boards.links import links
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule, listed
from dashboards.checks.subject import Subject

VARIABLE = re.compile(r"[?&]var-(\w+)=|\$\{(\w+):queryparam\}")


@file_rule(
    "link-variable", "links bring variables that their board declares", level="warning", answers=("E27",)
)
def variables(subject: Subject, report: Report) -> Iterator[Finding]:
    """Grafana ignores what it does not know: the link then shows everything."""
    for path, where, uid, rest in links(subject):
        board: Json | None = subject.boards_by_uid.get(uid)
        known = {each.get("name") for each in (board or {}).get("templating", {}).get("list", ())}
        for found in VARIABLE.finditer(rest):
            name = found[1] or found[2]
            if board is not None and name not in known:
                message = f"its link brings ${name}, which the board {uid} does not declare"
                yield report(path, where, message, f"Declared there: {listed(map(str, known))}.")
