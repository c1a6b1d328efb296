"""The demo as the audit found the backend: everything is reached, and a fix brings what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from examples.demo.chain import Chain
from examples.demo.process import wait_until
from examples.demo.render import renderer
from examples.load import Load
from exporters.catalogue import postgres, postgres_objects, redis
from tests.servers.exporter_support import Samples, parse

pytestmark = pytest.mark.stack
SCALE = 1 / 15


@pytest.fixture(scope="module")
def chain(new_home: Callable[[], Path]) -> Iterator[Chain]:
    home = new_home()
    with Chain(home, renderer(time_scale=SCALE), state="baseline", time_scale=SCALE) as chain:
        yield chain


def page(chain: Chain) -> Samples:
    return parse(requests.get(f"{chain.exporter.url}/metrics", timeout=10).text)


def expected_indexes(chain: Chain, metric: object) -> set[float]:
    return {value for (name, _), value in page(chain).items() if name == str(metric)}


def test_prometheus_reaches_every_target_and_alertmanager(chain: Chain) -> None:
    def health() -> set[str]:
        answer = requests.get(f"{chain.prometheus.url}/api/v1/targets", timeout=10)
        return {target["health"] for target in answer.json()["data"]["activeTargets"]}

    wait_until(lambda: health() == {"up"}, "every target scraped")
    answer = requests.get(f"{chain.prometheus.url}/api/v1/alertmanagers", timeout=10).json()
    urls = [each["url"] for each in answer["data"]["activeAlertmanagers"]]
    assert urls == [f"{chain.alertmanager.url}/api/v2/alerts"]


def test_the_watchdog_is_delivered_to_the_receiver(chain: Chain) -> None:
    def delivered() -> set[str]:
        alerts = [alert for message in chain.webhook.messages() for alert in message["body"]["alerts"]]
        return {alert["labels"]["alertname"] for alert in alerts}

    wait_until(lambda: "Watchdog" in delivered(), "the watchdog's message", timeout=60)


def test_a_fix_brings_the_indexes_and_the_limits_that_the_audit_asks_for(chain: Chain) -> None:
    present, right = postgres_objects.EXPECTED_PRESENT, postgres_objects.EXPECTED_COLUMNS
    assert expected_indexes(chain, present) == {0}
    assert page(chain).of(postgres.SETTING_MAX_CONNECTIONS) == 100
    assert page(chain).of(redis.MEMORY_MAX) == 256 * 1024 * 1024
    before = chain.targets.processes["api"]

    chain.fix()

    wait_until(lambda: expected_indexes(chain, right) == {1}, "all five indexes as expected")
    assert page(chain).of(postgres.SETTING_MAX_CONNECTIONS) == 200
    assert page(chain).of(redis.MEMORY_MAX) == 512 * 1024 * 1024
    assert chain.targets.processes["api"] != before
    result = Load(chain.api.url, rate=40, seconds=2).run()
    assert not result.errors
    assert all(status < 500 for _, _, status in result.answers)
