"""Grafana reads JSON of alerts with a YAML parser, which takes less."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import ALERTING, Subject

REFUSED = (
    (re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"), "half of a surrogate pair as an escape"),
    (re.compile(r"\\/"), "an escaped slash"),
    (re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"), "a control character"),
)


@file_rule(
    "strict-json", "alerting files have nothing that Grafana's YAML parser refuses in JSON", about="own"
)
def strict(subject: Subject, report: Report) -> Iterator[Finding]:
    """Right as JSON, and yet the end of Grafana at start."""
    for path, content in subject.files.items():
        if path.startswith(ALERTING) and path.endswith(".json"):
            text = content.decode("utf-8", "replace")
            for pattern, what in REFUSED:
                found = pattern.search(text)
                if found:
                    line = text.count("\n", 0, found.start()) + 1
                    message = f"it has {what}, {found[0]!r}, which Grafana's parser refuses"
                    yield report(path, f"line {line}", message, "Write the character itself, or drop it.")
