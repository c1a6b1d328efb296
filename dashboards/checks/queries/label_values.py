"""A value that a label never has matches nothing: `ExclusiveLock` where the server says `exclusivelock`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from dashboards.checks.finding import Problem, listed, nearest, query_rule
from dashboards.checks.promql import Matcher, Selector
from dashboards.checks.subject import Query

# An alternative without groups of its own can be judged alone.
SIMPLE = re.compile(r"[^()]*\Z")


@query_rule("label-value", "a value written out is one that the label can have", answers=("E26",))
def values(query: Query) -> Iterable[Problem]:
    """Literal values outside the label's closed set, and jobs that nobody scrapes."""
    for selector in query.selectors:
        for matcher in selector.matchers:
            if "$" not in _literal(matcher):
                yield from _outside(matcher, _closed(query, selector, matcher), selector.name)


def _literal(matcher: Matcher) -> str:
    """The value without the anchors of a regular expression."""
    return matcher.value.removesuffix("$") if "~" in matcher.operator else matcher.value


def _closed(query: Query, selector: Selector, matcher: Matcher) -> Collection[str]:
    if matcher.label == "job":
        return query.known.jobs
    label = query.known.label(selector.name, matcher.label)
    return label.values if label else ()


def _outside(matcher: Matcher, closed: Collection[str], metric: str) -> Iterator[Problem]:
    if not closed or not matcher.value:
        return
    for value in alternatives(matcher):
        try:
            pattern = re.compile(value if "~" in matcher.operator else re.escape(value))
        except re.error:
            return  # Go's regular expressions know a little that Python's do not
        if not any(pattern.fullmatch(each) for each in closed):
            hint = nearest(value, closed)
            yield Problem(
                f"label {matcher.label!r} of {metric} is never {value!r}",
                f"{hint} It has: {listed(closed)}." if hint else f"It has: {listed(closed)}.",
                matcher.value,
            )


def alternatives(matcher: Matcher) -> list[str]:
    """The values, or patterns, that the matcher names; a grouped pattern as a whole."""
    if "~" in matcher.operator and SIMPLE.match(matcher.value):
        return matcher.value.split("|")
    return [matcher.value]
