"""A service level: of all events, the share that may be bad. Recordings and signals follow from it.

Every share is one of events: sums of bad events by sums of all, never a mean of shares. So a quiet hour
weighs nothing, no errors are 0, no traffic is no sample, nothing is ever NaN. What is not on record counts as
good: an hour after the start nobody can have spent a day's budget.

How much a counter grew before its first sample is unknown, and not counted: one that appears with its first
error counts from its second sample on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from exporters.catalogue import Histogram, Label
from exporters.catalogue.labels import INSTANCE, JOB
from signals.idioms import promql, select, span
from signals.limits import slo as limits
from signals.model import Recording, Signal, SignalError, recorded
from signals.numbers import COUNT, RATIO, SECONDS, Number, Seconds, require_fields, spoken
from signals.promql import HOLE, Query, duration, rest

MINUTE, HOUR, DAY = 60, 3600, 86_400
RATE = 5 * MINUTE
# Those that alerts read: each long window with the short one that tells whether it goes on.
FACTOR_OF: Mapping[float, Number] = {
    RATE: limits.BURN_1H,
    30 * MINUTE: limits.BURN_6H,
    HOUR: limits.BURN_1H,
    2 * HOUR: limits.BURN_1D,
    6 * HOUR: limits.BURN_6H,
    DAY: limits.BURN_1D,
    3 * DAY: limits.BURN_3D,
}
WINDOWS = tuple(FACTOR_OF)
# Each a long window, the short one that tells whether it goes on, and how fast is too fast.
FAST = ((HOUR, RATE, limits.BURN_1H), (6 * HOUR, 30 * MINUTE, limits.BURN_6H))
SLOW = ((DAY, 2 * HOUR, limits.BURN_1D), (3 * DAY, 6 * HOUR, limits.BURN_3D))
FACTORS = (limits.BURN_1H, limits.BURN_6H, limits.BURN_1D, limits.BURN_3D)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sli:
    """What is counted.

    Attributes:
        bad: per second, the events that broke the promise; with a hole for the window.
        total: per second, all events, with the same labels.
    """

    bad: Query
    total: Query

    def __post_init__(self) -> None:
        require_fields("an sli", self, SignalError)
        if set(self.bad.labels) != set(self.total.labels):
            raise SignalError(
                f"an sli counts bad events by {sorted(self.bad.labels)}, and all by "
                f"{sorted(self.total.labels)}; expected the same labels; make them equal"
            )
        for name, query in (("bad", self.bad), ("total", self.total)):
            if "<window>" not in query.text:
                raise SignalError(
                    f"an sli's {name} is {query.text!r:.60}, without a hole for the window; "
                    "expected a rate; take rate(...)"
                )


@dataclass(frozen=True, kw_only=True)
class ServiceLevel:
    """A promise.

    Attributes:
        key: in the names of what is recorded, such as ``availability``.
        title: as panels name it.
        sli: what is counted.
        target: the share of good events that is promised; between 0 and 1. A stack replaces it by its key.
        act: what to do when it is not kept.
        means: which events are bad, as a sentence that follows the number.
        window: over how many seconds it is promised: at least the longest of `WINDOWS`; Prometheus must keep
            as much.
        least_1h, least_1d: bad events in an hour and in a day below which no alert speaks.
    """

    key: str
    title: str
    sli: Sli
    target: Number
    act: str
    means: str = ""
    window: Seconds = 30 * DAY
    least_1h: Number = limits.ERRORS_1H
    least_1d: Number = limits.ERRORS_1D

    def __post_init__(self) -> None:
        require_fields(f"service level {self.key!r}", self, SignalError)
        for problem in self.problems({}):
            raise SignalError(problem)

    @property
    def numbers(self) -> tuple[Number, ...]:
        """Every number that it reads."""
        sli = (*self.sli.bad.numbers, *self.sli.total.numbers)
        return (self.target, self.least_1h, self.least_1d, *FACTORS, limits.BUDGET_LEFT, *sli)

    def problems(self, numbers: Mapping[str, Number]) -> Iterator[str]:
        """Why this can be no promise, with the numbers that count in a stack."""
        what = f"service level {self.key!r}"
        target = numbers.get(self.target.key, self.target)
        said = f"{target.key!r}, {spoken(target.value, target.unit)},"
        if target.unit is not RATIO or not 0 < target.value < 1:
            yield (
                f"{what}: its target is {target.key!r}, {target.value:g} in {target.unit.name!r}; expected "
                "a share above 0 and below 1, such as 0.999; correct it"
            )
            return
        factors = [numbers.get(each.key, each) for each in FACTORS]
        budget = rest(target.value)
        for factor in factors:
            if factor.value < 1:
                yield (
                    f"{what}: {factor.key!r} is {factor.value:g}, and its alert would fire while the promise "
                    "is kept: at 1 the budget lasts as long as it should; expected 1 or more; raise it"
                )
            if factor.value * budget >= 1:
                least = 1 - 1 / factor.value
                yield (
                    f"{what}: its target {said} allows {spoken(budget, RATIO)} to be bad, and "
                    f"{factor.value:g} times that ({factor.key!r}) is all or more, so its alert could never "
                    f"fire; expected a target above {least:.4g}; raise it, or replace {factor.key!r}"
                )
        for graver, milder in (factors[:2], factors[2:]):
            if graver.value < milder.value:
                yield (
                    f"{what}: {graver.key!r} is {graver.value:g}, less than {milder.key!r}, "
                    f"{milder.value:g}; the shorter window needs the higher factor; correct one"
                )
        yield from self._bounds(what, numbers)

    def _bounds(self, what: str, numbers: Mapping[str, Number]) -> Iterator[str]:
        """A limit on times that is no bound: which events keep it cannot be counted."""
        for query in (self.sli.bad, self.sli.total):
            known: dict[str, Number] = {each.key: each for each in query.numbers}
            named = {argument for kind, argument in HOLE.findall(query.text) if kind == "bound"}
            for number in (numbers.get(key, known[key]) for key in sorted(named)):
                for metric in query.metrics:
                    if isinstance(metric, Histogram) and number.value not in metric.buckets:
                        bounds = ", ".join(f"{bound:g}" for bound in metric.buckets)
                        yield (
                            f"{what}: its limit {number.key!r} is {spoken(number.value, number.unit)}, which "
                            f"is no bound of {metric.name}; expected one of {bounds}; choose one"
                        )

    @cached_property
    def by(self) -> tuple[Label, ...]:
        """The labels that tell its instances apart."""
        metrics = (*self.sli.bad.metrics, *self.sli.total.metrics)
        own = (label for metric in metrics for label in metric.labels)
        known = {label.name: label for label in (JOB, INSTANCE, *own)}
        return tuple(known[name] for name in self.sli.total.labels)

    @property
    def _line(self) -> str:
        """Its title, behind the labels that tell its lines apart; of jobs one is shown."""
        return " ".join((*(f"{{{{{each.name}}}}}" for each in self.by if each != JOB), self.title))

    def _recorded(self, operations: str, help: str, query: Query) -> Recording:
        name = f"{'_'.join(query.labels)}:{self.key}_{operations}"
        return recorded(name, help, query, labels=self.by, window=RATE, group=self.key)

    @cached_property
    def bad(self) -> Recording:
        """Bad events per second; 0 where there are events and none is bad."""
        query = promql("{bad} or 0 * {total}", bad=self.sli.bad, total=self.sli.total)
        return self._recorded("bad:rate5m", f"{self.title}: bad events per second.", query)

    @cached_property
    def total(self) -> Recording:
        """All events per second."""
        return self._recorded("total:rate5m", f"{self.title}: events per second.", self.sli.total)

    @cached_property
    def ratios(self) -> Mapping[float, Recording]:
        """By window in seconds, the share of bad events."""
        return {window: self._ratio(window) for window in sorted({*WINDOWS, self.window})}

    def _ratio(self, window: float) -> Recording:
        bad, total = (select(each.metric) for each in (self.bad, self.total))
        text = f"{bad} / ({total} > 0)"
        if window > RATE:
            bad, total = (f"{each}[{span(window)}]" for each in (bad, total))
            on_record = f"clamp_max(count_over_time({total}) * <step> / <seconds:{window:g}>, 1)"
            text = f"sum_over_time({bad}) / (sum_over_time({total}) > 0) * {on_record}"
        help = f"{self.title}: share of bad events within {spoken(window, SECONDS)}."
        return self._recorded(f"bad:ratio{duration(window)}", help, self._reading(text, self.bad, self.total))

    @cached_property
    def events(self) -> Mapping[float, Recording]:
        """By window in seconds, how many bad events there were."""
        return {window: self._events(window) for window in (HOUR, DAY)}

    def _events(self, window: float) -> Recording:
        text = f"sum_over_time({select(self.bad.metric)}[{span(window)}]) * <step>"
        help = f"{self.title}: bad events within {spoken(window, SECONDS)}."
        return self._recorded(f"bad:events{duration(window)}", help, self._reading(text, self.bad))

    def counted(self, window: float) -> Query:
        """How many bad events there were within an hour or a day."""
        recording = self.events[window]
        return self._reading(select(recording.metric), recording)

    def _reading(self, text: str, *recordings: Recording, numbers: tuple[Number, ...] = ()) -> Query:
        metrics = tuple(each.metric for each in recordings)
        return Query(text, metrics, numbers, self.sli.total.labels)

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """What is recorded, each after what it reads."""
        return (self.bad, self.total, *self.ratios.values(), *self.events.values())

    @cached_property
    def burns(self) -> Mapping[float, Signal]:
        """By window in seconds, how many times faster than allowed the budget is spent."""
        return {window: self._burn(window) for window in WINDOWS}

    def _burn(self, window: float) -> Signal:
        # Exactly at its limit an alert is quiet; the last digits of a sum must not decide.
        text = f"round({select(self.ratios[window].metric)} / <rest:{self.target.key}>, 0.001)"
        named = spoken(window, SECONDS)
        return Signal(
            title=f"{self.title}: burn rate, {named}",
            why=f"How many times faster than the promise allows its budget was spent within {named}. "
            "At 1 it lasts.",
            act=self.act,
            query=self._reading(text, self.ratios[window], numbers=(self.target,)),
            unit=COUNT,
            objective=FACTOR_OF[window],
            legend=f"{self._line}, {named}",
        )

    @cached_property
    def fast(self) -> Signal:
        """What the fast alert watches: the burn rate of an hour or of six, while it goes on."""
        fast = self._worst("fast", *FAST)
        return replace(fast, critical=fast.objective)

    @cached_property
    def slow(self) -> Signal:
        """What the slow alert watches: the burn rate of a day or of three, while it goes on."""
        return self._worst("slow", *SLOW)

    def _worst(
        self, word: str, first: tuple[float, float, Number], second: tuple[float, float, Number]
    ) -> Signal:
        """One value for two pairs of windows: the first beyond its factor, else the second, to compare."""
        (long, short, factor), (longer, shorter, limit) = first, second
        query = promql(
            f"({{long}} > <number:{factor.key}> and {{short}} > <number:{factor.key}>) "
            f"or ({{longer}} and {{shorter}} > <number:{limit.key}>)",
            factor,
            limit,
            long=self.burns[long].query,
            short=self.burns[short].query,
            longer=self.burns[longer].query,
            shorter=self.burns[shorter].query,
        )
        names = [spoken(each, SECONDS) for each in (long, longer)]
        return Signal(
            title=f"{self.title}: {word} burn",
            why=f"The burn rate of {names[0]} above {{number:{factor.key}}}, or that of {names[1]}, "
            "as long as it goes on.",
            act=self.act,
            query=query,
            unit=COUNT,
            objective=limit,
            legend=f"{self._line}, alert",
            empty="the budget is not spent too fast",
        )

    @cached_property
    def kept(self) -> Signal:
        """The share of good events within the window."""
        ratio = self.ratios[self.window]
        return Signal(
            title=f"{self.title}: kept",
            why=f"Share of good events within {spoken(self.window, SECONDS)}. {self._meant}",
            act=self.act,
            query=self._reading(f"1 - {select(ratio.metric)}", ratio),
            unit=RATIO,
            objective=self.target,
            legend=self._line,
        )

    @property
    def _meant(self) -> str:
        return f"{self.means} What is not on record counts as good.".lstrip()

    @cached_property
    def left(self) -> Signal:
        """The share of the window's budget that is left; below 0 the promise is broken."""
        ratio = self.ratios[self.window]
        text = f"1 - {select(ratio.metric)} / <rest:{self.target.key}>"
        return Signal(
            title=f"{self.title}: error budget left",
            why=f"Of the bad events that {{number:{self.target.key}}} allows within "
            f"{spoken(self.window, SECONDS)}, the share that is left. {self._meant}",
            act=self.act,
            good="More than nothing: at 0 % the promise is just kept, below it is broken.",
            query=self._reading(text, ratio, numbers=(self.target,)),
            unit=RATIO,
            objective=limits.BUDGET_LEFT,
            legend=self._line,
        )


def crossed_after(share: float, target: float, numbers: Mapping[str, Number]) -> float | None:
    """How long this share of events must be bad, after good times, until `ServiceLevel.fast` is too much.

    Args:
        share: of events, all of which come as often as before.
        target: the share that is promised.
        numbers: those that replace others of the same key.

    Returns:
        Seconds; None where it is never.
    """
    burn = share / rest(target)
    factors = ((window, numbers.get(each.key, each).value) for window, _, each in FAST)
    return min((window * factor / burn for window, factor in factors if burn > factor), default=None)
