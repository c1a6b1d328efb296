"""What every backend goes through without a fault: a start, a deploy, a night. A rule stays silent."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence

from alerts.model import State
from alerts.proof.clock import Clock
from alerts.proof.model import Demand, Group
from alerts.proof.series import Series, Tape, twin_of
from exporters.catalogue import external

# What counters show when Prometheus sees them for the first time: the server has run for weeks.
LONG_LIVED = 1e9
# Before the first scrape, and while a deploy restarts everything, in seconds.
BEFORE, GAP = 120, 45
# They say of a target that it does not answer, where all others end.
WITNESSES = (external.UP.name, external.PROBE_SUCCESS.name)

Play = Callable[[Series, Clock, int], str]


def started(series: Series, clock: Clock, until: int, total: float = 0.0) -> str:
    """Nothing, then healthy."""
    before = math.ceil(BEFORE / clock.step)
    tape = Tape(series.grows, total)
    tape.go(None, before)
    tape.go(series.levels[0], until - before)
    return tape.text


def found(series: Series, clock: Clock, until: int) -> str:
    """Nothing, then healthy with the counters of a long life, as after a restart of Prometheus."""
    return started(series, clock, until, LONG_LIVED)


def deployed(series: Series, clock: Clock, until: int) -> str:
    """Healthy, gone for a moment, healthy again with counters that begin anew."""
    gone = max(2, math.ceil(GAP / clock.step))
    before = math.ceil((clock.look + clock.slack) / clock.step)
    first, second = Tape(series.grows, LONG_LIVED), Tape(series.grows)
    first.go(series.levels[0], before)
    if series.name in WITNESSES:
        first.go(0.0, gone)
    else:
        first.gap(gone)
    second.go(series.levels[0], until - before - gone)
    return f"{first.text} {second.text}"


def idle(series: Series, _clock: Clock, until: int) -> str:
    """Healthy, but nothing is counted."""
    tape = Tape(series.grows, LONG_LIVED)
    tape.go(0.0 if series.grows else series.levels[0], until)
    return tape.text


# By the name of the installation that goes through it.
PLAYS: dict[str, tuple[State, str, Play]] = {
    "new": (State.COLD_START, "it is silent when series of a new server appear", started),
    "found": (State.COLD_START, "it is silent when series of an old server appear", found),
    "deployed": (State.RESET, "it is silent in a deploy that resets every counter", deployed),
    "idle": (State.NO_TRAFFIC, "it is silent while no counter moves", idle),
}
STATES = frozenset(state for state, *_ in PLAYS.values())


def groups(
    series: Sequence[Series], clock: Clock, identity: tuple[str, ...], proven: Collection[State], hold: float
) -> Iterator[Group]:
    """All of them at once, each in an installation of its own where a label tells those apart."""
    wanted = [name for name, (state, *_) in PLAYS.items() if state in proven]
    long = 2 * (clock.look + clock.slack) + hold + BEFORE + GAP
    until = math.ceil(long / clock.step)
    for names in [wanted] if identity else [[name] for name in wanted]:
        yield _group(names, series, clock, identity, until)


def _group(
    names: Sequence[str], series: Sequence[Series], clock: Clock, identity: tuple[str, ...], until: int
) -> Group:
    end = int(until * clock.step / clock.grid) * clock.grid

    def demands(rule: str) -> Iterator[Demand]:
        for name in names:
            state, says, _ = PLAYS[name]
            here = f',{identity[0]}="{name}"' if identity else ""
            fired = f'ALERTS{{alertname="{rule}",alertstate="firing"{here}}}'
            expr = f"count(count_over_time({fired}[{end}s])) or vector(0)"
            yield Demand(state=state, says=says, expr=expr, when=end, expected=0)

    return Group(
        name="calm",
        series=[
            each.written(twin_of(identity, name) if identity else {}, PLAYS[name][2](each, clock, until))
            for name in names
            for each in series
        ],
        demands=demands,
    )
