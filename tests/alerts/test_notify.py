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
    Email,
    Notifications,
    NotifyError,
    PagerDuty,
    SecretRef,
    Slack,
    Team,
    Webhook,
)
from alerts.proof.plan import CONTEXT
from alerts.routing import markdown, table
from alerts.rules import ALERTS, api
from tests.alerts.policy import DOCS, DOCUMENTED

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
CHAT_ALONE = Team(critical=(SLACK,), warning=(SLACK,))
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


def routed(root: Json, labels: Mapping[str, str], folder: Path) -> str:
    """Whom amtool names; `nobody` where the route is mute for ever."""
    names = sorted(names_in(root))
    config = folder / "routes.yml"
    times = [{"name": name, "time_intervals": [{"times": []}]} for name in sorted(times_in(root))]
    receivers = [{"name": name} for name in names]
    config.write_text(yaml.safe_dump({"route": root, "receivers": receivers, "time_intervals": times}))
    words = [f"{name}={value}" for name, value in labels.items()]
    done = amtool("config", "routes", "test", f"--config.file={config}", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def names_in(route: Json) -> set[str]:
    return {route["receiver"], *(name for each in route.get("routes", ()) for name in names_in(each))}


def times_in(route: Json) -> set[str]:
    own = {*route.get("mute_time_intervals", ()), *route.get("active_time_intervals", ())}
    return own.union(*(times_in(each) for each in route.get("routes", ())))


def as_alertmanager(route: Json) -> Json:
    """Grafana's policy as its fork of Alertmanager reads it, where the mute go to nobody."""
    kept = {key: value for key, value in route.items() if key not in ("orgId", "object_matchers", "routes")}
    if "object_matchers" in route:
        kept["matchers"] = [
            f'{label}{operator}"{value}"' for label, operator, value in route["object_matchers"]
        ]
    if "always" in kept.get("mute_time_intervals", ()):
        kept["receiver"] = "nobody"
    return kept | {"routes": [as_alertmanager(each) for each in route.get("routes", ())]}


def tree(engine: str) -> Json:
    if engine == "prometheus":
        root: Json = notify.alertmanager(DOCUMENTED, ALERTS, CONTEXT)[0]["route"]
        return root
    return as_alertmanager(notify.grafana(DOCUMENTED, ALERTS, CONTEXT)["policies"][0])


@pytest.mark.parametrize("row", table(DOCUMENTED), ids=lambda row: ",".join(row.labels.values()))
def test_each_row_of_the_table_is_routed_as_it_says(row: Any, tmp_path: Path) -> None:
    for engine, receivers in row.receivers.items():
        assert routed(tree(engine), row.labels, tmp_path) == (",".join(receivers) or "nobody"), engine


def test_the_documentation_has_the_table_that_is_tested() -> None:
    text = DOCS.read_text()
    assert markdown(DOCUMENTED) in text, f"docs/notifications.md must have:\n{markdown(DOCUMENTED)}"


@pytest.mark.parametrize(
    "alert", [each for each in ALERTS if "prometheus" in each.engines], ids=lambda alert: alert.name
)
def test_every_alert_is_routed_by_its_severity(alert: Alert, tmp_path: Path) -> None:
    expected = "heartbeat" if alert.name == "Watchdog" else alert.severity.value
    expected = "nobody" if expected == "info" else expected
    labels = (f"alertname={alert.name}", f"severity={alert.severity}", f"service={alert.service}")
    config = f"--config.file={write(tmp_path, EVERY)}"
    done = amtool("config", "routes", "test", config, f"--verify.receivers={expected}", *labels)
    assert done.returncode == 0, done.stderr
    assert amtool("config", "routes", "test", config, "--verify.receivers=other", *labels).returncode == 1


def test_an_alert_of_a_team_carries_its_label_in_both_engines_and_an_unknown_team_is_refused() -> None:
    owned = replace(api.API_DOWN, team="payroll")
    assert owned.labels == {"severity": "critical", "service": "api", "team": "payroll"}
    assert notify.grafana(DOCUMENTED, (owned, *ALERTS), CONTEXT)
    lost = (replace(owned, team="payrol"), *ALERTS)
    for render in (notify.grafana, notify.alertmanager):
        with pytest.raises(NotifyError, match=r"ApiDown is of the team 'payrol'; .*teams has payroll"):
            render(DOCUMENTED, lost, CONTEXT)


def test_times_are_written_with_their_location_once_and_only_where_they_are_used() -> None:
    hours = {
        "name": "working-hours",
        "time_intervals": [
            {
                "weekdays": ["monday:friday"],
                "times": [{"start_time": "09:00", "end_time": "18:00"}],
                "location": "Europe/Berlin",
            }
        ],
    }
    config, _ = notify.alertmanager(DOCUMENTED, ALERTS, CONTEXT)
    grafana = notify.grafana(DOCUMENTED, ALERTS, CONTEXT)
    assert hours in config["time_intervals"]
    assert {"orgId": 1, **hours} in grafana["muteTimes"]
    names = [each["name"] for each in config["time_intervals"]]
    assert names == ["database-maintenance", "working-hours"]
    assert [each["name"] for each in grafana["muteTimes"]] == [
        "database-maintenance",
        "always",
        "working-hours",
    ]
    assert "time_intervals" not in notify.alertmanager(NOTIFICATIONS, ALERTS, CONTEXT)[0]


def test_a_mute_time_is_on_the_routes_that_it_names() -> None:
    def muted(*routes: str) -> set[str]:
        mutes = (replace(DOCUMENTED.mutes[0], routes=routes),)
        policy = replace(EVERY, warning=(SLACK,), teams={"payroll": CHAT_ALONE}, mutes=mutes)
        root = notify.alertmanager(policy, ALERTS, CONTEXT)[0]["route"]
        return {
            each["receiver"]
            for each in (*root["routes"], *team_of(root))
            if each.get("mute_time_intervals") == ["database-maintenance"]
        }

    assert muted("warning") == {"warning", "payroll-warning"}
    assert muted("payroll") == {"payroll-critical", "payroll-warning"}


def team_of(root: Json) -> list[Json]:
    (found,) = [each["routes"] for each in root["routes"] if each.get("matchers") == ['team="payroll"']]
    routes: list[Json] = found
    return routes


def test_the_watchdog_of_grafana_goes_to_the_heartbeat_which_hears_of_no_end() -> None:
    rendered = notify.grafana(EVERY, ALERTS, CONTEXT)
    (point,) = [each for each in rendered["contactPoints"] if each["name"] == "heartbeat"]
    assert [each["disableResolveMessage"] for each in point["receivers"]] == [True]
    route = rendered["policies"][0]["routes"][0]
    assert route["object_matchers"] == [["alertname", "=", "Watchdog"]]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("0s", "1m", "50s")


def test_a_backup_that_nothing_could_reach_is_refused() -> None:
    none = tuple(each for each in ALERTS if "Notifications" not in each.name)
    with pytest.raises(NotifyError, match=r"backup hears nothing.* keep \*Stack\.alerts"):
        notify.grafana(DOCUMENTED, none, CONTEXT)


def test_without_a_heartbeat_the_watchdog_is_told_to_nobody() -> None:
    deaf = replace(EVERY, heartbeat=())
    config, _ = notify.alertmanager(deaf, ALERTS, CONTEXT)
    grafana = notify.grafana(deaf, ALERTS, CONTEXT)
    assert grafana["policies"][0]["routes"][0]["mute_time_intervals"] == ["always"]
    assert [each["name"] for each in grafana["contactPoints"]] == ["warning", "critical"]
    assert config["route"]["routes"][0]["receiver"] == "nobody"
    assert [each["name"] for each in config["receivers"]] == ["warning", "critical", "nobody"]


def test_a_server_that_is_down_keeps_back_what_follows_on_the_same_server() -> None:
    config, _ = notify.alertmanager(NOTIFICATIONS, ALERTS, CONTEXT)
    assert config["inhibit_rules"] == [
        {
            "source_matchers": [f'alertname="{name}"'],
            "target_matchers": [f'service="{service}"', f'alertname!="{name}"'],
            "equal": ["environment", "cluster", *server],
        }
        # The probe of an application is a job of its own: of the installation, everything follows.
        for name, service, server in (
            ("ApiDown", "api", ()),
            ("PostgresDown", "postgres", ("job", "instance")),
            # A pooler is a target of its own, so it keeps back what is said of itself.
            ("PgBouncerDown", "postgres", ("job", "instance")),
            ("RedisDown", "redis", ("job", "instance")),
        )
    ]


def test_messages_are_grouped_by_identity_alert_and_service() -> None:
    tree = notify.grafana(NOTIFICATIONS, ALERTS, CONTEXT)["policies"][0]
    config, _ = notify.alertmanager(NOTIFICATIONS, ALERTS, CONTEXT)
    for root in (tree, config["route"]):
        assert root["group_by"] == ["environment", "cluster", "alertname", "service"]
        assert (root["group_wait"], root["group_interval"]) == ("30s", "5m")


def test_grafana_takes_the_tree_without_a_complaint() -> None:
    """Its reader refuses a root with matchers, a route to nobody, and a receiver's uid that is taken."""
    rendered = notify.grafana(EVERY, ALERTS, CONTEXT)
    points = {point["name"]: point["receivers"] for point in rendered["contactPoints"]}
    root = rendered["policies"][0]
    assert not {"object_matchers", "matchers", "mute_time_intervals"} & root.keys()
    assert {root["receiver"], *(route["receiver"] for route in root["routes"])} <= points.keys()
    uids = [receiver["uid"] for receivers in points.values() for receiver in receivers]
    assert len(uids) == len(set(uids))
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", uid) for uid in uids)
    assert all(receiver["settings"] for receivers in points.values() for receiver in receivers)
    assert "..." not in json.dumps(root)


def test_long_names_of_teams_and_channels_make_uids_that_grafana_takes() -> None:
    """It ends at a uid of more than 40 characters."""
    names = ["slack-data-platform", "slack-data-platforms"]
    critical = tuple(Slack(name=name, url=SecretRef(file=name)) for name in names)
    team = Team(critical=critical, warning=critical)
    policy = replace(EVERY, teams={"data-platform": team, "data-platform-two-xx": team})
    points = notify.grafana(policy, ALERTS, CONTEXT)["contactPoints"]
    uids = [receiver["uid"] for point in points for receiver in point["receivers"]]
    assert len(uids) == len(set(uids)) == 14
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", uid) for uid in uids)
    assert sum(len(uid) == 40 for uid in uids) >= 4
    assert points == notify.grafana(policy, ALERTS, CONTEXT)["contactPoints"]
    assert notify.receiver_uid("data-platform-critical", "slack") == "data-platform-critical-slack"


def test_what_grafana_makes_of_a_dead_data_source_is_told_once_for_each() -> None:
    first = notify.grafana(EVERY, ALERTS, CONTEXT)["policies"][0]["routes"][1]
    assert first["object_matchers"] == [["alertname", "=~", "DatasourceError|DatasourceNoData"]]
    assert first["group_by"] == ["alertname", "datasource_uid"]


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in strings(each)]
    return [value] if isinstance(value, str) else []


def test_a_dollar_in_grafanas_settings_is_always_a_reference() -> None:
    points = notify.grafana(EVERY, ALERTS, CONTEXT)["contactPoints"]
    dollars = [text for text in strings(points) if "$" in text]
    assert all(REFERENCE.match(text) for text in dollars)
    assert set(dollars) == {
        "$__file{/run/secrets/webhook_token}",
        "$__file{/run/secrets/slack_url}",
        "$__file{/etc/keys/pagerduty}",
    }
    assert "$" not in json.dumps(notify.grafana(EVERY, ALERTS, CONTEXT)["policies"])


def test_grafana_can_read_a_secret_from_its_environment_and_from_another_folder() -> None:
    slack = Slack(url=SecretRef(variable="SLACK_URL"))
    rendered = notify.grafana(Notifications(critical=(slack,), warning=(slack,)), ALERTS, CONTEXT)
    assert "$__env{SLACK_URL}" in strings(rendered["contactPoints"])
    moved = replace(EVERY, secrets_dir="/srv/secrets")
    assert "$__file{/srv/secrets/slack_url}" in strings(
        notify.grafana(moved, ALERTS, CONTEXT)["contactPoints"]
    )


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
