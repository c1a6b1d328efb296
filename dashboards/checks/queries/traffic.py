"""An alert on a share or percentile of events needs enough of them: one of three is no trend."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import Problem, query_rule
from dashboards.checks.promql import Binary, Call, Node, Number, walk
from dashboards.checks.subject import Query

COUNTING = frozenset({"rate", "increase", "irate"})


@query_rule(
    "ratio-guarded",
    "an alert on a share or percentile of events asks for enough events",
    ("alert",),
    about="own",
)
def guarded(query: Query) -> Iterable[Problem]:
    """Shares of what is counted, without a minimum that is counted too."""
    if any(_share(node) for node, _ in query.nodes) and not any(_enough(node) for node, _ in query.nodes):
        yield Problem(
            "it judges a share or percentile of events, however few there are",
            "Give the alert a guard: `{rate} > <number:minimum>`, as ENOUGH_TRAFFIC in alerts/rules/api.py.",
            "/",
        )


def _counts(node: Node) -> bool:
    return any(isinstance(each, Call) and each.function in COUNTING for each, _ in walk(node))


def _share(node: Node) -> bool:
    if isinstance(node, Call):
        return node.function == "histogram_quantile"
    return isinstance(node, Binary) and node.operator == "/" and _counts(node.right)


def _enough(node: Node) -> bool:
    """`and` with a comparison of something counted with more than nothing."""
    return (
        isinstance(node, Binary)
        and node.operator in ("and", ">", ">=")
        and any(
            isinstance(each, Binary)
            and each.operator in (">", ">=")
            and isinstance(each.right, Number)
            and each.right.value > 0
            and _counts(each.left)
            and not any(_share(inner) for inner, _ in walk(each.left))
            for each, _ in walk(node)
        )
    )
