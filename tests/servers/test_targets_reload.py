"""Targets come and go with the file; who stays keeps what it has, and who is not asked for costs nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from examples.demo.databases import Postgres, Redis
from examples.demo.process import wait_until
from exporters.catalogue import postgres as postgres_catalogue
from exporters.catalogue import redis as redis_catalogue
from exporters.catalogue import self_
from exporters.config import read_config
from exporters.scrape import COLLECTING
from exporters.secrets import Redactor
from exporters.targets import Targets
from exporters.watching import Watching
from tests.servers import exporter_support
from tests.servers.exporter_process import Exporter
from tests.servers.exporter_support import add_user, url_of
from tests.servers.postgres_support import ROLE, admin, conninfo, create_database
from tests.servers.targets_support import ORDERS, STOCK, ManyTargets

LOADED, LOADED_AT = self_.CONFIG_LOADED, self_.CONFIG_LOADED_TIMESTAMP


@pytest.fixture(scope="module", autouse=True)
def databases(postgres: Postgres, redis_server: Redis) -> None:
    for name in (ORDERS, STOCK):
        create_database(postgres, name)
    add_user(redis_server)


@pytest.fixture
def many(postgres: Postgres, redis_server: Redis, tmp_path: Path) -> Iterator[ManyTargets]:
    running = ManyTargets(tmp_path, postgres, redis_server, "--web.enable-lifecycle")
    yield running
    running.stop()


def sessions(postgres: Postgres, database: str) -> list[int]:
    """The processes that serve the exporter in this database."""
    with admin(postgres) as session:
        asked = "SELECT pid FROM pg_stat_activity WHERE usename = %s AND datname = %s"
        return [pid for (pid,) in session.execute(asked, [ROLE, database])]


def post(many: ManyTargets) -> requests.Response:
    return requests.post(f"http://127.0.0.1:{many.exporter.port}/-/reload", timeout=10)


def connects(many: ManyTargets, name: str, **labels: str) -> float | None:
    return many.probe(name).of(self_.CONNECTS, backend="postgres", result="ok", **labels)


def test_who_stays_the_same_keeps_its_connection_and_who_changes_or_goes_does_not(
    many: ManyTargets, postgres: Postgres
) -> None:
    labels = many.targets["orders"]["labels"]
    assert connects(many, "orders", **labels) == connects(many, "stock", team="stock") == 1
    kept, left = sessions(postgres, ORDERS), sessions(postgres, STOCK)
    before = many.exporter.scrape()

    many.write(stock=many.targets["stock"] | {"labels": {"team": "depot"}}, cache=None)
    many.hang_up()

    wait_until(lambda: many.get("target=cache").status_code == 400, "the cache is no target", timeout=5)
    assert sessions(postgres, ORDERS) == kept
    age = many.probe("orders").of(self_.CACHE_AGE, backend="postgres", collector="postgres.tables", **labels)
    assert age is not None
    assert age > 0
    assert connects(many, "orders", **labels) == 1
    assert many.probe("stock").of(postgres_catalogue.UP, team="depot") == 1
    wait_until(lambda: not set(left) & set(sessions(postgres, STOCK)), "the old session ends", timeout=2)
    after = many.exporter.scrape()
    assert after.of(LOADED) == 1
    assert (after.of(LOADED_AT) or 0) > (before.of(LOADED_AT) or 0)
    assert after.of(self_.START_TIME) == before.of(self_.START_TIME)


@pytest.fixture
def full(postgres: Postgres) -> Iterator[None]:
    """The role may have as many connections as the targets need, and no more."""
    with admin(postgres) as session:
        session.execute(f"ALTER ROLE {ROLE} CONNECTION LIMIT 2")
        yield
        session.execute(f"ALTER ROLE {ROLE} CONNECTION LIMIT 3")


@pytest.mark.usefixtures("full")
def test_a_target_that_changes_needs_no_second_connection_beside_its_old_one(
    many: ManyTargets, postgres: Postgres
) -> None:
    names = ("orders", "stock")
    assert {many.probe(name).of(postgres_catalogue.UP, **many.targets[name]["labels"]) for name in names} == {
        1
    }
    left = {pid for database in (ORDERS, STOCK) for pid in sessions(postgres, database)}
    assert len(left) == 2

    many.write(**{name: many.targets[name] | {"labels": {"team": "new"}} for name in names})
    assert post(many).status_code == 200
    wait_until(
        lambda: not left & {pid for database in (ORDERS, STOCK) for pid in sessions(postgres, database)},
        "the old sessions end",
        timeout=2,
    )

    assert {many.probe(name).of(postgres_catalogue.UP, team="new") for name in names} == {1}
    assert "53300" not in many.exporter.written()


def test_a_page_under_way_gets_its_answers_though_its_target_is_no_more(
    redis_server: Redis, tmp_path: Path
) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("targets:\n  cache: {kind: redis, connection_env: CACHE}\n")
    watching = Watching(read_config(file), {"CACHE": url_of(redis_server)}, Redactor())
    assert b"\nredis_up 1\n" in watching.targets.page("target=cache", 2.0)
    (backend,) = watching.targets.backends()
    assert redis_server.process is not None
    with ThreadPoolExecutor(1) as pool:
        os.kill(redis_server.process.pid, signal.SIGSTOP)
        try:
            page = pool.submit(watching.targets.page, "target=cache", 2.0)
            time.sleep(0.2)
            watching.targets.replace({})
            assert not page.done()
        finally:
            os.kill(redis_server.process.pid, signal.SIGCONT)
        assert b"\nredis_up 1\n" in page.result()
    wait_until(lambda: backend._session is None, "it hangs up")  # type: ignore[attr-defined]


IDLE = 3.0
MISTAKES = {
    "no YAML": "targets: [",
    "an unknown kind": "targets: {orders: {kind: mysql, connection_env: STOCK_URL}}",
    "a variable that is not set": "targets: {orders: {kind: redis, connection_env: NOT_SET}}",
    "a file that is not there": "targets: {orders: {kind: redis, connection_file: /nowhere}}",
    "a connection string of another kind": "targets: {new: {kind: redis, connection_env: STOCK_URL}}",
    "nothing, as a file that is half written": "",
    "nothing but a remark": "# targets follow\nnull\n",
    "no target, where there were some": "postgres: {top_tables: 5}\ntargets:\n",
    "no targets at all, but sections": "postgres: {top_tables: 5}\n",
    "a module that is not there": "targets: {new: {kind: redis, connection_env: STOCK_URL, module: none}}",
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_file_with_a_mistake_changes_nothing_and_is_told(many: ManyTargets, mistake: str) -> None:
    good = many.file.read_text()
    listed = many.exporter.get("/targets").text
    before = many.exporter.scrape().of(LOADED_AT)
    many.file.write_text(mistake)

    response = post(many)

    assert response.status_code == 500
    assert response.text == "the configuration stays as it was; the log says why\n"
    page = many.exporter.scrape()
    assert page.of(LOADED) == 0
    assert page.of(LOADED_AT) == before
    assert many.exporter.get("/targets").text == listed
    told = [line for line in many.exporter.written().splitlines() if "stays as it was" in line]
    assert len(told) == 1
    assert "level=error" in told[0]
    assert "; expected " in told[0]

    many.file.write_text(good)
    assert post(many).status_code == 200
    assert many.exporter.scrape().of(LOADED) == 1


def test_a_request_may_have_the_file_read_only_where_that_is_on(
    many: ManyTargets, redis_server: Redis, tmp_path: Path
) -> None:
    assert many.exporter.get("/-/reload").status_code == 405
    assert post(many).text == "reloaded\n"
    (tmp_path / "off").mkdir()
    off = Exporter(tmp_path / "off", REDIS_URL=redis_server.url)
    try:
        answer = requests.post(f"http://127.0.0.1:{off.port}/-/reload", timeout=10)
        other = requests.post(f"http://127.0.0.1:{off.port}/metrics", timeout=10)
    finally:
        off.stop()
    assert answer.status_code == 403
    assert "--web.enable-lifecycle" in answer.text
    assert other.status_code == 405


def test_the_servers_of_the_one_page_follow_the_file_too(
    postgres: Postgres, redis_server: Redis, tmp_path: Path
) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("postgres: {top_tables: 3}\n")
    env = {"DATABASE_URL": conninfo(postgres, ORDERS), "REDIS_URL": url_of(redis_server)}
    watching = Watching(read_config(file), env, Redactor())

    def page() -> exporter_support.Samples:
        return exporter_support.parse(watching.scraper.page(5).decode())

    try:
        first = page()
        assert first.of(redis_catalogue.KEYS, db="db0", key="job:*") is None
        sessions_before = sessions(postgres, ORDERS)
        file.write_text("postgres: {top_tables: 3}\nredis: {key_patterns: ['job:*']}\n")
        assert watching.reload()
        wait_until(
            lambda: page().of(redis_catalogue.KEYS, db="db0", key="job:*") == 0, "keys are counted", timeout=5
        )
        assert sessions(postgres, ORDERS) == sessions_before
        assert page().of(postgres_catalogue.UP) == page().of(redis_catalogue.UP) == 1

        for half_written in ("", "redis:\n"):
            file.write_text(half_written)
            assert not watching.reload()
            assert page().of(LOADED) == page().of(redis_catalogue.KEYS, db="db0", key="job:*") == 0
        file.write_text("postgres: {top_tables: 3}\n")
        assert watching.reload()
        assert page().of(redis_catalogue.KEYS, db="db0", key="job:*") is None
    finally:
        for backend in watching.backends():
            backend.close()


def costs() -> tuple[int, int]:
    """Threads of targets and descriptors of this process; a few threads wait for work of any target."""
    of_targets = [thread for thread in threading.enumerate() if thread.name != COLLECTING.name]
    return len(of_targets), len(list(Path("/proc/self/fd").iterdir()))


def test_a_target_that_nobody_asks_for_costs_no_connection_and_no_thread(
    postgres: Postgres, redis_server: Redis, tmp_path: Path
) -> None:
    file = tmp_path / "exporter.yml"
    many = "".join(f"  cache-{n}: {{kind: redis, connection_env: CACHE, module: keys}}\n" for n in range(20))
    file.write_text(
        f"targets:\n  orders: {{kind: postgres, connection_env: ORDERS}}\n{many}"
        "modules: {keys: {redis: {key_patterns: ['job:*']}}}\n"
    )
    env = {"ORDERS": conninfo(postgres, ORDERS), "CACHE": url_of(redis_server)}
    threads, files = costs()
    watching = Watching(read_config(file), env, Redactor())
    targets = watching.targets = Targets(idle=IDLE)
    assert watching.reload()
    now = costs()
    assert now[0] <= threads
    assert now[1] <= files

    assert b"\npg_up 1\n" in targets.page("target=orders", 2.0)
    for number in range(20):
        assert b"\nredis_up 1\n" in targets.page(f"target=cache-{number}", 2.0)
    assert len(sessions(postgres, ORDERS)) == 1
    assert costs()[0] >= threads + 20
    assert costs()[1] >= files + 21
    targets.sweep()
    assert len(sessions(postgres, ORDERS)) == 1

    time.sleep(IDLE)
    targets.sweep()
    wait_until(
        lambda: costs()[0] <= threads and costs()[1] <= files and not sessions(postgres, ORDERS),
        "everything is closed",
        timeout=10,
    )
    assert b"\npg_up 1\n" in targets.page("target=orders", 2.0)
    for backend in targets.backends():
        with suppress(Exception):
            backend.close()
