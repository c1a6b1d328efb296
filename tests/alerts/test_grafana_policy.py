"""The documented policy in a real Grafana, if one is installed: it takes all of it, and its heart beats."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests
import yaml

from alerts import notify
from alerts.notifications import MuteTime, SecretRef, Slack, Team, Webhook
from dashboards.checks.times import seconds
from dashboards.grafana_api import Grafana as Client
from dashboards.grafana_proof import loaded
from dashboards.stack import Stack
from dashboards.targets import TARGETS
from dashboards.write import render, write
from examples.demo.process import wait_until
from examples.demo.servers import Grafana, Prometheus
from tests.alerts.delivery import SCALE
from tests.alerts.endpoints import HttpEndpoint
from tests.alerts.grafana_snapshots import knows
from tests.alerts.policy import DOCUMENTED

pytestmark = pytest.mark.skipif(shutil.which("grafana") is None, reason="there is no `grafana` on PATH")
PATIENCE = 60
# Names as long as they may be, and a time across the end of a week and of a year.
LONG = Slack(name="slack-data-platforms", url=SecretRef(file="slack_url"))
TEAM = "data-platform-people"
WEEKEND = MuteTime(
    name="weekend", weekdays=("saturday:sunday",), months=("december:january",), routes=(TEAM,)
)


@dataclass(frozen=True)
class Running:
    """Grafana on the whole stack, with the documented policy and a switch that listens here."""

    stack: Stack
    grafana: Grafana
    switch: HttpEndpoint

    def get(self, path: str) -> Any:
        answer = requests.get(
            f"{self.grafana.url}/api/v1/provisioning/{path}",
            auth=("admin", self.grafana.env["GF_SECURITY_ADMIN_PASSWORD"]),
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("policy")
    config = home / "prometheus.yml"
    config.write_text(yaml.safe_dump({"global": {"scrape_interval": "15s"}}))
    prometheus = Prometheus(home / "prometheus", config)
    with HttpEndpoint() as switch:
        deadman = Webhook(name="deadman", url=f"{switch.url}/deadman", token=SecretRef(file="deadman_token"))
        policy = replace(
            DOCUMENTED,
            heartbeat=(deadman,),
            teams={**DOCUMENTED.teams, TEAM: Team(critical=(LONG,), warning=(LONG,))},
            mutes=(*DOCUMENTED.mutes, WEEKEND),
            secrets_dir=str(home),
        )
        for _, secret in policy.secrets:
            (home / secret.file).write_text(f"{switch.url}/{secret.file}")
        stack = Stack(
            notifications=policy, targets=replace(TARGETS, prometheus=prometheus.url), time_scale=SCALE
        )
        write(render(stack), home / "rendered")
        grafana = Grafana(home / "grafana", home / "rendered/grafana")
        grafana.env["GF_UNIFIED_ALERTING_ALERTMANAGER_CONFIG_POLL_INTERVAL"] = "2s"
        try:
            prometheus.start()
            grafana.start()
            wait_until(
                lambda: knows(grafana, "payroll-critical"), "Grafana's contact points", timeout=PATIENCE
            )
            yield Running(stack, grafana, switch)
        finally:
            grafana.stop()
            prometheus.stop()


def test_the_tree_of_routes_is_the_one_that_was_rendered(running: Running) -> None:
    stack = running.stack
    (wanted,) = notify.grafana(stack.notifications, stack.loaded, stack.rules)["policies"]
    found = running.get("policies")
    assert plain(found) == plain(wanted)


def plain(route: Any) -> Any:
    """A route without who provided it, and its times in seconds."""
    kept = {key: value for key, value in route.items() if key not in ("orgId", "provenance", "routes")}
    kept |= {key: seconds(value) for key, value in kept.items() if key.endswith(("_wait", "_interval"))}
    return kept | {"routes": [plain(each) for each in route.get("routes", ())]}


def test_the_check_of_a_running_grafana_sees_a_policy_that_differs(running: Running) -> None:
    client = Client(
        url=running.grafana.url,
        user="admin",
        password=running.grafana.env["GF_SECURITY_ADMIN_PASSWORD"],
        datasource=running.stack.datasource_uid,
    )

    def seen(**changes: Any) -> list[str]:
        told = replace(running.stack.notifications, **changes)
        found = loaded(replace(running.stack, notifications=told), client)
        return [f"{each.what}: {each.seen}" for each in found if not each.well]

    assert seen() == []
    other = replace(DOCUMENTED.mutes[0], name="another")
    lines = seen(mutes=(other,))
    assert "time another: is not there" in lines
    assert any(line.startswith("policy: routes[") and '"another"' in line for line in lines)
    assert any("active_time_intervals[working-hours]: expected nothing" in line for line in seen(hours=None))


def test_times_are_there_with_their_zone(running: Running) -> None:
    found = {each["name"]: each["time_intervals"] for each in running.get("mute-timings")}
    assert found.keys() == {"always", "working-hours", "database-maintenance", "weekend"}
    (hours,) = found["working-hours"]
    assert hours["location"] == "Europe/Berlin"
    assert hours["times"] == [{"start_time": "09:00", "end_time": "18:00"}]
    (weekend,) = found["weekend"]
    assert (weekend["weekdays"], weekend["months"]) == (["saturday", "sunday"], ["12", "1"])


def test_every_channel_is_there_and_shows_no_secret(running: Running) -> None:
    points = running.get("contact-points")
    named = {each["name"] for each in points}
    assert named >= {"critical", "warning", "heartbeat", "payroll-critical", "payroll-warning"}
    (long,) = [each["uid"] for each in points if each["name"] == f"{TEAM}-critical"]
    assert len(long) == 40
    assert running.switch.url + "/slack_url" not in str(points)


def test_the_heart_beats_and_nothing_says_that_it_is_over(running: Running) -> None:
    beats = running.switch.inbox.wait(3, PATIENCE)
    time.sleep(1)
    assert {each.path for each in beats} == {"/deadman"}
    assert {each.json["status"] for each in beats} == {"firing"}
    assert {each.json["commonLabels"]["alertname"] for each in beats} == {"Watchdog"}
    assert beats[0].headers["authorization"] == f"Bearer {running.switch.url}/deadman_token"
