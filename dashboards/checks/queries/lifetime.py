"""A ratio of raw counters is an average since the server started: after a week, an outage does not show."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import ASKED, Problem, listed, query_rule
from dashboards.checks.queries.rates import ratios
from dashboards.checks.subject import Query


@query_rule("lifetime-ratio", "no ratio is of raw counters", ASKED, answers=("E21",))
def lifetime(query: Query) -> Iterable[Problem]:
    """Divisions of what was counted since the start."""
    for counters in ratios(query):
        names = listed({each.name for each in counters})
        yield Problem(
            f"a ratio of raw counters ({names}) is an average over the server's life, "
            "blind to what happens now",
            "Put each under rate() or increase().",
            counters[0].name,
        )
