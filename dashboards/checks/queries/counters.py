"""A counter means something only as a growth."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import ASKED, Problem, query_rule
from dashboards.checks.queries.rates import ratios, raw
from dashboards.checks.subject import Query


@query_rule(
    "counter-growth",
    "counters stand under rate() or increase()",
    ASKED,
    answers=(
        "E18",
        "target-counter-agg-rule",
    ),
)
def counters(query: Query) -> Iterable[Problem]:
    """Counters read as they are; their ratios have a check of their own."""
    divided = {id(each) for pair in ratios(query) for each in pair}
    for each in raw(query, query.node):
        if id(each) not in divided:
            yield Problem(
                f"{each.name} is a counter: its value says how long the server has been up",
                "Put it under rate() or increase().",
                each.name,
            )
