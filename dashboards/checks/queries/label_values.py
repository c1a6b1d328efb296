"""A value that a label never has matches nothing: `ExclusiveLock` where the server says `exclusivelock`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from dashboards.checks.finding import Problem, listed, nearest, query_rule
from dashboards.checks.promql import Matcher
from dashboards.checks.subject import Query

# More of them are no help to whoever looks for one.
MOST = 20
# An alternative without groups of its own can be judged alone.
SIMPLE = re.compile(r"[^()]*\Z")


@query_rule("label-value", "a value written out is one that the label can have", answers=("E26",))
def values(query: Query) -> Iterable[Problem]:
    """Literal values outside the label's closed set, jobs that nobody scrapes, alerts that no rule is."""
    for selector in query.selectors:
        for matcher in selector.matchers:
            if "$" not in _literal(matcher):
                closed = query.known.values(selector.name, matcher.label)
                yield from _outside(matcher, closed, selector.name)


def _literal(matcher: Matcher) -> str:
    """The value without the anchors of a regular expression."""
    return matcher.value.removesuffix("$") if "~" in matcher.operator else matcher.value


def _outside(matcher: Matcher, closed: Collection[str], metric: str) -> Iterator[Problem]:
    if not closed or not matcher.value:
        return
    for value in alternatives(matcher):
        try:
            pattern = re.compile(value if "~" in matcher.operator else re.escape(value))
        except re.error:
            return  # Go's regular expressions know a little that Python's do not
        if not any(pattern.fullmatch(each) for each in closed):
            told = " ".join(filter(None, (nearest(value, closed), _all(closed))))
            yield Problem(f"label {matcher.label!r} of {metric} is never {value!r}", told, matcher.value)


def _all(closed: Collection[str]) -> str:
    if len(closed) <= MOST:
        return f"It has: {listed(closed)}."
    return f"It has {len(closed)}, from {min(closed)} to {max(closed)}."


def alternatives(matcher: Matcher) -> list[str]:
    """The values, or patterns, that the matcher names; a grouped pattern as a whole."""
    if "~" in matcher.operator and SIMPLE.match(matcher.value):
        return matcher.value.split("|")
    return [matcher.value]
