"""Cases of the rules in `alerts.rules.slo`.

They begin at what is recorded; that it is the truth is proven in `tests/alerts/test_slo.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from alerts.model import Alert
from alerts.proof.model import Case, Held
from alerts.proof.series import Level, Series, gauge
from alerts.rules import slo
from signals.levels import AVAILABILITY, LATENCY
from signals.limits.slo import BURN_1D, BURN_1H, BURN_3D, BURN_6H
from signals.promql import rest
from signals.slo import DAY, HOUR, MINUTE, ServiceLevel

SHORT, HALF_HOUR = 5 * MINUTE, 30 * MINUTE
FAST = (SHORT, HALF_HOUR, HOUR, 6 * HOUR)
SLOW = (*FAST, 2 * HOUR, DAY, 3 * DAY)
CALM = 0.5
# Exactly at each limit.
EDGE = {
    SHORT: BURN_1H.value,
    HOUR: BURN_1H.value,
    HALF_HOUR: BURN_6H.value,
    2 * HOUR: BURN_1D.value,
    DAY: BURN_1D.value,
    3 * DAY: BURN_3D.value,
}
# By window; a tuple is repeated.
Burn = float | tuple[float, ...]
Burns = Mapping[int, Burn]


def _ratio(level: ServiceLevel, window: int, *burns: Burn) -> Series:
    """The share of bad events at four burn rates."""
    budget = rest(level.target.value)

    shares = (
        tuple(each * budget for each in burn) if isinstance(burn, tuple) else burn * budget for burn in burns
    )
    return gauge(level.ratios[window].metric, *shares, job="api")


def _series(
    level: ServiceLevel, edge: Burns, fault: Burns, hour: Level, *, day: float | None = None
) -> tuple[Series, ...]:
    """Burn rates: low, at their limits, in the fault, low again; and how many bad events there were."""
    ratios = (_ratio(level, window, CALM, edge[window], fault[window], CALM) for window in edge)
    events = [gauge(level.events[HOUR].metric, hour, hour, hour, hour, job="api")]
    if day is not None:
        events.append(gauge(level.events[DAY].metric, day, day, day, day, job="api"))
    return (*ratios, *events)


def _low(level: ServiceLevel, window: int, burn: float = CALM) -> dict[str, Level]:
    series = _ratio(level, window, burn, burn, burn, burn)
    return {series.name: series.levels[0]}


def _said(level: ServiceLevel, burn: str, limit: str) -> str:
    return (
        f"{level.title} of api: the error budget is spent {burn} times faster than it lasts, above {limit}."
    )


def _fast(level: ServiceLevel, alert: Alert) -> Iterator[Case]:
    edge = {**{window: EDGE.get(window, 0) for window in FAST}, 6 * HOUR: BURN_6H.value}
    enough = level.least_1h.value
    few = Held(
        why="too few bad events", guard=alert.guards[0], levels={level.events[HOUR].metric.name: enough - 1}
    )
    yield Case(
        alert=alert,
        name="within an hour",
        series=_series(level, edge, {SHORT: 14.5, HALF_HOUR: 5, HOUR: 15, 6 * HOUR: 3}, enough),
        labels={"job": "api"},
        summary=_said(level, "15", "6"),
        held=(
            few,
            Held(why="it is over", guard=None, levels=_low(level, SHORT)),
            Held(why="it is short", guard=None, levels=_low(level, HOUR)),
        ),
        # The limit that it shares with six hours is far below its own.
        nudge=2,
    )
    yield Case(
        alert=alert,
        name="within six hours",
        series=_series(level, edge, {SHORT: 14, HALF_HOUR: 6.1, HOUR: 14, 6 * HOUR: 6.3}, enough),
        labels={"job": "api"},
        summary=_said(level, "6.3", "6"),
        held=(
            few,
            Held(why="it is over", guard=None, levels=_low(level, HALF_HOUR)),
            Held(why="it is short", guard=None, levels=_low(level, 6 * HOUR)),
        ),
    )


def _slow(level: ServiceLevel, alert: Alert) -> Iterator[Case]:
    edge = {**{window: EDGE.get(window, 0) for window in SLOW}, 6 * HOUR: BURN_3D.value}
    enough, many = level.least_1h.value, level.least_1d.value
    # By turns the graver one is held back by how few bad events there are, and by its limits.
    hour = (enough - 1, enough - 1, enough, enough)
    graver: dict[int, Burn] = {SHORT: (20, 20, 10, 10), HOUR: (20, 20, 10, 10), HALF_HOUR: 5}
    held = (
        Held(
            why="too few bad events",
            guard=alert.guards[0],
            levels={level.events[DAY].metric.name: many - 1},
        ),
        Held(
            why="the graver one speaks",
            guard=None,
            levels={
                **_low(level, SHORT, 15),
                **_low(level, HOUR, 15),
                level.events[HOUR].metric.name: enough,
            },
        ),
    )
    edge = {**edge, SHORT: 3, HOUR: 3, HALF_HOUR: 3}
    yield Case(
        alert=alert,
        name="within a day",
        series=_series(
            level, edge, {**graver, 2 * HOUR: 3.1, DAY: 3.3, 6 * HOUR: 0.9, 3 * DAY: 0.9}, hour, day=many
        ),
        labels={"job": "api"},
        summary=_said(level, "3.3", "1"),
        held=(
            *held,
            Held(why="it is over", guard=None, levels=_low(level, 2 * HOUR)),
            Held(why="it is short", guard=None, levels=_low(level, DAY)),
        ),
        nudge=3,
    )
    yield Case(
        alert=alert,
        name="within three days",
        series=_series(
            level, edge, {**graver, 2 * HOUR: 2, DAY: 2, 6 * HOUR: 1.2, 3 * DAY: 1.05}, hour, day=many
        ),
        labels={"job": "api"},
        summary=_said(level, "1.05", "1"),
        held=(
            *held,
            Held(why="it is over", guard=None, levels=_low(level, 6 * HOUR)),
            Held(why="it is short", guard=None, levels=_low(level, 3 * DAY)),
        ),
    )


CASES = (
    *_fast(AVAILABILITY, slo.API_ERROR_BUDGET_BURN_FAST),
    *_slow(AVAILABILITY, slo.API_ERROR_BUDGET_BURN_SLOW),
    # Its rules have the same shape; of its two pairs of windows one will do.
    list(_fast(LATENCY, slo.API_LATENCY_BUDGET_BURN_FAST))[-1],
    list(_slow(LATENCY, slo.API_LATENCY_BUDGET_BURN_SLOW))[-1],
)
