"""What a scorecard says of a number to reach: where it stands, its best, and how far it has come."""

from __future__ import annotations

import re

from signals.idioms import DAY, grouping, select, span
from signals.model import Recording, Signal, recorded
from signals.numbers import STATE, Objective
from signals.promql import Query, plain

RECORD = 30 * DAY
# Of what is no better or worse, but there or not, there is no best.
NO_BEST = (STATE,)
# Neither reached nor missed: such as the best load of a backend that was never offered more.
UNTRIED = 2
# What arithmetic leaves of a half, so that it stays one.
ROUNDING = 1e-9


def worst(signal: Signal, better: str) -> str:
    """Of several services the worst one speaks."""
    return f"{'max' if better == 'lower' else 'min'} by {grouping(())} ({signal.query.text})"


def now(signal: Signal, better: str) -> str:
    """Where it stands: as it was recorded last, if it is; the columns of a row need not each ask anew."""
    recording = remembered(signal)
    if recording is None:
        return worst(signal, better)
    return f"{'max' if better == 'lower' else 'min'} by {grouping(())} ({select(recording.metric)})"


def remembered(signal: Signal) -> Recording | None:
    """The recording of a row's value, so that its best is known; None where that is nothing else."""
    objective = signal.objective
    if objective is None or objective.unit in NO_BEST or _is_best(signal):
        return None
    key = re.sub(r"[^a-z0-9]+", "_", objective.key.lower()).strip("_")
    name = f"audit:{key}:value5m"
    query = Query(worst(signal, objective.better), signal.query.metrics, signal.query.numbers, ())
    return recorded(name, f"Where the target {objective.key!r} stands.", query)


def _is_best(signal: Signal) -> bool:
    """Whether its value already is the best on record, as of a load that is seldom offered."""
    return span(RECORD) in signal.query.text


def best(signal: Signal) -> str:
    """The best five minutes on record; empty where there is no best."""
    recording = remembered(signal)
    if signal.objective is None or signal.objective.unit in NO_BEST:
        return ""
    if recording is None:
        return worst(signal, signal.objective.better)
    side = "min" if signal.objective.better == "lower" else "max"
    return f"{side} by {grouping(())} ({side}_over_time({select(recording.metric)}[{span(RECORD)}]))"


def reached(signal: Signal, objective: Objective) -> str:
    """1 where it is reached, 0 where it is missed; the worst of several services."""
    if signal.reached is not None:
        return f"min by {grouping(())} ({signal.reached.text})"
    operator = "<=" if objective.better == "lower" else ">="
    return f"{now(signal, objective.better)} {operator} bool <number:{objective.key}>"


def told(signal: Signal, objective: Objective) -> str:
    """What a row says of it: as `reached`, and `UNTRIED` where it has a value that says nothing yet."""
    known = reached(signal, objective)
    if signal.reached is None:
        return known
    return f"{known} or {UNTRIED} + 0 * {now(signal, objective.better)}"


def way(signal: Signal, objective: Objective) -> str:
    """How much of the way it has come, from the baseline, or else from nothing, to the number: 0 to 1.

    Without either, as where the number is 0 and there is no baseline, it is reached or not.
    """
    stands, goal, start = now(signal, objective.better), objective.value, objective.baseline
    if objective.unit in NO_BEST:
        return ""
    if start is not None and start != goal:
        return _whole(f"({stands} - {plain(start)}) / {_enclosed(goal - start)}")
    if not goal:
        return reached(signal, objective)
    share = f"{stands} / {plain(goal)}"
    if objective.better == "lower":
        share = f"{plain(goal)} / ({stands} > 0) or 1 + {stands}"  # of nothing, all of the way
    return _whole(share)


def _whole(share: str) -> str:
    """In whole hundredths, cut off: what is missed by little is not shown as all of the way."""
    return f"floor(clamp({share}, 0, 1) * 100 + {ROUNDING}) / 100"


def _enclosed(number: float) -> str:
    return f"({plain(float(f'{number:.12g}'))})"
