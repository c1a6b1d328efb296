"""What a question of a board returned, and what its definition allows of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Protocol

from dashboards.prometheus_api import Samples
from dashboards.prove.times import Span

State = Literal["data", "zero", "empty", "NaN", "Inf", "error"]
Verdict = Literal[
    "data", "zero", "declared", "blind", "ZERO", "EMPTY", "PRETENDS", "NaN", "Inf", "error", "slow"
]
Choice = Literal["all", "one"]
What = Literal["panel", "variable", "annotation"]

# From the worst to what is right; a panel is as bad as its worst query, and zero only if every query is.
WORST: tuple[State, ...] = ("error", "Inf", "NaN", "empty", "data", "zero")
WRONG: frozenset[Verdict] = frozenset({"ZERO", "EMPTY", "PRETENDS", "NaN", "Inf", "error", "slow"})
# What lies further beyond all that was seen before has moved: load alone makes times vary by some.
RISEN, FALLEN = 1.5, 0.9


class Source(Protocol):
    """What answers the queries of panels.

    Attributes:
        fills_ranges: whether it puts values for ``$__rate_interval`` and ``$__range`` by itself.
    """

    fills_ranges: ClassVar[bool]

    def label_values(self, selector: str, label: str, start: float, end: float) -> list[str]:
        """The values of a label on the series selected."""
        ...

    def answer(self, target: Mapping[str, Any], expr: str, start: float, end: float, step: float) -> Samples:
        """The samples of a panel's query whose variables are filled."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one query returned.

    Attributes:
        ref: the query's letter, or the name of the variable or annotation.
        expr: as it was sent.
        choice: whether the board's variables stood on all or on one value.
        instant: whether it was asked for the end of the range only.
        asked, step: the first and the last point asked for, and the seconds between two; of a graph these
            are multiples of the step.
        series: how many series came back.
        low, high: the extremes of all samples; None without any.
        nan, infinite: how many samples are neither.
        seconds: until it was there.
        error: why the query was refused.
        due: the state or fault that brings it, so that no reason for being empty holds; empty if none does.
        excuse: why it may be empty; without a reason it may not, whatever else its panel asks.
        dark: who is down of those that tell it, or was scraped too lately to; empty if nobody is.
        pretends: whether it has a value of now although nobody can tell it.
    """

    ref: str
    expr: str
    choice: Choice = "all"
    instant: bool = False
    asked: Span | None = None
    step: float = 0.0
    series: int = 0
    low: float | None = None
    high: float | None = None
    nan: int = 0
    infinite: int = 0
    seconds: float = 0.0
    error: str = ""
    due: str = ""
    excuse: str = ""
    dark: str = ""
    pretends: bool = False

    @property
    def state(self) -> State:
        """Whether it is data, only zeros, nothing, or no number."""
        if self.error:
            return "error"
        if self.infinite:
            return "Inf"
        if self.nan:
            return "NaN"
        if self.high is None:
            return "empty"
        return "zero" if self.low == 0 == self.high else "data"

    @property
    def excused(self) -> bool:
        """Whether it may be empty."""
        return bool(self.excuse and not self.due)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a panel, a variable or an annotation showed, and what its definition allows.

    Attributes:
        board: the board's uid.
        title: of the panel, or the name of the variable or annotation.
        what: which of these it is.
        answers: of its queries, with the variables on all and, where that is another query, on one.
        zero: what a zero means; without a meaning it is none that may stand alone.
        moves: the fault that it is about.
        slow: seconds beyond which a query is too slow.
    """

    board: str
    title: str
    what: What = "panel"
    answers: tuple[Answer, ...]
    zero: str = ""
    moves: str = ""
    slow: float = float("inf")

    @property
    def told(self) -> tuple[Answer, ...]:
        """The answers without those that nobody could give."""
        return tuple(each for each in self.answers if not (each.dark and each.state == "empty"))

    @property
    def state(self) -> State:
        """The worst of its queries, as far as somebody could answer."""
        states = {answer.state for answer in self.told}
        return next((state for state in WORST if state in states), "empty")

    @property
    def blank(self) -> bool:
        """Whether none of its queries gives anything; one of several may be a line that is rarely there."""
        return all(answer.state == "empty" for answer in self.answers)

    @property
    def verdict(self) -> Verdict:
        """The state, judged."""
        if any(each.pretends for each in self.answers):
            return "PRETENDS"
        if self.answers and not self.told:
            return "blind"
        if self.state == "zero" and not self.zero:
            return "ZERO"
        if self.state == "empty":
            return "EMPTY" if any(not each.excused for each in self._empty) or not self.told else "declared"
        if self.state in ("data", "zero") and any(each.seconds > self.slow for each in self.answers):
            return "slow"
        return self.state

    @property
    def _empty(self) -> tuple[Answer, ...]:
        """The answers that give nothing, though somebody could tell."""
        return tuple(each for each in self.told if each.state == "empty")

    @property
    def reason(self) -> str:
        """Why this state is right, as the definition says, or what is wrong."""
        match self.verdict:
            case "zero":
                return self.zero
            case "declared":
                return "; ".join(dict.fromkeys(each.excuse for each in self._empty))
            case "error":
                return next(each.error for each in self.answers if each.error)
            case "blind" | "PRETENDS" as verdict:
                dark = next(each.dark for each in self.answers if each.dark)
                return dark if verdict == "blind" else f"it has a value of now, though {dark}"
            case "EMPTY" if wrong := next((each for each in self._empty if not each.excused), None):
                brings = f"{wrong.due} brings it" if wrong.due else "no reason declared"
                brings += f", so this is none: {wrong.excuse}" if wrong.excuse else ""
                return f"{wrong.ref}: {brings}" if len(self.answers) > 1 else brings
            case "EMPTY" | "ZERO":
                return "no reason declared"
            case "slow":
                return f"slower than {self.slow * 1000:g} ms"
        return ""

    @property
    def well(self) -> bool:
        """Whether it has data, or its definition says why not."""
        return self.verdict not in WRONG

    def moved_from(self, before: Proof) -> bool:
        """Whether it shows what it did not show before: a new series, or values beyond those of then."""
        return any(_beyond(now, then) for now, then in zip(self.answers, before.answers, strict=True))

    def with_range_of(self, other: Proof) -> Proof:
        """The same panel with the extremes of two looks; whether anybody could tell it is this one's."""
        others = {(each.ref, each.choice): each for each in other.answers}
        ours = ((each, others.pop((each.ref, each.choice), each)) for each in self.answers)
        answers = [_either(one, two) for one, two in ours]
        return replace(self, answers=(*answers, *others.values()))


def _beyond(now: Answer, then: Answer) -> bool:
    if now.high is None or now.low is None or then.high is None or then.low is None:
        return (now.high is None) != (then.high is None)
    return now.series > then.series or now.high > RISEN * then.high or now.low < FALLEN * then.low


def _either(one: Answer, two: Answer) -> Answer:
    lows = [each.low for each in (one, two) if each.low is not None]
    highs = [each.high for each in (one, two) if each.high is not None]
    return replace(
        one,
        series=max(one.series, two.series),
        low=min(lows, default=None),
        high=max(highs, default=None),
        nan=max(one.nan, two.nan),
        infinite=max(one.infinite, two.infinite),
        seconds=min(one.seconds, two.seconds),
    )
