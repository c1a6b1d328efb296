"""Every server of the chain is reached by the one that asks it, or tells it."""

from __future__ import annotations

import requests

from alerts.model import HEARTBEAT
from dashboards.drill.storm import letters
from tests.stack.conftest import Running, eventually


def test_prometheus_reaches_every_target_and_alertmanager(running: Running) -> None:
    url = f"{running.chain.prometheus.url}/api/v1"

    def health() -> set[str]:
        answer = requests.get(f"{url}/targets", timeout=10)
        return {target["health"] for target in answer.json()["data"]["activeTargets"]}

    eventually(lambda: health() == {"up"}, "every target scraped", within=30)
    answer = requests.get(f"{url}/alertmanagers", timeout=10).json()
    urls = [each["url"] for each in answer["data"]["activeAlertmanagers"]]
    assert urls == [f"{running.chain.alertmanager.url}/api/v2/alerts"]


def test_the_heartbeat_is_delivered_to_the_receiver(running: Running) -> None:
    def delivered() -> set[str]:
        told = (letter for message in running.chain.webhook.messages() for letter in letters(message))
        return {name for letter in told for name in letter.names(firing=True)}

    eventually(lambda: HEARTBEAT in delivered(), "its message", within=60)
