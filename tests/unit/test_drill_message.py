"""A message with a wrong value, or whose links lead elsewhere, fails a drill."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from alerts.model import Alert
from alerts.proof.templates import FORMATS
from alerts.rules import ALERTS
from dashboards.drill import links
from dashboards.drill.message import Messages
from dashboards.drill.value import PATTERNS, is_beyond, read
from dashboards.drill.watch import Chat, Told
from tests.unit.test_drill import DOWN, DRILL, SITE, beyond, told

MESSAGES = Messages(SITE)
BY_NAME = {alert.name: alert for alert in ALERTS}
WITH_VALUE = [alert for alert in ALERTS if "$value" in alert.summary]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_value_just_beyond_the_limit_is_one(alert: Alert) -> None:
    drill = replace(DRILL, about={})
    for share in (0.0001, 0.5):
        assert MESSAGES.problems(told(alert, beyond(alert, share)), drill) == []


@pytest.mark.parametrize("alert", WITH_VALUE, ids=lambda alert: alert.name)
def test_a_value_within_the_limit_is_none(alert: Alert) -> None:
    for share in (-0.01, -0.5):
        (problem,) = MESSAGES.problems(told(alert, beyond(alert, share)), replace(DRILL, about={}))
        assert f"which is not {alert.operator} " in problem


@pytest.mark.parametrize(
    ("name", "was", "value"),
    [
        ("PostgresConnectionsHigh", "90%", "0%"),
        ("PostgresConnectionsHigh", "90%", "80"),
        ("PostgresConnectionsHigh", "90%", "-90%"),
        ("ApiWorkersMissing", "1 ", "0 "),
        ("ApiWorkersMissing", "1 ", "-17 "),
        ("ApiWorkersMissing", "1 ", "999y "),
        ("ApiLatencyP95High", "225ms", "225us"),
        ("PostgresXidAgeHigh", "750M", "750k"),
        ("PostgresIdleInTransaction", "7m 30s", "30s"),
        ("PostgresReplicationSlotInactive", "1.5Gi", "1.5Mi"),
    ],
)
def test_a_value_that_cannot_have_fired_is_said(name: str, was: str, value: str) -> None:
    alert, drill = BY_NAME[name], replace(DRILL, about={})
    at = 1.0 if name == "ApiWorkersMissing" else 0.9 if was == "90%" else None
    good = told(alert, at).alert["annotations"]["summary"]
    assert good.count(was) == 1, good
    assert MESSAGES.problems(told(alert, at), drill) == []
    (problem,) = MESSAGES.problems(told(alert, at, summary=good.replace(was, value)), drill)
    assert "which is not" in problem or "is not " in problem


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_written_is_read_back(form: str) -> None:
    for value in (0.0, 0.00042, 0.5, 1.0, 7.25, 59.0, 61.0, 999.0, 1e5, 3.7e6, 86_400.0 * 3 + 61, 2.5e9):
        for signed in (value, -value):
            text = FORMATS[form](signed)
            assert re.fullmatch(PATTERNS[form], text), text
            assert read(form, text) == pytest.approx(signed, rel=1e-3)


def test_a_value_that_is_written_as_the_limit_is_may_be_beyond_it() -> None:
    assert is_beyond("humanizePercentage", "80%", ">", 0.8)
    assert not is_beyond("humanizePercentage", "79.99%", ">", 0.8)
    assert is_beyond("humanizeDuration", "1m 0s", ">", 60.5)
    assert not is_beyond("humanize", "0", ">", 0)
    assert not is_beyond("", "1", "<", 1)
    assert is_beyond("humanize", "+Inf", ">", 3)


# 23:00 on the day of the message, less an hour.
FROM = 1_795_903_200_125
SILENCE = (
    "http://am:9093/#/silences/new?filter=%7Balertname%3D%22RedisDown%22%2Cservice%3D%22redis%22%2C"
    "environment%3D%22production%22%2Ccluster%3D%22main%22%7D"
)


def chat(**changed: str) -> tuple[Chat, Told]:
    """What a chat shows of RedisDown; another address for a link, or none, where it is said."""
    message = told(DOWN)
    annotations = message.alert["annotations"]
    panel = f"{annotations['dashboard_url']}&from={FROM}&to=now"
    found = {"Panel": panel, "Runbook": annotations["runbook_url"], "Silence": SILENCE, **changed}
    shown = " · ".join(f"<{address}|{name}>" for name, address in found.items() if address)
    text = f"*{annotations['summary']}*\n{annotations['action']}\n{shown}"
    return Chat(received=1.0, title="[FIRING 1] critical · redis · RedisDown", text=text), message


def test_a_chat_shows_severity_service_sentence_and_what_to_do() -> None:
    good, message = chat()
    assert MESSAGES.worded(good, message) == []
    annotations = message.alert["annotations"]
    for changed in (
        replace(good, title="[FIRING 1] redis · RedisDown"),
        replace(good, title="[FIRING 1] critical · RedisDown"),
        replace(good, text=good.text.replace(annotations["summary"], "")),
        replace(good, text=good.text.replace(annotations["action"], "")),
    ):
        (problem,) = MESSAGES.worded(changed, message)
        assert "lacks" in problem


PANEL = told(DOWN).alert["annotations"]["dashboard_url"]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"Silence": ""}, "has no link Silence"),
        ({"Panel": "", "Runbook": ""}, "has no link Panel, Runbook"),
        ({"Panel": f"{PANEL}&to=now"}, "shows from no time; expected 1795903200125"),
        ({"Panel": f"{PANEL}&from=0&to=1"}, "shows from 0; expected 1795903200125"),
        ({"Panel": f"{PANEL}&from={FROM + 3_600_000}&to=now"}, "an hour before 2026-11-28T23:00:00.125Z"),
        (
            {"Panel": f"{PANEL.replace('localhost', 'nowhere.invalid')}&from={FROM}&to=now"},
            "does not lead to http://localhost:3000",
        ),
        ({"Panel": f"http://localhost:3000/d/other?viewPanel=panel-1&from={FROM}"}, "does not lead to panel"),
        (
            {"Runbook": "ftp://dead/backend-runbooks"},
            "the chat's Runbook 'ftp://dead/backend-runbooks' is not",
        ),
        ({"Silence": "http://am:9093/#/silences"}, "has no matchers that can be read"),
        ({"Silence": SILENCE.removesuffix("%7D")}, "has no matchers that can be read"),
        ({"Silence": SILENCE.replace("%22RedisDown%22", "RedisDown")}, "has no matchers that can be read"),
        ({"Silence": SILENCE.replace("RedisDown", "ApiDown")}, "would not silence this alert: alertname"),
        ({"Silence": SILENCE.replace("main", "other")}, "would not silence this alert: cluster is 'main'"),
        ({"Silence": SILENCE.replace("cluster", "pod")}, "would not silence this alert: pod is None"),
        (
            {"Silence": SILENCE.replace("alertname%3D%22RedisDown%22%2C", "")},
            "would silence other alerts too",
        ),
    ],
)
def test_links_of_a_chat_that_lead_elsewhere_are_said(changed: dict[str, str], problem: str) -> None:
    found = MESSAGES.worded(*chat(**changed))
    assert len(found) == 1, found
    assert problem in found[0]


def test_the_silence_link_of_grafana_is_read_too() -> None:
    link = (
        "http://g/alerting/silence/new?alertmanager=grafana&matcher=alertname%3DRedisDown&matcher=service%3D"
    )
    assert links.unsilenced(f"{link}redis", told(DOWN).alert["labels"]) == []
    assert "service is 'redis'" in links.unsilenced(f"{link}api", told(DOWN).alert["labels"])[0]
