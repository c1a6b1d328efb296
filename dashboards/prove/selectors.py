"""Why a selector selects nothing: which of its matchers excludes what is there, or since when it ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dashboards.checks.finding import listed
from dashboards.checks.promql import Matcher, Selector
from dashboards.errors import RefusedError, StackError
from dashboards.prometheus_api import Prometheus, Samples
from dashboards.prove.times import DAY, HOUR, Span
from signals.promql import duration

# Prometheus shows a sample for so long where its target says nothing of its end.
LOOKBACK = 300.0
SHOWN = 8
# A day is looked through in so many steps, which takes long: most of what ended did so lately.
STEPS = 20_000
# An expression may be dear: of it so many looks are taken.
LOOKS = 300
BACK = (600.0, HOUR, DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why something is empty.

    Attributes:
        cause: in two or three words.
        says: what was found.
        mend: the line of configuration that would bring it.
    """

    cause: str
    says: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.cause}: {self.says}" + (f"; what brings it: {self.mend}" if self.mend else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A server, and the time of which one asks.

    Attributes:
        prometheus: the server.
        span: the range shown, from the first point asked for to the last.
        until: the end of the time shown, which may be later than the last point.
        instant: whether only its end counts.
        scrape: seconds from one scrape to the next.
        every: seconds between two points asked for; 0 where that is not known.
        within: the recordings whose rules one has come from.
    """

    prometheus: Prometheus
    span: Span
    until: float
    instant: bool
    scrape: float
    every: float = 0.0
    within: frozenset[str] = frozenset()

    def there(self, expr: str) -> bool:
        """Whether an expression gives anything."""
        return bool(self._asked(expr))

    def labels(self, expr: str) -> list[dict[str, str]]:
        """The labels of what an expression gives."""
        return [labels for labels, _ in self._asked(expr)]

    def numbers(self, expr: str) -> list[float]:
        """The values that an expression gives."""
        return [value for _, values in self._asked(expr) for value in values]

    @property
    def step(self) -> float:
        """Seconds between two looks at a range."""
        return self.every or max(self.scrape, self.span.seconds / 60)

    @property
    def lately(self) -> Look:
        """Only the end of the time shown."""
        return replace(self, span=replace(self.span, end=self.until), instant=True)

    def earlier(self, seconds: float) -> Look:
        """The same, so many seconds ago."""
        span = Span(start=self.span.start - seconds, end=self.span.end - seconds)
        return replace(self, span=span, until=self.until - seconds)

    def inside(self, name: str) -> Look:
        """The same, within the rule of a recording."""
        return replace(self, within=self.within | {name})

    def seen(self, selector: str, window: float) -> bool:
        """Whether there was a sample that a selector with this window could reach."""
        reach = window + (0 if self.instant else self.span.seconds)
        return self._number(f"count(count_over_time({selector}[{duration(reach)}]))") is not None

    def evaluated(self, expr: str, window: float, step: float) -> bool:
        """Whether an expression gave anything that a subquery with this window could reach."""
        reach = window + (0 if self.instant else self.span.seconds)
        over = f"[{duration(reach)}:{duration(step or self.scrape)}]"
        return self._number(f"count(count_over_time(({expr}){over}))") is not None

    def over(self, window: float) -> Look:
        """The range that a subquery with this window reaches."""
        start = self.span.end - window if self.instant else self.span.start - window
        return replace(self, span=replace(self.span, start=start), instant=False, every=0.0)

    def most(self, selector: str, window: float) -> float:
        """How many samples a window holds, of the series with the most."""
        return self._number(f"max(count_over_time({selector}[{duration(window)}]))") or 0

    def last_of(self, selector: str, condition: str = "") -> float | None:
        """When a selector had a sample, such as one that is ``== 1``, for the last time within a day."""
        if self._number(f"count(count_over_time({selector}[{duration(DAY)}]))") is None:
            return None
        stamp = f"timestamp({selector})" + (f" and ({selector} {condition})" if condition else "")
        for back in BACK:
            step = max(self.scrape, back / STEPS)
            last = self._number(f"max(max_over_time(({stamp})[{duration(back)}:{duration(step)}]))")
            if last is not None:
                return last
        return None

    def first_of(self, expr: str) -> float | None:
        """When an expression gave something for the first time within a day."""
        step = max(self.scrape, DAY / STEPS)
        return self._number(f"min(min_over_time(timestamp({expr})[{duration(DAY)}:{duration(step)}]))")

    def given(self, expr: str) -> float | None:
        """When an expression gave something for the last time within a day; None too if that takes long."""
        for back in BACK:
            step = max(self.scrape, back / LOOKS)
            past = f"[{duration(back)}:{duration(step)}]"
            try:
                last = self._number(f"max(max_over_time(timestamp({expr}){past}))")
            except RefusedError:
                return None
            if last is not None:
                return last
        return None

    def values(self, selector: str, label: str, window: float) -> list[str]:
        """The values of a label on what is selected."""
        return self.prometheus.label_values(selector, label, self.span.start - window, self.span.end)

    def told(self, path: str, key: str, **query: Any) -> list[Any]:
        """What Prometheus says of itself; other servers that answer queries need not tell it."""
        try:
            found = self.prometheus.get(path, **query).get(key)
        except StackError:
            return []
        return found if isinstance(found, list) else []

    def _asked(self, expr: str) -> Samples:
        if self.instant:
            return self.prometheus.query(expr, self.span.end)
        return self.prometheus.query_range(expr, self.span.start, self.span.end, self.step)

    def _number(self, expr: str) -> float | None:
        found = self.prometheus.query(expr, self.span.end)
        return found[0][1][-1] if found else None


def shown(name: str, *matchers: Matcher) -> str:
    """A selector as PromQL reads it."""
    return name + ("{" + ",".join(map(_matcher, matchers)) + "}" if matchers else "")


def _matcher(matcher: Matcher) -> str:
    escaped = matcher.value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{matcher.label}{matcher.operator}"{escaped}"'


def matches(matcher: Matcher, value: str) -> bool:
    """Whether a value passes, as Prometheus reads the matcher."""
    regular = "~" in matcher.operator
    equal = bool(re.fullmatch(matcher.value, value)) if regular else matcher.value == value
    return equal is not matcher.operator.startswith("!")


def moment(at: float) -> str:
    """A time for people."""
    return f"{datetime.fromtimestamp(at, tz=UTC):%Y-%m-%d %H:%M:%S} UTC"


def excluded(selector: Selector, look: Look) -> Why | None:
    """What is wrong with the matchers of a selector whose metric is there; None if it is not."""
    window = selector.window.seconds if selector.window else LOOKBACK
    if not look.seen(selector.name, window):
        return None
    for wrong in _wrong(selector, look, window):
        return wrong
    alone = listed(map(_matcher, selector.matchers))
    return Why(
        cause="matchers exclude",
        says=f"of {selector.name} some series have {alone}, each for itself, but none has all of them",
        mend="an event of that kind, the matchers of the query, or the labels at their source",
    )


def _wrong(selector: Selector, look: Look, window: float) -> Iterator[Why]:
    name = selector.name
    for matcher in selector.matchers:
        values = look.values(name, matcher.label, window)
        if not values and not matches(matcher, ""):
            others = listed(
                sorted(set(look.prometheus.label_names(name, *_ends(look, window))) - {"__name__"})
            )
            yield Why(
                cause="label absent",
                says=f"{name} has no label {matcher.label!r}; it has {others}",
                mend=f"{matcher.label} among the labels of the targets: Targets(labels=...), or "
                "external labels and relabelling of whoever writes it",
            )
        elif values and not any(matches(matcher, value) for value in [*values, ""]):
            some = listed(values[:SHOWN]) + (" and more" if len(values) > SHOWN else "")
            yield Why(
                cause="matcher excludes",
                says=f"{_matcher(matcher)} passes no series of {name}; of {matcher.label} there are {some}",
                mend="an event of that kind, another choice of the variable, or the value as it is told",
            )


def _ends(look: Look, window: float) -> tuple[float, float]:
    return look.span.start - window, look.span.end
