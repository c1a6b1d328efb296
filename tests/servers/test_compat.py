"""What --compat adds, beyond that it has the values of others: what a lock costs, and what may be chosen."""

from __future__ import annotations

import time
from contextlib import closing
from urllib.parse import quote

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_compat as compat
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue import self_
from exporters.collectors.outcome import State
from exporters.collectors.postgres import PostgresSettings
from exporters.collectors.postgres.check import check
from exporters.exposition import render
from tests.servers.exporter_process import run_to_its_end
from tests.servers.exporter_support import Samples
from tests.servers.failure_support import DATABASE, locked
from tests.servers.postgres_support import PASSWORD, ROLE, admin, collect, conninfo, watch

SUCCESS = self_.COLLECTOR_SUCCESS.name
SIZE, INDEX_SIZE = compat.TABLE_SIZES
JOBS = {"datname": DATABASE, "schemaname": "public", "relname": "jobs"}


def failed(page: Samples) -> list[str]:
    """The collectors that did; those of --compat have no metrics of their own source."""
    return [
        str(dict(labels)["collector"]) for (name, labels), ok in page.items() if name == SUCCESS and not ok
    ]


def test_a_locked_table_costs_its_sizes_and_nothing_else(server: Postgres) -> None:
    with admin(server, DATABASE) as session:
        session.execute("CREATE TABLE IF NOT EXISTS other (id int PRIMARY KEY)")
    with closing(watch(server, DATABASE, compat=True)) as backend:
        healthy = collect(backend)
        assert not failed(healthy)
        with locked(server, "jobs"):
            began = time.monotonic()
            page = collect(backend)
            assert time.monotonic() - began < 0.5  # the limit of a wait for a lock
    assert not failed(page)
    assert {series for series in healthy if series not in page and series[0].endswith("_size_bytes")} == {
        (str(metric), frozenset(JOBS.items())) for metric in compat.TABLE_SIZES
    }
    assert page.of(objects.TABLE_LIVE, **JOBS) is not None
    assert page.of(SIZE, **JOBS | {"relname": "other"}) == healthy.of(SIZE, **JOBS | {"relname": "other"})


def test_sizes_are_those_of_the_files_unless_estimates_are_wanted(server: Postgres) -> None:
    with admin(server, DATABASE) as session:
        session.execute("DROP TABLE IF EXISTS grown")
        session.execute("CREATE UNLOGGED TABLE grown (id int PRIMARY KEY, text text)")
        session.execute("CREATE INDEX ON grown (text)")
        session.execute("VACUUM ANALYZE grown")
        session.execute("INSERT INTO grown SELECT n, repeat('x', 500) FROM generate_series(1, 1000) n")
        row = session.execute("SELECT pg_table_size('grown'), pg_indexes_size('grown')").fetchone()
    labels = JOBS | {"relname": "grown"}
    with closing(watch(server, DATABASE, compat=True)) as backend:
        page = collect(backend)
        assert (page.of(SIZE, **labels), page.of(INDEX_SIZE, **labels)) == row
    with closing(watch(server, DATABASE, compat=True, exact_sizes=False)) as backend:
        page = collect(backend)
        assert page.of(SIZE, **labels) == page.of(objects.TABLE_SIZE, **labels)
        assert row is not None
        assert (page.of(SIZE, **labels) or 0) < row[0]
        text = render(backend.collect(time.monotonic() + 1.8)).body.decode()
    assert f"# HELP {SIZE} Size of the table with what is stored out of line. {compat.ESTIMATED}\n" in text


def test_a_table_stands_once_on_the_page_where_the_index_of_what_is_out_of_line_was_not_made_anew(
    server: Postgres,
) -> None:
    with admin(server, DATABASE) as session, admin(server, DATABASE) as reader:
        session.execute("CREATE TABLE halfway (text text)")
        reader.execute("BEGIN; SELECT FROM halfway")
        session.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            session.execute("REINDEX TABLE CONCURRENTLY halfway")
        reader.execute("COMMIT; SELECT pg_stat_force_next_flush()")
    with admin(server, DATABASE) as session:
        query = (
            "SELECT count(*), min(tidx_blks_hit), min(tidx_blks_read) FROM pg_statio_user_tables s"
            " JOIN pg_class c ON c.oid = s.relid JOIN pg_index i ON i.indrelid = c.reltoastrelid"
            " WHERE s.relname = 'halfway'"
        )
        indexes, *blocks = session.execute(query).fetchone() or ()
        assert indexes == 2
        with closing(watch(server, DATABASE, compat=True)) as backend:
            page = render(backend.collect(time.monotonic() + 1.8))
            found = collect(backend)
        session.execute("DROP TABLE halfway")
    assert not page.dropped.total()
    read, hit = compat.TABLE_BLOCKS[-2:]
    assert [found.of(metric, **JOBS | {"relname": "halfway"}) for metric in (hit, read)] == blocks


def test_of_what_none_is_to_be_shown_nothing_is_asked(server: Postgres) -> None:
    none = {"top_tables": 0, "top_indexes": 0, "top_statements": 0}
    with closing(watch(server, DATABASE, **none)) as backend:
        page = collect(backend)
        assert not failed(page)
        asked = {run.name for run in backend._runs if run.seconds > 0}
    assert not asked & {"postgres.tables", "postgres.indexes", "postgres.statements"}
    assert page.of(catalogue.UP) == 1


@pytest.mark.parametrize("wanted", [True, False])
def test_settings_are_all_there_or_ten(server: Postgres, wanted: bool) -> None:
    with closing(watch(server, DATABASE, compat=wanted)) as backend:
        names = {name for name in collect(backend).names() if name.startswith(compat.SETTINGS)}
        page = collect(backend)
    assert (len(names) > 200) is wanted
    assert ("pg_settings_deadlock_timeout_seconds" in names) is wanted
    if wanted:
        # What the exporter set for itself is not what a session begins with.
        assert page.of("pg_settings_statement_timeout_seconds") == 3
        assert page.of("pg_settings_deadlock_timeout_seconds") == 1
        assert page.of("pg_settings_checkpoint_flush_after_bytes") == 256 * 1024
        assert page.of("pg_settings_log_min_duration_statement_seconds") == -1


def test_the_role_that_may_not_list_the_log_lacks_its_files(server: Postgres) -> None:
    segments, _ = compat.WAL_FILES
    settings = PostgresSettings(conninfo=lambda: conninfo(server, DATABASE), compat=True)
    for right, there in (("GRANT EXECUTE", True), ("REVOKE EXECUTE", False)):
        with admin(server, DATABASE) as session:
            to = "TO" if there else "FROM"
            session.execute(f"{right} ON FUNCTION pg_ls_waldir() {to} obs_exporter")
        with closing(watch(server, DATABASE, compat=True)) as backend:
            page = collect(backend)
            assert not failed(page)
            assert (page.of(segments) is not None) is there
        said = {outcome.collector: outcome for outcome in check(settings)}
        assert {name for name, one in said.items() if one.state not in (State.WORKS, State.OFF)} == (
            set() if there else {"postgres.compat_wal_files"}
        )
    # A right to a function is of one database, such as not that in which psql begins.
    assert f"EXECUTE on pg_ls_waldir in the database {DATABASE}, " in said["postgres.compat_wal_files"].detail
    (mend,) = said["postgres.compat_wal_files"].mend
    assert mend == "GRANT EXECUTE ON FUNCTION pg_ls_waldir() TO obs_exporter;"


def test_check_tries_what_the_flag_adds(server: Postgres) -> None:
    url = f"postgresql://{ROLE}:{quote(PASSWORD, '')}@127.0.0.1:{server.port}/{DATABASE}"
    for flags, added in ((("--compat",), True), ((), False)):
        done = run_to_its_end(*flags, "check", DATABASE_URL=url)
        assert ("postgres.compat_settings" in done.stdout) is added, done.stderr
