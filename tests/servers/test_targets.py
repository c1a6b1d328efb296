"""`/probe` gives the page of one target by its configured name, and nothing else ever leaves for anywhere."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from examples.demo.databases import Postgres, Redis
from exporters.catalogue import postgres as postgres_catalogue
from exporters.catalogue import postgres_objects, self_
from exporters.catalogue import redis as redis_catalogue
from exporters.config import read_config
from tests.servers.exporter_process import Exporter
from tests.servers.exporter_support import Samples, add_user, parse
from tests.servers.postgres_support import admin, create_database
from tests.servers.targets_support import ORDERS, STOCK, ManyTargets

DOCUMENT = Path(__file__).parents[2] / "docs/targets.md"
OF_ORDERS = {"team": "orders", "tier": 'a "b"\\'}


@pytest.fixture(scope="module")
def many(
    postgres: Postgres, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ManyTargets]:
    for name in (ORDERS, STOCK):
        create_database(postgres, name)
    with admin(postgres, ORDERS) as session:
        session.execute("CREATE TABLE orders (id int); CREATE INDEX ix_orders ON orders (id)")
    add_user(redis_server)
    running = ManyTargets(tmp_path_factory.mktemp("targets"), postgres, redis_server)
    yield running
    running.stop()


def of_kinds(page: Samples) -> set[str]:
    """The first words of the names on a page."""
    return {name.partition("_")[0] for name in page.names()}


def test_each_page_is_its_targets_own_and_bears_its_labels(many: ManyTargets) -> None:
    orders, stock, cache = (many.probe(name) for name in ("orders", "stock", "cache"))

    assert orders.of(postgres_catalogue.UP, **OF_ORDERS) == 1
    assert stock.of(postgres_catalogue.UP, team="stock") == 1
    assert cache.of(redis_catalogue.UP) == 1
    for page, labels in ((orders, OF_ORDERS), (stock, {"team": "stock"}), (cache, {})):
        assert all(labels.items() <= set(of_series) for _, of_series in page)
    assert of_kinds(orders) == of_kinds(stock) == {"pg", "obs"}
    assert of_kinds(cache) == {"redis", "obs"}
    assert orders.of(self_.SERIES, **OF_ORDERS) == len(orders)
    tables = postgres_objects.TABLE_SEQ_SCAN.name
    assert {dict(labels)["datname"] for name, labels in orders if name == tables} == {ORDERS}


def test_the_exporters_own_page_tells_of_the_process_and_those_of_targets_do_not(many: ManyTargets) -> None:
    own, orders = many.exporter.scrape(), many.probe("orders")

    assert of_kinds(own) == {"obs"}
    assert own.of(self_.CONFIG_LOADED) == 1
    for metric in (self_.START_TIME, self_.BUILD_INFO, self_.CONFIG_LOADED):
        assert metric.name in own.names()
        assert metric.name not in orders.names()


def test_a_module_brings_its_options(many: ManyTargets) -> None:
    name = postgres_objects.EXPECTED_PRESENT.name

    assert name not in many.probe("orders").names()
    assert many.probe("orders", "expected").of(name, index="ix_orders", table="orders", **OF_ORDERS) == 1
    assert "redis_keys_count" not in many.probe("cache").names()


WRONG = {
    "an address": "target=127.0.0.1:{port}",
    "a scheme": "target=redis://127.0.0.1:{port}",
    "a URL": "target=http://127.0.0.1:{port}/metrics",
    "an address that is encoded": "target=127.0.0.1%3A{port}",
    "another port": "target=silent:{port}",
    "a user": "target=user@silent",
    "a path": "target=silent/0",
    "a way out": "target=..",
    "a way out and in": "target=../silent",
    "a way out that is encoded": "target=%2e%2e%2fsilent",
    "a name that ends early": "target=silent%00",
    "a space": "target=silent%20",
    "another case": "target=Silent",
    "a target twice": "target=silent&target=silent",
    "two targets": "target=silent&target=cache",
    "a parameter that nobody knows": "target=silent&auth_module=x",
    "one too many": "target=silent&module=few&x=1",
    "a module twice": "target=silent&module=few&module=few",
    "a module that is not there": "target=silent&module=none",
    "a module of another kind": "target=silent&module=expected",
    "an empty module": "target=silent&module=",
    "a module alone": "module=few",
    "an empty target": "target=",
    "no target": "",
    "no value": "target",
    "a separator of old": "target=silent;module=few",
    "no UTF-8": "target=%ff",
}


@pytest.mark.parametrize("query", WRONG.values(), ids=WRONG.keys())
def test_what_is_not_configured_is_refused_and_nothing_is_sent(many: ManyTargets, query: str) -> None:
    many.listener.settimeout(0)
    while True:  # what another test left there
        try:
            many.listener.accept()[0].close()
        except BlockingIOError:
            break

    response = many.get(query.format(port=many.silent))

    assert response.status_code == 400
    assert response.text.endswith("\n")
    assert response.text.count("\n") == 1
    assert "silent" not in response.text
    with pytest.raises(BlockingIOError):
        many.listener.accept()


def test_by_its_name_the_place_where_nothing_was_sent_is_reached(many: ManyTargets) -> None:
    many.listener.settimeout(5)

    page = many.probe("silent", X_Prometheus_Scrape_Timeout_Seconds="1")

    assert page.of(redis_catalogue.UP, team="nobody") == 0
    many.listener.accept()[0].close()


def test_a_target_that_does_not_answer_keeps_the_time_limit_and_holds_up_no_other(many: ManyTargets) -> None:
    many.probe("orders")
    taken: list[float] = []

    def ask() -> None:
        began = time.monotonic()
        assert (
            many.probe("silent", X_Prometheus_Scrape_Timeout_Seconds="10").of(
                redis_catalogue.UP, team="nobody"
            )
            == 0
        )
        taken.append(time.monotonic() - began)

    asking = [threading.Thread(target=ask) for _ in range(10)]
    for thread in asking:
        thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    assert many.probe("orders").of(postgres_catalogue.UP, **OF_ORDERS) == 1
    assert many.probe("cache").of(redis_catalogue.UP) == 1
    assert time.monotonic() - began < 1
    for thread in asking:
        thread.join()
    assert len(taken) == 10
    assert max(taken) < 3

    began = time.monotonic()
    many.probe("silent", X_Prometheus_Scrape_Timeout_Seconds="1")
    assert time.monotonic() - began < 1
    assert re.search("logger=exporter.silent msg=.redis.up: ", many.exporter.written())


def test_60_targets_that_do_not_answer_hold_up_no_other(redis_server: Redis, tmp_path: Path) -> None:
    silent = [f"silent-{number}" for number in range(60)]
    lines = [f"  {name}: {{kind: redis, connection_env: SILENT}}\n" for name in silent]
    file = tmp_path / "exporter.yml"
    file.write_text("targets:\n  cache: {kind: redis, connection_env: CACHE}\n" + "".join(lines))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        env = {"CACHE": redis_server.url, "SILENT": f"redis://127.0.0.1:{listener.getsockname()[1]}"}
        exporter = Exporter(tmp_path, "--config.file", str(file), **env)
        try:
            with ThreadPoolExecutor(len(silent)) as pool:
                asked = [pool.submit(exporter.get, f"/probe?target={name}") for name in silent]
                time.sleep(0.8)
                began = time.monotonic()
                page = parse(exporter.get("/probe?target=cache").text)
                taken = time.monotonic() - began
                assert not any(each.done() for each in asked)
                pages = [parse(each.result().text) for each in asked]
        finally:
            exporter.stop()
    assert page.of(redis_catalogue.UP) == 1
    assert taken < 0.8
    assert [each.of(redis_catalogue.UP) for each in pages] == [0] * 60


def test_targets_are_listed_as_prometheus_reads_them(many: ManyTargets) -> None:
    response = many.exporter.get("/targets")

    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(response.text) == [
        {"targets": ["orders", "stock"], "labels": {"__meta_kind": "postgres"}},
        {"targets": ["cache", "silent"], "labels": {"__meta_kind": "redis"}},
    ]


def test_prometheus_asks_for_what_the_documents_example_says(many: ManyTargets, tmp_path: Path) -> None:
    exporter_yml, prometheus_yml, group = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (tmp_path / "exporter.yml").write_text(exporter_yml)
    assert list(read_config(tmp_path / "exporter.yml").targets) == ["orders", "sessions", "pooler"]
    assert [one["labels"]["__param_target"] for one in yaml.safe_load(group)] == ["pooler"]

    address = f"127.0.0.1:{many.exporter.port}"
    file = tmp_path / "prometheus.yml"
    file.write_text(prometheus_yml.replace("localhost:10910", address))
    checked = subprocess.run(
        ["promtool", "check", "config", file], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    found = subprocess.run(
        ["promtool", "check", "service-discovery", "--timeout=3s", file, "servers"],
        capture_output=True,
        text=True,
        check=True,
    )
    asked = {
        (labels["instance"], labels["__param_target"], labels["__address__"], labels["__metrics_path__"])
        for labels in (target["labels"] for target in json.loads(found.stdout))
    }
    assert asked == {(name, name, address, "/probe") for name in many.targets}


def test_without_a_configuration_there_is_no_such_page(redis_server: Redis, tmp_path: Path) -> None:
    exporter = Exporter(tmp_path, REDIS_URL=redis_server.url)
    try:
        assert [exporter.get(path).status_code for path in ("/probe?target=cache", "/targets")] == [404, 404]
    finally:
        exporter.stop()
