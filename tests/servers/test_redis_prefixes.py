"""The keys of no pattern say which patterns are missing; patterns that share keys are told of."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

import pytest

from examples.demo.databases import Redis
from exporters.catalogue import redis as catalogue
from exporters.catalogue import redis_detail as detail
from exporters.collectors.redis import passes
from tests.servers.exporter_process import run_to_its_end
from tests.servers.exporter_support import Samples, add_user, admin, collect_until, fill, url_of, watch


@pytest.fixture
def server(redis_server: Redis) -> Redis:
    """The shared Redis, with keys of some kinds."""
    with admin(redis_server) as client:
        client.flushall()
    add_user(redis_server)
    for count, form in ((40, "cart:{}"), (30, "user{}:cart"), (20, "page.{}.x"), (3, "ann@{}"), (12, "{}")):
        fill(redis_server, *(form.format(number) for number in range(count)))
    fill(redis_server, *(f"cart:{number}" for number in range(15)), db=3)
    return redis_server


def begins(page: Samples, db: str) -> dict[str, float]:
    return {
        dict(labels)["prefix"]: value
        for (name, labels), value in page.items()
        if name == detail.UNMATCHED_PREFIX.name and dict(labels)["db"] == db
    }


def test_missing_patterns_are_listed_and_the_rest_is_other(server: Redis) -> None:
    with closing(watch(server, key_patterns=("page.*",))) as backend:
        page = collect_until(backend, catalogue.KEYS, 20, db="db0", key="page.*")

    assert begins(page, "db0") == {"cart:*": 40, "user*": 30, "*": 12, "other": 3}
    assert begins(page, "db3") == {"cart:*": 15, "other": 0}
    assert sum(begins(page, "db0").values()) == page.of(catalogue.UNMATCHED_KEYS, db="db0")


def test_so_many_are_listed_as_the_file_says(server: Redis) -> None:
    with closing(watch(server, key_patterns=("page.*",), top_prefixes=2)) as backend:
        page = collect_until(backend, catalogue.KEYS, 20, db="db0", key="page.*")
    assert begins(page, "db0") == {"cart:*": 40, "user*": 30, "other": 15}
    assert begins(page, "db3") == {"other": 15}

    with closing(watch(server, key_patterns=("page.*",), top_prefixes=0)) as backend:
        page = collect_until(backend, catalogue.KEYS, 20, db="db0", key="page.*")
    assert detail.UNMATCHED_PREFIX.name not in page.names()


def test_of_an_estimate_each_key_stands_for_many(server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "SMALL", 1000)
    fill(server, *(f"late:{number}" for number in range(40_000)))
    with closing(watch(server, key_patterns=("page.*",), keys="estimated")) as backend:
        page = collect_until(backend, catalogue.KEYS, 0, db="db3", key="page.*")
    assert begins(page, "db0")["late:*"] == pytest.approx(40_000, rel=0.02)
    # What few keys have, a sample may miss: then it is among the rest.
    assert sum(begins(page, "db0").values()) == pytest.approx(
        page.of(catalogue.UNMATCHED_KEYS, db="db0"), abs=5
    )


@pytest.mark.parametrize(
    ("patterns", "level"), [(("cart:*", "cart:1*"), logging.WARNING), (("cart:1*", "cart:*"), logging.INFO)]
)
def test_patterns_that_share_keys_are_told_of_once(
    server: Redis, patterns: tuple[str, ...], level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with closing(watch(server, key_patterns=patterns, scan_interval=0.05)) as backend:
        page = collect_until(
            backend, catalogue.KEYS, 40 if level == logging.WARNING else 11, db="db0", key=patterns[0]
        )
    (told,) = [record for record in caplog.records if "overlap" in record.message]
    assert told.levelno == level
    assert f"'{patterns[0]}' " in told.message
    assert page.of(catalogue.KEYS, db="db0", key=patterns[1]) == (0 if level == logging.WARNING else 29)


def test_check_tells_of_patterns_that_share_keys(server: Redis, tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("redis: {key_patterns: ['cart:*', 'cart:1*'], top_prefixes: 5}\n")
    done = run_to_its_end("check", "--config.file", str(file), REDIS_URL=url_of(server))
    assert done.returncode == 0
    assert "first that fits: 'cart:*' takes every key of 'cart:1*'" in done.stdout
