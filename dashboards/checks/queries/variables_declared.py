"""A variable that no board declares is sent to Prometheus as it is written, and matches nothing."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule, listed, nearest
from dashboards.checks.promql import VARIABLE
from dashboards.checks.queries.variables import declared_by, names
from dashboards.checks.subject import Subject


@file_rule(
    "variable-declared",
    "every variable in a query is declared by its board; rules have none",
    answers=("E23",),
)
def declared(subject: Subject, report: Report) -> Iterator[Finding]:
    """Variables that nobody fills in."""
    for place in subject.places:
        board = subject.boards.get(place.file)
        known = declared_by(board) if board is not None else {}
        found = names(place.text) | names(str(place.target.get("legendFormat", "")))
        if board is None:
            found |= {each[1] or each[2] for each in VARIABLE.finditer(place.text)}
        # `$1` is a group of label_replace: Grafana has no variable that begins with a digit, and leaves it.
        for name in sorted(each for each in found - known.keys() if not each.isdecimal()):
            who = "the board does not declare" if board is not None else "a rule does not know"
            fix = nearest(name, known) or f"Declared are: {listed(known)}."
            yield report(place.file, place.where, f"the query names ${name}, which {who}", fix)
