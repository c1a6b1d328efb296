"""Groups are evaluated on the scheduler's ticks."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned.check import STOPS, Report, check
from dashboards.checks.provisioned.files import Files
from dashboards.checks.provisioned.sample import rule
from dashboards.checks.provisioned.structs import TICK
from dashboards.checks.times import seconds


@check(
    "interval-tick",
    summary=f"a group's interval is a multiple of {TICK} s",
    cause="Prometheus' `15s`, which Grafana's scheduler cannot keep: it ticks every ten seconds.",
    effect=STOPS,
    fix=f"Round it to a multiple of {TICK}s.",
    wrong=rule("interval: 1m", "interval: 15s"),
    right=rule(),
)
def ticks(files: Files, report: Report) -> Iterator[Finding]:
    """Of every group."""
    for file, group in files.things("groups"):
        text = group.said("interval")
        found = 0.0 if text == "0" else seconds(text)
        if found is not None and (found < TICK or found // 1 % TICK):
            where = f"group {group.said('name')}"
            message = f"its interval is {text}; expected a multiple of {TICK}s"
            yield report(file, group.near("interval"), where, message)
