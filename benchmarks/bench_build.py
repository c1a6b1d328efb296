"""A whole cold build, against the bare import of grafanalib that it cannot avoid.

    python -m benchmarks.bench_build

Each figure is the median of whole processes, taken in turns.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 9
COMMANDS = {
    "python": ["-c", "pass"],
    "import grafanalib": ["-c", "import grafanalib.core"],
    "build": ["-m", "dashboards", "build", "--output"],
}


def seconds(arguments: list[str]) -> float:
    """Wall time of one process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Measure in turns and print medians and the difference."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(ROUNDS):
            for name, arguments in COMMANDS.items():
                output = [str(Path(folder) / str(round_))] if name == "build" else []
                taken[name].append(seconds([*arguments, *output]))
    middle = {name: statistics.median(values) for name, values in taken.items()}
    for name, values in taken.items():
        print(f"{name:18} {middle[name]:6.3f} s  (min {min(values):.3f}, max {max(values):.3f})")
    beyond = middle["build"] - middle["import grafanalib"]
    print(f"build beyond importing grafanalib: {beyond:.3f} s (bar: below 1 s)")
    print(f"ratio build / import: {middle['build'] / middle['import grafanalib']:.2f}")


if __name__ == "__main__":
    main()
