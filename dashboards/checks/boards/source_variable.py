"""A board asks the data source that its reader chooses, by a variable that is found on every board."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.expressions import Json, panels
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

TYPE = "datasource"


def chosen(board: Json) -> dict[str, Json]:
    """The variables by which a reader chooses data sources."""
    listed = board.get("templating", {}).get("list", ())
    return {str(each.get("name")): each for each in listed if each.get("type") == TYPE}


@file_rule(
    "source-variable",
    "a board has a variable for its data source, named as elsewhere",
    answers=("E30", "template-datasource-rule"),
)
def variable(subject: Subject, report: Report) -> Iterator[Finding]:
    """Boards that know one data source by its uid, and names under which links do not find the choice."""
    for path, board in subject.boards.items():
        if not any(panel.get("targets") for panel in panels(board)):
            continue
        found = chosen(board)
        if not found:
            fix = f"Add a variable `{TYPE}` of the kind {TYPE}."
            yield report(path, "board", "it has no variable for the data source", fix)
        for name, each in found.items():
            kind = str(each.get("query", ""))
            names = {f"{kind.lower()}_{TYPE}"} | ({TYPE} if len(found) == 1 else set())
            if name not in names:
                message = f"the data source is chosen by ${name}; expected ${' or $'.join(sorted(names))}"
                yield report(path, f"variable {name}", message, "Links between boards bring it by this name.")
