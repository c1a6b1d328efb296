"""A limit is changed in one place, and all follow: both engines' rules, runbook, panel, and the proof."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
import yaml

from alerts.cases import CASES
from alerts.model import Alert
from alerts.proof import run
from alerts.proof.plan import Plan
from alerts.rules import ALERTS
from alerts.runbooks import folder, runbook
from dashboards.stack import STACK
from dashboards.write import render
from signals.idioms import WINDOW, span
from signals.numbers import STATE, Limit, Number, Objective
from signals.promql import plain

THRESHOLDS = {alert.threshold.key: alert.threshold for alert in ALERTS}


def moved(number: Number) -> Number:
    """The number, elsewhere."""
    return replace(number, value=number.value * 1.5 or 1.0)


MOVED = {key: moved(number) for key, number in THRESHOLDS.items()}
OTHER = replace(
    STACK,
    limits=tuple(number for number in MOVED.values() if isinstance(number, Limit)),
    objectives=tuple(number for number in MOVED.values() if isinstance(number, Objective)),
)
FILES, OTHER_FILES = render(STACK), render(OTHER)
ids = [alert.name for alert in ALERTS]


def of_grafana(files: dict[str, bytes]) -> dict[str, list[float]]:
    """The limits of Grafana's rules."""
    groups = json.loads(files["grafana/alerting/rules.json"])["groups"]
    return {
        rule["title"]: rule["data"][1]["model"]["conditions"][0]["evaluator"]["params"]
        for group in groups for rule in group["rules"]
    }  # fmt: skip


def of_prometheus(files: dict[str, bytes]) -> dict[str, str]:
    """The PromQL of Prometheus' alerts."""
    rules = [
        rule for path, text in files.items() if path.startswith("prometheus/rules/")
        for group in yaml.safe_load(text)["groups"] for rule in group["rules"]
    ]  # fmt: skip
    return {rule["alert"]: rule["expr"] for rule in rules if "alert" in rule}


def drawn(files: dict[str, bytes], alert: Alert, number: Number) -> bool:
    """Whether the panel of the alert's signal changes its colour there, or just above."""
    uid, panel_id = STACK.panel_of(alert.signal)
    board = json.loads(files[f"grafana/dashboards/{uid}.json"])
    panels = [each for panel in board["panels"] for each in (panel, *panel.get("panels", ()))]
    (panel,) = [each for each in panels if each.get("id") == panel_id]
    found = _steps(panel["fieldConfig"])
    return any(math.isclose(number.value, line, rel_tol=1e-6, abs_tol=1e-6) for line in found)


def _steps(value: Any) -> list[float]:
    if isinstance(value, dict):
        own = [step["value"] for step in value.get("steps", ()) if step.get("value") is not None]
        return own + [found for each in value.values() for found in _steps(each)]
    return [found for each in value for found in _steps(each)] if isinstance(value, list) else []


RULES, GRAFANAS = of_grafana(FILES), of_grafana(OTHER_FILES)
# Those on the engine that notifies are loaded with it alone.
PROMETHEUS = of_prometheus(OTHER_FILES) | of_prometheus(render(replace(OTHER, engine="prometheus")))


@pytest.mark.parametrize("alert", ALERTS, ids=ids)
def test_both_engines_rules_follow(alert: Alert) -> None:
    value = MOVED[alert.threshold.key].value
    if "grafana" in alert.engines and alert.notifier != "prometheus":
        assert RULES[alert.name] == [alert.threshold.value]
        assert GRAFANAS[alert.name] == [value]
    if "prometheus" in alert.engines:
        assert f" {alert.operator} {plain(value)}" in PROMETHEUS[alert.name]


@pytest.mark.parametrize("alert", ALERTS, ids=ids)
def test_the_runbook_follows(alert: Alert) -> None:
    written = (folder() / f"{alert.name}.md").read_text()
    named = any(hole in written for hole in ("{limit}", f"{{number:{alert.threshold.key}}}", "{query}"))
    before, after = runbook(alert, STACK.rules), runbook(alert, OTHER.rules)
    assert (before != after) or not named


# The colours of states are no limits, and the heartbeat is shown to nobody.
DRAWN = [alert for alert in ALERTS if alert.threshold.unit is not STATE]


@pytest.mark.parametrize("alert", DRAWN, ids=lambda alert: alert.name)
def test_the_panels_line_follows(alert: Alert) -> None:
    assert drawn(FILES, alert, alert.threshold)
    assert drawn(OTHER_FILES, alert, MOVED[alert.threshold.key])


def test_many_lines_and_numbers_are_looked_at() -> None:
    told = [alert.name for alert in ALERTS if runbook(alert, STACK.rules) != runbook(alert, OTHER.rules)]
    assert len(told) > 0.8 * len(ALERTS), set(ids) - set(told)
    assert len(DRAWN) > 0.7 * len(ALERTS)


@pytest.mark.parametrize("name", ["RedisFragmentationHigh", "ApiNearCapacity", "PostgresBlockedSessions"])
def test_a_case_no_longer_passes_with_another_limit(name: str) -> None:
    case = next(case for case in CASES if case.alert.name == name)
    told = run.verdict(Plan(case, replace(OTHER.rules, time_scale=1.0))).failures
    assert any(failure.says.startswith("it fires once after") for failure in told)
    assert not run.verdict(Plan(case, STACK.rules)).failures


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_panel_counts_within_the_time_in_which_its_alert_allows_some(alert: Alert) -> None:
    """In a shorter window what is counted stays below the line while the alert fires."""
    text = alert.signal.query.text
    if text.startswith("round(") and alert.threshold.value:
        assert WINDOW not in text
        assert "{window}" not in alert.summary or f"[{span(alert.window)}]" in text


# Of fewer or less no share is worth an alert.
SMALL = {"redis_fragmentation_bytes", "minimum_dead", "redis_pattern_keys", "minimum_samples"}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_panel_says_of_how_little_its_line_means_nothing(alert: Alert) -> None:
    small = {number.key for guard in alert.guards for number in guard.numbers} & SMALL
    told = f"{alert.signal.why} {alert.signal.act}"
    assert all(f"{{number:{key}}}" in told for key in small), small
