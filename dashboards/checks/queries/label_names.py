"""A label that a metric does not have matches nothing, or silently groups everything into one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from dashboards.checks.finding import (
    Problem,
    listed,
    nearest,
    query_rule,
)
from dashboards.checks.promql import Aggregation, Binary, Selector
from dashboards.checks.subject import Query


@query_rule(
    "label-exists",
    "every label in a matcher, by, without, on, ignoring or group_left is there",
    answers=("E17",),
)
def exists(query: Query) -> Iterable[Problem]:
    """Labels that the series do not carry."""
    for node, _ in query.nodes:
        match node:
            case Selector():
                known = query.known.labels_of(node.name)
                wanted = [each.label for each in node.matchers]
                yield from _missing(wanted, known, f"which {node.name} does not have", "a matcher")
            case Aggregation():
                known = query.labels.names(node.expression)
                wanted = [*(node.by or ()), *(node.without or ())]
                place = "by" if node.by is not None else "without"
                yield from _missing(
                    wanted, known, f"which nothing inside {node.operator}() has", f"`{place}`"
                )
            case Binary():
                yield from _matched(query, node)


def _matched(query: Query, node: Binary) -> Iterator[Problem]:
    left, right = query.labels.names(node.left), query.labels.names(node.right)
    if left is None or right is None:
        return
    for word, labels in (("on", node.on), ("ignoring", node.ignoring)):
        yield from _missing(
            labels or (), left | right, f"which neither side of `{node.operator}` has", f"`{word}`"
        )
    one = right if node.group == "left" else left
    yield from _missing(
        node.include, one, f"which the other side of `{node.operator}` does not have", f"`group_{node.group}`"
    )


def _missing(
    wanted: Collection[str], known: frozenset[str] | None, why: str, place: str
) -> Iterator[Problem]:
    if known is None:
        return
    for label in wanted:
        if label not in known:
            fix = nearest(label, known) or f"There are: {listed(known)}."
            yield Problem(f"{place} names the label {label!r}, {why}", fix, label)
