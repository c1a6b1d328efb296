"""A variable that nothing uses changes nothing when the reader chooses."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dashboards.checks.expressions import panels, variable_query
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.queries.variables import declared_by, names
from dashboards.checks.subject import Subject


@file_rule("variable-used", "every variable of a board is used", answers=("E23",))
def used(subject: Subject, report: Report) -> Iterator[Finding]:
    """Variables that change nothing when the reader chooses."""
    for path, board in subject.boards.items():
        rest = {key: value for key, value in board.items() if key != "templating"}
        found = names(json.dumps(rest, ensure_ascii=False))
        found |= {str(panel["repeat"]) for panel in panels(board) if panel.get("repeat")}
        for variable in declared_by(board).values():
            found |= names(variable_query(variable) + str(variable.get("datasource", "")))
        declared = {name for name, each in declared_by(board).items() if each.get("type") != "adhoc"}
        for name in sorted(declared - found):
            yield report(
                path, f"variable {name}", f"nothing on the board uses ${name}", "Use it, or take it out."
            )
