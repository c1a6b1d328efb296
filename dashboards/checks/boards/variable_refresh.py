"""The values of a variable are those of the time that is shown."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

ON_TIME = 2


@file_rule(
    "variable-refresh",
    "variables are asked for anew when the time changes",
    answers=("template-on-time-change-reload-rule",),
)
def refresh(subject: Subject, report: Report) -> Iterator[Finding]:
    """Lists of what there is now, beside a picture of last week."""
    for path, board in subject.boards.items():
        for variable in board["templating"]["list"] if "templating" in board else ():
            if variable.get("type") == "query" and variable.get("refresh") != ON_TIME:
                message = (
                    f"its refresh is {variable.get('refresh')!r}; expected {ON_TIME}, when the time changes"
                )
                yield report(path, f"variable {variable.get('name')}", message, f"Set refresh to {ON_TIME}.")
