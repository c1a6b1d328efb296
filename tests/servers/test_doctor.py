"""The doctor asks real servers: a Prometheus with an Alertmanager, as built and then other than built."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from alerts.notifications import Notifications, Team, Webhook
from dashboards import doctor, write
from dashboards.cli import main
from dashboards.errors import StackError
from dashboards.prometheus_api import Prometheus as Client
from dashboards.stack import STACK, Stack
from dashboards.targets import Job
from examples.demo.process import free_port
from examples.demo.servers import Alertmanager, Prometheus, WebhookReceiver
from tests.stack.conftest import eventually

SCALE = 1 / 30


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
def place(server_root: Path) -> Iterator[Place]:
    """Prometheus, which scrapes itself alone, Alertmanager and a receiver."""
    home = server_root / "doctor"
    home.mkdir()
    receiver = WebhookReceiver(home / "webhook")
    alertmanager = Alertmanager(home / "alertmanager", home / "alertmanager/alertmanager.yml")
    prometheus = Prometheus(home / "prometheus", home / "prometheus/prometheus.yml", port=free_port())
    told = Webhook(url=receiver.url + "/")
    stack = replace(
        STACK,
        engine="prometheus",
        time_scale=SCALE,
        retention=15,
        targets=replace(
            STACK.targets,
            jobs=(Job(name="prometheus", addresses=(prometheus.address,)),),
            alertmanager=alertmanager.address,
        ),
        notifications=Notifications(
            critical=(told,),
            warning=(told,),
            heartbeat=(told,),
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


def test_what_is_as_built_is_well(place: Place) -> None:
    looked = asked(place.stack, place.client)
    assert {each.what for each in looked} >= {"targets", "Prometheus's rules", "retention", "Alertmanager"}
    assert wrong(place.stack, place.client) == {}


def test_each_difference_is_named(place: Place) -> None:
    first, *rest = place.stack.alerts
    other = replace(place.stack, alerts=(replace(first, hold=first.hold + 60), *rest))
    assert f"{first.name}: differs in for" in wrong(other, place.client)["Prometheus's rules"]
    numbers = tuple(
        replace(each, value=each.value * 2) for each in place.stack.limits if each.key == "evictions"
    )
    told = wrong(replace(place.stack, limits=numbers), place.client)["Prometheus's rules"]
    assert "RedisEvictionsHigh: asks another query" in told
    fewer = replace(place.stack, alerts=tuple(rest))
    assert wrong(fewer, place.client) == {}, "what more there is belongs to somebody else"


def test_a_job_without_a_target_and_one_that_is_down_are_named(place: Place) -> None:
    jobs = (*place.stack.targets.jobs, Job(name="elsewhere", addresses=("127.0.0.1:1",)))
    other = replace(place.stack, targets=replace(place.stack.targets, jobs=jobs))
    assert "elsewhere: has no target" in wrong(other, place.client)["targets"]


def test_a_retention_that_is_too_short_is_told(place: Place) -> None:
    assert wrong(replace(place.stack, retention=35), place.client) == {
        "retention": "15 days; the stack counts on 35"
    }


def test_a_test_message_goes_through_every_route(place: Place) -> None:
    before = len(place.receiver.messages())
    found = list(doctor.notified(place.stack, prometheus=place.client, grafana=None))
    assert [each for each in found if not each.well] == []
    assert [each.what for each in found if each.what.startswith("route")] == [
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
    (messages,) = [each for each in found if each.what == "messages"]
    assert not messages.well


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
    assert run()[0] == 2


def test_notify_without_the_engine_that_notifies_is_refused(place: Place) -> None:
    with pytest.raises(StackError, match="give --grafana URL"):
        list(doctor.notified(replace(place.stack, engine="grafana"), prometheus=place.client, grafana=None))
    with pytest.raises(StackError, match="no Alertmanager is known"):
        list(doctor.notified(place.stack, prometheus=None, grafana=None))
