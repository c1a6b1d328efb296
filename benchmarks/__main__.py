"""Measure the middleware, and write docs/performance.md, which takes a few minutes.

python -m benchmarks; what boards and builds cost is measured by python -m benchmarks.boards_report, and what
the exporter costs by python -m benchmarks.exporter_report, benchmarks.keys_report,
benchmarks.targets_report and benchmarks.soak_report; these stay as they are.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks import bench_middleware
from benchmarks.boards_report import HEADING as BOARDS
from benchmarks.exporter_report import HEADING as EXPORTER
from benchmarks.keys_report import HEADING as KEYS
from benchmarks.report import bars, document
from benchmarks.sections import TARGET, kept
from benchmarks.soak_report import HEADING as SOAK
from benchmarks.targets_report import HEADING as TARGETS

APART = (EXPORTER, KEYS, TARGETS, SOAK, BOARDS)


def main() -> None:
    """Nothing is written before the last measurement is done."""
    print("measuring the middleware")
    measured = bench_middleware.measure()
    TARGET.write_text(document(measured, kept(TARGET, *APART)))
    print(bars(measured))
    print(f"written: {TARGET.relative_to(Path.cwd())}" if TARGET.is_relative_to(Path.cwd()) else TARGET)


if __name__ == "__main__":
    main()
