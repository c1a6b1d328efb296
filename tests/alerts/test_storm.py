"""Is a thing told once by the real Alertmanager: by the policy and otherwise, and although it is killed?"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.notifications import Notifications, Webhook
from alerts.rules.postgres import POSTGRES_DOWN
from alerts.rules.redis import REDIS_DOWN
from dashboards.drill.storm import Letter, letters, storms
from dashboards.stack import STACK
from examples.demo.process import wait_until
from examples.demo.servers import Alertmanager, WebhookReceiver
from tests.alerts.delivery import SCALE, alert, post, rendered

Json = dict[str, Any]
ON_ITS_CLOCK = replace(STACK, engine="prometheus", time_scale=SCALE)
TWO = tuple(alert(REDIS_DOWN.name, instance, service="redis") for instance in ("cache-1", "cache-2"))
# Three group intervals, and a look at when the first message came.
LONG = 4.0


def as_it_is(route: Json) -> None:
    """The policy."""


def of_each_alone(route: Json) -> None:
    route["group_by"] = ["..."]


def again_and_again(route: Json) -> None:
    route["repeat_interval"] = "1s"


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[WebhookReceiver]:
    server = WebhookReceiver(tmp_path / "receiver")
    try:
        yield server.start()
    finally:
        server.stop()


def sent(receiver: WebhookReceiver) -> list[Letter]:
    return [letter for message in receiver.messages() for letter in letters(message)]


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (as_it_is, []),
        (
            of_each_alone,
            [
                "RedisDown was told to critical in 3 groups; "
                "expected one for each environment, cluster, alertname, service"
            ],
        ),
        (again_and_again, ["RedisDown was told to critical "]),
    ],
)
def test_a_storm_is_what_the_policy_does_not_say(
    receiver: WebhookReceiver, tmp_path: Path, change: Callable[[Json], None], problems: list[str]
) -> None:
    hook = Webhook(url=receiver.url)
    path = rendered(Notifications(critical=(hook,), warning=(hook,)), tmp_path / "config")
    config = yaml.safe_load(path.read_text())
    for route in (config["route"], *config["route"]["routes"]):
        change(route)
    path.write_text(yaml.safe_dump(config))
    server = Alertmanager(tmp_path / "alertmanager", path)
    began = time.time()
    try:
        server.start()
        post(server, *TWO)
        wait_until(lambda: bool(sent(receiver)), "told")
        post(server, alert(REDIS_DOWN.name, "cache-3", service="redis"))  # a change, which is told
        time.sleep(LONG)
    finally:
        server.stop()
    found = storms(sent(receiver), REDIS_DOWN, ON_ITS_CLOCK, began)
    assert len(found) == len(problems), found
    assert all(each.startswith(problem) for each, problem in zip(found, problems, strict=True)), found
    assert {len(each.firing) for each in sent(receiver)} >= ({1} if change is of_each_alone else {2, 3})
    # What was told before a drill is not its own.
    assert storms(sent(receiver), REDIS_DOWN, ON_ITS_CLOCK, time.time()) == []


@pytest.mark.parametrize("saved", [True, False])
def test_a_killed_alertmanager_knows_what_it_told_if_that_was_saved(
    receiver: WebhookReceiver, tmp_path: Path, saved: bool
) -> None:
    hook = Webhook(url=receiver.url)
    path = rendered(Notifications(critical=(hook,), warning=(hook,)), tmp_path / "config")
    server = Alertmanager(tmp_path / "alertmanager", path)
    server.flags = ["--data.maintenance-interval=1s"] * saved
    goes_on = alert(REDIS_DOWN.name, "cache-1", service="redis")
    try:
        server.start()
        post(server, goes_on, alert(POSTGRES_DOWN.name, "db-1", service="postgres"))
        wait_until(lambda: len(sent(receiver)) == 2, "both told")
        time.sleep(2.5)  # two savings
        assert server.process is not None
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        server.start()
        post(server, goes_on, alert(POSTGRES_DOWN.name, "db-1", service="postgres", over=True))
        time.sleep(LONG)
    finally:
        server.stop()
    (first, second), rest = sent(receiver)[:2], sent(receiver)[2:]
    assert first.names(firing=True) | second.names(firing=True) == {REDIS_DOWN.name, POSTGRES_DOWN.name}
    again, over = (frozenset().union(*(each.names(firing=state) for each in rest)) for state in (True, False))
    assert (again, over) == ((set(), {POSTGRES_DOWN.name}) if saved else ({REDIS_DOWN.name}, set()))


def test_another_message_than_a_webhooks_is_no_letter() -> None:
    for body in ({"attachments": []}, [], "text"):
        assert letters({"received": 1.0, "body": body}) == []
