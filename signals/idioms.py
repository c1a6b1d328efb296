"""The handful of shapes that every query of this project has. PromQL stays readable text inside them.

Each result keeps the stack's identity labels and the level of its source: one line per job for the API
(its workers and instances are one service), one per server for PostgreSQL and Redis.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from exporters.catalogue import Counter, Gauge, Histogram, Label, Matcher, Metric
from exporters.catalogue.labels import INSTANCE, JOB
from signals.limits.shared import UP_SHARE
from signals.numbers import Number, Objective
from signals.promql import Query, QueryError, Shape

WINDOW = "<window>"
DAY = 86_400
LEVELS: dict[str, tuple[Label, ...]] = {"api": (JOB,)}
SERVER_LEVEL = (JOB, INSTANCE)
# What every query begins with, as messages say it.
METRIC = "a metric of exporters.catalogue or of your own, which is no string"

Aggregation = Literal["sum", "max", "min", "avg", "count"]


def span(seconds: float) -> str:
    """A fixed range for `window=`, scaled with the stack's clock."""
    return f"<span:{seconds:g}>"


def since(seconds: float) -> str:
    """What follows a selector to look at another time than now, so many seconds ago."""
    return f" offset {span(seconds)}" if seconds else ""


def level(metric: Metric) -> tuple[Label, ...]:
    """The labels that name one thing of this source: a service, or a server.

    Raises:
        QueryError: it is no metric, but perhaps the name of one.
    """
    _require(metric, Metric, METRIC)
    return LEVELS.get(metric.source, SERVER_LEVEL)


def _require(value: object, kind: type, expected: str) -> None:
    if not isinstance(value, kind):
        shown = f"{value!r:.60} ({type(value).__name__})"
        raise QueryError(f"a query is given {shown}; expected {expected}; give that")


def _names(metric: Metric, by: Sequence[Label]) -> tuple[str, ...]:
    _require(by, Sequence, "a tuple of labels as by=, where a tuple of one is (it,)")
    for label in by:
        _require(label, Label, "a label of the metric in by=")
    return tuple(dict.fromkeys(label.name for label in (*level(metric), *by)))


def grouping(names: Sequence[str]) -> str:
    """A grouping list in parentheses, with a hole for the identity."""
    return f"(<by:{','.join(names)}>)"


def select(metric: Metric, *where: Matcher, suffix: str = "", objective: Objective | None = None) -> str:
    """A selector of one of the metric's series, with a hole for the scope.

    Raises:
        QueryError: a matcher names a label that the metric does not have, or one of the two is none.
    """
    _require(metric, Metric, METRIC)
    if objective is not None:
        _require(objective, Objective, "an objective, which brings a selector")
    known = metric.label_names(metric.name + suffix)
    for matcher in (*where, *(objective.where if objective else ())):
        _require(matcher, Matcher, 'a matcher, such as LABEL.eq("value")')
        if matcher.label not in known and matcher.label not in ("job", "instance", "le"):
            raise QueryError(f"{metric.name} has no label {matcher.label!r}; it has {sorted(known)}")
    parts = [f"<scope:{metric.source}>", *(str(matcher) for matcher in where)]
    if metric.labels:
        parts.insert(1, f"<only:{','.join(label.name for label in metric.labels)}>")
    if objective is not None:
        parts.append(f"<where:{objective.key}>")
    return f"{metric.name}{suffix}{{{','.join(parts)}}}"


def _numbers(*numbers: Number | None) -> tuple[Number, ...]:
    return tuple(number for number in numbers if number is not None)


def rate(
    metric: Counter | Histogram,
    *where: Matcher,
    by: Sequence[Label] = (),
    objective: Objective | None = None,
    window: str = WINDOW,
    function: Literal["rate", "increase"] = "rate",
    ago: float = 0,
) -> Query:
    """Per second, summed, now or so many seconds ago. A histogram counts its observations."""
    suffix = "_count" if isinstance(metric, Histogram) else ""
    names = _names(metric, by)
    selector = select(metric, *where, suffix=suffix, objective=objective)
    plain = not (suffix or objective or ago) and window == WINDOW
    return Query(
        f"sum by {grouping(names)} ({function}({selector}[{window}]{since(ago)}))",
        (metric,),
        _numbers(objective),
        names,
        Shape(kind=function, metric=metric, where=where) if plain else None,
    )


def observed(
    metric: Histogram,
    *where: Matcher,
    by: Sequence[Label] = (),
    objective: Objective | None = None,
    window: str = WINDOW,
) -> Query:
    """The sum of what a histogram observed, per second: of a duration, the time spent."""
    names = _names(metric, by)
    selector = select(metric, *where, suffix="_sum", objective=objective)
    return Query(
        f"sum by {grouping(names)} (rate({selector}[{window}]))", (metric,), _numbers(objective), names
    )


def within(number: Number, metric: Histogram, *where: Matcher, by: Sequence[Label] = ()) -> Query:
    """Observations per second that a limit allows, counted from the bucket with this bound."""
    names = _names(metric, by)
    selector = select(metric, *where, suffix="_bucket").replace("}", f",<bound:{number.key}>}}")
    return Query(f"sum by {grouping(names)} (rate({selector}[{WINDOW}]))", (metric,), (number,), names)


def increase(
    metric: Counter | Histogram, *where: Matcher, by: Sequence[Label] = (), window: str = WINDOW
) -> Query:
    """How many within the window, summed, as a whole number.

    Prometheus stretches what it saw to the edges of the window: of one event it makes 1.05. It never makes
    less of it, so that rounding loses none.
    """
    counted = rate(metric, *where, by=by, window=window, function="increase")
    return replace(counted, text=f"round({counted.text})")


def value(
    metric: Gauge | Metric,
    *where: Matcher,
    by: Sequence[Label] = (),
    over: Aggregation = "sum",
    objective: Objective | None = None,
) -> Query:
    """A gauge as it is now."""
    names = _names(metric, by)
    text = f"{over} by {grouping(names)} ({select(metric, *where, objective=objective)})"
    plain = objective is None and over != "count"
    shape = Shape(kind="value", metric=metric, where=where) if plain else None
    return Query(text, (metric,), _numbers(objective), names, shape)


def usual(metric: Gauge, *, by: Sequence[Label] = (), over: Aggregation = "sum") -> Query:
    """What a gauge was for most of five minutes: that it is otherwise for a moment changes nothing.

    A rule is held anew by a single sample within its limit, so what comes back for a moment, again and
    again, would never be told.
    """
    names = _names(metric, by)
    text = f"{over} by {grouping(names)} (quantile_over_time(0.5, {select(metric)}[{span(300)}]))"
    return Query(text, (metric,), (), names)


def answers(metric: Metric, *where: Matcher, by: Sequence[Label] = (), over: Sequence[Label] = ()) -> Query:
    """1 if a thing answers, else 0; also 0 if it fell silent and gave less than half of its answers lately.

    Each is judged by itself before they are aggregated: of things that restart in turn one answers. What has
    never answered, as while everything starts, is silent only until it does.

    Args:
        metric: 1 or 0.
        where: as for any selector.
        by: more labels of the result.
        over: labels of its level over which one that answers stands for all.
    """
    dropped = {label.name for label in over}
    names = tuple(name for name in _names(metric, by) if name not in dropped)
    # The same series by their labels, whatever else the selector takes.
    lately = f"{select(metric)}[{span(300)}]"
    seldom = f"(avg_over_time({lately}) < bool <number:{UP_SHARE.key}>) * (resets({lately}) > bool 0)"
    text = f"max by {grouping(names)} ({select(metric, *where)} * (1 - {seldom}))"
    return Query(text, (metric,), (UP_SHARE,), names)


def unchanged(metric: Gauge) -> Query:
    """True where a gauge, such as the time of a start, had one value for the whole window.

    After a failover another server answers, with what it counted long ago: no increase of the window.
    """
    names = _names(metric, ())
    text = f"max by {grouping(names)} (changes({select(metric)}[{WINDOW}])) == 0"
    return Query(text, (metric,), (), names)


def mean(
    metric: Histogram,
    *where: Matcher,
    by: Sequence[Label] = (),
    objective: Objective | None = None,
    window: str = WINDOW,
) -> Query:
    """Sum by count over the window; no observation gives no sample."""
    total = observed(metric, *where, by=by, objective=objective, window=window)
    count = rate(metric, *where, by=by, objective=objective, window=window)
    return Query(f"{total.text} / ({count.text} > 0)", (metric,), total.numbers, total.labels)


def quantile(
    q: float, metric: Histogram, *where: Matcher, by: Sequence[Label] = (), window: str = WINDOW
) -> Query:
    """A percentile, interpolated within its bucket; no observation gives no sample."""
    names = _names(metric, by)
    selector = select(metric, *where, suffix="_bucket")
    inner = f"sum by {grouping(('le', *names))} (rate({selector}[{window}]))"
    # Of nothing it is NaN, which is not above anything.
    return Query(f"histogram_quantile({q:g}, {inner}) >= 0", (metric,), (), names)


CALL = re.compile(r"\w+ ?(by \(<by:[^>]*>\) )?(?=\()")
SELECTOR = re.compile(r"[\w:]+(\{[^{}]*\})?\Z")


def enclosed(text: str) -> str:
    """The text in parentheses, unless it is a single aggregation, call or selector already."""
    if SELECTOR.match(text):
        return text
    head = CALL.match(text)
    depth = 0
    for position, character in enumerate(text[head.end() :] if head else ""):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return text if head and head.end() + position == len(text) - 1 else f"({text})"
    return f"({text})"


def ratio(part: Query, whole: Query, *, zero: Query | None = None) -> Query:
    """A share: 0 where nothing of the part happened, no sample where nothing happened at all.

    Args:
        part: of which it is the share.
        whole: what it is a share of.
        zero: what has a sample wherever the whole has one, of fewer series; by default the whole itself.

    Raises:
        QueryError: the sides do not carry the same labels, so nothing would match.
    """
    zero = whole if zero is None else zero
    for each in (part, whole, zero):
        _require(each, Query, "a query, such as rate(...), on both sides of a ratio")
        if set(each.labels) != set(whole.labels):
            raise QueryError(f"a ratio of {sorted(each.labels)} by {sorted(whole.labels)} matches nothing")
    text = f"({part.text} or 0 * {enclosed(zero.text)}) / ({enclosed(whole.text)} > 0)"
    metrics, numbers = (
        tuple(found for each in (part, whole, zero) for found in getattr(each, of))
        for of in ("metrics", "numbers")
    )
    return Query(text, tuple(dict.fromkeys(metrics)), tuple(dict.fromkeys(numbers)), whole.labels)


def promql(
    template: str,
    *numbers: Number,
    labels: Sequence[Label] | None = None,
    **parts: Query | Metric,
) -> Query:
    """Free text with named parts: a query stands in parentheses, a metric as its selector.

    Doubled braces are braces. Numbers may stand in the template as holes, and must then be given.

    Args:
        template: such as ``"{used} / {limit}"``.
        numbers: the objectives and limits that the template names in holes.
        labels: of the result, where they are not those of the first part.
        parts: what the names stand for.
    """
    texts = {
        name: enclosed(part.text) if isinstance(part, Query) else select(part) for name, part in parts.items()
    }
    queries = [part for part in parts.values() if isinstance(part, Query)]
    metrics = [part for part in parts.values() if isinstance(part, Metric)]
    found = tuple(label.name for label in labels) if labels is not None else _labels_of(queries, metrics)
    return Query(
        template.format(**texts),
        tuple(dict.fromkeys((*metrics, *(metric for query in queries for metric in query.metrics)))),
        tuple(dict.fromkeys((*numbers, *(number for query in queries for number in query.numbers)))),
        found,
    )


def _labels_of(queries: Sequence[Query], metrics: Sequence[Metric]) -> tuple[str, ...]:
    if queries:
        return queries[0].labels
    return _names(metrics[0], metrics[0].labels) if metrics else ()
