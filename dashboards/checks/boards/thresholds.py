"""Thresholds begin below every value, and rise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dashboards.checks.boards.panels import each
from dashboards.checks.boards.stats import SINGLE
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject


@file_rule("threshold-base", "thresholds have a base, and rise from it", answers=("E12",))
def bases(subject: Subject, report: Report) -> Iterator[Finding]:
    """Steps whose number is not where their colour begins: the first, and those out of order."""
    for path, where, panel in each(subject):
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        found = defaults.get("thresholds")
        if found is None:
            continue
        steps = found.get("steps") if isinstance(found, dict) else None
        if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
            yield report(path, where, f"its thresholds are {steps!r}; expected a list of steps", "Write one.")
        elif steps or panel.get("type") in SINGLE:
            yield from _judged(path, where, [step.get("value") for step in steps], report)


def _judged(path: str, where: str, values: list[Any], report: Report) -> Iterator[Finding]:
    if not values or values[0] is not None:
        first = values[0] if values else "missing"
        message = f"the first of its thresholds is {first}; expected null, for all that lies below the second"
        yield report(path, where, message, "Give the first step no value.")
    numbers = [value for value in values if isinstance(value, int | float)]
    if numbers != sorted(numbers):
        yield report(path, where, f"its thresholds do not rise: {numbers}", "Put them in order.")
