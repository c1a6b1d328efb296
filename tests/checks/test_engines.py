"""Two engines evaluate, one notifies: the checks refuse two voices, and silence."""

from __future__ import annotations

import pytest

from dashboards.checks import check_files
from dashboards.stack import STACK
from tests.checks.small import DROP, RULE_FILE, changed, only
from tests.checks.small_alerts import (
    ALERTMANAGER,
    BY_ALERTMANAGER,
    BY_GRAFANA,
    GRAFANA,
    NOTIFICATIONS,
    PROMETHEUS,
    RULE,
    SOURCE_FILE,
    THEIRS,
    Edits,
    judged,
    prometheuss,
)

RULES = f"{GRAFANA} groups 0 rules"
SHORT = {"name": "Other", "uid": "prometheus", "type": "loki"}

# check, what is changed, where it is found, what the message names, what the fix names
REFUSED: list[tuple[str, Edits, str, str, str]] = [
    (
        "both-engines",
        [(f"{RULE} labels service", "cache")],
        "alert Small",
        "'service': 'cache'} in Grafana",
        "one def",
    ),
    ("both-engines", [(f"{RULE_FILE} groups", [])], "alert Small", "Prometheus has no such alert", "Declare"),
    ("both-engines", [(f"{THEIRS} alert", "Tiny")], "alert Tiny", "Grafana has no such alert", "Declare"),
    (
        "one-notifier",
        [(f"{PROMETHEUS} alerting", {"alertmanagers": [{}]})],
        "alerting",
        "is told twice",
        "one engine",
    ),
    (
        "one-notifier",
        [(f"{PROMETHEUS} alerting", {"alertmanagers": [{}]})],
        "alerting",
        "to an Alertmanager that is not rendered",
        "one engine",
    ),
    (
        "one-notifier",
        [(GRAFANA, DROP), (NOTIFICATIONS, DROP)],
        "alerting",
        "neither Grafana nor an Alertmanager is told of alerts",
        "one engine",
    ),
    (
        "source-interval",
        [(f"{SOURCE_FILE} datasources 0 jsonData timeInterval", "30s")],
        "data source Prometheus",
        "timeInterval is '30s', and Prometheus scrapes every 15s",
        "equal",
    ),
    (
        "source-interval",
        [(f"{SOURCE_FILE} datasources 0 jsonData", DROP)],
        "data source Prometheus",
        "timeInterval is None",
        "equal",
    ),
    (
        "source-interval",
        [(f"{SOURCE_FILE} datasources 0 uid", DROP)],
        "data source Prometheus",
        "its uid None is missing",
        "of its own",
    ),
    (
        "source-interval",
        [(f"{SOURCE_FILE} datasources", [*BY_GRAFANA[SOURCE_FILE]["datasources"], SHORT])],
        "data source Other",
        "its uid 'prometheus' is missing or taken",
        "of its own",
    ),
]


@pytest.mark.parametrize(("rule", "edits", "where", "names", "fix"), REFUSED)
def test_engines_that_disagree_are_refused(rule: str, edits: Edits, where: str, names: str, fix: str) -> None:
    found = [each for each in only(judged(edits), rule) if names in each.message]

    assert [each.where for each in found] == [where], f"{rule} finds {only(judged(edits), rule)}"
    assert fix in found[0].fix


def test_an_alertmanager_that_hears_nothing_is_refused() -> None:
    edits = [(f"{PROMETHEUS} alerting", DROP)]
    found = only(judged(edits, BY_ALERTMANAGER), "one-notifier")

    assert [(each.file, each.message.partition(":")[0]) for each in found] == [
        (ALERTMANAGER, "Alertmanager is rendered, and Prometheus does not send to it"),
        (PROMETHEUS, "neither Grafana nor an Alertmanager is told of alerts"),
    ]


# What looks like the above and is right.
RIGHT: list[tuple[str, Edits]] = [
    # Only Grafana can fire where a query has no answer, and nobody is told of information.
    ("both-engines", [(f"{RULE_FILE} groups", []), (f"{RULE} execErrState", "Alerting")]),
    ("both-engines", [(GRAFANA, {"groups": []})]),
    (
        "both-engines",
        [(f"{RULE_FILE} groups 0 rules", [prometheuss(), prometheuss("Tiny", labels={"severity": "info"})])],
    ),
    ("one-notifier", [(GRAFANA, DROP), (NOTIFICATIONS, DROP), (f"{RULE_FILE} groups", [])]),
    ("one-notifier", [(PROMETHEUS, DROP), (GRAFANA, DROP)]),
    ("source-interval", [(f"{SOURCE_FILE} datasources 0 jsonData timeInterval", "15000ms")]),
    (
        "source-interval",
        [(f"{SOURCE_FILE} datasources 0 type", "loki"), (f"{SOURCE_FILE} datasources 0 jsonData", {})],
    ),
]


@pytest.mark.parametrize(("rule", "edits"), RIGHT)
def test_engines_that_agree_are_left_alone(rule: str, edits: Edits) -> None:
    assert only(judged(edits), rule) == []


def test_an_alert_may_be_declared_for_one_engine() -> None:
    for edits in ([(f"{RULE_FILE} groups", [])], [(f"{THEIRS} alert", "Tiny"), (RULES, [])]):
        files = changed(BY_GRAFANA, *edits)
        found = check_files(files, STACK.catalogue, identity=STACK.identity, alone=("Small", "Tiny"))
        assert only(found, "both-engines") == []


COVERED = {rule for rule, *_ in REFUSED}
TAKEN = {rule for rule, _ in RIGHT}
