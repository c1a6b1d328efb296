"""A share of errors is 0 when there were none: without a series of errors, "No data" looks like a fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dashboards.checks.finding import Problem, query_rule
from dashboards.checks.promql import Binary, Call, Matcher, Node, Selector, walk
from dashboards.checks.queries.rates import GROWTH
from dashboards.checks.subject import Query


@query_rule(
    "zero-shown", "a share of events is 0 where there were none of them", ("panel",), answers=("E22",)
)
def shown(query: Query) -> Iterable[Problem]:
    """Shares of what may have no series yet, and zeros that are a series of their own."""
    for node, _ in query.nodes:
        if isinstance(node, Binary) and node.operator == "/":
            part, whole = _counted(node.left), _counted(node.right)
            picked = _picked(part, whole) if part and whole else ()
            if picked and not _filled(node.left):
                yield Problem(
                    f"{part and part.name} with {picked[0]} has no series before the first of them, and the "
                    "share is then empty instead of 0",
                    "Write `(sum(some) or 0 * sum(all)) / sum(all)`, with the labels of both alike.",
                    picked[0].value,
                )
        if isinstance(node, Binary) and node.operator == "or" and _invents(query, node):
            yield Problem(
                "`or vector(0)` beside what is grouped is a series of its own, without labels",
                "Write `or 0 * sum by (...) (all)`, which fills the gaps of each.",
                "vector(0)",
            )


def _counted(node: Node) -> Selector | None:
    """The one series of a sum of growths; None for anything else."""
    found = [(each, parent) for each, parent in _bare(node) if isinstance(each, Selector)]
    if len(found) != 1 or not isinstance(found[0][1], Call) or found[0][1].function not in GROWTH:
        return None
    selector = found[0][0]
    return selector if isinstance(selector, Selector) else None


def _bare(node: Node) -> Iterator[tuple[Node, Node | None]]:
    """What stands in the sum, without the guards around it."""
    while isinstance(node, Binary) and node.operator in ("and", "unless", ">", ">=", "!="):
        node = node.left
    yield from walk(node)


def _picked(part: Selector, whole: Selector) -> tuple[Matcher, ...]:
    """The values that the part has beyond the whole, if both count one thing."""
    if part.name != whole.name:
        return ()
    more = [each for each in part.matchers if each not in whole.matchers]
    return tuple(each for each in more if each.operator in ("=", "=~") and "$" not in each.value.rstrip("$"))


def _filled(node: Node) -> bool:
    return any(isinstance(each, Binary) and each.operator == "or" for each, _ in walk(node))


def _invents(query: Query, node: Binary) -> bool:
    """Whether it stands beside series with labels; a sum of everything has none, and it takes its place."""
    vector = isinstance(node.right, Call) and node.right.function == "vector"
    return vector and bool(query.labels.names(node.left))
