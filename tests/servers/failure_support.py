"""A PostgreSQL that a test may break, and how to tell what an exporter says of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from examples.demo.databases import Postgres
from exporters.catalogue import CATALOGUE, self_
from exporters.catalogue import postgres as catalogue
from exporters.collectors.postgres import ExpectedIndex, PostgresBackend
from tests.servers.exporter_support import Samples
from tests.servers.postgres_support import admin, collect

DATABASE = "failing"
INDEX = ExpectedIndex(name="jobs_open", table="jobs", columns=("id",), predicate="open")
OF_SERVER = {metric.name for metric in CATALOGUE.of("postgres")} - {catalogue.UP.name}
NAMES = {metric.collector for metric in CATALOGUE.of("postgres")} - {"postgres.up"}
ANSWER_SECONDS = 2.0


@contextmanager
def locked(server: Postgres, *relations: str) -> Iterator[None]:
    """Somebody holds the strongest lock on these tables."""
    with admin(server, DATABASE) as session:
        session.execute("BEGIN")
        for relation in relations:
            session.execute(f"LOCK TABLE {relation} IN ACCESS EXCLUSIVE MODE")
        yield
        session.execute("ROLLBACK")


def failing(page: Samples) -> set[str]:
    return {name for name in NAMES if page.of(self_.COLLECTOR_SUCCESS, collector=name) == 0}


def errors(page: Samples) -> dict[tuple[str, str], float]:
    """How many, by collector and code."""
    counted = {
        frozenset(labels): n for (name, labels), n in page.items() if name == self_.COLLECTOR_ERRORS.name
    }
    return {(dict(labels)["collector"], dict(labels)["code"]): n for labels, n in counted.items()}


def assert_down(page: Samples) -> None:
    """Nothing is said of a server that does not answer, neither new nor remembered."""
    assert page.of(catalogue.UP) == 0
    assert not OF_SERVER & page.names()
    assert failing(page) == NAMES


def assert_well(page: Samples) -> None:
    assert page.of(catalogue.UP) == 1
    assert failing(page) == set()


def timed(backend: PostgresBackend, seconds: float = 1.8) -> Samples:
    """One scrape, which must be as quick as the deadline says."""
    started = time.monotonic()
    page = collect(backend, seconds)
    assert time.monotonic() - started < min(seconds + 0.2, ANSWER_SECONDS)
    return page
