"""The file of rules: what Grafana reads, with the types it takes, and nothing that ends the server."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import grafana
from alerts.proof.plan import CONTEXT
from alerts.rules import ALERTS

Json = dict[str, Any]

# What Grafana 12.2 and later read; they ignore any other key without a word.
FILE = {"apiVersion": int, "groups": list}
GROUP = {"orgId": int, "name": str, "folder": str, "interval": str, "rules": list}
RULE = {
    "uid": str, "title": str, "condition": str, "data": list, "for": str, "keepFiringFor": str,
    "missing_series_evals_to_resolve": int, "noDataState": str, "execErrState": str,
    "annotations": dict, "labels": dict, "isPaused": bool,
}  # fmt: skip
QUERY = {"refId": str, "datasourceUid": str, "relativeTimeRange": dict, "model": dict}
STATES = {"noDataState": {"OK", "Alerting"}, "execErrState": {"KeepLast", "Alerting"}}
UID = re.compile(r"[a-zA-Z0-9_-]{1,40}\Z")


def knows(schema: Mapping[str, type], value: Json) -> bool:
    return value.keys() <= schema.keys() and all(type(each) is schema[key] for key, each in value.items())


def rules(scale: float = 1.0) -> list[tuple[Json, Json]]:
    rendered = grafana.render(ALERTS, replace(CONTEXT, time_scale=scale))
    return [(group, rule) for group in rendered["groups"] for rule in group["rules"]]


def seconds(duration: str) -> int:
    return sum(
        int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
        for number, unit in re.findall(r"(\d+)([smhd])", duration)
    )


def test_every_key_is_one_that_grafana_reads() -> None:
    rendered = grafana.render(ALERTS, CONTEXT)
    assert knows(FILE, rendered)
    for group, rule in rules():
        assert knows(GROUP, group)
        assert knows(RULE, rule)
        assert rule.keys() == RULE.keys()
        assert all(knows(QUERY, query) for query in rule["data"])
        assert all(type(value) is str for part in ("labels", "annotations") for value in rule[part].values())


def test_the_file_survives_the_yaml_reader_that_grafana_uses_for_json() -> None:
    rendered = grafana.render(ALERTS, CONTEXT)
    text = json.dumps(rendered, ensure_ascii=False, indent=2, sort_keys=True)
    assert "\\u" not in text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)
    assert yaml.safe_load(text) == rendered


def test_uids_are_short_plain_and_unique() -> None:
    uids = [rule["uid"] for _, rule in rules()]
    assert all(UID.match(uid) for uid in uids)
    assert len(uids) == len(set(uids)) == sum("grafana" in alert.engines for alert in ALERTS)


def test_every_reference_inside_a_rule_exists() -> None:
    for _, rule in rules():
        value, threshold = rule["data"]
        assert rule["condition"] == threshold["refId"] == threshold["model"]["refId"]
        assert threshold["model"]["expression"] == value["refId"] == value["model"]["refId"]
        assert value["datasourceUid"] == value["model"]["datasource"]["uid"] == "prometheus"
        assert threshold["datasourceUid"] == "__expr__"
        assert (value["model"]["instant"], value["model"]["range"]) == (True, False)
        assert rule["isPaused"] is False


def test_time_ranges_are_whole_seconds_and_not_empty() -> None:
    for scale in (1, 0.01):
        for _, rule in rules(scale):
            span = rule["data"][0]["relativeTimeRange"]
            assert type(span["from"]) is type(span["to"]) is int
            assert span["from"] > span["to"]


# Every rule is rendered anew, which takes as long as a busy machine lets it.
@settings(deadline=None)
@given(scale=st.floats(min_value=0.001, max_value=3))
def test_intervals_and_holds_fit_grafanas_clock_at_any_scale(scale: float) -> None:
    for (group, rule), alert in zip(rules(scale), (a for a in ALERTS if "grafana" in a.engines), strict=True):
        interval, hold = seconds(group["interval"]), seconds(rule["for"])
        assert interval >= 10
        assert interval % 10 == 0
        assert hold % interval == 0
        assert hold == 0 or hold >= interval
        assert alert.hold * scale - 0.001 <= hold < alert.hold * scale + interval
        assert seconds(rule["keepFiringFor"]) >= alert.keep * scale - 0.001


def test_annotations_link_to_the_panel_and_hold_nothing_that_grafana_expands() -> None:
    by = {alert.name: set(map(str, alert.by)) for alert in ALERTS}
    for _, rule in rules():
        told = rule["annotations"]
        assert told["__dashboardUid__"] == "backend-api"
        assert told["__panelId__"] == "7"
        path, *variables = told["dashboard_url"].split("&")
        assert path == "http://localhost:3000/d/backend-api?viewPanel=panel-7"
        names = (
            "environment",
            "cluster",
            *(name for name in ("job", "instance") if name in by[rule["title"]]),
        )
        kept = [f"var-{name}={{{{ $labels.{name} | urlquery }}}}" for name in names]
        assert variables == ([] if rule["title"] in ("PrometheusUnreachable", "Watchdog") else kept)
        assert told["runbook_url"] == "http://localhost:3000/d/backend-runbooks?viewPanel=panel-9"
        assert not [text for text in told.values() if "${" in text or "$__" in text]


def test_labels_hold_no_value_and_nothing_that_grafana_expands() -> None:
    for _, rule in rules():
        assert rule["labels"].keys() == {"severity", "service"}
        assert rule["labels"]["severity"] in {"critical", "warning"} or rule["title"] == "Watchdog"
        assert "$" not in json.dumps(rule["labels"]) + rule["title"] + rule["uid"]


def test_one_rule_speaks_for_a_dead_data_source_and_the_others_keep_their_state() -> None:
    for _, rule in rules():
        states = (rule["noDataState"], rule["execErrState"])
        alone = rule["title"] == "PrometheusUnreachable"
        assert states == (("Alerting", "Alerting") if alone else ("OK", "KeepLast"))
        assert rule["missing_series_evals_to_resolve"] == 1


def test_the_threshold_is_the_limit_and_the_value_is_not_compared_with_it() -> None:
    found = {rule["title"]: rule["data"] for _, rule in rules()}
    value, threshold = found["ApiLatencyP95High"]
    assert threshold["model"]["conditions"] == [{"evaluator": {"type": "gt", "params": [0.15]}}]
    assert "0.15" not in value["model"]["expr"]
    guard = (
        " and on (environment, cluster, job) (sum by (environment, cluster, job) "
        '(rate(http_requests_total{handler!="__unmatched__"}[5m])) > 1) and on '
    )
    assert guard in value["model"]["expr"]
    assert found["RedisDown"][1]["model"]["conditions"] == [{"evaluator": {"type": "lt", "params": [1]}}]


def test_a_text_without_a_value_does_not_fail_to_expand() -> None:
    found = {rule["title"]: rule["annotations"]["summary"] for _, rule in rules()}
    assert found["ApiLatencyP95High"] == (
        "p95 of {{ $labels.job }} is "
        "{{ if print $value }}{{ $value | humanizeDuration }}{{ end }}, above 150 ms."
    )


def test_of_what_notifies_nobody_the_heartbeat_alone_is_there() -> None:
    assert [rule["title"] for _, rule in rules() if rule["labels"]["severity"] == "info"] == ["Watchdog"]
