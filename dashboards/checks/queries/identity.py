"""Staging and production never merge: every aggregation keeps the labels that tell them apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dashboards.checks.finding import ASKED, Problem, listed, query_rule
from dashboards.checks.promql import Aggregation, Binary
from dashboards.checks.subject import Query

Labels = tuple[str, ...] | None


@query_rule("identity-kept", "every aggregation and join keeps the identity labels", ASKED, about="own")
def kept(query: Query) -> Iterable[Problem]:
    """Aggregations and joins that mix environments."""
    for node, _ in query.nodes:
        match node:
            case Aggregation():
                inner = query.labels.names(node.expression)
                lost = _lost(query, inner, node.by, node.without, bare=True)
                yield from _problem(lost, f"{node.operator}()", "by", node.operator)
            case Binary():
                left, right = query.labels.names(node.left), query.labels.names(node.right)
                both = left & right if left is not None and right is not None else None
                lost = _lost(query, both, node.on, node.ignoring, bare=False)
                yield from _problem(lost, f"`{node.operator}`", "on", f" {node.operator} ")


def _lost(
    query: Query, there: frozenset[str] | None, kept: Labels, dropped: Labels, *, bare: bool
) -> frozenset[str]:
    """The identity labels that are there before and not after."""
    identity = frozenset(query.known.identity) & (there or frozenset())
    if dropped is not None:
        return identity & set(dropped)
    if kept is None:
        return identity if bare else frozenset()
    return identity - set(kept)


def _problem(lost: frozenset[str], what: str, word: str, near: str) -> Iterator[Problem]:
    if lost:
        yield Problem(
            f"{what} drops {listed(lost)}, so that several installations become one",
            f"Name {listed(lost)} in `{word}`.",
            near,
        )
