"""The silence link of a message selects its alert, as the Alertmanager that it leads to reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.notifications import Notifications, Webhook
from dashboards.drill import links
from dashboards.drill.message import Messages
from examples.demo.servers import Alertmanager
from tests.alerts.delivery import BEGAN, alert, alertmanager, post
from tests.alerts.snapshots import FOLDER
from tests.unit.test_drill import SITE

TEXT = (FOLDER / "alertmanager-slack-firing-one.txt").read_text()
GENUINE = alert("ApiErrorBudgetBurnFast", "api-1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    hook = Webhook(url="http://127.0.0.1:9/")
    told = Notifications(critical=(hook,), warning=(hook,), heartbeat=(hook,))
    with alertmanager(told, tmp_path_factory.mktemp("silence")) as running:
        post(running, {**GENUINE, "startsAt": datetime.now(UTC).isoformat()}, alert("ApiDown", "api-1"))
        yield running


def silence(server: Alertmanager) -> str:
    """The link as the real Alertmanager wrote it, at the one that runs."""
    return links.named(TEXT)["Silence"].replace("http://alertmanager.example.org", server.url)


def test_links_are_found_in_what_was_delivered() -> None:
    found = links.named(TEXT)
    assert found.keys() == {"Panel", "Runbook", "Silence"}
    assert links.untimely("Panel", found["Panel"], {"startsAt": BEGAN}, required=True) == []
    assert links.unsilenced(found["Silence"], GENUINE["labels"]) == []


def test_it_selects_this_alert_alone(server: Alertmanager) -> None:
    messages = Messages(replace(SITE, alertmanager=server.url))
    link = silence(server)
    assert messages.silence(link, GENUINE["labels"]) == []
    gone = {**GENUINE["labels"], "instance": "api-9"}
    (problem,) = messages.silence(link, gone)
    assert problem.endswith(f"selects 1 alert at {server.url}, and not this one")


def test_a_link_to_another_server_or_one_that_is_not_understood_is_said(server: Alertmanager) -> None:
    messages = Messages(replace(SITE, alertmanager=server.url))
    (problem,) = messages.silence(links.named(TEXT)["Silence"], GENUINE["labels"])
    assert problem.endswith(f"does not lead to {server.url}")
    label = {**GENUINE["labels"], "alertname": "Bad\\q"}
    (problem,) = messages.silence(silence(server).replace("ApiErrorBudgetBurnFast", "Bad%5Cq"), label)
    assert "answered 400" in problem or "selects 0 alerts" in problem


def test_an_alertmanager_that_does_not_answer_is_said(server: Alertmanager, tmp_path: Path) -> None:
    dead = Messages(replace(SITE, alertmanager="http://127.0.0.1:1"))
    link = links.named(TEXT)["Silence"].replace("http://alertmanager.example.org", "http://127.0.0.1:1")
    (problem,) = dead.silence(link, GENUINE["labels"])
    assert "no answer from Alertmanager at http://127.0.0.1:1" in problem
