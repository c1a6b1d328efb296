"""A function that one Prometheus knows and another does not ends the other at start."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import Problem, query_rule
from dashboards.checks.promql import Aggregation, Call
from dashboards.checks.subject import Query

# What Prometheus 2.42 and 3 both know; Debian ships the one, the compose file the other.
FUNCTIONS = frozenset(
    {
        "abs", "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh",
        "avg_over_time", "ceil", "changes", "clamp", "clamp_max", "clamp_min", "cos", "cosh",
        "count_over_time", "day_of_month", "day_of_week", "day_of_year", "days_in_month", "deg", "delta",
        "deriv", "exp", "floor", "histogram_count", "histogram_fraction", "histogram_quantile",
        "histogram_sum", "hour", "idelta", "increase", "irate", "label_join", "label_replace",
        "last_over_time", "ln", "log10", "log2", "max_over_time", "min_over_time", "minute", "month", "pi",
        "predict_linear", "present_over_time", "quantile_over_time", "rad", "rate", "resets", "round",
        "scalar", "sgn", "sin", "sinh", "sort", "sort_desc", "sqrt", "stddev_over_time", "stdvar_over_time",
        "sum_over_time", "tan", "tanh", "time", "timestamp", "vector", "year",
    }
)  # fmt: skip
AGGREGATIONS = frozenset(
    {
        "sum", "avg", "min", "max", "count", "stddev", "stdvar", "group", "topk", "bottomk", "count_values",
        "quantile",
    }
)  # fmt: skip


@query_rule("promql-portable", "functions are known to Prometheus 2.42 and 3", answers=("E16",), about="own")
def portable(query: Query) -> Iterable[Problem]:
    """Functions that only one of the two knows."""
    for node, _ in query.nodes:
        name = node.function if isinstance(node, Call) else ""
        operator = node.operator if isinstance(node, Aggregation) else ""
        if (name and name not in FUNCTIONS) or (operator and operator not in AGGREGATIONS):
            yield Problem(
                f"{name or operator}() is not known to both Prometheus 2.42 and 3",
                "Write it with older functions.",
                name or operator,
            )
