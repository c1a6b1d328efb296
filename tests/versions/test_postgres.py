"""Every collector on every PostgreSQL that is here, under exactly the role that ships."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import CATALOGUE, self_
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.postgres import ExpectedIndex, PostgresSettings
from exporters.collectors.postgres.index_report import report
from tests.servers.failure_support import assert_well, errors
from tests.servers.postgres_support import admin, collect, conninfo, create_database, watch
from tests.versions.releases import POSTGRES, Release

DATABASE = "versions"
INDEX = ExpectedIndex(name="jobs_open", table="jobs", columns=("id DESC",), predicate="open")
OURS = {metric.name: metric for metric in CATALOGUE.of("postgres")}


@pytest.fixture(params=[release for release in POSTGRES if release.here], ids=str, scope="module")
def release(request: pytest.FixtureRequest) -> Release:
    return request.param  # type: ignore[no-any-return]  # pytest does not know


@pytest.fixture(scope="module")
def server(release: Release, server_root: Path) -> Iterator[Postgres]:
    programs = str(release.home / "bin") if release.package else ""
    home = server_root / release.name.partition(" ")[2]
    server = Postgres(home, programs=programs, wal_level="logical").start()
    create_database(server, DATABASE)
    with admin(server, DATABASE) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        session.execute("CREATE TABLE jobs (id int, open bool)")
        session.execute("CREATE INDEX jobs_open ON jobs (id DESC) WHERE open")
        session.execute("INSERT INTO jobs SELECT n, true FROM generate_series(1, 1000) n")
        session.execute("VACUUM ANALYZE jobs")
        session.execute("CREATE TABLE parts (id int) PARTITION BY RANGE (id)")
        session.execute("CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9)")
        session.execute("CREATE INDEX of_parts ON parts (id)")
        session.execute("SELECT pg_create_physical_replication_slot('standby', true)")
    yield server
    server.stop()
    shutil.rmtree(home)


def test_every_collector_works(server: Postgres, release: Release) -> None:
    asked = {"expected_indexes": (INDEX,), "statement_texts": True, "compat": True}
    with closing(watch(server, DATABASE, top_index_candidates=5, **asked)) as backend:
        pages = [collect(backend) for _ in range(2)]
    for page in pages:
        assert_well(page)
        assert 0 not in [ok for (name, _), ok in page.items() if name == self_.COLLECTOR_SUCCESS.name]
        assert errors(page) == {}
    (version,) = (dict(labels)["short_version"] for name, labels in page if name == catalogue.STATIC.name)
    number = release.name.partition(" ")[2]
    assert re.match(rf"{re.escape(number)}(\.|$)", version)
    assert page.of(objects.EXPECTED_VALID, index="jobs_open", table="jobs") == 1
    since_14 = {name for name, metric in OURS.items() if "14" in metric.optional}
    always = {name for name, metric in OURS.items() if not metric.optional}
    there = always | since_14 if int(number.partition(".")[0]) >= 14 else always
    assert there <= page.names()
    if number.startswith("13."):
        assert not since_14 & page.names()
    of_others = CATALOGUE.of("compat")
    assert {one.name for one in of_others if one.name.startswith("pg_") and not one.optional} <= page.names()


def test_indexes_are_compared(server: Postgres) -> None:
    text = conninfo(server, DATABASE)
    found = report(PostgresSettings(conninfo=lambda: text, expected_indexes=(INDEX,)))
    assert {line.index: (line.state, line.parts) for line in found.lines} == {
        "jobs_open": ("present, never used", 0),
        "of_parts": ("never used", 1),
    }
    with admin(server, DATABASE) as session:
        for statement in next(line.mend for line in found.lines if line.index == "of_parts"):
            session.execute(statement)
        assert session.execute("SELECT FROM pg_class WHERE relname = 'of_parts'").fetchall() == []
