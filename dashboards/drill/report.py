"""Outcomes of drills as JSON and as JUnit's XML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dashboards import junit as xml
from dashboards.drill.model import TOLERANCE, Drill, Outcome


def row(outcome: Outcome) -> dict[str, Any]:
    """One alert's outcome; seconds, None for what did not come."""
    return {
        "alert": outcome.alert,
        "rule": outcome.rule,
        "fault": outcome.drill.fault,
        "options": dict(outcome.drill.options),
        "ok": outcome.well,
        "fired": _rounded(outcome.fired),
        "delivered": _rounded(outcome.delivered),
        "resolved": _rounded(outcome.resolved),
        "computed": {name: round(seconds, 1) for name, seconds in asdict(outcome.computed).items()},
        "tolerance": TOLERANCE,
        "problems": list(outcome.problems),
    }


def junit(outcomes: Sequence[Outcome]) -> bytes:
    """A file that CI servers read: a case for each alert."""
    return xml.report(
        "drills",
        [
            xml.Case(of=str(each.drill), name=each.alert, seconds=each.delivered or 0, failures=each.problems)
            for each in outcomes
        ],
    )


def listing(drills: Sequence[Drill], undrilled: Mapping[str, str]) -> list[str]:
    """What there is to drill, and what there is not."""
    lines = [f"{', '.join(each.alerts)}: {each}" for each in drills]
    return lines + [f"{name}: not drilled: {reason}" for name, reason in undrilled.items()]


def summary(outcomes: Sequence[Outcome], of: int) -> str:
    """What to say at the end."""
    well = sum(each.well for each in outcomes)
    late = [each.fired / each.computed.fired for each in outcomes if each.fired]
    share = f"; they fired after {sum(late) / len(late):.0%} of the computed time on average" if late else ""
    return f"{well} of {len(outcomes)} drilled alerts as they should be, {of} in the stack{share}"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
