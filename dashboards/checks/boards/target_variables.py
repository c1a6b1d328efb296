"""Anybody's board lets its reader choose among its targets: several or all, or one at a time."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.source_variable import chosen
from dashboards.checks.choices import NAMES, Choices, installations, is_narrowed
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.promql import Selector
from dashboards.checks.subject import Subject

# Nothing at all is no target: `.*` would also take series without the label.
ALL = ".+"


@file_rule(
    "target-variables",
    "a board has variables for job and instance, of several values and all, or of one asked for by `=`",
    "warning",
    answers=("template-job-rule", "template-instance-rule"),
    about="others",
)
def variables(subject: Subject, report: Report) -> Iterator[Finding]:
    """Boards that show every installation at once, or one only."""
    others = installations(subject)
    for path, board in subject.boards.items():
        kinds = {str(each.get("query")) for each in chosen(board).values()}
        if kinds and "prometheus" not in kinds:
            continue
        declared = {each.get("name"): each for each in board.get("templating", {}).get("list", ())}
        for name in NAMES:
            if name not in declared:
                if others[path] and _chooses(subject, path, others[path]):
                    continue
                fix = f"Add label_values(up, {name})."
                yield report(path, "board", f"it has no variable ${name}", fix)
            else:
                alone = _asks_for_one(subject, path, name)
                yield from _judged(path, board, declared[name], report, alone=alone)


def _asks_for_one(subject: Subject, path: str, name: str) -> bool:
    """Whether the board asks for exactly the value that was chosen: then one at a time is meant."""
    return any(
        matcher.label == name and matcher.operator == "=" and matcher.value in (f"${name}", f"${{{name}}}")
        for selector in _selectors(subject, path)
        for matcher in selector.matchers
    )


def _selectors(subject: Subject, path: str) -> list[Selector]:
    asked = (
        subject.queries.get(each.text)
        for each in subject.places
        if each.kind == "panel" and each.file == path
    )
    return [each for query in asked if query is not None for each in query.selectors]


def _chooses(subject: Subject, path: str, others: Choices) -> bool:
    """Whether all that the board asks is narrowed by other labels of targets, which its reader chooses."""
    return all(is_narrowed(each, others) for each in _selectors(subject, path))


def _judged(path: str, board: Json, variable: Json, report: Report, *, alone: bool) -> Iterator[Finding]:
    where = f"variable {variable.get('name')}"
    source = variable.get("datasource")
    uid = str(source.get("uid", "") if isinstance(source, dict) else source or "")
    if chosen(board) and uid.strip("${}") not in chosen(board):
        message = f"its values come from the data source {uid!r}"
        yield report(path, where, message, "Ask the one that the reader chose: ${datasource}.")
    if variable.get("type") != "query":
        yield report(path, where, f"it is a {variable.get('type')}; expected a query", "Ask for its values.")
    elif not variable.get("multi"):
        if not alone:
            yield report(path, where, "only one value can be chosen", "Set multi.")
    elif variable.get("allValue") != ALL:
        message = f"its value for all is {variable.get('allValue')!r}; expected {ALL!r}"
        yield report(path, where, message, "Set allValue, so that the query does not list them all.")
