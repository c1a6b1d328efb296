"""Grafana reads JSON of alerts with a YAML parser, which takes less."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.provisioned.reader import at, json_refused
from dashboards.checks.subject import ALERTING, Subject


@file_rule(
    "strict-json", "alerting files have nothing that Grafana's YAML parser refuses in JSON", about="own"
)
def strict(subject: Subject, report: Report) -> Iterator[Finding]:
    """Right as JSON, and yet the end of Grafana at start."""
    for path, content in subject.files.items():
        if path.startswith(ALERTING) and path.endswith(".json"):
            text = content.decode("utf-8", "replace")
            for found, what in json_refused(text):
                line, _ = at(text, found.start())
                message = f"it has {what}, {found[0]!r}, which Grafana's parser refuses"
                yield report(path, f"line {line}", message, "Write the character itself, or drop it.")
