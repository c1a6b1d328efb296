"""A limit that a value cannot reach: the rule is right in every part, and never fires."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dashboards.checks.expressions import Place
from dashboards.checks.finding import Finding, Report, excerpt, file_rule
from dashboards.checks.promql import COMPARISONS, Binary, Call, Node
from dashboards.checks.spans import Span, SpanEngine
from dashboards.checks.subject import Query, Subject

# Whether a value in the first span can never stand so to one in the second.
NEVER: dict[str, Callable[[Span, Span], bool]] = {
    ">": lambda left, right: left[1] <= right[0],
    ">=": lambda left, right: left[1] < right[0],
    "<": lambda left, right: left[0] >= right[1],
    "<=": lambda left, right: left[0] > right[1],
    "==": lambda left, right: left[1] < right[0] or right[1] < left[0],
    "!=": lambda left, right: left == right and left[0] == left[1],
}
ABSENT = frozenset(("absent", "absent_over_time"))
GRAFANAS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "==", "ne": "!="}


@file_rule("limit-reachable", "a value can reach what it is compared with")
def reachable(subject: Subject, report: Report) -> Iterator[Finding]:
    """Shares above 1, percentiles above the last bound, counts of nothing."""
    for place in subject.places:
        query = subject.queries.get(place.text)
        for operator, value, limit in _compared(query, place) if query else ():
            if NEVER[operator](value, limit):
                message = (
                    f"the value is {_words(value)}, so that `{operator} {_words(limit)}` never holds, in "
                    f"`{excerpt(place.text, f' {operator} ')}`"
                )
                yield report(place.file, place.where, message, "Move the limit, or ask for something else.")


def _compared(query: Query, place: Place) -> Iterator[tuple[str, Span, Span]]:
    engine = SpanEngine(query.known)
    for node, parent in query.nodes:
        if _beside_absent(parent):
            continue
        if isinstance(node, Binary) and node.operator in COMPARISONS and not node.bool:
            yield node.operator, engine.of(node.left), engine.of(node.right)
    for each in place.thing.get("data", ()) if place.kind == "alert" else ():
        for condition in each.get("model", {}).get("conditions", ()):
            evaluator = condition.get("evaluator", {})
            operator = GRAFANAS.get(str(evaluator.get("type")))
            for limit in evaluator.get("params", ())[:1] if operator else ():
                yield str(operator), engine.of(query.node), (limit, limit)


def _beside_absent(node: Node | None) -> bool:
    """Whether it fires where series are missing, and whatever stands there beside that: `a or absent(b)`."""
    if not isinstance(node, Binary) or node.operator != "or":
        return False
    sides = (node.left, node.right)
    return any(isinstance(each, Call) and each.function in ABSENT for each in sides)


def _words(span: Span) -> str:
    low, high = span
    if low == high:
        return f"{low:g}"
    ends = [f"at least {low:g}"] if low > float("-inf") else []
    ends += [f"at most {high:g}"] if high < float("inf") else []
    return " and ".join(ends) or "anything"
