"""Every check on routes, and on files as their readers read them, refuses what it is for."""

from __future__ import annotations

import pytest

from tests.checks.small import DROP, changed, judge, only
from tests.checks.small_alerts import (
    ALERTMANAGER,
    BY_GRAFANA,
    GRAFANA,
    NOTIFICATIONS,
    PROMETHEUS,
    ROUTE,
    RULE,
    TREE,
    Edits,
    judged,
)

POINTS = f"{NOTIFICATIONS} contactPoints"
CHILD = f"{TREE} routes 1"
INHIBITION = f"{ALERTMANAGER} inhibit_rules 0"
LOST = "lacks cluster, environment"

# check, what is changed, where it is found, what the message names, what the fix names
REFUSED: list[tuple[str, Edits, str, str, str]] = [
    ("one-policy-tree", [(f"{GRAFANA} policies", [{}])], "policies", "2 trees of policies", "Make them one"),
    ("one-policy-tree", [(f"{NOTIFICATIONS} policies", [])], "policies", "no tree of policies", "Render"),
    (
        "one-policy-tree",
        [(f"{TREE} object_matchers", [["a", "=", "b"]])],
        "root route",
        "object_matchers",
        "child",
    ),
    ("one-policy-tree", [(f"{TREE} mute_time_intervals", ["nights"])], "root route", "mute_time", "child"),
    ("one-policy-tree", [(f"{TREE} group_by", [])], "root route", "without group_by", "alertname"),
    (
        "one-policy-tree",
        [(f"{ROUTE} match", {"severity": "warning"})],
        "root route",
        "it has match;",
        "child",
    ),
    ("one-policy-tree", [(f"{ROUTE} group_by", DROP)], "root route", "without group_by", "alertname"),
    ("receiver-exists", [(f"{CHILD} receiver", "critcal")], "route 2", "receiver 'critcal'", "'critical'"),
    (
        "receiver-exists",
        [(f"{POINTS} 0 receivers 0 uid", "x" * 41)],
        "contact point critical",
        f"uid is '{'x' * 41}'; Grafana takes 1 to 40",
        "shorter",
    ),
    (
        "receiver-exists",
        [(f"{POINTS} 0 receivers 0 uid", "a hook")],
        "contact point critical",
        "uid is 'a hook'; Grafana takes 1 to 40",
        "shorter",
    ),
    ("receiver-exists", [(f"{TREE} receiver", DROP)], "root route", "receiver None", "critical, warning"),
    (
        "receiver-exists",
        [(f"{CHILD} routes 0 receiver", "pager")],
        "route 2.1",
        "'pager'",
        "There are: critical",
    ),
    ("receiver-exists", [(f"{ROUTE} routes 0 receiver", "warnin")], "route 1", "'warnin'", "'warning'"),
    ("receiver-exists", [(f"{CHILD} mute_time_intervals", ["night"])], "route 2", "'night' is", "'nights'"),
    (
        "receiver-exists",
        [(f"{ROUTE} routes 0 active_time_intervals", ["days"])],
        "route 1",
        "'days'",
        "nights",
    ),
    ("receiver-exists", [(f"{TREE} repeat_interval", "1 day")], "root route", "'1 day'; expected", "Correct"),
    ("receiver-exists", [(f"{CHILD} group_interval", "0s")], "route 2", "group_interval is '0s'", "Correct"),
    ("receiver-exists", [(f"{ROUTE} group_wait", 30)], "root route", "group_wait is 30", "Correct"),
    (
        "receiver-exists",
        [(f"{RULE} notification_settings", {"receiver": "team"})],
        "alert Small",
        "its receiver 'team' is not there",
        "There are: critical, warning",
    ),
    (
        "receiver-exists",
        [(f"{POINTS} 1 receivers 0 uid", "critical-hook")],
        "contact point warning",
        "uid 'critical-hook' is that of contact point critical",
        "of its own",
    ),
    (
        "receiver-exists",
        [(f"{POINTS} 0 receivers 0 uid", DROP)],
        "contact point critical",
        "uid ''",
        "of its own",
    ),
    (
        "receiver-exists",
        [(f"{POINTS} 0 receivers 0 settings", {})],
        "contact point critical",
        "'critical-hook' has no settings",
        "where it sends",
    ),
    ("route-identity", [(f"{TREE} group_by", ["alertname"])], "root route", f"group_by {LOST}", "Add"),
    ("route-identity", [(f"{CHILD} group_by", ["cluster"])], "route 2", "group_by lacks environment", "Add"),
    ("route-identity", [(f"{ROUTE} group_by", ["environment"])], "root route", "lacks cluster", "Add"),
    (
        "route-identity",
        [(f"{TREE} group_by", ["environment", "cluster", "cluster"])],
        "root route",
        "names a label twice",
        "Once",
    ),
    ("route-identity", [(f"{INHIBITION} equal", [])], "inhibition 1", f"equal {LOST}", "Add"),
    ("route-identity", [(f"{INHIBITION} equal", DROP)], "inhibition 1", "silences production", "Add"),
    (
        "route-value",
        [(f"{CHILD} object_matchers", [["severity", "=", "critcal"]])],
        "route 2",
        "it matches severity 'critcal', which no alert has",
        "'critical'",
    ),
    (
        "route-value",
        [(f"{CHILD} object_matchers", [["severity", "=~", "critical|page"]])],
        "route 2",
        "severity 'page'",
        "critical, info, warning",
    ),
    (
        "route-value",
        [(f"{CHILD} routes 0 object_matchers", [["service", "!=", "postgres"]])],
        "route 2.1",
        "service 'postgres'",
        "There are: redis",
    ),
    (
        "route-value",
        [(f"{ROUTE} routes 0 matchers", ['alertname = "Smal"'])],
        "route 1",
        "alertname 'Smal'",
        "'Small'",
    ),
    (
        "route-value",
        [(f"{INHIBITION} source_matchers", ["alertname=RedisDown"])],
        "inhibition 1",
        "alertname 'RedisDown'",
        "There are",
    ),
]


@pytest.mark.parametrize(("rule", "edits", "where", "names", "fix"), REFUSED)
def test_a_route_that_the_check_is_for_is_refused(
    rule: str, edits: Edits, where: str, names: str, fix: str
) -> None:
    found = [each for each in only(judged(edits), rule) if names in each.message]

    assert [each.where for each in found] == [where], f"{rule} finds {only(judged(edits), rule)}"
    assert fix in found[0].fix


# What looks like the above and is right.
RIGHT: list[tuple[str, Edits]] = [
    ("one-policy-tree", [(GRAFANA, DROP), (NOTIFICATIONS, DROP)]),
    ("one-policy-tree", [(f"{TREE} object_matchers", [])]),
    ("receiver-exists", [(f"{CHILD} receiver", DROP)]),
    ("receiver-exists", [(f"{TREE} group_wait", "0s")]),
    ("receiver-exists", [(f"{ROUTE} group_interval", "1h30m")]),
    ("receiver-exists", [(f"{RULE} notification_settings", {"receiver": "critical"})]),
    ("route-identity", [(f"{TREE} routes 0 group_by", DROP)]),
    ("route-identity", [(f"{TREE} group_by", ["..."])]),
    ("route-identity", [(f"{INHIBITION} equal", ["cluster", "instance", "environment"])]),
    ("route-value", [(f"{CHILD} object_matchers", [["severity", "=~", "(critical|pager.*)"]])]),
    ("route-value", [(f"{CHILD} object_matchers", [["team", "=", "payroll"]])]),
    ("route-value", [(f"{ROUTE} routes 0 matchers", ['severity=~"critical|warning"', "service!=redis"])]),
]


@pytest.mark.parametrize(("rule", "edits"), RIGHT)
def test_a_route_that_the_check_is_not_for_is_left_alone(rule: str, edits: Edits) -> None:
    assert only(judged(edits), rule) == []


# check, file, its bytes, where, what the message names, what the fix names
UNREAD = [
    ("file-readable", GRAFANA, b'{"groups": [', "file", "it cannot be read: Expecting value", "anew"),
    ("file-readable", GRAFANA, b'{"a": 1, "a": 2}', "file", "the keys ['a'] stand twice", "anew"),
    ("file-readable", GRAFANA, b'{"a": {"b": 1, "b": 2}}', "file", "the keys ['b'] stand twice", "anew"),
    ("file-readable", GRAFANA, b'{"a": "\xff"}', "file", "can't decode byte 0xff", "anew"),
    ("file-readable", PROMETHEUS, b"global: [", "file", "did not find expected node content", "anew"),
    ("file-readable", PROMETHEUS, b"a: 1\nb: 2\na: 3\n", "file", "a key stands twice", "anew"),
    ("file-readable", PROMETHEUS, b"a: !!python/name:os.system x\n", "file", "could not determine", "anew"),
    ("strict-json", GRAFANA, b'{\n"a": "\\ud83d\\udd25"}', "line 2", "half of a surrogate pair", "itself"),
    ("strict-json", GRAFANA, b'{"a": "\\/d"}', "line 1", "an escaped slash, '\\\\/'", "itself"),
    ("strict-json", NOTIFICATIONS, b'{"a":\n\n"\x7f"}', "line 3", "a control character, '\\x7f'", "drop it"),
]


@pytest.mark.parametrize(("rule", "file", "content", "where", "names", "fix"), UNREAD)
def test_a_file_that_its_reader_refuses_is_refused(
    rule: str, file: str, content: bytes, where: str, names: str, fix: str
) -> None:
    (found,) = only(judge(changed(BY_GRAFANA) | {file: content}), rule)

    assert (found.file, found.where) == (file, where)
    assert names in found.message
    assert fix in found.fix


def test_what_a_reader_takes_is_left_alone() -> None:
    right = {
        GRAFANA: '{"a": "≥ 🔥 a/b", "b": "\\u2265\\n"}'.encode(),
        # Grafana reads boards as JSON, not as YAML.
        "grafana/dashboards/small.json": b'{"title": "\\ud83d\\udd25 \\/"}',
        PROMETHEUS: b"a: 1\nb: {a: 1}\n",
        "alertmanager/oncall.tmpl": b"{{ no yaml: [",
    }
    assert only(judge(right), "file-readable", "strict-json") == []


COVERED = {rule for rule, *_ in (*REFUSED, *UNREAD)}
TAKEN = {rule for rule, _ in RIGHT} | {"file-readable", "strict-json"}
