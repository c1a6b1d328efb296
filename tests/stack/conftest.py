"""The whole chain, healthy and under load, for all tests of this folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dashboards.prometheus_api import Prometheus
from dashboards.prove import Proof, Span, last, prove, summary
from dashboards.stack import STACK, Stack
from examples.demo.chain import Chain
from examples.demo.render import demo_stack, renderer
from examples.load import Load

# Five minutes become twenty seconds: windows still hold twenty scrapes.
TIME_SCALE = 1 / 15
RATE = 25.0
LONGEST = 1500.0
# A cold cache, a first key count and full windows of five minutes, on the demo's clock.
WARM_UP = 45.0
# Beside a load, faults and other tests on few processors.
SLOW = 2.0
# They count what was up to minutes ago, also on this clock.
REMEMBER = frozenset({"ApiErrorBudgetBurnFast", "PostgresDeadlocks"})


@dataclass(kw_only=True)
class Running:
    """The chain with its load, and the definitions it was rendered from."""

    chain: Chain
    load: Load
    stack: Stack
    prometheus: Prometheus

    def shown(self) -> Span:
        """What a board shows: the last hour, on the demo's clock."""
        return last(3600 * TIME_SCALE)

    def look(self, state: str) -> list[Proof]:
        """Everything that the boards ask, as Grafana would, in a state of the backend that has this name."""
        found = prove(self.stack, self.prometheus, self.shown(), whole=True, slow=SLOW)
        print(f"{state}: {summary(found)}")
        return found

    def start_load(self) -> None:
        """Begin the steady load."""
        self.load = Load(self.chain.api.url, rate=RATE, seconds=LONGEST).start()

    def firing(self) -> set[str]:
        """The names of the alerts that fire in Prometheus now."""
        return {labels["alertname"] for labels, _ in self.prometheus.query('ALERTS{alertstate="firing"}')}


def wrong(proofs: list[Proof]) -> list[str]:
    """What is not as its definition says."""
    return [
        f"{each.board}: {each.what} {each.title}: {each.verdict} {each.reason} "
        f"{[(answer.ref, answer.choice, answer.state, answer.expr) for answer in each.answers]}"
        for each in proofs
        if not each.well
    ]


def eventually(condition: Callable[[], bool], what: str, *, within: float) -> None:
    """Wait for something that Prometheus or a person would see a little later."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {within:g} s"
        time.sleep(0.5)


@pytest.fixture(scope="session")
def running(server_root: Path) -> Iterator[Running]:
    """The fixed backend under steady load, warm."""
    home = server_root / "stack"
    home.mkdir()
    with Chain(home, renderer(time_scale=TIME_SCALE), state="fixed", time_scale=TIME_SCALE) as chain:
        load = Load(chain.api.url, rate=RATE, seconds=LONGEST).start()
        try:
            time.sleep(WARM_UP)
            yield Running(
                chain=chain,
                load=load,
                stack=demo_stack(STACK, chain.ports, time_scale=TIME_SCALE),
                prometheus=Prometheus(url=chain.prometheus.url),
            )
        finally:
            load.stop()
