"""Scorecards: a row for each number to reach, with where it began and stands, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from dashboards.model import Board, BoardError, Panel, row, scorecard
from signals import scores
from signals.model import Recording, Signal
from signals.numbers import STATE, Number, Objective, Unit
from signals.promql import Context, Query, plain

TARGET = "target"
# By the letter of its query, in the order of the columns: a phone shows the first two beside the target.
COLUMNS = {
    "A": "Now",
    "B": "Reached",
    "H": "How far",
    "F": "Goal",
    "G": "Best",
    "C": "Baseline",
    "D": "Week 1",
    "E": "Month 1",
}
# Columns that may be empty, of a backend without traffic. Grafana has none where a query answers nothing, and
# nobody could read that all is unknown: so each has a row of nobody, which is taken out again.
MEASURED = "ABGH"
NOBODY = "~"
MEANING = (
    "A row for each target. Baseline, Week 1 and Month 1 are the audit's; Goal is what counts here. "
    "Now is the worst of several services within five minutes, as a rule recorded it last; Best the best "
    "five minutes of 30 days. How far is the way from the baseline to the goal, or to the goal from nothing. "
    "Unknown is not missed: within five minutes nobody asked for it. Not tried has a value, which says "
    "nothing yet: no load as high as the goal was offered."
)
ZERO = "nothing of it, or missed"
NEVER = "no such load or endpoint was seen"


def objective_of(signal: Signal, numbers: Mapping[str, Number]) -> Objective:
    """The objective of a scorecard's row that counts in this stack.

    Raises:
        BoardError: the signal has none.
    """
    number = numbers.get(signal.objective.key) if signal.objective else None
    if not isinstance(number, Objective):
        raise BoardError(
            f"signal {signal.title!r} stands on a scorecard with {number!r}; expected an Objective; "
            "give it one, or show it on a graph"
        )
    return number


def questions(panel: Panel, context: Context) -> Iterator[tuple[str, str]]:
    """Letter and PromQL of each column that has a value in some row."""
    numbers = context.numbers

    def given(field: str) -> Callable[[Signal, Objective], str]:
        def vector(_signal: Signal, objective: Objective) -> str:
            value = getattr(objective, field)
            return "" if value is None else f"vector({plain(value)})"

        return vector

    # First what every row has: it orders them.
    asked: dict[str, Callable[[Signal, Objective], str]] = {
        "F": given("value"),
        "A": lambda signal, objective: scores.now(signal, objective.better),
        "B": scores.told,
        "C": given("baseline"),
        "D": given("week1"),
        "E": given("month1"),
        "G": lambda signal, _objective: scores.best(signal),
        "H": scores.way,
    }
    for letter, ask in asked.items():
        texts = ((signal, ask(signal, objective_of(signal, numbers))) for signal in panel.signals)
        rows = [_named(signal.title, text) for signal, text in texts if text]
        if rows and letter in MEASURED:
            rows.append(_named(NOBODY, "vector(0)"))
        if rows:
            yield letter, Query(" or ".join(rows)).fill(context)


def _named(title: str, expr: str) -> str:
    title = title.replace("\\", "\\\\").replace('"', '\\"')
    return f'label_replace({expr}, "{TARGET}", "{title}", "", "")'


def recordings(boards: Sequence[Board]) -> tuple[Recording, ...]:
    """What remembers where each row of these boards' scorecards stood."""
    rows = (
        signal
        for board in boards
        for panel in board.panels
        if panel.kind == "scorecard"
        for signal in panel.signals
    )
    found = (scores.remembered(signal) for signal in rows)
    return tuple({each.metric.name: each for each in found if each is not None}.values())


def with_own(board: Board, signals: Sequence[Signal], own: Sequence[Objective]) -> Board:
    """The board with a row of a team's own objectives, as far as a signal is held to one of them.

    Args:
        board: that of the scorecards.
        signals: those on the team's boards and of its alerts.
        own: the objectives that the project does not have.
    """
    by_unit: dict[Unit, list[Signal]] = {}
    for objective in own:
        held = (each for each in signals if each.objective and each.objective.key == objective.key)
        if signal := next(held, None):
            by_unit.setdefault(objective.unit, []).append(replace(signal, title=objective.title))
    panels = [_card(unit, rows) for unit, rows in by_unit.items()]
    return replace(board, rows=(*board.rows, row("And your own numbers?", *panels))) if panels else board


def _card(unit: Unit, rows: Sequence[Signal]) -> Panel:
    zero = "no data arrives" if unit is STATE else ZERO
    return scorecard(f"Your own, in {unit.name}", *rows, height=3 + len(rows), zero=zero, no_value=NEVER)
