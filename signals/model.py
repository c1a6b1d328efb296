"""A signal: one question about the backend, with its query, its unit and what to do about the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from exporters.catalogue import Gauge, Label, Metric
from exporters.catalogue.labels import INSTANCE, JOB
from signals.numbers import (
    RATIO,
    STATE,
    Number,
    Objective,
    Seconds,
    Unit,
    require_fields,
    require_same_unit,
    spoken,
    with_numbers,
)
from signals.promql import Query

LABELS = re.compile(r"\{\{\s*\w+\s*\}\}")
NO_WORDS: Mapping[float, str] = {}


class SignalError(ValueError):
    """A signal that cannot be: the message names it, what is missing and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A question with its answer in PromQL.

    Attributes:
        title: what it is, as a panel or legend names it.
        why: what the number means, one or two sentences. In this, `good` and `act`, ``{number:KEY}`` is the
            value of an objective or limit in this stack.
        good: what good looks like, where no objective says it.
        act: what to do when it is not good.
        query: the PromQL, with holes for scope and window.
        unit: of the value.
        objective: the objective or limit that draws the line, in the same unit.
        critical: beyond it is trouble that wakes someone: the limit of a critical alert, past the objective,
            or the objective itself.
        legend: names one line among several, such as ``{{handler}}``.
        empty: why a healthy backend may have none of it; not for what each state of the demo shows, nor for
            what the catalogue knows to be missing at times.
        reached: for a scorecard, 1 where the objective is reached, 0 where it is missed, no sample where
            nothing can be said; by default the value against the objective.
    """

    title: str
    why: str
    act: str
    query: Query
    unit: Unit
    good: str = ""
    objective: Number | None = None
    critical: Number | None = None
    legend: str = ""
    empty: str = ""
    reached: Query | None = None

    def __post_init__(self) -> None:
        what = f"signal {self.title!r}"
        require_fields(what, self, SignalError)
        if self.objective is not None:
            require_same_unit(what, self.unit, self.objective, SignalError)
        if self.critical is not None:
            require_same_unit(what, self.unit, self.critical, SignalError)
            if self.objective is None or self.objective.better != self.critical.better:
                raise SignalError(
                    f"{what}: critical is {self.critical.key!r}, better {self.critical.better}; expected an "
                    "objective of which the same is better, for the line before it; give one"
                )
        if set("{}") & set(LABELS.sub("", self.legend)):
            raise SignalError(
                f"{what}: legend is {self.legend!r}; expected text and {{{{label}}}}, two braces on each "
                "side; anything else is shown as it is; correct it"
            )
        if not self.title.strip():
            raise SignalError(
                "a signal has no title; panels, columns and lines take theirs from it; write it"
            )
        for name, value in (("why", self.why), ("act", self.act), ("good", self.good or self.objective)):
            if not str(value or "").strip():
                raise SignalError(
                    f"{what}: {name} is empty; a panel says what it is, what good looks like "
                    f"and what to do; write it{', or give an objective' if name == 'good' else ''}"
                )

    @property
    def is_name(self) -> bool:
        """Whether its labels are the answer and its value is always 1; others only choose of its series."""
        return any(metric.unit == "info" for metric in self.query.metrics[:1])

    def called(self, title: str) -> Signal:
        """The same under another name, such as a short one that a column or bar has room for."""
        return replace(self, title=title)

    def says(self, text: str, numbers: Mapping[str, Number]) -> str:
        """One of the texts, with the numbers that count in this stack.

        Raises:
            SignalError: it names one that is not there.
        """
        try:
            return with_numbers(text, numbers)
        except KeyError as error:
            raise SignalError(
                f"signal {self.title!r} names the number {error}; there are {sorted(numbers)}; "
                "name one of these"
            ) from None

    def says_good(self, numbers: Mapping[str, Number], words: Mapping[float, str] = NO_WORDS) -> str:
        """What good looks like, with the number that counts in this stack; it follows "Good:".

        Args:
            numbers: objectives and limits by key.
            words: of a state, how each value is shown.
        """
        if self.good or self.objective is None:
            return self.says(self.good, numbers)
        number = numbers.get(self.objective.key, self.objective)
        side = "at most " if number.better == "lower" else "at least "
        # Below nothing there is nothing, and more than all there is not; a state is one or the other.
        whole = number.value == 1 and number.better == "higher" and number.unit is RATIO
        side = "" if number.value == 0 or number.unit is STATE or whole else side
        told = f"{side}{spoken(number.value, number.unit)}"
        if number.unit is STATE:
            return f"{words.get(number.value, told)}."
        if isinstance(number, Objective):
            return f"{told}."
        if self.critical is not None:
            critical = numbers.get(self.critical.key, self.critical)
            same = critical.key == number.key
            told += ", else critical" if same else f"; critical from {spoken(critical.value, critical.unit)}"
        return f"{told}. *Why there:* {number.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording rule: a query whose result Prometheus keeps under a name of its own.

    Attributes:
        metric: the declaration of the recorded name; its collector is ``rules.<group>``.
        query: what is recorded, every evaluation.
        window: the range of its rates, in seconds.
        each: it is recorded at each so-many-th evaluation of the alerts, with all of its group.
    """

    metric: Gauge
    query: Query
    window: Seconds = 300
    each: int = 1

    def __post_init__(self) -> None:
        require_fields("a recording", self, SignalError)

    @property
    def group(self) -> str:
        """The group of rules that it is evaluated in."""
        return group_of(self.metric)


def group_of(metric: Metric) -> str:
    """The group of rules that records this metric; empty if none does."""
    source, _, group = metric.collector.partition(".")
    return group if source == "rules" else ""


def recorded(
    name: str,
    help: str,
    query: Query,
    *,
    labels: tuple[Label, ...] = (),
    window: float = 300,
    group: str = "recorded",
) -> Recording:
    """Declare a recorded name, ``level:metric:operations``, with the labels of its query.

    What reads it in a rule must stand in its group, which Prometheus evaluates in order.
    """
    known = {label.name: label for label in (JOB, INSTANCE, *labels)}
    of = {metric.about for metric in query.metrics}
    metric = Gauge(
        name=name,
        help=help,
        collector=f"rules.{group}",
        labels=tuple(known[label] for label in query.labels),
        made_of=of.pop() if len(of) == 1 else "",
    )
    return Recording(metric=metric, query=query, window=window)
