"""Contact points, routes, Alertmanager's configuration: each hears what is theirs, and no secret is shown."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts import notify
from alerts.model import Alert
from alerts.notifications import (
    NOTIFICATIONS,
    Channel,
    Email,
    Notifications,
    NotifyError,
    PagerDuty,
    SecretRef,
    Slack,
    Webhook,
)
from alerts.proof.plan import CONTEXT
from alerts.rules import ALERTS

Json = dict[str, Any]

WEBHOOK = Webhook(url="http://127.0.0.1:9095/", token=SecretRef(file="webhook_token"))
SLACK = Slack(url=SecretRef(file="slack_url"))
PAGER = PagerDuty(key=SecretRef(file="/etc/keys/pagerduty"))
MAIL = Email(
    to=("oncall@example.org", "second@example.org"),
    sender="alerts@example.org",
    smarthost="mail.example.org:587",
    username="alerts",
    password=SecretRef(file="mail_password"),
)
EVERY = Notifications(critical=(PAGER, SLACK, WEBHOOK), warning=(MAIL, SLACK), heartbeat=(WEBHOOK,))
REFERENCE = re.compile(r"\$__(file|env)\{[A-Za-z0-9_./-]+\}\Z")


def amtool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["amtool", *words], check=False, capture_output=True, text=True)


def write(folder: Path, notifications: Notifications, scale: float = 1.0) -> Path:
    context = replace(CONTEXT, time_scale=scale)
    config, template = notify.alertmanager(notifications, ALERTS, context)
    (folder / "oncall.tmpl").write_text(template)
    path = folder / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True))
    return path


@pytest.mark.parametrize("notifications", [NOTIFICATIONS, EVERY], ids=["default", "every channel"])
@pytest.mark.parametrize("scale", [1.0, 0.02])
def test_alertmanager_takes_the_configuration(
    notifications: Notifications, scale: float, tmp_path: Path
) -> None:
    done = amtool("check-config", str(write(tmp_path, notifications, scale)))
    assert done.returncode == 0, done.stderr
    assert "1 templates" in done.stdout


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({"alertname": "ApiDown", "severity": "critical", "service": "api"}, "critical"),
        ({"alertname": "RedisHitRatioLow", "severity": "warning", "service": "redis"}, "warning"),
        ({"alertname": "Watchdog", "severity": "info", "service": "telemetry"}, "heartbeat"),
        ({"alertname": "Another", "severity": "info"}, "nobody"),
        ({"alertname": "SomebodyElses"}, "warning"),
        ({"alertname": "SomebodyElses", "severity": "page"}, "warning"),
    ],
    ids=str,
)
def test_each_alert_reaches_its_receiver(labels: Mapping[str, str], receiver: str, tmp_path: Path) -> None:
    words = [f"{name}={value}" for name, value in labels.items()]
    path = write(tmp_path, EVERY)
    verify = ("config", "routes", "test", f"--config.file={path}")
    assert amtool(*verify, f"--verify.receivers={receiver}", *words).returncode == 0
    assert amtool(*verify, "--verify.receivers=somebody-else", *words).returncode == 1


@pytest.mark.parametrize(
    "alert", [each for each in ALERTS if "prometheus" in each.engines], ids=lambda alert: alert.name
)
def test_every_alert_is_routed_by_its_severity(alert: Alert, tmp_path: Path) -> None:
    expected = "heartbeat" if alert.name == "Watchdog" else alert.severity.value
    labels = (f"alertname={alert.name}", f"severity={alert.severity}", f"service={alert.service}")
    config = f"--config.file={write(tmp_path, EVERY)}"
    done = amtool("config", "routes", "test", config, f"--verify.receivers={expected}", *labels)
    assert done.returncode == 0, done.stderr


def test_without_a_heartbeat_the_watchdog_is_told_to_nobody() -> None:
    config, _ = notify.alertmanager(replace(EVERY, heartbeat=()), ALERTS, CONTEXT)
    assert config["route"]["routes"][0]["receiver"] == "nobody"
    assert [each["name"] for each in config["receivers"]] == ["critical", "warning", "nobody"]


def test_a_server_that_is_down_keeps_back_what_follows_on_the_same_server() -> None:
    config, _ = notify.alertmanager(NOTIFICATIONS, ALERTS, CONTEXT)
    assert config["inhibit_rules"] == [
        {
            "source_matchers": [f'alertname="{name}"'],
            "target_matchers": [f'service="{service}"', f'alertname!="{name}"'],
            "equal": ["environment", "cluster", "job", "instance"],
        }
        for name, service in (("PostgresDown", "postgres"), ("RedisDown", "redis"))
    ]


def test_messages_are_grouped_by_identity_alert_and_service() -> None:
    tree = notify.grafana(NOTIFICATIONS, CONTEXT)["policies"][0]
    config, _ = notify.alertmanager(NOTIFICATIONS, ALERTS, CONTEXT)
    for root in (tree, config["route"]):
        assert root["group_by"] == ["environment", "cluster", "alertname", "service"]
        assert (root["group_wait"], root["group_interval"]) == ("30s", "5m")


def test_grafana_takes_the_tree_without_a_complaint() -> None:
    """Its reader refuses a root with matchers, a route to nobody, and a receiver's uid that is taken."""
    rendered = notify.grafana(EVERY, CONTEXT)
    points = {point["name"]: point["receivers"] for point in rendered["contactPoints"]}
    root = rendered["policies"][0]
    assert not {"object_matchers", "matchers", "mute_time_intervals"} & root.keys()
    assert {root["receiver"], *(route["receiver"] for route in root["routes"])} <= points.keys()
    uids = [receiver["uid"] for receivers in points.values() for receiver in receivers]
    assert len(uids) == len(set(uids))
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", uid) for uid in uids)
    assert all(receiver["settings"] for receivers in points.values() for receiver in receivers)
    assert "..." not in json.dumps(root)


def test_what_grafana_makes_of_a_dead_data_source_is_told_once_for_each() -> None:
    first = notify.grafana(EVERY, CONTEXT)["policies"][0]["routes"][0]
    assert first["object_matchers"] == [["alertname", "=~", "DatasourceError|DatasourceNoData"]]
    assert first["group_by"] == ["alertname", "datasource_uid"]


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in strings(each)]
    return [value] if isinstance(value, str) else []


def test_a_dollar_in_grafanas_settings_is_always_a_reference() -> None:
    points = notify.grafana(EVERY, CONTEXT)["contactPoints"]
    dollars = [text for text in strings(points) if "$" in text]
    assert all(REFERENCE.match(text) for text in dollars)
    assert set(dollars) == {
        "$__file{/run/secrets/webhook_token}",
        "$__file{/run/secrets/slack_url}",
        "$__file{/etc/keys/pagerduty}",
    }
    assert "$" not in json.dumps(notify.grafana(EVERY, CONTEXT)["policies"])


def test_grafana_can_read_a_secret_from_its_environment_and_from_another_folder() -> None:
    slack = Slack(url=SecretRef(variable="SLACK_URL"))
    rendered = notify.grafana(Notifications(critical=(slack,), warning=(slack,)), CONTEXT)
    assert "$__env{SLACK_URL}" in strings(rendered["contactPoints"])
    moved = replace(EVERY, secrets_dir="/srv/secrets")
    assert "$__file{/srv/secrets/slack_url}" in strings(notify.grafana(moved, CONTEXT)["contactPoints"])


def test_the_default_names_a_webhook_and_no_secret() -> None:
    assert NOTIFICATIONS.secrets == ()
    assert {type(channel) for channel in NOTIFICATIONS.channels} == {Webhook}


def test_secrets_are_listed_once_with_their_channel() -> None:
    assert EVERY.secrets == (
        ("pagerduty", SecretRef(file="/etc/keys/pagerduty")),
        ("slack", SecretRef(file="slack_url")),
        ("webhook", SecretRef(file="webhook_token")),
        ("email", SecretRef(file="mail_password")),
    )


@pytest.mark.parametrize(
    ("channel", "complaint"),
    [
        (Webhook(url=SecretRef(file="webhook_url")), "before 0.26 cannot read a webhook's url from a file"),
        (Slack(url=SecretRef(variable="SLACK_URL")), "reads no variable such as SLACK_URL"),
        (Email(to=("a@example.org",)), "needs smarthost and sender"),
    ],
    ids=["url in a file", "variable", "mail"],
)
def test_what_alertmanager_cannot_do_is_refused_and_grafana_does_it(channel: Channel, complaint: str) -> None:
    notifications = Notifications(critical=(channel,), warning=(channel,))
    with pytest.raises(NotifyError, match=complaint):
        notify.alertmanager(notifications, ALERTS, CONTEXT)
    assert notify.grafana(notifications, CONTEXT)["contactPoints"]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (SecretRef, "give exactly one"),
        (lambda: SecretRef(file="a", variable="B"), "give exactly one"),
        (lambda: SecretRef(file="a}b"), "SecretRef file 'a}b'"),
        (lambda: SecretRef(variable="slack-url"), "SecretRef variable 'slack-url'"),
        (lambda: Webhook(url="http://user:word@host/"), "no plain http"),
        (lambda: Webhook(url="http://host/?key=1"), "no plain http"),
        (lambda: Webhook(url="https://hooks.slack.com/services/T/B/x"), "or is a secret by itself"),
        (lambda: Webhook(name="Team Hook", url="http://host/"), "choose a short word"),
        (lambda: Email(to=()), "expected addresses"),
        (lambda: Email(to=("nobody",)), "expected addresses"),
        (lambda: Notifications(critical=(), warning=(SLACK,)), "nobody hears critical"),
        (lambda: Notifications(critical=(SLACK,), warning=()), "nobody hears warning"),
        (
            lambda: Notifications(critical=(SLACK,), warning=(replace(SLACK, url=SecretRef(file="other")),)),
            "two channels are called 'slack'",
        ),
    ],
    ids=range(13),
)
def test_a_broken_channel_is_refused(make: Any, complaint: str) -> None:
    with pytest.raises(NotifyError, match=complaint):
        make()


def test_a_refused_url_is_not_repeated_in_the_message() -> None:
    with pytest.raises(NotifyError) as caught:
        Webhook(url="https://hooks.slack.com/services/T0/B0/hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "bot123456:AAFmZ0uQx/sendMessage",
        "integration/0123456789ABCDEF0123456789ABCDEF/enqueue",
        "integration/0123456789abcdef0123456789abcdef/enqueue",
        "ping/6fc9a3c2-1b7e-4a52-9d2c-0e8f7b6a5d41",
        "hooks/xen8qm6ctjfpiknifw1hifcdsw",
        "hook/Zk3-pQ_9vLx-72TyBn_aWe-RtU",
        "a/b/T0K3N5V7X9Z1B2D4F6H8J0L2",
    ],
)
def test_an_address_whose_path_is_the_password_is_refused_and_not_repeated(path: str) -> None:
    with pytest.raises(NotifyError, match="or is a secret by itself") as caught:
        Webhook(url=f"https://example.org/{path}")
    assert path not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://webhook:9095/",
        "http://127.0.0.1:9095",
        "https://alerts.example.org/api/v2/alertmanager-webhook-receiver/team-payments",
        "https://alerts.example.org/hooks/payments-production-eu-west-1-oncall",
        "https://alerts.example.org/AlertmanagerWebhookReceiver",
        "https://alerts.example.org/tenants/123456789012345678901234567890",
        "http://internal-0123456789abcdef0123456789abcdef.elb.example.org/alerts",
    ],
)
def test_an_address_of_words_and_numbers_is_taken(url: str) -> None:
    assert Webhook(url=url).secrets == ()
