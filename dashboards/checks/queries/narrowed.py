"""On anybody's board, each selector is narrowed by the targets that the reader chose."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, excerpt, file_rule, listed
from dashboards.checks.subject import Subject

NAMES = ("job", "instance")


@file_rule(
    "target-narrowed",
    "each selector of a panel is narrowed by the board's job and instance",
    "warning",
    answers=("E23", "target-job-rule", "target-instance-rule"),
    about="others",
)
def narrowed(subject: Subject, report: Report) -> Iterator[Finding]:
    """Panels that show what the reader did not choose; a board without the variables is told once."""
    declared = {path: _declared(board) for path, board in subject.boards.items()}
    for place in subject.places:
        query = subject.queries.get(place.text)
        if query is None or place.kind != "panel":
            continue
        lost: dict[str, set[str]] = {}
        for selector in query.selectors:
            matched = {each.label for each in selector.matchers if f"${each.label}" in each.value}
            for name in declared[place.file] - matched:
                lost.setdefault(name, set()).add(selector.name)
        for name, metrics in sorted(lost.items()):
            message = f"{listed(metrics)} is not narrowed by ${name}, in `{excerpt(place.text)}`"
            yield report(place.file, place.where, message, f'Add {name}=~"${name}".')


def _declared(board: Json) -> set[str]:
    names = {str(each.get("name")) for each in board.get("templating", {}).get("list", ())}
    return names & set(NAMES)
