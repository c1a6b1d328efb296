"""A sum over buckets counts each observation many times."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import ASKED, Problem, query_rule
from dashboards.checks.labels import SELECTING
from dashboards.checks.promql import Aggregation, selectors
from dashboards.checks.subject import Query

EXISTENCE = SELECTING | {"count", "group"}


@query_rule("bucket-sum", "buckets are never added up over `le`", ASKED, answers=("E18",))
def bucket_sums(query: Query) -> Iterable[Problem]:
    """Each bucket holds those below it."""
    for node, _ in query.nodes:
        if not isinstance(node, Aggregation) or node.operator in EXISTENCE:
            continue
        inner = query.labels.of(node.expression)
        outer = query.labels.names(node)
        if inner is None or outer is None or "le" in outer or _picks_bound(node):
            continue
        if any("le" in shape.free() for shape in inner):
            yield Problem(
                f"{node.operator}() over buckets without `le` counts each observation once per bucket",
                "Keep `le` in `by`, or take the `_count` series.",
                "_bucket",
            )


def _picks_bound(node: Aggregation) -> bool:
    """Whether each selector of buckets names its bound."""
    return all(
        any(matcher.label == "le" for matcher in each.matchers)
        for each in selectors(node)
        if each.name.endswith("_bucket")
    )
