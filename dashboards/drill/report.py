"""Outcomes of drills as JSON and as JUnit's XML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as Xml

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
    failed = sum(not each.well for each in outcomes)
    suite = Xml.Element("testsuite", name="drills", tests=str(len(outcomes)), failures=str(failed))
    for each in outcomes:
        seconds = f"{each.delivered or 0:.1f}"
        case = Xml.SubElement(suite, "testcase", classname=str(each.drill), name=each.alert, time=seconds)
        if not each.well:
            Xml.SubElement(case, "failure", message=each.problems[0]).text = "\n".join(each.problems)
    return bytes(Xml.tostring(suite, encoding="utf-8", xml_declaration=True))


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
