"""What one chooses by is called the same on every board, whoever made it."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.source_variable import chosen
from dashboards.checks.choices import NAMES
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

SOURCE = "Data source"


@file_rule(
    "variable-caption",
    "variables for data source, job and instance are labelled as elsewhere",
    "warning",
    answers=("template-datasource-rule", "template-job-rule", "template-instance-rule"),
)
def captions(subject: Subject, report: Report) -> Iterator[Finding]:
    """Labels under which a reader does not find the choice."""
    for path, board in subject.boards.items():
        for variable in board.get("templating", {}).get("list", ()):
            wanted = _wanted(board, variable)
            if wanted and variable.get("label") not in wanted:
                message = f"its label is {variable.get('label')!r}; expected {' or '.join(map(repr, wanted))}"
                yield report(path, f"variable {variable.get('name')}", message, "Set the label.")


def _wanted(board: Json, variable: Json) -> tuple[str, ...]:
    name = str(variable.get("name"))
    sources = chosen(board)
    if name in sources:
        of_kind = f"{str(variable.get('query', '')).capitalize()} {SOURCE.lower()}"
        return (SOURCE, of_kind) if len(sources) == 1 else (of_kind,)
    return (name.capitalize(),) if name in NAMES and variable.get("type") == "query" else ()
