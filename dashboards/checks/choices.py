"""What the reader of a board chooses among targets, and whether a selector is narrowed by it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dashboards.checks.expressions import Json
from dashboards.checks.promql import Matcher, Selector
from dashboards.checks.subject import Subject
from exporters.catalogue.external import UP

NAMES = ("job", "instance")
REFERENCE = re.compile(r"\$\{(\w+)(?::([^}]*))?\}|\$(\w+)")
# How Grafana writes several values as one regular expression, which is how it writes them if it is not told.
EXPRESSIONS = ("", "pipe", "regex")
# The variables of a board, and whether several values of them can be chosen at once.
Choices = dict[str, bool]


def targets(subject: Subject) -> dict[str, Choices]:
    """By board the variables job and instance, of those that it has."""
    return {
        path: {
            str(each.get("name")): _is_several(each)
            for each in board.get("templating", {}).get("list", ())
            if each.get("name") in NAMES
        }
        for path, board in subject.boards.items()
    }


def installations(subject: Subject) -> dict[str, Choices]:
    """By board the variables that choose by another label of `up`, which targets have, such as cluster."""
    found: dict[str, Choices] = {path: {} for path in subject.boards}
    for place in subject.places:
        if place.kind == "variable" and place.label == place.thing.get("name") not in NAMES:
            query = subject.queries.get(place.text)
            if query is not None and {each.name for each in query.selectors} == {UP.name}:
                found[place.file][place.label] = _is_several(place.thing)
    return found


def _is_several(variable: Json) -> bool:
    return bool(variable.get("multi") or variable.get("includeAll"))


def is_narrowed(selector: Selector, choices: Mapping[str, bool]) -> bool:
    """Whether each of these choices narrows it; False where there are none."""
    return bool(choices) and all(
        lost(selector, name, several=several) is None for name, several in choices.items()
    )


def lost(selector: Selector, name: str, *, several: bool) -> str | None:
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
