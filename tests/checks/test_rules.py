"""Every check on rules refuses what it is for, by name, and leaves the right form alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.checks.small import BOARD_FILE, DROP, RULE_FILE, changed, judge, only
from tests.checks.small_alerts import (
    BY_ALERTMANAGER,
    BY_GRAFANA,
    GRAFANA,
    LABELS,
    RULE,
    RUNBOOK_FILE,
    THEIRS,
    Edits,
    grafanas,
    judged,
    prometheuss,
)

RULES = f"{GRAFANA} groups 0 rules"
DATA = f"{RULE} data 0"
TOLD = f"{RULE} annotations"
URL = "http://localhost:3000/d"
LINES = f"{BOARD_FILE} panels 0 fieldConfig defaults thresholds steps"
LIMIT = f"{RULE} data 1 model conditions 0 evaluator"
SHORT = {"name": "Other", "uid": "prometheus", "type": "loki"}

# check, what is changed, where it is found, what the message names, what the fix names
REFUSED: list[tuple[str, Edits, str, str, str]] = [
    ("rule-address", [(f"{RULE} uid", "a b")], "alert Small", "the uid 'a b' is refused", "1 to 40 letters"),
    (
        "rule-address",
        [(f"{RULE} uid", "x" * 41)],
        "alert Small",
        f"'{'x' * 41}' is refused",
        "1 to 40 letters",
    ),
    ("rule-address", [(f"{RULE} uid", DROP)], "alert Small", "the uid '' is refused", "1 to 40 letters"),
    ("rule-address", [(f"{RULE} title", "T" * 191)], f"alert {'T' * 191}", "has 191 characters", "Shorten"),
    (
        "rule-address",
        [(f"{RULE} title", "")],
        "alert ",
        "has 0 characters; Grafana takes 1 to 190",
        "Shorten",
    ),
    (
        "rule-address",
        [(RULES, [grafanas(), grafanas(title="Other")])],
        "alert Other",
        "uid 'small' is also",
        "Rename",
    ),
    (
        "rule-address",
        [(RULES, [grafanas(), grafanas(uid="b")])],
        "alert Small",
        "have the title 'Small'",
        "Rename",
    ),
    (
        "rule-address",
        [(f"{RULE_FILE} groups 0 rules", [prometheuss(), prometheuss()])],
        "alert Small",
        f"it is also in {RULE_FILE}",
        "Rename",
    ),
    (
        "rule-times",
        [(f"{GRAFANA} groups 0 interval", "15s")],
        "group small",
        "'15s'; expected a multiple",
        "Round",
    ),
    ("rule-times", [(f"{GRAFANA} groups 0 interval", "0s")], "group small", "interval is '0s'", "Round"),
    (
        "rule-times",
        [(f"{GRAFANA} groups 0 interval", 30)],
        "group small",
        "interval is 30; expected",
        "Round",
    ),
    ("rule-times", [(f"{GRAFANA} groups 0 interval", DROP)], "group small", "interval is None", "Round"),
    ("rule-times", [(f"{RULE} for", "5 minutes")], "alert Small", "for is '5 minutes'", "Correct"),
    (
        "rule-times",
        [(f"{RULE} keepFiringFor", 60)],
        "alert Small",
        "keepFiringFor is 60; expected",
        "Correct",
    ),
    ("rule-times", [(f"{THEIRS} for", "1m30")], "alert Small", "for is '1m30'", "Correct"),
    (
        "rule-times",
        [(f"{THEIRS} keep_firing_for", "0.5h")],
        "alert Small",
        "keep_firing_for is '0.5h'",
        "Correct",
    ),
    ("rule-states", [(f"{RULE} noDataState", "Ok")], "alert Small", "noDataState is 'Ok'", "KeepLast"),
    ("rule-states", [(f"{RULE} execErrState", DROP)], "alert Small", "execErrState is None", "KeepLast"),
    ("rule-states", [(f"{RULE} execErrState", "NoData")], "alert Small", "execErrState is 'NoData'", "Error"),
    (
        "rule-queries",
        [(f"{RULE} condition", "B")],
        "alert Small",
        "condition is 'B', and its queries are A, C",
        "Name",
    ),
    ("rule-queries", [(f"{RULE} condition", DROP)], "alert Small", "condition is None", "Name"),
    ("rule-queries", [(f"{DATA} refId", "C")], "alert Small", "two queries have one letter: C, C", "Rename"),
    (
        "rule-queries",
        [(f"{DATA} model refId", "B")],
        "alert Small, query A",
        "model has the refId 'B'",
        "equal",
    ),
    (
        "rule-queries",
        [(f"{DATA} model datasource uid", "p")],
        "alert Small, query A",
        "asks 'p', the query",
        "equal",
    ),
    (
        "rule-queries",
        [(f"{RULE} data 1 model expression", "B")],
        "alert Small, query C",
        "reads 'B', which",
        "Name",
    ),
    (
        "rule-queries",
        [(f"{DATA} datasourceUid", "mimir"), (f"{DATA} model datasource uid", "mimir")],
        "alert Small, query A",
        "its data source is 'mimir'; provisioned are prometheus",
        "Name",
    ),
    (
        "rule-queries",
        [(f"{DATA} relativeTimeRange", DROP)],
        "alert Small, query A",
        "time range is {}",
        "Correct",
    ),
    (
        "rule-queries",
        [(f"{DATA} relativeTimeRange from", 600.0)],
        "alert Small, query A",
        "'from': 600.0",
        "Correct",
    ),
    (
        "rule-queries",
        [(f"{DATA} relativeTimeRange from", 0)],
        "alert Small, query A",
        "'from': 0, 'to': 0",
        "Correct",
    ),
    (
        "rule-dollars",
        [(f"{RULE} title", "Costs $150")],
        "alert Costs $150",
        "the title is 'Costs $150'",
        "`$$`",
    ),
    ("rule-dollars", [(f"{GRAFANA} groups 0 name", "$team")], "alert Small", "the group is '$team'", "`$$`"),
    ("rule-dollars", [(f"{GRAFANA} groups 0 folder", "a$b")], "alert Small", "the folder is 'a$b'", "`$$`"),
    (
        "rule-dollars",
        [(f"{RULE} labels", LABELS | {"host": "{{ $labels.instance }}"})],
        "alert Small",
        "the label 'host' is '{{ $labels.instance }}'",
        "`$$`",
    ),
    (
        "rule-dollars",
        [(f"{TOLD} summary", "In ${HOME}.")],
        "alert Small",
        "annotation 'summary' has `${`",
        "Take it",
    ),
    (
        "rule-dollars",
        [(f"{TOLD} more", "$__file{/x}")],
        "alert Small",
        "annotation 'more' has `${` or `$__`",
        "Take it",
    ),
    (
        "rule-dollars",
        [(f"{THEIRS} labels", LABELS | {"now": "{{ $value }}"})],
        "alert Small",
        "the label 'now' holds the value",
        "annotation",
    ),
    ("rule-said", [(f"{TOLD} summary", DROP)], "alert Small", "it has no summary", "one sentence"),
    (
        "rule-said",
        [(f"{THEIRS} annotations description", " ")],
        "alert Small",
        "it has no description",
        "one sentence",
    ),
    (
        "rule-severity",
        [(f"{RULE} labels severity", "critcal")],
        "alert Small",
        "severity is 'critcal'",
        "'critical'",
    ),
    (
        "rule-severity",
        [(f"{THEIRS} labels", {})],
        "alert Small",
        "severity is None",
        "critical, info, warning",
    ),
    (
        "rule-severity",
        [(f"{THEIRS} labels severity", "page")],
        "alert Small",
        "severity is 'page'",
        "info, warning",
    ),
    (
        "rule-panel",
        [(f"{TOLD} __panelId__", DROP)],
        "alert Small",
        "__panelId__ is None; it needs both",
        "Show",
    ),
    (
        "rule-panel",
        [(f"{TOLD} __dashboardUid__", "gone")],
        "alert Small",
        "board 'gone' is not rendered",
        "Show",
    ),
    ("rule-panel", [(f"{TOLD} __panelId__", "99")], "alert Small", "board 'small' has no panel 99", "Show"),
    ("rule-panel", [(f"{TOLD} dashboard_url", f"{URL}/gone")], "alert Small", "board 'gone' is not", "Show"),
    (
        "rule-panel",
        [(f"{THEIRS} annotations dashboard_url", f"{URL}/small?viewPanel=panel-9")],
        "alert Small",
        "board 'small' has no panel 9",
        "Show",
    ),
    (
        "rule-panel",
        [(f"{THEIRS} annotations dashboard_url", "http://localhost:3000")],
        "alert Small",
        "dashboard_url 'http://localhost:3000' names no board",
        "Show",
    ),
    (
        "rule-runbook",
        [(f"{TOLD} runbook_url", DROP)],
        "alert Small",
        "runbook_url is ''; expected a panel",
        "Derive",
    ),
    (
        "rule-runbook",
        [(f"{THEIRS} annotations runbook_url", "https://wiki.example.org/small")],
        "alert Small",
        "is 'https://wiki.example.org/small'",
        "Derive",
    ),
    (
        "rule-runbook",
        [(f"{TOLD} runbook_url", f"{URL}/backend-runbooks?viewPanel=panel-12")],
        "alert Small",
        "panel 12 of backend-runbooks, which is Another",
        "alerts/runbooks/Small.md",
    ),
    (
        "rule-runbook",
        [(f"{RUNBOOK_FILE} panels", [])],
        "alert Small",
        "panel 11 of backend-runbooks, which is not there",
        "alerts/runbooks/Small.md",
    ),
    (
        "rule-line",
        [(f"{LINES} 1 value", 2)],
        "alert Small",
        "its limit 1 is no line of the panel 'Requests'",
        "Lines there: 2.",
    ),
    ("rule-line", [(LINES, [])], "alert Small", "its limit 1 is no line", "Lines there: none."),
    ("rule-line", [(f"{LINES} 1 color", "red")], "alert Small", "is red on the wrong side", "which side"),
    ("rule-line", [(f"{LIMIT} type", "gt")], "alert Small", "is green on the wrong side", "which side"),
]


@pytest.mark.parametrize(("rule", "edits", "where", "names", "fix"), REFUSED)
def test_a_rule_that_the_check_is_for_is_refused(
    rule: str, edits: Edits, where: str, names: str, fix: str
) -> None:
    found = [each for each in only(judged(edits), rule) if names in each.message]

    assert found, f"{rule} finds {only(judged(edits), rule)}"
    assert {each.where for each in found} == {where}
    assert all(fix in each.fix for each in found)


@pytest.mark.parametrize("documents", [BY_GRAFANA, BY_ALERTMANAGER], ids=["grafana", "prometheus"])
def test_an_alert_with_all_that_belongs_to_it_passes_every_check(documents: dict[str, Any]) -> None:
    assert judge(changed(documents)) == []


SILENT = grafanas() | {
    "annotations": {"summary": "x", "description": "x"},
    "labels": LABELS | {"severity": "info"},
}
# What looks like the above and is right.
RIGHT: list[tuple[str, Edits]] = [
    ("rule-address", [(f"{RULE} uid", "x" * 40), (f"{RULE} title", "T" * 190)]),
    ("rule-address", [(f"{RULE_FILE} groups 0 rules", [prometheuss(), prometheuss(name="Tiny")])]),
    (
        "rule-times",
        [(f"{GRAFANA} groups 0 interval", "1m30s"), (f"{RULE} for", "0s"), (f"{THEIRS} for", "1h30m")],
    ),
    ("rule-times", [(f"{RULE} for", DROP), (f"{THEIRS} keep_firing_for", DROP)]),
    ("rule-states", [(f"{RULE} noDataState", "Alerting"), (f"{RULE} execErrState", "Alerting")]),
    # An expression of Grafana's own has no range.
    ("rule-queries", [(f"{RULE} data 1 relativeTimeRange", {"from": 0, "to": 0})]),
    ("rule-queries", [(f"{RULE} data 1 model", {"refId": "C", "type": "math"})]),
    ("rule-dollars", [(f"{RULE} title", "Costs $$150"), (f"{RULE} labels x", "{{ $$labels.instance }}")]),
    ("rule-dollars", [(f"{TOLD} summary", "{{ $value }} of {{ $labels.instance }} for 5 $.")]),
    # Prometheus expands nothing but templates.
    ("rule-dollars", [(f"{THEIRS} labels host", "{{ $labels.instance }}")]),
    ("rule-said", [(f"{TOLD} summary", "x"), (f"{TOLD} more", "")]),
    ("rule-said", [(f"{RULE_FILE} groups 0 rules", [{"record": "job:http_requests:rate5m", "expr": "1"}])]),
    ("rule-severity", [(f"{RULE} labels severity", "info"), (f"{THEIRS} labels severity", "warning")]),
    ("rule-panel", [(RULE, SILENT)]),
    ("rule-panel", [(f"{THEIRS} annotations dashboard_url", DROP)]),
    ("rule-line", [(f"{LIMIT} type", "gt"), (f"{LINES} 1 color", "red")]),
    ("rule-line", [(f"{TOLD} __panelId__", "99"), (LINES, [])]),
    ("rule-line", [(f"{RULE} labels", {"severity": "info", "service": "redis"}), (LINES, [])]),
    ("rule-runbook", [(f"{TOLD} runbook_url", "/d/backend-runbooks?orgId=1&viewPanel=11")]),
]


@pytest.mark.parametrize(("rule", "edits"), RIGHT)
def test_a_rule_that_the_check_is_not_for_is_left_alone(rule: str, edits: Edits) -> None:
    assert only(judged(edits), rule) == []


COVERED = {rule for rule, *_ in REFUSED}
TAKEN = {rule for rule, _ in RIGHT}
