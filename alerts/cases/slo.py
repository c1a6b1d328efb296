"""Cases of the rules in `alerts.rules.slo`, and of those that a team makes of a service level of its own.

They begin at what is recorded; that it is the truth is proven in `tests/alerts/test_slo.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alerts.model import Alert
from alerts.proof.model import Case, Held
from alerts.proof.plan import CONTEXT
from alerts.proof.series import INSTANCES, JOBS, Level, Series, gauge
from alerts.proof.templates import filled
from alerts.render import RenderContext
from alerts.rules import slo
from exporters.catalogue.labels import INSTANCE, JOB
from signals.levels import AVAILABILITY, LATENCY
from signals.limits.slo import BURN_1D, BURN_1H, BURN_3D, BURN_6H
from signals.promql import rest
from signals.slo import DAY, HOUR, MINUTE, ServiceLevel

SHORT, HALF_HOUR = 5 * MINUTE, 30 * MINUTE
CALM = 0.5
# By window; a tuple is repeated.
Burn = float | tuple[float, ...]
Burns = Mapping[int, Burn]


def burn_cases(level: ServiceLevel, alert: Alert, context: RenderContext = CONTEXT) -> tuple[Case, ...]:
    """The cases of an alert that `burn_alerts` made of a level, two pairs of windows; of any other none.

    Args:
        level: whose budget.
        alert: its fast or slow one, or another.
        context: the numbers that count.
    """
    if JOB not in level.by or not alert.guards:  # what is played comes from a job
        return ()
    played = _Played(level, alert, context)
    if alert.signal == level.fast:
        return tuple(played.fast())
    return tuple(played.slow()) if alert.signal == level.slow else ()


@dataclass(frozen=True)
class _Played:
    """A level's alert, at burn rates that follow from its factors."""

    level: ServiceLevel
    alert: Alert
    context: RenderContext

    @property
    def _factors(self) -> tuple[float, float, float, float]:
        hour, six, day, three = (
            self.context.number(each).value for each in (BURN_1H, BURN_6H, BURN_1D, BURN_3D)
        )
        return hour, six, day, three

    @property
    def _labels(self) -> dict[str, str]:
        source = self.level.sli.total.metrics[0].source
        job = JOBS.get(source, source)
        common = {JOB.name: job, INSTANCE.name: INSTANCES.get(job, f"{job}:9000")}
        return {
            label.name: common.get(label.name, next(iter(label.values), "some")) for label in self.level.by
        }

    def _ratio(self, window: int, *burns: Burn) -> Series:
        """The share of bad events at four burn rates."""
        budget = rest(self.context.number(self.level.target).value)
        shares = (
            tuple(each * budget for each in burn) if isinstance(burn, tuple) else burn * budget
            for burn in burns
        )
        return gauge(self.level.ratios[window].metric, *shares, **self._labels)

    def _series(
        self, edge: Burns, fault: Burns, hour: Level, *, day: float | None = None
    ) -> tuple[Series, ...]:
        """Burn rates: low, at their limits, in the fault, low again; and how many bad events there were."""
        calm = CALM * self._factors[-1]
        ratios = (self._ratio(window, calm, edge[window], fault[window], calm) for window in edge)
        events = [gauge(self.level.events[HOUR].metric, hour, hour, hour, hour, **self._labels)]
        if day is not None:
            events.append(gauge(self.level.events[DAY].metric, day, day, day, day, **self._labels))
        return (*ratios, *events)

    def _low(self, window: int, burn: float | None = None) -> dict[str, Level]:
        burn = CALM * self._factors[-1] if burn is None else burn
        series = self._ratio(window, burn, burn, burn, burn)
        return {series.name: series.levels[0]}

    def _case(
        self, name: str, series: tuple[Series, ...], value: float, held: tuple[Held, ...], nudge: float
    ) -> Case:
        summary = filled(self.context.says(self.alert, self.alert.summary), self._labels, value)
        return Case(
            alert=self.alert,
            name=name,
            series=series,
            labels=self._labels,
            summary=summary,
            held=held,
            nudge=nudge,
        )

    def fast(self) -> Iterator[Case]:
        level, (first, second, *_) = self.level, self._factors
        edge = {SHORT: first, HALF_HOUR: second, HOUR: first, 6 * HOUR: second}
        enough = self.context.number(level.least_1h).value
        few = Held(
            why="too few bad events",
            guard=self.alert.guards[0],
            levels={level.events[HOUR].metric.name: enough - 1},
        )
        within, beyond = _times(first, 0.97), _times(first, 1.042)
        fault = {SHORT: _times(first, 1.007), HALF_HOUR: _times(second, 0.83)}
        yield self._case(
            "within an hour",
            self._series(edge, {**fault, HOUR: beyond, 6 * HOUR: second / 2}, enough),
            beyond,
            (
                few,
                Held(why="it is over", guard=None, levels=self._low(SHORT)),
                Held(why="it is short", guard=None, levels=self._low(HOUR)),
            ),
            # The limit that it shares with six hours is far below its own.
            nudge=1.25 * first / second - 1,
        )
        beyond = _times(second, 1.05)
        fault = {SHORT: within, HALF_HOUR: _times(second, 1.0167)}
        yield self._case(
            "within six hours",
            self._series(edge, {**fault, HOUR: within, 6 * HOUR: beyond}, enough),
            beyond,
            (
                few,
                Held(why="it is over", guard=None, levels=self._low(HALF_HOUR)),
                Held(why="it is short", guard=None, levels=self._low(6 * HOUR)),
            ),
            nudge=0.1,
        )

    def slow(self) -> Iterator[Case]:
        level, (graver, graver_six, first, second) = self.level, self._factors
        enough, many = (self.context.number(each).value for each in (level.least_1h, level.least_1d))
        # By turns the graver one is held back by how few bad events there are, and by its limits.
        hour = (enough - 1, enough - 1, enough, enough)
        over, under = 1.4 * graver, 0.7 * graver
        told: dict[int, Burn] = {
            SHORT: (over, over, under, under),
            HOUR: (over, over, under, under),
            HALF_HOUR: _times(graver_six, 0.83),
        }
        held = (
            Held(
                why="too few bad events",
                guard=self.alert.guards[0],
                levels={level.events[DAY].metric.name: many - 1},
            ),
            Held(
                why="the graver one speaks",
                guard=None,
                levels={
                    **self._low(SHORT, 1.04 * graver),
                    **self._low(HOUR, 1.04 * graver),
                    level.events[HOUR].metric.name: enough,
                },
            ),
        )
        edge = {
            **{SHORT: 0.2 * graver, HALF_HOUR: 0.5 * graver_six, HOUR: 0.2 * graver, 6 * HOUR: second},
            **{2 * HOUR: first, DAY: first, 3 * DAY: second},
        }
        beyond, within = _times(first, 1.1), _times(second, 0.9)
        fault = {**told, 2 * HOUR: _times(first, 1.033), DAY: beyond, 6 * HOUR: within, 3 * DAY: within}
        yield self._case(
            "within a day",
            self._series(edge, fault, hour, day=many),
            beyond,
            (
                *held,
                Held(why="it is over", guard=None, levels=self._low(2 * HOUR)),
                Held(why="it is short", guard=None, levels=self._low(DAY)),
            ),
            nudge=1.25 * first / second - 1,
        )
        beyond, within = _times(second, 1.05), _times(first, 0.67)
        fault = {**told, 2 * HOUR: within, DAY: within, 6 * HOUR: _times(second, 1.2), 3 * DAY: beyond}
        yield self._case(
            "within three days",
            self._series(edge, fault, hour, day=many),
            beyond,
            (
                *held,
                Held(why="it is over", guard=None, levels=self._low(6 * HOUR)),
                Held(why="it is short", guard=None, levels=self._low(3 * DAY)),
            ),
            nudge=0.1,
        )


def _times(factor: float, share: float) -> float:
    """Of three digits, which a message shows as they are."""
    return float(f"{factor * share:.3g}")


CASES = (
    *burn_cases(AVAILABILITY, slo.API_ERROR_BUDGET_BURN_FAST),
    *burn_cases(AVAILABILITY, slo.API_ERROR_BUDGET_BURN_SLOW),
    # Its rules have the same shape; of its two pairs of windows one will do.
    burn_cases(LATENCY, slo.API_LATENCY_BUDGET_BURN_FAST)[-1],
    burn_cases(LATENCY, slo.API_LATENCY_BUDGET_BURN_SLOW)[-1],
)
