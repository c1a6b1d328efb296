"""A histogram knows its bounds and nothing between; and how a bound is written depends on Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dashboards.checks.finding import Problem, query_rule
from dashboards.checks.promql import Matcher
from dashboards.checks.subject import Query
from exporters.catalogue import Histogram

# From here on Go writes a bound with an exponent.
EXPONENT = 1e6


@query_rule(
    "histogram-bound", "`le` is a bound of the histogram, however Prometheus writes it", answers=("E26",)
)
def bounds(query: Query) -> Iterable[Problem]:
    """Matchers of `le` that hit no bound, or hit it in one spelling only."""
    for selector in query.selectors:
        metric = query.known.metric(selector.name)
        if isinstance(metric, Histogram) and selector.name.endswith("_bucket"):
            for matcher in selector.matchers:
                if matcher.label == "le" and "$" not in matcher.value:
                    yield from _judged(matcher, metric)


def spellings(bound: float) -> Sequence[str]:
    """How a bound is written: Prometheus 2 keeps what was exposed, often ``1``; 3 writes ``1.0``."""
    if not bound.is_integer():
        return (repr(bound),)
    whole = (str(int(bound)), f"{bound:.1f}")
    if bound < EXPONENT:
        return whole
    scientific = (f"{bound:.{digits}e}" for digits in range(18))
    return (*whole, next(text for text in scientific if float(text) == bound))


def _judged(matcher: Matcher, metric: Histogram) -> Iterator[Problem]:
    try:
        pattern = re.compile(matcher.value if "~" in matcher.operator else re.escape(matcher.value))
    except re.error:
        return  # Go's regular expressions know a little that Python's do not
    hit = False
    for bound in metric.buckets:
        matched = [each for each in spellings(bound) if pattern.fullmatch(each)]
        hit = hit or bool(matched)
        if matched and len(matched) < len(spellings(bound)):
            yield Problem(
                f"{matcher} matches the bound {matched[0]} of {metric.name}, but Prometheus may also write "
                f"{' or '.join(each for each in spellings(bound) if each not in matched)}",
                f'Write le=~"{int(bound)}(\\\\.0)?".' if bound < EXPONENT else "Choose a smaller unit.",
                matcher.value,
            )
    if not hit and not pattern.fullmatch("+Inf"):
        known = ", ".join(f"{bound:g}" for bound in metric.buckets)
        yield Problem(
            f"{matcher} is no bound of {metric.name}", f"Its bounds are {known} and +Inf.", matcher.value
        )
