"""A Redis watched by exactly the user that redis.acl describes, and pages read back as samples."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

import exporters
from examples.demo.databases import Redis
from examples.demo.prepare import MEASURES_KEYS
from examples.demo.process import wait_until
from exporters.catalogue import Metric
from exporters.collectors.base import Family
from exporters.collectors.redis import RedisBackend, RedisSettings, passes
from exporters.exposition import render

ACL = (Path(exporters.__file__).parent / "redis.acl").read_text()
PASSWORD = "s3cret/:@ '{"
LOG = logging.getLogger("test")
MANY = 22_000  # keys: more than are counted without a pause

Sample = tuple[str, frozenset[tuple[str, str]]]


class Samples(dict[Sample, float]):
    """Sample values, asked for by name and labels."""

    def of(self, name: object, **labels: str) -> float | None:
        """One value, or None if the series is not there."""
        return self.get((str(name), frozenset(labels.items())))

    def names(self) -> set[str]:
        """The sample names."""
        return {name for name, _ in self}


def kinds(text: str) -> dict[str, str]:
    """By name the type that stands on a page."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def parse(text: str) -> Samples:
    """A page as Prometheus sees it."""
    known = kinds(text)

    def written(name: str) -> str:
        # The parser gives every counter the ending that names kept for compatibility lack.
        return name if name in known else name.removesuffix("_total")

    return Samples(
        {
            (written(sample.name), frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    )


def schema(text: str) -> dict[str, tuple[str, frozenset[str]]]:
    """By name the type and the labels that stand on a page."""
    known = kinds(text)
    return {name: (known[name], frozenset(label for label, _ in labels)) for name, labels in parse(text)}


def declared(*metrics: Metric) -> dict[str, tuple[str, frozenset[str]]]:
    """The same, as the catalogue says."""
    return {metric.name: (metric.kind, metric.label_names()) for metric in metrics}


def samples(families: Iterable[Family]) -> Samples:
    """What the page made of these families holds; nothing may be lost on the way."""
    page = render(families)
    assert not any(page.dropped.values())
    return parse(page.body.decode())


def admin(server: Redis, **options: Any) -> redis.Redis:
    """A client that may do everything."""
    return redis.Redis(host="127.0.0.1", port=server.port, protocol=2, **options)


def add_user(server: Redis) -> None:
    """Make the exporter's user, as the file that ships says, and give it a password."""
    word, name, *rules = ACL.split()
    assert word == "user"
    with admin(server) as client:
        client.execute_command("ACL", "SETUSER", name, *rules, f">{PASSWORD}")


def allow_measuring(server: Redis) -> None:
    """Give the exporter's user the right that `sample_keys` needs beyond that file."""
    with admin(server) as client:
        client.execute_command("ACL", "SETUSER", "obs_exporter", *MEASURES_KEYS)


def url_of(server: Redis, password: str = PASSWORD) -> str:
    """The URL of the exporter's user."""
    return f"redis://obs_exporter:{password}@127.0.0.1:{server.port}/0"


def watch(server: Redis, **settings: Any) -> RedisBackend:
    """A backend under the exporter's user; the caller closes it."""
    return RedisBackend(RedisSettings(url=lambda: url_of(server), **settings), LOG)


def collect(backend: RedisBackend, seconds: float = 2.0) -> Samples:
    """One scrape."""
    return samples(backend.collect(time.monotonic() + seconds))


def collect_until(backend: RedisBackend, name: object, value: float, **labels: str) -> Samples:
    """Scrape until a series has this value, and give the page on which it has."""
    last = Samples()

    def reached() -> bool:
        nonlocal last
        last = collect(backend)
        return last.of(name, **labels) == value

    wait_until(reached, f"{name}{labels} == {value}", timeout=10)
    return last


def fill(server: Redis, *keys: str | bytes, db: int = 0) -> None:
    """Write keys that hold nothing."""
    with admin(server, db=db) as client:
        client.mset(dict.fromkeys(keys, ""))


def fill_many(server: Redis, keys: int = MANY) -> None:
    """Write keys of users."""
    with admin(server) as client:
        client.mset({f"user:{number}": "" for number in range(keys)})


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let passes rest as short as they may, also where the server is slow."""
    monkeypatch.setattr(passes, "LONGEST_REST", passes.LEAST_REST)


def scans(server: Redis) -> int:
    """How often the server was asked for keys."""
    with admin(server) as client:
        return int(client.info("commandstats").get("cmdstat_scan", {}).get("calls", 0))
