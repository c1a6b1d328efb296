"""A variable that no board declares is sent to Prometheus as it is written, and matches nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dashboards.checks.expressions import Json, panels, variable_query
from dashboards.checks.finding import Finding, Report, file_rule, listed, nearest
from dashboards.checks.promql import VARIABLE
from dashboards.checks.subject import Subject


def names(text: str) -> set[str]:
    """The variables that a text names, without those that Grafana has by itself."""
    return {
        found
        for each in VARIABLE.finditer(text.replace("\\$", ""))
        if not (found := each[1] or each[2]).startswith("__")
    }


def _declared(board: Json) -> dict[str, Json]:
    return {str(each.get("name")): each for each in board.get("templating", {}).get("list", ())}


@file_rule(
    "variable-declared",
    "every variable in a query is declared by its board; rules have none",
    answers=("E23",),
)
def declared(subject: Subject, report: Report) -> Iterator[Finding]:
    """Variables that nobody fills in."""
    for place in subject.places:
        board = subject.boards.get(place.file)
        known = _declared(board) if board is not None else {}
        found = names(place.text) | names(str(place.target.get("legendFormat", "")))
        if board is None:
            found |= {each[1] or each[2] for each in VARIABLE.finditer(place.text)}
        # `$1` is a group of label_replace: Grafana has no variable that begins with a digit, and leaves it.
        for name in sorted(each for each in found - known.keys() if not each.isdecimal()):
            who = "the board does not declare" if board is not None else "a rule does not know"
            fix = nearest(name, known) or f"Declared are: {listed(known)}."
            yield report(place.file, place.where, f"the query names ${name}, which {who}", fix)


@file_rule("variable-used", "every variable of a board is used", answers=("E23",))
def used(subject: Subject, report: Report) -> Iterator[Finding]:
    """Variables that change nothing when the reader chooses."""
    for path, board in subject.boards.items():
        rest = {key: value for key, value in board.items() if key != "templating"}
        found = names(json.dumps(rest, ensure_ascii=False))
        found |= {str(panel["repeat"]) for panel in panels(board) if panel.get("repeat")}
        for variable in _declared(board).values():
            found |= names(variable_query(variable) + str(variable.get("datasource", "")))
        declared = {name for name, each in _declared(board).items() if each.get("type") != "adhoc"}
        for name in sorted(declared - found):
            yield report(
                path, f"variable {name}", f"nothing on the board uses ${name}", "Use it, or take it out."
            )
