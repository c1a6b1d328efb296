"""Grafana expands `$` in some fields and not in others; a `$` too many empties a text or ends the server."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import of_both, of_grafana
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

EXPANDED = re.compile(r"\$\{|\$__")
VALUE = re.compile(r"\$value|\.Value\b|\$values")


def _single_dollar(text: str) -> bool:
    return "$" in text.replace("$$", "")


@file_rule(
    "rule-dollars",
    "no text of a rule is expanded by accident, and no label changes with the value",
    about="own",
)
def interpolation(subject: Subject, report: Report) -> Iterator[Finding]:
    """`$` in titles, names, labels and annotations."""
    for path, where, group, rule in of_grafana(subject):
        fields = {"title": rule.get("title"), "group": group.get("name"), "folder": group.get("folder")}
        fields |= {f"label {key!r}": value for key, value in rule.get("labels", {}).items()}
        for what, text in fields.items():
            if _single_dollar(str(text)):
                message = f"the {what} is {text!r}; Grafana expands `$` there"
                yield report(path, where, message, "Double it: `$$`.")
        for key, text in rule.get("annotations", {}).items():
            if EXPANDED.search(str(text)):
                message = f"the annotation {key!r} has `${{` or `$__`, which Grafana expands: {text!r}"
                yield report(path, where, message, "Take it out.")
    for path, where, rule in of_both(subject):
        for key, text in rule.get("labels", {}).items():
            if VALUE.search(str(text)):
                message = f"the label {key!r} holds the value: each new value is a new alert, never firing"
                yield report(path, where, message, "Put the value into an annotation.")
