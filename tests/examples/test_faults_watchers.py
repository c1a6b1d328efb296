"""Each fault of the watchers is one that Prometheus or the receiver itself tells of, until it is healed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from examples.demo.process import wait_until
from examples.demo.servers import Alertmanager, Exporter, Prometheus, WebhookReceiver
from examples.faults import FaultError, Targets, injected, make


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("watchers")


@pytest.fixture(scope="module")
def prometheus(home: Path) -> Iterator[Prometheus]:
    folder = home / "provisioning/prometheus"
    for name in ("rules", "targets"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    server = Prometheus(home / "prometheus", folder / "prometheus.yml")
    config: dict[str, Any] = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules/*.yml"],
        "scrape_configs": [{"job_name": "api", "file_sd_configs": [{"files": ["targets/*.yml"]}]}],
    }
    server.config.write_text(yaml.safe_dump(config))
    groups = [{"targets": [server.address], "labels": {"kind": "metrics"}}]
    (folder / "targets/backend.yml").write_text(yaml.safe_dump(groups))
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def receiver(home: Path) -> Iterator[WebhookReceiver]:
    server = WebhookReceiver(home / "webhook").start()
    yield server
    server.stop()


@pytest.fixture
def watched(home: Path, prometheus: Prometheus, receiver: WebhookReceiver) -> Targets:
    ports = {"prometheus": prometheus.port, "webhook": receiver.port}
    return Targets(fault_file="", database_url="", redis_url="", home=str(home), ports=ports)


def ask(prometheus: Prometheus, query: str) -> list[dict[str, Any]]:
    url = f"{prometheus.url}/api/v1/query"
    # A rule that is slow on purpose keeps others waiting.
    answer = requests.get(url, params={"query": query}, timeout=60)
    found: list[dict[str, Any]] = answer.json()["data"]["result"]
    return found


def number(prometheus: Prometheus, query: str) -> float:
    found = ask(prometheus, query)
    return float(found[0]["value"][1]) if found else -1.0


def files(home: Path) -> dict[str, str]:
    folder = home / "provisioning"
    return {str(each): each.read_text() for each in folder.rglob("*") if each.is_file()}


def test_a_rule_fails_at_each_evaluation(home: Path, prometheus: Prometheus, watched: Targets) -> None:
    before = files(home)
    failures = "sum(prometheus_rule_evaluation_failures_total)"
    with injected(make("fail-rule", watched)):
        wait_until(lambda: number(prometheus, failures) > 1, "failures counted")
    assert files(home) == before
    wait_until(lambda: number(prometheus, failures) <= 0, "no such group any more")


def test_a_rule_takes_longer_than_its_interval(home: Path, prometheus: Prometheus, watched: Targets) -> None:
    before = files(home)
    taken = 'prometheus_rule_group_last_duration_seconds{rule_group=~".*fault.*"}'
    with injected(make("slow-rule", watched)):
        wait_until(lambda: number(prometheus, taken) > 0.8, "slow")
    assert files(home) == before


def test_a_broken_configuration_is_refused_and_the_old_one_kept(
    home: Path, prometheus: Prometheus, watched: Targets
) -> None:
    before = files(home)
    good = "prometheus_config_last_reload_successful"
    wait_until(lambda: number(prometheus, good) == 1, "in order")
    with injected(make("break-config", watched)):
        wait_until(lambda: number(prometheus, good) == 0, "refused")
        assert ask(prometheus, "up")
    assert files(home) == before
    wait_until(lambda: number(prometheus, good) == 1, "in order again")


def test_alertmanager_too_keeps_what_it_had(home: Path) -> None:
    folder = home / "provisioning/alertmanager"
    folder.mkdir(exist_ok=True)
    server = Alertmanager(home / "alertmanager", folder / "alertmanager.yml")
    server.config.write_text(yaml.safe_dump({"route": {"receiver": "one"}, "receivers": [{"name": "one"}]}))

    def loaded() -> bool:
        return (
            "alertmanager_config_last_reload_successful 1"
            in requests.get(f"{server.url}/metrics", timeout=5).text.splitlines()
        )

    before = server.config.read_text()
    try:
        server.start()
        wait_until(loaded, "in order")
        ports = {"alertmanager": server.port}
        targets = Targets(fault_file="", database_url="", redis_url="", home=str(home), ports=ports)
        with injected(make("break-config", targets, server="alertmanager")):
            wait_until(lambda: not loaded(), "refused")
        assert server.config.read_text() == before
        wait_until(loaded, "in order again")
    finally:
        server.stop()


def test_a_target_is_gone_from_the_file(home: Path, prometheus: Prometheus, watched: Targets) -> None:
    before = files(home)
    wait_until(lambda: number(prometheus, "up") == 1, "scraped")
    with injected(make("empty-targets", watched)):
        wait_until(lambda: not ask(prometheus, "up"), "absent")
    assert files(home) == before
    wait_until(lambda: number(prometheus, "up") == 1, "scraped again")


def test_a_slow_page_is_still_scraped_under_its_own_name(
    home: Path, prometheus: Prometheus, watched: Targets
) -> None:
    wait_until(lambda: number(prometheus, "up") == 1, "scraped")
    before, series = files(home), [each["metric"] for each in ask(prometheus, "up")]
    with injected(make("slow-scrape", watched, delay=0.6)):
        wait_until(lambda: number(prometheus, "scrape_duration_seconds") > 0.6, "slow")
        assert number(prometheus, "up") == 1
        assert [each["metric"] for each in ask(prometheus, "up")] == series
    assert files(home) == before
    wait_until(lambda: number(prometheus, "scrape_duration_seconds") < 0.5, "fast again")


def test_an_exporter_without_a_database_takes_the_place_of_the_other(
    home: Path, prometheus: Prometheus, watched: Targets
) -> None:
    targets = "targets: {pooler: {kind: pgbouncer, connection_env: POOLER_URL}}"
    (home / "exporter.yml").write_text(f"postgres: {{statement_texts: true}}\n{targets}\n")
    exporter = Exporter(home / "exporter", [])
    exporter.env = {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1"}
    exporter.env["POOLER_URL"] = "postgresql://x@127.0.0.1:2/pgbouncer"
    first = prometheus.config.read_text()
    config = yaml.safe_load(first)
    own = {"targets": [exporter.address], "labels": {"cluster": "main"}}
    config["scrape_configs"].append({"job_name": "exporter", "static_configs": [own]})
    try:
        exporter.start()
        assert exporter.process
        prometheus.config.write_text(yaml.safe_dump(config))
        requests.post(f"{prometheus.url}/-/reload", timeout=5)
        wait_until(lambda: len(ask(prometheus, '{__name__=~"pg_up|redis_up"}')) == 2, "both are down")
        targets = replace(
            watched,
            processes={"exporter": exporter.process.pid},
            ports={**watched.ports, "exporter": exporter.port},
        )
        before, series = prometheus.config.read_text(), ask(prometheus, "redis_up")[0]["metric"]
        with injected(make("forget-database", targets)):
            wait_until(lambda: not ask(prometheus, "pg_up"), "of PostgreSQL nothing is said")
            wait_until(lambda: number(prometheus, 'up{job="exporter"}') == 1, "it is asked")
            assert ask(prometheus, "redis_up")[0]["metric"] == series
        assert prometheus.config.read_text() == before
        wait_until(lambda: len(ask(prometheus, "pg_up")) == 1, "it is told of again")
    finally:
        prometheus.config.write_text(first)
        exporter.stop()


def test_messages_to_one_path_are_refused(receiver: WebhookReceiver, watched: Targets) -> None:
    def sent(path: str) -> int:
        return requests.post(receiver.url + path, json={}, timeout=5).status_code

    with injected(make("refuse-messages", watched, path="/warning")):
        assert (sent("/warning"), sent("/critical")) == (500, 200)
    assert sent("/warning") == 200
    assert [each["path"] for each in receiver.messages()][-2:] == ["/critical", "/warning"]


def test_without_the_demo_it_is_said_what_is_missing(tmp_path: Path) -> None:
    nothing = Targets(
        fault_file="", database_url="", redis_url="", home=str(tmp_path), ports={"prometheus": 1}
    )
    for name, missing in (
        ("fail-rule", "provisioning/prometheus is no directory"),
        ("empty-targets", "targets/backend.yml is not there"),
        ("refuse-messages", "the chain has no 'webhook'; expected one of prometheus"),
    ):
        with pytest.raises(FaultError, match=missing):
            make(name, nothing)
