"""What a whole process takes, such as a cold build."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import Times

ROOT = Path(__file__).parents[1]


def process(arguments: list[str]) -> Times:
    """One process of Python from start to end."""
    spent, began = _children(), time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)
    return Times(time.perf_counter() - began, _children() - spent)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
