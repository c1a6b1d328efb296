"""A quantile is a share of what was observed, not a percentage."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import Problem, query_rule
from dashboards.checks.promql import Aggregation, Call, Negation, Node, Number
from dashboards.checks.subject import Query

RANKED = frozenset({"histogram_quantile", "quantile_over_time"})


@query_rule("quantile-range", "quantiles are shares from 0 to 1")
def ranges(query: Query) -> Iterable[Problem]:
    """Numbers beyond, of which Prometheus makes an infinity."""
    for node, _ in query.nodes:
        name, rank = _rank(node)
        if rank is not None and not 0 <= rank <= 1:
            result = "+Inf" if rank > 1 else "-Inf" if rank < 0 else "NaN"
            share = f"{rank / 100:g}" if 1 < rank <= 100 else "a share of 1, such as 0.95"
            yield Problem(
                f"{name}() of {rank:g} is always {result}; expected 0 to 1",
                f"Write {share}.",
                name,
            )


def _rank(node: Node) -> tuple[str, float | None]:
    match node:
        case Call() if node.function in RANKED:
            return node.function, _number(node.arguments[0])
        case Aggregation(operator="quantile", parameter=rank) if rank is not None:
            return node.operator, _number(rank)
    return "", None


def _number(node: Node) -> float | None:
    match node:
        case Number():
            return node.value
        case Negation():
            value = _number(node.expression)
            return None if value is None else -value
    return None
