"""The rule files: Prometheus loads them, and they say what Grafana's rules say."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from alerts import grafana, prometheus
from alerts.model import AlertError
from alerts.proof.plan import CONTEXT
from alerts.rules import ALERTS, slo
from dashboards.stack import STACK
from signals.idioms import enclosed
from signals.levels import AVAILABILITY, SERVICE_LEVELS
from signals.promql import plain
from signals.slo import HOUR

Json = dict[str, Any]

RECORDINGS = STACK.recorded


def rules(scale: float = 1.0) -> dict[str, Json]:
    files = prometheus.render(ALERTS, RECORDINGS, replace(CONTEXT, time_scale=scale))
    found = [rule for file in files.values() for group in file["groups"] for rule in group["rules"]]
    return {rule["alert"]: rule for rule in found if "alert" in rule}


@pytest.mark.parametrize("scale", [1.0, 0.05])
def test_prometheus_loads_every_file(scale: float, tmp_path: Path) -> None:
    files = prometheus.render(ALERTS, RECORDINGS, replace(CONTEXT, time_scale=scale))
    for name, content in files.items():
        (tmp_path / f"{name}.yml").write_text(yaml.safe_dump(content, allow_unicode=True))
    paths = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(["promtool", "check", "rules", *paths], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    theirs = [alert for alert in ALERTS if "prometheus" in alert.engines]
    written = [rule for file in files.values() for group in file["groups"] for rule in group["rules"]]
    assert len(written) == len(theirs) + len(RECORDINGS)


def test_recordings_come_first_and_each_service_has_a_group() -> None:
    files = prometheus.render(ALERTS, RECORDINGS, CONTEXT)
    services = dict.fromkeys(alert.service for alert in ALERTS)
    assert list(files) == ["recorded", "availability", "latency", *services]
    for name in ("recorded", *(level.key for level in SERVICE_LEVELS)):
        rules = files[name]["groups"][0]["rules"]
        found = [rule.get("record") for rule in rules]
        wanted = [recording.metric.name for recording in RECORDINGS if recording.group == name]
        assert found == wanted + [None] * (len(rules) - len(wanted))
    assert all(group["interval"] == "30s" for file in files.values() for group in file["groups"])


def test_an_alert_stands_in_the_group_of_what_it_reads() -> None:
    files = prometheus.render(ALERTS, RECORDINGS, CONTEXT)
    alone = [rule.get("alert") for rule in files["availability"]["groups"][0]["rules"]]
    assert alone[-2:] == ["ApiErrorBudgetBurnFast", "ApiErrorBudgetBurnSlow"]


def test_an_alert_that_reads_two_groups_is_refused() -> None:
    both = replace(slo.API_LATENCY_BUDGET_BURN_FAST, guards=(AVAILABILITY.counted(HOUR),))
    with pytest.raises(AlertError, match="of the groups availability, latency; expected one"):
        prometheus.group_for(both)


def test_what_grafana_alone_evaluates_is_left_out() -> None:
    assert rules().keys() == {alert.name for alert in ALERTS} - {"PrometheusUnreachable"}


def test_times_scale_and_no_time_is_left_out() -> None:
    assert (rules()["RedisHitRatioLow"]["for"], rules(0.1)["RedisHitRatioLow"]["for"]) == ("10m", "1m")
    assert "for" not in rules()["DbPoolTimeouts"]
    assert "keep_firing_for" not in rules()["ExpectedIndexMissing"]


def test_labels_and_annotations_are_those_of_grafana_but_for_its_own() -> None:
    told = {
        rule["title"]: rule for group in grafana.render(ALERTS, CONTEXT)["groups"] for rule in group["rules"]
    }
    for name, rule in rules().items():
        if name not in told:
            continue
        theirs = dict(told[name]["annotations"])
        theirs["summary"] = theirs["summary"].replace("{{ if print $value }}", "").replace("{{ end }}", "")
        del theirs["__dashboardUid__"], theirs["__panelId__"]
        assert rule["annotations"] == theirs
        assert rule["labels"] == told[name]["labels"]


def test_both_engines_compare_one_value_with_one_limit_behind_the_same_guards() -> None:
    known = {alert.name: alert for alert in ALERTS}
    for group in grafana.render(ALERTS, CONTEXT)["groups"]:
        for rule in group["rules"]:
            if rule["title"] not in rules():
                continue
            alert = known[rule["title"]]
            query = alert.signal.query
            value = CONTEXT.fill(replace(query, text=enclosed(query.text)), alert.window)
            asked = rule["data"][0]["model"]["expr"]
            assert asked.startswith(value)
            guards = asked.removeprefix(value)
            threshold = rule["data"][1]["model"]["conditions"][0]["evaluator"]
            sign, limit = {"gt": ">", "lt": "<"}[threshold["type"]], threshold["params"][0]
            compared = f"{value} {sign} {plain(limit)}"
            assert rules()[alert.name]["expr"] == (f"({compared}){guards}" if guards else compared)


@pytest.mark.parametrize("scale", [1.0, 0.05])
def test_every_expression_is_promql(scale: float) -> None:
    for rule in rules(scale).values():
        promql_parser.parse(rule["expr"])
