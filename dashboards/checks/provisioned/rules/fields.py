"""Fields by their names and types: what Grafana's and Prometheus' readers take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned.check import IGNORED, STOPS, Report, check
from dashboards.checks.provisioned.decoded import Problem, Sort, decoded
from dashboards.checks.provisioned.files import Files


def _problems(files: Files) -> list[Problem]:
    return [each for file in files.files for each in decoded(file)]


def _told(files: Files, report: Report, sort: Sort) -> Iterator[Finding]:
    for each in files.derived(_problems):
        if each.sort == sort:
            yield report(each.file, each.node, each.where, each.message, each.fix, each.effect)


@check(
    "field-known",
    summary="every field is one that is read",
    cause="A misspelt field, one in another case, or one of the HTTP API, such as `grafana_alert`.",
    effect=IGNORED,
    fix="Spell it as the reader does.",
    wrong="""
        groups:
          - name: api
            folder: team
            interval: 1m
            rules: []
            intervall: 30s
    """,
    right="""
        groups:
          - name: api
            folder: team
            interval: 1m
            rules: []
    """,
)
def known(files: Files, report: Report) -> Iterator[Finding]:
    """Grafana drops a field that it does not know; Prometheus refuses the file."""
    return _told(files, report, "known")


@check(
    "field-type",
    summary="every field has the type that its reader takes",
    cause="Text where a list belongs, a number in quotation marks, a number where text passes through JSON.",
    effect=STOPS,
    fix="Give it the right type.",
    wrong="""
        policies:
          - receiver: grafana-default-email
            group_by: alertname
    """,
    right="""
        policies:
          - receiver: grafana-default-email
            group_by: [alertname]
    """,
)
def types(files: Files, report: Report) -> Iterator[Finding]:
    """One wrong type ends the whole server."""
    return _told(files, report, "type")


@check(
    "field-required",
    summary="no field is missing that its reader asks for",
    cause="A rule without its uid, a group without a folder, a contact point without settings.",
    effect=STOPS,
    fix="Give it one.",
    wrong="""
        apiVersion: 1
        groups:
          - name: api
            interval: 1m
            rules: []
    """,
    right="""
        apiVersion: 1
        groups:
          - name: api
            folder: team
            interval: 1m
            rules: []
    """,
)
def required(files: Files, report: Report) -> Iterator[Finding]:
    """What is missing, and what is there and empty."""
    yield from _told(files, report, "required")
    for rule in files.rules:
        if not rule.node.said("condition") and rule.node.get("record") is None:
            yield report(rule.file, rule.node.near("condition"), rule.where, "the rule has no condition")
        data = rule.node.get("data")
        if data is not None and data.kind == "list" and not data.items:
            yield report(rule.file, data, rule.where, "the rule has no query in data")


@check(
    "field-value",
    summary="every value is one of those that there are, and every duration one",
    cause="A state in another case, `5 m`, `1.5h`, a bare number of seconds.",
    effect=STOPS,
    fix="Choose one that there is.",
    wrong="""
        groups:
          - name: api
            folder: team
            interval: 60
            rules: []
    """,
    right="""
        groups:
          - name: api
            folder: team
            interval: 60s
            rules: []
    """,
)
def values(files: Files, report: Report) -> Iterator[Finding]:
    """States and durations."""
    yield from _told(files, report, "value")
    for rule in files.rules:
        key = "missing_series_evals_to_resolve"
        text = rule.node.said(key)
        if re.fullmatch(r"-[0-9]+|0+", text):
            message = f"{key} is {text}; expected 1 or more"
            yield report(rule.file, rule.node.near(key), rule.where, message)
