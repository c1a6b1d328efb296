"""On anybody's board, each selector is narrowed by the targets that the reader chose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, excerpt, file_rule, listed
from dashboards.checks.promql import Matcher, Selector
from dashboards.checks.subject import Subject

NAMES = ("job", "instance")
REFERENCE = re.compile(r"\$\{(\w+)(?::([^}]*))?\}|\$(\w+)")
# How Grafana writes several values as one regular expression, which is how it writes them if it is not told.
EXPRESSIONS = ("", "pipe", "regex")


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
        lost: dict[tuple[str, str], set[str]] = {}
        for selector in query.selectors:
            for name, several in declared[place.file].items():
                reason = _lost(selector, name, several=several)
                if reason is not None:
                    lost.setdefault((name, reason), set()).add(selector.name)
        for (name, reason), metrics in sorted(lost.items()):
            message = f"{listed(metrics)} is not narrowed by ${name}{reason}, in `{excerpt(place.text)}`"
            yield report(place.file, place.where, message, f'Write {name}=~"${name}".')


def _lost(selector: Selector, name: str, *, several: bool) -> str | None:
    """Why a matcher does not narrow the selector by the choice, empty without one; None where it does."""
    reason = ""
    for matcher in selector.matchers:
        found = [each for each in REFERENCE.finditer(matcher.value) if name in (each[1], each[3])]
        if matcher.label == name and found:
            wrong = _wrong(matcher, {each[2] or "" for each in found}, several=several)
            if not wrong:
                return None
            reason = f", as {matcher} {wrong}"
    return reason


def _wrong(matcher: Matcher, formats: set[str], *, several: bool) -> str:
    if matcher.operator.startswith("!"):
        return "leaves out what was chosen"
    if several and matcher.operator == "=":
        return "takes one value, and several or all can be chosen"
    if several and not formats <= {*EXPRESSIONS}:
        return "is no regular expression of several values"
    return ""


def _declared(board: Json) -> dict[str, bool]:
    """The variables of targets, and whether several values of them can be chosen at once."""
    return {
        str(each.get("name")): bool(each.get("multi") or each.get("includeAll"))
        for each in board.get("templating", {}).get("list", ())
        if each.get("name") in NAMES
    }
