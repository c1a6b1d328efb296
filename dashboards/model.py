"""A board as data: rows of panels, each panel a few signals. No JSON, no positions, no third party."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypedDict, Unpack

from dashboards.places import AlertPlace
from exporters.catalogue import INSTANCE, JOB, Histogram, Label, Matcher, Metric
from signals.model import Signal
from signals.numbers import require_fields
from signals.promql import Query

Kind = Literal["stat", "graph", "table", "heatmap", "timeline", "bars", "scorecard", "text"]
Tone = Literal["good", "warning", "bad", "neutral"]
# Kinds that draw all their signals against one axis, or as numbers of one kind.
ONE_AXIS = ("stat", "graph", "heatmap", "bars", "timeline")

UID = re.compile(r"[a-zA-Z0-9_-]{1,40}\Z")
COLUMNS = 24
# Each query of a panel has a letter.
MOST_SIGNALS = 26
# Grid units of a panel; what is taller cannot be looked at as one.
TALLEST = 60
# What is asked beside a trend: it has a sample at each step, up to now.
CLOCK = "Clock"
MAX_PANEL_ID = 1_000_000
# The labels by which a reader chooses among the targets that Prometheus scrapes.
TARGET = (JOB, INSTANCE)


class BoardError(ValueError):
    """A board that cannot be: the message names the board, the panel and the rule."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a state is called, and whether it is good: a value drawn as a coloured word."""

    value: int
    text: str
    tone: Tone

    def __post_init__(self) -> None:
        require_fields(f"word {self.text!r}", self, BoardError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel. Made by the functions below, which read like a table of contents.

    Attributes:
        kind: how it is drawn.
        title: unique within its board; its id is derived from it.
        signals: what it shows; the first gives unit and objective.
        limits: signals drawn as dashed lines, such as the server's limit; their legend is their meaning.
        note: added to the description that the signals give.
        width, height: in grid units; 24 is a whole row. Width 0 shares the row evenly.
        stacked: whether a graph's series are stacked.
        shares: whether they are drawn as shares of their sum, up to 100 %.
        columns: whether a graph draws columns in place of lines, for what happens now and then.
        trend: whether a stat shows how it came to its value.
        words: what the values of states are called; up and down where empty.
        zero: what a zero means here; a panel that shows nothing but zeros needs it.
        no_value: what is shown where there is no sample: unknown is not zero. It excuses nothing: whether a
            query may be empty says its signal.
        key: the label that names a table's rows.
        opens: uid of the board that a stat, or a row of a table by its key, leads to.
        moves: the fault that visibly moves a panel about trouble, one of the stack's; the proof injects it.
        histogram, where: what a heatmap shows, and of which series.
        text: the Markdown of a text panel.
    """

    kind: Kind
    title: str
    signals: tuple[Signal, ...] = ()
    limits: tuple[Signal, ...] = ()
    note: str = ""
    width: int = 0
    height: int = 8
    stacked: bool = False
    shares: bool = False
    columns: bool = False
    trend: bool = False
    words: tuple[Word, ...] = ()
    zero: str = ""
    no_value: str = ""
    key: str = ""
    opens: str = ""
    moves: str = ""
    histogram: Histogram | None = None
    where: tuple[Matcher, ...] = ()
    text: str = ""

    def __post_init__(self) -> None:
        require_fields(f"panel {self.title!r}", self, BoardError)
        if self.kind not in ("text", "heatmap") and not self.signals:
            raise BoardError(f"{self.kind} panel {self.title!r} shows no signal; give it at least one")
        if not self.title.strip():
            raise BoardError(f"a {self.kind} panel has no title; give it one, its id is derived from it")
        if self.kind == "heatmap" and self.histogram is None:
            raise BoardError(f"panel {self.title!r} is a heatmap without a histogram")
        if len(self.shown) > MOST_SIGNALS and self.kind != "scorecard":
            raise BoardError(
                f"panel {self.title!r} shows {len(self.shown)} signals; expected at most {MOST_SIGNALS}; "
                "part it"
            )
        if not 0 <= self.width <= COLUMNS:
            raise BoardError(
                f"panel {self.title!r} has width {self.width}; expected 1 to {COLUMNS} columns, or 0 to "
                "share the row; make it narrower"
            )
        if not 1 <= self.height <= TALLEST:
            raise BoardError(
                f"panel {self.title!r} has height {self.height}; expected 1 to {TALLEST} grid units, of "
                "which a screen shows some 30; change it"
            )
        self._one_axis()
        words: dict[int, str] = {}
        for word in self.words:
            if word.value in words:
                raise BoardError(
                    f"panel {self.title!r} calls {word.value} both {words[word.value]!r} and {word.text!r}; "
                    "expected one word for a value; leave one out"
                )
            words[word.value] = word.text

    def _one_axis(self) -> None:
        """Of two units on one axis, one is drawn as a flat line."""
        other = next((each for each in self.shown if not each.unit.agrees(self.shown[0].unit)), None)
        if self.kind in ONE_AXIS and other is not None:
            raise BoardError(
                f"panel {self.title!r} draws {self.shown[0].title!r}, in {self.shown[0].unit.name!r}, and "
                f"{other.title!r}, in {other.unit.name!r}, against one axis; expected one unit; part it"
            )

    @property
    def shown(self) -> tuple[Signal, ...]:
        """Every signal on the panel, limits included."""
        return (*self.signals, *self.limits)


def _title_of(signals: tuple[Signal, ...]) -> str:
    """The title of the first, where there is one: of what is no signal, the panel says so."""
    return signals[0].title if signals and isinstance(signals[0], Signal) else ""


class Notes(TypedDict, total=False):
    """Optional fields that every kind of panel takes; see `Panel`."""

    note: str
    opens: str
    zero: str
    no_value: str
    moves: str


def stat(
    *signals: Signal,
    title: str = "",
    trend: bool = False,
    words: tuple[Word, ...] = (),
    **more: Unpack[Notes],
) -> Panel:
    """The value now, large, coloured by the objective; of several, each with its name and colour."""
    return Panel(
        kind="stat",
        title=title or _title_of(signals),
        signals=signals,
        height=4,
        trend=trend,
        words=words,
        **more,
    )


def graph(
    *signals: Signal,
    title: str = "",
    limits: tuple[Signal, ...] = (),
    stacked: bool = False,
    shares: bool = False,
    columns: bool = False,
    width: int = 12,
    **more: Unpack[Notes],
) -> Panel:
    """Lines over time; the objective of the first signal is a dashed line."""
    return Panel(
        kind="graph",
        title=title or _title_of(signals),
        signals=signals,
        limits=limits,
        stacked=stacked,
        shares=shares,
        columns=columns,
        width=width,
        **more,
    )


def table(
    title: str,
    *signals: Signal,
    key: str,
    width: int = 24,
    **more: Unpack[Notes],
) -> Panel:
    """One row per value of `key`, one column per signal, over the time shown."""
    return Panel(kind="table", title=title, signals=signals, key=key, width=width, height=9, **more)


def heatmap(
    title: str,
    histogram: Histogram,
    signal: Signal,
    *,
    where: tuple[Matcher, ...] = (),
    width: int = 12,
    **more: Unpack[Notes],
) -> Panel:
    """How many fell into each bucket, over time."""
    return Panel(
        kind="heatmap",
        title=title,
        histogram=histogram,
        where=where,
        signals=(signal,),
        width=width,
        **more,
    )


def timeline(
    *signals: Signal,
    title: str = "",
    words: tuple[Word, ...] = (),
    width: int = 12,
    **more: Unpack[Notes],
) -> Panel:
    """States over time, one lane per series: up and down, or those that `words` name."""
    return Panel(
        kind="timeline",
        title=title or _title_of(signals),
        signals=signals,
        words=words,
        width=width,
        **more,
    )


def bars(title: str, *signals: Signal, width: int = 12, **more: Unpack[Notes]) -> Panel:
    """Shares of one, side by side: what fills up first; of several servers the worst."""
    height = max(8, math.ceil(1.3 + 0.7 * len(signals)))  # its title, and each bar; further ones are not seen
    return Panel(kind="bars", title=title, signals=signals, width=width, height=height, **more)


def scorecard(title: str, *signals: Signal, height: int, width: int = 24, **more: Unpack[Notes]) -> Panel:
    """One row per objective: baseline, week 1, month 1, now, best, reached."""
    return Panel(kind="scorecard", title=title, signals=signals, width=width, height=height, **more)


def text(title: str, markdown: str, *, width: int = 24, height: int = 8) -> Panel:
    """Markdown."""
    return Panel(kind="text", title=title, text=markdown, width=width, height=height)


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a question. A collapsed row loads when it is opened."""

    title: str
    panels: tuple[Panel, ...]
    collapsed: bool = False

    def __post_init__(self) -> None:
        require_fields(f"row {self.title!r}", self, BoardError)
        if not self.title.strip():
            raise BoardError("a row has no title; expected the question that its panels answer; write it")


def row(title: str, *panels: Panel, collapsed: bool = False) -> Row:
    """A row: its title is the question that its panels answer."""
    return Row(title, panels, collapsed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A variable of a board: the reader narrows by a label whatever carries it.

    What is made of metrics that do not all carry the label stays whole, and so does a table with a row for
    each of its values: there one chooses.

    Attributes:
        label: gives the variable its name.
        metric: of its source; it has the label's values.
    """

    label: Label
    metric: Metric

    def __post_init__(self) -> None:
        require_fields("a choice", self, BoardError)
        if self.label not in self.metric.labels:
            raise BoardError(
                f"a choice by {self.label.name!r} takes its values from {self.metric.name}, which has "
                f"{[each.name for each in self.metric.labels]}; expected a metric with the label; name one"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard.

    Attributes:
        uid: its permanent address, at most 40 characters of ``a-z A-Z 0-9 _ -``.
        title: unique within the folder.
        description: for whom it is, and when to open it.
        source: whose jobs and instances the variables select; metrics of other sources are not narrowed.
        anchor: the metric whose labels fill these variables; without one there are none of them.
        several: whether several instances of a job, or all, can be chosen; else one at a time, so that lines
            need not name it.
        rows: from verdict to detail.
        choices: variables beside job and instance.
        neighbours: the boards that it links to; a stack fills them in.
        places: where one reads on of each alert; likewise.
    """

    uid: str
    title: str
    description: str
    source: str
    anchor: Metric | None
    rows: tuple[Row, ...]
    several: bool = False
    choices: tuple[Choice, ...] = ()
    tags: tuple[str, ...] = field(default=("backend",))
    neighbours: tuple[Board, ...] = ()
    places: tuple[AlertPlace, ...] = ()

    def __post_init__(self) -> None:
        require_fields(f"board {self.title!r}", self, BoardError)
        if not UID.match(self.uid):
            raise BoardError(
                f"board {self.title!r}: uid {self.uid!r}; expected 1 to 40 of a-z, A-Z, 0-9, _ and -; "
                "change it"
            )
        for name, value in (("title", self.title), ("description", self.description)):
            if not value.strip():
                raise BoardError(
                    f"board {self.uid}: {name} is {value!r}; expected what it is called, and for whom it is "
                    "and when to open it; write it"
                )
        if self.anchor is not None and not self.source.strip():
            raise BoardError(
                f"board {self.uid}: source is {self.source!r}; expected whose jobs and instances its reader "
                f"chooses, as there is an anchor; give that of the anchor, {self.anchor.about!r}"
            )
        chosen = [choice.label.name for choice in self.choices]
        for name in chosen:
            if chosen.count(name) > 1:
                raise BoardError(
                    f"board {self.uid}: two choices are of the label {name!r}; expected one, since it gives "
                    "the variable its name; leave one out"
                )
        ids: dict[int, str] = {}
        for panel in self.panels:
            number = self.panel_id(panel.title)
            if ids.get(number) == panel.title:
                raise BoardError(
                    f"board {self.uid}: two panels are called {panel.title!r}; expected one, since links "
                    "find a panel by its title; rename the other, title=..."
                )
            if number in ids:
                raise BoardError(
                    f"board {self.uid}: panels {ids[number]!r} and {panel.title!r} have the same id; "
                    "expected one each; rename one"
                )
            ids[number] = panel.title

    @property
    def panels(self) -> Iterator[Panel]:
        """Every panel, in order."""
        return (panel for each in self.rows for panel in each.panels)

    def chosen(self, query: Query) -> tuple[str, ...]:
        """Those of job and instance that the query's answers have, and that the reader chooses."""
        narrowed = self.anchor is not None and any(each.about == self.source for each in query.metrics)
        return tuple(each.name for each in TARGET if narrowed and each.name in query.labels)

    def panel_id(self, title: str) -> int:
        """The panel's id: the same as long as board and title are, wherever the panel stands."""
        digest = hashlib.sha256(f"{self.uid}/{title}".encode()).digest()
        return 1 + int.from_bytes(digest[:8], "big") % MAX_PANEL_ID
