"""What the middleware adds to a request, against what prometheus-fastapi-instrumentator adds.

Every variant of an application runs in a process of its own, and they answer batches of requests in turns.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from benchmarks import peer
from benchmarks.application import BARE, OURS, PEER, SCENARIOS, Scenario
from benchmarks.figures import CLOCKS, Times, by_clock, differences
from exporters.api.slots import DIRECTORY_VARIABLE
from exporters.catalogue.api import HANDLER, REQUESTS, STATUS

ROOT = Path(__file__).parents[1]
BAR_RATIO = 0.35
# Processes are started again, since where one happens to lie in memory is good for a few per cent.
SITTINGS = 5
ROUNDS = 30
REQUESTS_A_BATCH = 300


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        sittings: how often all processes are started.
        rounds: batches of each process in one sitting.
        requests: requests in a batch.
    """

    sittings: int = SITTINGS
    rounds: int = ROUNDS
    requests: int = REQUESTS_A_BATCH


@dataclass(frozen=True)
class Requests:
    """What one request took in each variant of a scenario: sitting by sitting, batch by batch."""

    scenario: Scenario
    sittings: list[dict[str, list[Times]]]

    @property
    def variants(self) -> list[str]:
        """Those that were measured."""
        return list(self.sittings[0])

    def taken(self, variant: str) -> list[Times]:
        """Every batch of a variant."""
        return [times for sitting in self.sittings for times in sitting[variant]]

    def added(self, variant: str) -> list[Times]:
        """What a variant added to the bare application in the same round."""
        return differences(self.taken(variant), self.taken(BARE))

    def ratio(self, clock: str) -> float:
        """What ours adds as a share of what the peer adds."""
        return by_clock(self.added(OURS), clock).median / by_clock(self.added(PEER), clock).median

    def ratios(self, clock: str) -> list[float]:
        """The same for each sitting alone, which shows how far it can be trusted."""
        return [Requests(self.scenario, [sitting]).ratio(clock) for sitting in self.sittings]

    @property
    def compared(self) -> bool:
        """Whether the peer was there."""
        return PEER in self.variants

    @property
    def reached(self) -> bool:
        """Whether both clocks are at or below the bar."""
        return all(self.ratio(clock) <= BAR_RATIO for clock in CLOCKS)


class Running:
    """One variant in a process of its own, with a directory of metric files of its own."""

    def __init__(self, scenario: str, variant: str, folder: Path, library: Path) -> None:
        self.variant = variant
        self.folder = folder
        self.sent = 0
        folder.mkdir()
        # The same hashes in each process: an accident of theirs would look like a difference.
        environment = {
            **os.environ,
            DIRECTORY_VARIABLE: str(folder),
            "PYTHONPATH": str(library),
            "PYTHONHASHSEED": "0",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.application", scenario, variant],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def batch(self, requests: int) -> Times:
        """Let it answer so many requests.

        Raises:
            RuntimeError: the process ended.
        """
        assert self.process.stdin is not None  # noqa: S101  # told to mypy
        assert self.process.stdout is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):
            print(requests, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the application {self.variant!r} ended; its error stands above")
        self.sent += requests
        return Times(*json.loads(line))

    def stop(self) -> None:
        """End it."""
        self.process.communicate()

    def check(self) -> None:
        """Read its files: a variant that did not count every request exactly is no peer.

        Raises:
            RuntimeError: it did not.
        """
        counted = counts(self.folder)
        expected = 0 if self.variant == BARE else self.sent
        if sum(counted.values()) != expected:
            raise RuntimeError(
                f"{self.variant!r} counted {sum(counted.values()):.0f} requests; expected {expected}"
            )


def counts(folder: Path) -> dict[tuple[str, str], float]:
    """Requests by handler and status, as a scrape would see them."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]  # has no types
    return {
        (sample.labels[HANDLER.name], sample.labels[STATUS.name]): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == REQUESTS.name and sample.value
    }


def sitting(name: str, variants: Sequence[str], scale: Scale, library: Path) -> dict[str, list[Times]]:
    """Start every variant, let them answer in turns, and compare what they counted."""
    taken: dict[str, list[Times]] = {variant: [] for variant in variants}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        running = []
        for number, variant in enumerate(variants):
            one = Running(name, variant, Path(folder) / str(number), library)
            stack.callback(one.stop)
            running.append(one)
        for round_ in range(scale.rounds + 1):
            # Whoever comes first in one round comes last in the next; the first round warms up.
            running.append(running.pop(0))
            for one in running:
                times = one.batch(scale.requests)
                if round_:
                    taken[one.variant].append(times)
        stack.close()
        for one in running:
            one.check()
        same_work(running)
    return taken


def same_work(running: Sequence[Running]) -> None:
    """See that ours and the peer counted the same requests under the same handlers and statuses.

    Raises:
        RuntimeError: they did not.
    """
    seen = [counts(one.folder) for one in running if one.variant in (OURS, PEER)]
    if any(each != seen[0] for each in seen):
        raise RuntimeError(f"ours and the peer counted differently: {seen}")


def measure(
    names: Sequence[str] = tuple(SCENARIOS), *, scale: Scale | None = None, with_peer: bool = True
) -> list[Requests]:
    """Measure the scenarios; without the peer nothing is downloaded, and there is no ratio."""
    scale = scale or Scale()
    measured = []
    with tempfile.TemporaryDirectory() as library:
        if with_peer:
            peer.install(Path(library))
        for name in names:
            scenario = SCENARIOS[name]
            variants = [each for each in scenario.variants if with_peer or each in (BARE, OURS)]
            sittings = [sitting(name, variants, scale, Path(library)) for _ in range(scale.sittings)]
            measured.append(Requests(scenario, sittings))
    return measured
