"""The doctor asks real servers: a Prometheus with an Alertmanager, as built and then other than built."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import yaml
from click.testing import CliRunner

from alerts.model import Severity
from alerts.notifications import Hours, MuteTime, Notifications, Team, Webhook
from dashboards import doctor, write
from dashboards.cli import main
from dashboards.prometheus_api import Prometheus as Client
from dashboards.prometheus_proof import alertmanager_of
from dashboards.stack import STACK, Stack
from dashboards.targets import Job
from examples.demo.process import free_port
from examples.demo.servers import Alertmanager, Prometheus, WebhookReceiver
from tests.stack.conftest import eventually

SCALE = 1 / 30


class Kept(Prometheus):
    """It keeps what the stack counts on."""

    def command(self) -> list[str]:
        return [*super().command(), f"--storage.tsdb.retention.time={STACK.retention}d"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """The servers, and the stack that they were built from."""

    stack: Stack
    prometheus: Prometheus
    alertmanager: Alertmanager
    receiver: WebhookReceiver

    @property
    def client(self) -> Client:
        return Client(url=self.prometheus.url)


@pytest.fixture(scope="module")
def place(new_home: Callable[[], Path]) -> Iterator[Place]:
    """Prometheus, which scrapes itself alone, Alertmanager and a receiver."""
    home = new_home()
    receiver = WebhookReceiver(home / "webhook")
    alertmanager = Alertmanager(home / "alertmanager", home / "alertmanager/alertmanager.yml")
    prometheus = Kept(home / "prometheus", home / "prometheus/prometheus.yml", port=free_port())
    told = Webhook(url=receiver.url + "/")
    stack = replace(
        STACK,
        engine="prometheus",
        time_scale=SCALE,
        targets=replace(
            STACK.targets,
            jobs=(Job(name="prometheus", addresses=(prometheus.address,)),),
            alertmanager=alertmanager.address,
        ),
        notifications=Notifications(
            critical=(told,),
            warning=(told,),
            heartbeat=(told,),
            mutes=(MuteTime(name="maintenance", routes=("payroll",), weekdays=("monday:friday",)),),
            teams={"payroll": Team(critical=(told,), warning=(told,))},
        ),
    )
    write.write(write.render(stack), home)
    servers = (receiver, alertmanager, prometheus)
    try:
        for server in servers:
            server.start()
        eventually(
            lambda: all(each.well for each in asked(stack, Client(url=prometheus.url))), "all well", within=60
        )
        yield Place(stack=stack, prometheus=prometheus, alertmanager=alertmanager, receiver=receiver)
    finally:
        for server in reversed(servers):
            server.stop()


def asked(stack: Stack, client: Client) -> list[doctor.Seen]:
    return list(doctor.examined(stack, prometheus=client, grafana=None))


def wrong(stack: Stack, client: Client) -> dict[str, str]:
    return {each.what: each.seen for each in asked(stack, client) if not each.well}


def policy(place: Place, **changes: Any) -> Stack:
    return replace(place.stack, notifications=replace(place.stack.notifications, **changes))


@contextmanager
def changed(place: Place, path: str, old: str, new: str) -> Iterator[None]:
    """While a file of one of the two servers holds other words, which it has read."""
    file = place.prometheus.home.parent / path
    before = file.read_text()
    assert old in before
    file.write_text(before.replace(old, new, 1))
    server = place.prometheus if path.startswith("prometheus") else place.alertmanager
    try:
        reload(server)
        yield
    finally:
        file.write_text(before)
        reload(server)


def reload(server: Prometheus | Alertmanager) -> None:
    requests.post(f"{server.url}/-/reload", timeout=10).raise_for_status()
    if isinstance(server, Prometheus):
        # It forgets its Alertmanager for some seconds.
        client = Client(url=server.url)
        eventually(lambda: alertmanager_of(client) != "", "Alertmanager is known again", within=30)


def test_what_is_as_built_is_well(place: Place) -> None:
    looked = asked(place.stack, place.client)
    assert {each.what for each in looked} >= {
        "targets",
        "Prometheus's rules",
        "retention",
        "Alertmanager",
        "Alertmanager's configuration",
    }
    assert wrong(place.stack, place.client) == {}


def test_each_difference_of_a_rule_is_named_with_both_values(place: Place) -> None:
    first, *rest = place.stack.alerts
    longer = replace(first, hold=first.hold + 60, keep=first.keep + 60, severity=Severity.WARNING)
    told = [
        each for each in asked(replace(place.stack, alerts=(longer, *rest)), place.client) if not each.well
    ]
    assert [
        (each.what, each.seen)
        for each in told
        if each.what == f"rule {first.name}" and "annotations" not in each.seen
    ] == [
        (f"rule {first.name}", f"for: expected {(first.hold + 60) * SCALE:g}, found {first.hold * SCALE:g}"),
        (
            f"rule {first.name}",
            f"keepFiringFor: expected {(first.keep + 60) * SCALE:g}, found {first.keep * SCALE:g}",
        ),
        (f"rule {first.name}", 'labels.severity: expected "warning", found "critical"'),
    ]
    numbers = tuple(
        replace(each, value=each.value * 2) for each in place.stack.limits if each.key == "evictions"
    )
    told = [each for each in asked(replace(place.stack, limits=numbers), place.client) if not each.well]
    (query,) = [each.seen for each in told if each.what == "rule RedisEvictionsHigh" and "expr" in each.seen]
    assert query.startswith("expr: expected ")
    assert wrong(replace(place.stack, alerts=tuple(rest)), place.client)[f"rule {first.name}"] == (
        "is there, but not in the files"
    )


def test_a_rule_that_is_missing_and_a_recording_that_differs_are_named(place: Place) -> None:
    with changed(place, "prometheus/rules/recorded.yml", "[10s]", "[70s]"):
        told = wrong(place.stack, place.client)
        assert "[1m10s]" in told["rule job:http_requests:rate5m"]
    with changed(place, "prometheus/rules/redis.yml", "alert: RedisDown", "alert: RedisGone"):
        told = wrong(place.stack, place.client)
        assert told["rule RedisDown"] == "is not there"
        assert told["rule RedisGone"] == "is there, but not in the files"
    assert wrong(place.stack, place.client) == {}


def test_the_order_of_matchers_is_no_difference_and_their_values_are(place: Place) -> None:
    mine = 'result="hit",prefix="dashboard_admin"'
    turned = 'prefix="dashboard_admin",result="hit"'
    with changed(place, "prometheus/rules/recorded.yml", mine, turned):
        assert wrong(place.stack, place.client) == {}
    with changed(place, "prometheus/rules/recorded.yml", mine, 'result="dashboard_admin",prefix="hit"'):
        assert set(wrong(place.stack, place.client)) == {
            "Prometheus's rules",
            "rule audit:dashboard_cache:value5m",
        }


def test_an_interval_an_order_and_a_file_that_is_left_over_are_named(place: Place) -> None:
    with changed(place, "prometheus/rules/redis.yml", "  interval: 1s", "  interval: 30m"):
        assert wrong(place.stack, place.client)["group redis"] == "interval: expected 1, found 1800"
    rules = place.prometheus.home / "rules"
    before = yaml.safe_load((rules / "recorded.yml").read_text())
    turned = {"groups": [{**before["groups"][0], "rules": before["groups"][0]["rules"][::-1]}]}
    with changed(
        place, "prometheus/rules/recorded.yml", (rules / "recorded.yml").read_text(), yaml.safe_dump(turned)
    ):
        assert (
            "rules: expected the order job:http_requests:rate5m"
            in wrong(place.stack, place.client)["group recorded"]
        )
    copy = rules / "left.yml"
    copy.write_text((rules / "redis.yml").read_text())
    try:
        reload(place.prometheus)
        told = wrong(place.stack, place.client)
        assert told[f"group redis of {copy}"] == "is loaded, but not in the files"
    finally:
        copy.unlink()
        reload(place.prometheus)
    assert wrong(place.stack, place.client) == {}


ALERTMANAGER = "Alertmanager's configuration"


@pytest.mark.parametrize(
    ("old", "new", "part", "line"),
    [
        ("group_wait: 1s", "group_wait: 4h", "route", 'group_wait: expected "1s", found "4h"'),
        ("repeat_interval: 8m", "repeat_interval: 30d", "route", 'expected "8m", found "30d"'),
        ('severity="critical"', 'severity="page"', "route", "matchers"),
        ("monday:friday", "sunday", "time_intervals", 'found "sunday"'),
        (
            "send_resolved: false",
            "send_resolved: true",
            "receivers",
            "send_resolved: expected false, found true",
        ),
        ("receivers:\n", "receivers:\n- name: extra\n", "receivers", "receivers[extra]: expected nothing"),
        (
            "  webhook_configs:\n  - send",
            "  webhook_configs:\n  - max_alerts: 5\n    send",
            "receivers",
            "found 5",
        ),
        ("equal:\n  - environment", "equal:\n  - severity", "inhibit_rules", 'found "severity"'),
    ],
)
def test_alertmanagers_own_configuration_is_compared(
    place: Place, old: str, new: str, part: str, line: str
) -> None:
    with changed(place, "alertmanager/alertmanager.yml", old, new):
        told = [each for each in asked(place.stack, place.client) if not each.well]
    assert ALERTMANAGER in {each.what for each in told}
    assert [each for each in told if each.what == part and line in each.seen], told


def test_an_address_that_holds_a_secret_is_named_and_not_shown(place: Place) -> None:
    url = f"{place.receiver.url}/"
    secret = "https://hooks.slack.com/services/T0/B0/abcdefSECRET"
    with changed(place, "alertmanager/alertmanager.yml", f"url: {url}", f"url: {secret}"):
        told = [each for each in asked(place.stack, place.client) if not each.well]
    assert "found (not shown)" in str(told)
    assert "SECRET" not in str(told)


def test_an_alertmanager_whose_address_is_not_known_here_is_told(place: Place) -> None:
    place.alertmanager.stop()
    try:
        told = wrong(place.stack, place.client)
    finally:
        place.alertmanager.start()
    eventually(lambda: wrong(place.stack, place.client) == {}, "it is scraped again", within=30)
    assert "not compared: no answer from Alertmanager" in told[ALERTMANAGER]
    assert "give --alertmanager URL" in told[ALERTMANAGER]


def test_a_job_without_a_target_and_one_that_is_down_are_named(place: Place) -> None:
    jobs = (*place.stack.targets.jobs, Job(name="elsewhere", addresses=("127.0.0.1:1",)))
    other = replace(place.stack, targets=replace(place.stack.targets, jobs=jobs))
    assert "elsewhere: has no target" in wrong(other, place.client)["targets"]


def test_a_target_that_was_not_scraped_yet_is_told_as_that(place: Place) -> None:
    jobs = (*place.stack.targets.jobs, Job(name="later"))
    stack = replace(place.stack, targets=replace(place.stack.targets, jobs=jobs))
    later = "- job_name: later\n  scrape_interval: 10y\n  static_configs:\n  - targets: [127.0.0.1:1]\n"
    with changed(place, "prometheus/prometheus.yml", "scrape_configs:\n", f"scrape_configs:\n{later}"):
        eventually(
            lambda: "later: 127.0.0.1:1 was not scraped yet" in wrong(stack, place.client).get("targets", ""),
            "a target without a scrape is told as that",
            within=30,
        )


def test_a_retention_that_is_too_short_is_told(place: Place) -> None:
    assert wrong(replace(place.stack, retention=50), place.client) == {
        "retention": "35 days; the stack counts on 50"
    }


@pytest.mark.parametrize(("said", "days"), [("", 15), ("0s", 15), ("1y", 365)])
def test_a_retention_is_read_as_prometheus_says_it(said: str, days: int, place: Place) -> None:
    class Saying(Client):
        def get(self, path: str, **query: Any) -> Any:
            found = super().get(path, **query)
            return found | {"storage.tsdb.retention.time": said} if path == "status/flags" else found

    told = wrong(replace(place.stack, retention=400), Saying(url=place.prometheus.url))
    assert told == {"retention": f"{days} days; the stack counts on 400"}


def test_a_test_message_goes_through_every_route(place: Place) -> None:
    before = len(place.receiver.messages())
    found = list(doctor.notified(place.stack, prometheus=place.client, grafana=None))
    assert [each for each in found if not each.well] == []
    assert [each.what for each in found if each.what.startswith("route ")] == [
        "route critical",
        "route warning",
        "route payroll-critical",
        "route payroll-warning",
    ]
    alerts = [
        alert
        for message in place.receiver.messages()[before:]
        for alert in message["body"]["alerts"]
        if alert["labels"]["alertname"] == doctor.TEST_ALERT
    ]
    assert {alert["labels"]["severity"] for alert in alerts} == {"critical", "warning"}
    assert {alert["annotations"]["summary"] for alert in alerts} == {doctor.TEST_SUMMARY}


def test_a_message_that_does_not_get_out_is_told(place: Place) -> None:
    place.receiver.stop()
    try:
        found = list(doctor.notified(place.stack, prometheus=place.client, grafana=None))
    finally:
        place.receiver.start()
    (messages,) = [each for each in found if each.what == "messages by webhook"]
    assert not messages.well
    assert messages.seen.startswith("0 sent, 2 expected, ")
    assert ", 0 failed" not in messages.seen


def test_one_dead_channel_of_many_is_told(place: Place) -> None:
    config = place.prometheus.home.parent / "alertmanager/alertmanager.yml"
    line = f"- name: critical\n  webhook_configs:\n  - send_resolved: true\n    url: {place.receiver.url}/"
    assert line in config.read_text()
    with changed(
        place, "alertmanager/alertmanager.yml", line, line.replace(place.receiver.url, "http://127.0.0.1:1")
    ):
        found = list(doctor.notified(place.stack, prometheus=place.client, grafana=None))
    (messages,) = [each for each in found if each.what == "messages by webhook"]
    assert not messages.well
    assert " sent, 2 expected, 0 failed" not in messages.seen


def test_a_second_test_at_once_sends_its_own_messages(place: Place) -> None:
    for _ in range(2):
        found = list(doctor.notified(place.stack, prometheus=place.client, grafana=None))
        assert [each for each in found if not each.well] == []
        time.sleep(1)  # its group is named by the second


def test_what_is_not_tried_is_named(place: Place) -> None:
    hours = policy(place, hours=Hours(location="Europe/Berlin"))
    found = {each.what: each for each in doctor.notified(hours, prometheus=place.client, grafana=None)}
    assert found["routes that are not tried"].seen.startswith("heartbeat: ")
    assert found["route warning"].seen == "heard by warning; not tried now: it speaks in working hours"
    assert found["messages by webhook"].well


def test_the_command_tells_a_person_and_a_program(place: Place) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["doctor", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout

    code, output = run("--prometheus", place.prometheus.url)
    assert code == 1, "the default stack is not what runs here"
    assert "WRONG targets: " in output
    code, output = run("--prometheus", place.prometheus.url, "--json")
    assert (code, {"what", "seen", "well"}) == (1, set(json.loads(output)[0]))
    assert run("--prometheus", "http://127.0.0.1:1")[0] == 2
    code, output = run("--prometheus", place.prometheus.url, "--grafana", "http://127.0.0.1:1", "--json")
    assert code == 2
    assert json.loads(output)[0]["what"] == "Prometheus", "what was seen before is told all the same"
    assert run()[0] == 2
    assert run("--alertmanager", place.alertmanager.url)[0] == 2, "the default engine is Grafana"
    address = place.prometheus.url.removeprefix("http://")
    code, output = run("--prometheus", f"http://somebody:hidden@{address}")
    assert (code, "hidden" in output, f"at http://{address}" in output) == (1, False, True)


def test_the_command_ends_with_0_where_all_is_as_built(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "as_built", SimpleNamespace(STACK=place.stack))
    # The graves of what was built elsewhere are none of this place's.
    output = str(place.prometheus.home.parent)
    asked = ["doctor", "--stack", "as_built:STACK", "--prometheus", place.prometheus.url, "--output", output]
    result = CliRunner().invoke(main, asked)
    assert (result.exit_code, "WRONG" in result.stdout) == (0, False), result.output
    assert "ok    targets: " in result.stdout
