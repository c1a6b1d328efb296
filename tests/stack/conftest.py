"""The whole chain, healthy and under load, for all tests of this folder."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dashboards.prometheus_api import Prometheus
from dashboards.prove import Proof, Span, coming, past, prove, seen, summary
from dashboards.prove.looks import Wanted
from dashboards.stack import STACK, Stack
from examples.demo.chain import Chain
from examples.demo.render import demo_stack, renderer
from examples.demo.states import STATES
from examples.load import Load

# Five minutes become twenty seconds: windows still hold twenty scrapes.
TIME_SCALE = 1 / 15
RATE = 25.0
# Until it is stopped: what comes after its end would have no traffic.
LONGEST = 24 * 3600.0
# A cold cache, a first key count and full windows of five minutes, on the demo's clock.
WARM_UP = 45.0
# What a board shows: the last hour, on the demo's clock.
SHOWN = 3600 * TIME_SCALE
# From one look to the next; so far into the past, and so long into the future, is looked for what is missing.
PAUSE, AGO, PATIENCE = 3.0, 60.0, 60.0
# Beside a load, faults and other tests on few processors.
SLOW = 2.0
# Where a machine is too slow for the load these are true, and of no fault.
OVERLOADED = frozenset(
    {"ApiEventLoopLag", "ApiLatencyAverageHigh", "ApiLatencyP95High", "DbConnectionsHeldLong"}
)
# They count what was up to minutes ago, also on this clock.
REMEMBER = frozenset({"ApiErrorBudgetBurnFast", "PostgresDeadlocks"})


@dataclass(kw_only=True)
class Running:
    """The chain with its load, and the definitions it was rendered from.

    Attributes:
        rate: requests a second of the load.
        warm: Unix time since when it is.
    """

    chain: Chain
    stack: Stack
    prometheus: Prometheus
    rate: float = RATE
    load: Load = field(init=False)
    warm: float = field(init=False)

    def look(
        self,
        state: str,
        *,
        on: Collection[str] = (),
        since: float = 0.0,
        seconds: float = SHOWN,
        wanted: Wanted = lambda _: True,
    ) -> list[Proof]:
        """What the boards ask, as Grafana would, in a state of the backend: what any of several looks saw.

        Args:
            state: its name; what it brings must be there.
            on: the faults that are on.
            since: Unix time when the state began; 0 where it is the one of the beginning.
            seconds: that are shown.
            wanted: which panels are asked.
        """

        def once(span: Span, missing: Wanted) -> list[Proof]:
            return prove(
                self.stack,
                self.prometheus,
                span,
                wanted=lambda panel: wanted(panel) and missing(panel),
                whole=True,
                brings=STATES.brings(state, on),
                slow=math.inf if on else SLOW,  # a fault may well make it slow
            )

        ends = max(since + PAUSE, self.warm, time.time() - AGO)
        before = past(seconds, start=since, end=ends, every=PAUSE)
        times = itertools.chain(before, coming(seconds, start=since, within=PATIENCE, every=PAUSE))
        found = seen(once, times)
        print(f"{state}: {summary(found)}")
        return found

    def start_load(self) -> None:
        """Begin the steady load."""
        self.load = Load(self.chain.api.url, rate=self.rate, seconds=LONGEST).start()

    def warm_up(self) -> None:
        """Begin the load, and halve it where the machine does not carry all of it."""
        self.start_load()
        time.sleep(WARM_UP)
        if any(labels["alertname"] in OVERLOADED for labels, _ in self.prometheus.query("ALERTS")):
            self.load.stop()
            self.rate /= 2
            self.start_load()
            time.sleep(WARM_UP)
        self.warm = time.time()

    def firing(self) -> set[str]:
        """The names of the alerts that fire in Prometheus now."""
        return {labels["alertname"] for labels, _ in self.prometheus.query('ALERTS{alertstate="firing"}')}


def about(*names: str) -> Wanted:
    """Whether a panel shows what one of these states or faults brings."""
    queries = {
        signal.query
        for each in STATES.lacking
        if not set(names).isdisjoint(each.shown_in)
        for signal in each.signals
    }
    return lambda panel: not queries.isdisjoint(signal.query for signal in panel.shown)


def eventually(condition: Callable[[], bool], what: str, *, within: float) -> None:
    """Wait for something that Prometheus or a person would see a little later."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {within:g} s"
        time.sleep(0.5)


@pytest.fixture(scope="session")
def running(new_home: Callable[[], Path]) -> Iterator[Running]:
    """The fixed backend under steady load, warm."""
    home = new_home()
    with Chain(home, renderer(time_scale=TIME_SCALE), state="fixed", time_scale=TIME_SCALE) as chain:
        running = Running(
            chain=chain,
            stack=demo_stack(STACK, chain.ports, time_scale=TIME_SCALE),
            prometheus=Prometheus(url=chain.prometheus.url),
        )
        try:
            running.warm_up()
            yield running
        finally:
            running.load.stop()
