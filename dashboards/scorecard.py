"""The scorecard as text: what the audit board's tables say, asked of a running Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboards.cards import objective_of
from dashboards.grafana import render_board
from dashboards.model import Board, Panel
from dashboards.prometheus_api import Prometheus
from dashboards.prove import Span, filled, variable_values
from dashboards.stack import Stack
from signals.model import Signal
from signals.numbers import STATE, Objective, spoken
from signals.scores import UNTRIED

NOW, REACHED = "A", "B"
UNKNOWN, NOT_TRIED = "unknown", "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One target of the audit.

    Attributes:
        objective: the number to reach.
        now: the value; None where nothing can be said.
        reached: whether it is; None where nothing can be said.
    """

    objective: Objective
    now: float | None
    reached: bool | None

    @property
    def verdict(self) -> str:
        """Reached, missed, unknown, or not tried: there is a value, which says nothing of it yet."""
        nothing = UNKNOWN if self.now is None else NOT_TRIED
        return {None: nothing, True: "reached", False: "missed"}[self.reached]

    def says(self, value: float | None, nothing: str = "-") -> str:
        """A value in the objective's unit."""
        if value is None:
            return nothing
        if self.objective.unit is STATE:
            return "yes" if value else "no"
        return spoken(value, self.objective.unit)


def scores(stack: Stack, prometheus: Prometheus, span: Span) -> list[Score]:
    """Every row of every scorecard, at the end of the time shown.

    Raises:
        StackError: Prometheus does not answer, or refuses a query.
    """
    return [
        score
        for board in stack.all_boards
        for panel in board.panels
        if panel.kind == "scorecard"
        for score in _of_panel(board, panel, stack, prometheus, span)
    ]


def _of_panel(
    board: Board, panel: Panel, stack: Stack, prometheus: Prometheus, span: Span
) -> Iterator[Score]:
    rendered = render_board(board, stack.context)
    values = variable_values(rendered, prometheus, span)
    (drawn,) = [each for each in rendered["panels"] if each["id"] == board.panel_id(panel.title)]
    answers = {
        target["refId"]: {
            labels["target"]: samples[-1]
            for labels, samples in prometheus.query(filled(target["expr"], values), span.end)
        }
        for target in drawn["targets"]
        if target["refId"] in (NOW, REACHED)
    }
    for signal in panel.signals:
        yield _score(signal, stack, answers)


def _score(signal: Signal, stack: Stack, answers: Mapping[str, Mapping[str, float]]) -> Score:
    reached = answers[REACHED].get(signal.title)
    return Score(
        objective=objective_of(signal, stack.numbers),
        now=answers[NOW].get(signal.title),
        reached=None if reached in (None, UNTRIED) else bool(reached),
    )


def lines(now: Sequence[Score], before: Sequence[Score] = ()) -> list[str]:
    """A table: the target, what the audit found, the number to reach, before, now, and the verdict."""
    earlier = {score.objective.key: score.now for score in before}
    head = ("target", "at the audit", "to reach", *(("before",) if before else ()), "now", "")
    table = [head]
    for score in now:
        objective = score.objective
        past = (score.says(earlier.get(objective.key), UNKNOWN),) if before else ()
        table.append(
            (
                objective.title,
                score.says(objective.baseline),
                score.says(objective.value),
                *past,
                score.says(score.now, UNKNOWN),
                score.verdict,
            )
        )
    widths = [max(len(each[column]) for each in table) for column in range(len(head))]
    told = ["  ".join(map(str.ljust, each, widths)).rstrip() for each in table]
    if any(score.reached is None for score in now):
        told.append(f"{UNKNOWN} is not missed: no such load, endpoint or time was seen yet")
    return told
