"""The collector that the catalogue names for a metric is the one without which its page lacks it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from examples.demo.databases import Postgres, Redis
from examples.demo.prepare import MEASURES_KEYS
from examples.demo.process import wait_until
from exporters.catalogue import CATALOGUE, self_
from exporters.catalogue.redis_detail import OWN_LOOKUPS
from exporters.collectors.postgres import ExpectedIndex, backend, candidates
from exporters.collectors.postgres.model import always
from tests.servers import exporter_support as redis_support
from tests.servers import postgres_support

DATABASE = "collectors"
INDEX = ExpectedIndex(name="orders_status", table="orders", columns=("status",))
BROKEN = always("SELECT 1 / 0")
REMEMBERED = {self_.CACHE_AGE.name, self_.CACHE_RENEWAL.name}
# For a page, and for the texts of one: what is compared is what a server says, however late.
SECONDS = 60.0
AGE = {"backend": "redis", "collector": "redis.keyspace"}


def declared(collector: str) -> set[str]:
    """What the catalogue says that this collector emits."""
    found = {metric.name for metric in CATALOGUE if metric.collector == collector}
    assert found, collector
    return found


@pytest.fixture(scope="module")
def postgres_pages(postgres: Postgres) -> Iterator[dict[str, set[str]]]:
    """By collector the names that are gone when it fails; of `postgres.server` those that are left of all."""
    postgres_support.create_database(postgres, DATABASE)
    with postgres_support.admin(postgres, DATABASE) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        session.execute(
            "CREATE TABLE orders (id int, status text); CREATE INDEX orders_status ON orders (status)"
        )
        session.execute("INSERT INTO orders SELECT n, repeat('x', 99) FROM generate_series(1, 10001) n")
        session.execute("SELECT count(*) FROM orders WHERE id > 1 AND status = repeat('x', 99)")
        session.execute("ANALYZE orders")
        session.execute("SELECT pg_stat_reset()")
        session.execute("SELECT pg_create_physical_replication_slot('archive', true)")
        session.execute("VACUUM ANALYZE orders")
    asked = {"expected_indexes": (INDEX,), "statement_texts": True, "top_index_candidates": 1}
    watching = postgres_support.watch(postgres, DATABASE, **asked)
    with pytest.MonkeyPatch.context() as patient, closing(watching) as watched:
        patient.setattr(backend, "FIRST_ANSWER_SECONDS", SECONDS)
        patient.setattr(candidates, "READ_SECONDS", SECONDS)

        def names() -> set[str]:
            return postgres_support.collect(watched, SECONDS).names()

        healthy = names()
        found = {}
        broken = [replace(run.collector, sql=BROKEN) for run in watched._runs]
        for run, collector in zip(watched._runs, broken, strict=True):
            whole, run.collector = run.collector, collector
            found[run.name] = healthy - names()
            run.collector = whole
        for run, collector in zip(watched._runs, broken, strict=True):
            run.collector = collector
        of_exporter = {metric.name for metric in CATALOGUE.of("exporter")}
        left = names() - of_exporter
        found["postgres.server"] = left - declared("postgres.up")
        yield found
    with postgres_support.admin(postgres) as session:
        session.execute("SELECT pg_drop_replication_slot('archive')")


def test_each_metric_of_postgres_comes_from_its_collector(postgres_pages: dict[str, set[str]]) -> None:
    collectors = {metric.collector for metric in CATALOGUE.of("postgres")} - {"postgres.up"}
    assert postgres_pages == {collector: declared(collector) for collector in collectors}


def test_each_metric_of_redis_comes_from_its_collector(redis_server: Redis) -> None:
    redis_support.add_user(redis_server)
    with redis_support.admin(redis_server) as client:
        client.set("a:1", "x")
        with pytest.raises(Exception, match="WRONGTYPE"):
            client.lpush("a:1", "x")

        def page(*rules: str, **settings: object) -> set[str]:
            client.execute_command("ACL", "SETUSER", "obs_exporter", *rules)
            with closing(redis_support.watch(redis_server, **settings)) as backend:
                wait_until(
                    lambda: (
                        not settings
                        or redis_support.collect(backend, SECONDS).of(self_.CACHE_AGE, **AGE) is not None
                    ),
                    "the first pass",
                )
                return redis_support.collect(backend, SECONDS).names()

        patterns = {"key_patterns": ("a:*",), "keys": "estimated", "sample_keys": 10, "sample_ages": 10}
        healthy = page(*MEASURES_KEYS, "+ttl", "+object|idletime", **patterns)
        parts = ("redis.sample", "redis.ages")
        sampled = {metric.name for metric in CATALOGUE if metric.collector in parts}
        found = {
            "redis.keyspace": healthy - page() - REMEMBERED - sampled,
            "redis.sample": healthy - page("-memory|usage", **patterns),
            # How many look-ups there were is told after a refusal too.
            "redis.ages": healthy - page("+memory|usage", "-ttl", **patterns) | {OWN_LOOKUPS.name},
            "redis.slowlog": page(*MEASURES_KEYS, **patterns) - page("-slowlog|len", **patterns),
            # A pass asks INFO too: which databases there are.
            "redis.info": page("+slowlog|len") - page("-info"),
        }
        redis_support.add_user(redis_server)
        client.delete("a:1")
    of_a_replica = {
        metric.name for metric in CATALOGUE.of("redis") if re.search("master|replica", metric.optional)
    }
    assert len(of_a_replica) == 3
    of_exporter = {metric.name for metric in CATALOGUE.of("exporter")}
    assert {name: names - of_exporter for name, names in found.items()} == {
        name: declared(name) - of_a_replica for name in found
    }
    assert {metric.collector for metric in CATALOGUE.of("redis")} == {*found, "redis.up"}


PARTS = ("http", "sqlalchemy", "cache", "cache_client", "process", "loop", "workers")


@pytest.mark.parametrize("part", PARTS)
def test_each_metric_of_the_application_comes_from_its_part(part: str) -> None:
    made = {"sqlalchemy": "sql"}.get(part, part)
    code = (
        f"from exporters.api import metrics; metrics.{made}_metrics()\n"
        "for family in metrics.registry().collect():\n"
        "    print(family.name + '_total' * (family.type == 'counter'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == declared(f"api.{part}")


def test_the_parts_of_the_application_are_those() -> None:
    parts = {metric.collector for metric in CATALOGUE.of("api")}
    assert parts == {f"api.{part}" for part in PARTS}
