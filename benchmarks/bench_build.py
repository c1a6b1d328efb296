"""A whole cold build, against the bare import of grafanalib that it cannot avoid.

Each figure comes from whole processes, taken in turns.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Times, by_clock, differences

ROOT = Path(__file__).parents[1]
ROUNDS = 9
BAR_SECONDS = 1.0
START = "python"
IMPORT = "import grafanalib"
BUILD = "build"
COMMANDS = {
    START: ["-c", "pass"],
    IMPORT: ["-c", "import grafanalib.core"],
    BUILD: ["-m", "dashboards", "build", "--output"],
}
TITLES = {
    START: "Python that does nothing",
    IMPORT: "`import grafanalib.core`",
    BUILD: "`python -m dashboards build`",
}


@dataclass(frozen=True)
class Builds:
    """What each command took, round by round."""

    taken: dict[str, list[Times]]

    @property
    def beyond(self) -> list[Times]:
        """The build without the import, round by round."""
        return differences(self.taken[BUILD], self.taken[IMPORT])

    @property
    def ratio(self) -> float:
        """How many imports a build takes."""
        build, imported = (by_clock(self.taken[name], "wall").median for name in (BUILD, IMPORT))
        return build / imported

    @property
    def reached(self) -> bool:
        """Whether it stays below the bar by the clock on the wall, which is what one waits for."""
        return by_clock(self.beyond, "wall").median < BAR_SECONDS


def process(arguments: list[str]) -> Times:
    """One process from start to end."""
    spent, began = _children(), time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)
    return Times(time.perf_counter() - began, _children() - spent)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(rounds: int = ROUNDS) -> Builds:
    """Take all commands in turns; one round more than asked for comes first and does not count."""
    taken: dict[str, list[Times]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(rounds + 1):
            for name, arguments in COMMANDS.items():
                # An empty folder each time: a build that finds its own files writes nothing.
                output = [str(Path(folder) / str(round_))] if name == BUILD else []
                times = process([*arguments, *output])
                if round_:
                    taken[name].append(times)
    return Builds(taken)
