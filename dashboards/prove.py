"""Ask a running Prometheus or Grafana everything that the boards ask, and say which panels have data.

Queries are taken from the rendered JSON and filled like Grafana fills them: variables in their order,
``$__rate_interval`` at four scrapes or more, ``$__range`` as the range shown.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Protocol

from dashboards.checks.times import seconds
from dashboards.grafana import render_board
from dashboards.model import CLOCK, Board, Panel
from dashboards.prometheus_api import Samples
from dashboards.stack import Stack
from signals.promql import duration

State = Literal["data", "zero", "empty", "bad"]

LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), (?P<label>\w+)\)\Z")
POINTS = 60
# What lies further beyond all that was seen before has moved: load alone makes times vary by some.
RISEN, FALLEN = 1.5, 0.9
# What to do about a panel without data and without a reason.
HINT = (
    'hint: see "No data?" in README.md, send what the panel shows, or ask over a longer time with --minutes; '
    'where a healthy backend may lack it, the panel can say why: graph(..., empty="...", zero="...")'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one query of a panel returned.

    Attributes:
        ref: the query's letter.
        expr: as it was sent.
        series: how many series came back.
        low, high: the extremes of all samples; None without any.
        bad: how many samples are not finite.
    """

    ref: str
    expr: str
    series: int
    low: float | None
    high: float | None
    bad: int

    @property
    def state(self) -> State:
        """Whether it is data, only zeros, nothing, or not a number."""
        if self.bad:
            return "bad"
        if self.high is None:
            return "empty"
        return "zero" if self.low == 0 == self.high else "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a panel showed: the worst of its queries, and what its definition allows of each."""

    board: str
    panel: Panel
    answers: tuple[Answer, ...]

    @property
    def state(self) -> State:
        """``bad`` before ``empty``; a panel whose every query is zero is zero."""
        states = [answer.state for answer in self.answers]
        if "bad" in states:
            return "bad"
        if "empty" in states:
            return "empty"
        return "data" if "data" in states else "zero"

    @property
    def excused(self) -> str:
        """Why this state is right, as the definition says; empty if it is not."""
        if self.state == "zero":
            return self.panel.zero
        return self.panel.empty if self.state == "empty" else ""

    @property
    def well(self) -> bool:
        """Whether the panel has data, or its definition says why not."""
        return self.state == "data" or (self.state != "bad" and bool(self.excused))

    def moved_from(self, before: Proof) -> bool:
        """Whether it shows what it did not show before: a new series, or values beyond those of then."""
        return any(_beyond(now, then) for now, then in zip(self.answers, before.answers, strict=True))

    def with_range_of(self, other: Proof) -> Proof:
        """The same panel with the extremes of two looks."""
        answers = (_either(one, two) for one, two in zip(self.answers, other.answers, strict=True))
        return replace(self, answers=tuple(answers))


def _beyond(now: Answer, then: Answer) -> bool:
    if now.high is None or now.low is None or then.high is None or then.low is None:
        return (now.high is None) != (then.high is None)
    return now.series > then.series or now.high > RISEN * then.high or now.low < FALLEN * then.low


def _either(one: Answer, two: Answer) -> Answer:
    lows = [each.low for each in (one, two) if each.low is not None]
    highs = [each.high for each in (one, two) if each.high is not None]
    series = max(one.series, two.series)
    return replace(one, series=series, low=min(lows, default=None), high=max(highs, default=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The range of time shown."""

    start: float
    end: float

    @property
    def step(self) -> float:
        """Seconds between two points."""
        return max(1.0, (self.end - self.start) / POINTS)


def last(seconds: float) -> Span:
    """The range that ends now."""
    now = time.time()
    return Span(start=now - seconds, end=now)


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


def prove(stack: Stack, source: Source, span: Span, *, fault: str = "") -> list[Proof]:
    """Ask every panel of every board; with `fault`, only the panels that this fault moves.

    Raises:
        StackError: the source does not answer, or refuses a query.
    """
    found = []
    for board in stack.all_boards:
        wanted = [panel for panel in board.panels if not fault or panel.moves == fault]
        if wanted:
            found += list(_prove_board(board, wanted, stack, source, span))
    return found


def _prove_board(
    board: Board, wanted: list[Panel], stack: Stack, source: Source, span: Span
) -> Iterator[Proof]:
    rendered = render_board(board, stack.context)
    values = variable_values(rendered, source, span)
    by_id = {each["id"]: each for each in _flat(rendered["panels"])}
    for panel in wanted:
        if panel.kind == "text":
            continue
        drawn = by_id[board.panel_id(panel.title)]
        step = max(span.step, seconds(drawn.get("interval")) or 0)
        given = values
        if not source.fills_ranges:
            interval = max(4 * stack.scraped.interval, step + stack.scraped.interval)
            given = {
                **values,
                "__rate_interval": duration(interval),
                "__range": duration(span.end - span.start),
            }
        answers = tuple(
            _ask(target, given, source, span, step) for target in drawn["targets"] if target["refId"] != CLOCK
        )
        yield Proof(board=board.uid, panel=panel, answers=answers)


def _flat(panels: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in panels:
        yield panel
        yield from _flat(panel.get("panels", []))


def variable_values(rendered: Mapping[str, Any], source: Source, span: Span) -> dict[str, str]:
    """What Grafana puts for each variable: all values of one that allows it, else the first."""
    values: dict[str, str] = {}
    for variable in rendered["templating"]["list"]:
        if variable["type"] != "query":
            continue
        match = LABEL_VALUES.match(filled(variable["query"]["query"], values))
        if match is None:
            raise ValueError(
                f"variable {variable['name']}: {variable['query']['query']!r} is no label_values()"
            )
        options = sorted(source.label_values(match["selector"], match["label"], span.start, span.end))
        # Without anything to choose, a board shows nothing; so must its proof.
        every = variable["multi"] and options
        values[variable["name"]] = variable["allValue"] if every else "".join(options[:1])
    return values


def filled(expr: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced, longest names first."""
    for name in sorted(values, key=len, reverse=True):
        expr = expr.replace("${" + name + "}", values[name]).replace("$" + name, values[name])
    return expr


def _ask(
    target: Mapping[str, Any], values: Mapping[str, str], source: Source, span: Span, step: float
) -> Answer:
    expr = filled(target["expr"], values)
    samples = source.answer(target, expr, span.start, span.end, step)
    numbers = [value for _, series in samples for value in series]
    finite = [value for value in numbers if math.isfinite(value)]
    return Answer(
        ref=target["refId"],
        expr=expr,
        series=len(samples),
        low=min(finite, default=None),
        high=max(finite, default=None),
        bad=len(numbers) - len(finite),
    )


def summary(proofs: list[Proof]) -> str:
    """One line: how many panels have data, show a declared zero, or are empty with a declared reason."""
    counts = {
        state: sum(proof.state == state for proof in proofs) for state in ("data", "zero", "empty", "bad")
    }
    failed = sum(not proof.well for proof in proofs)
    return (
        f"panels with data: {counts['data']}/{len(proofs)}; zero: {counts['zero']}; "
        f"empty: {counts['empty']}; NaN or Inf: {counts['bad']}; without a declared reason: {failed}"
    )


def row(proof: Proof) -> dict[str, object]:
    """A proof as plain values."""
    return {
        "board": proof.board,
        "panel": proof.panel.title,
        "state": proof.state,
        "reason": proof.excused,
        "series": sum(answer.series for answer in proof.answers),
    }
