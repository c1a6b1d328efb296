"""What role.sql does not hold the role from, and what it refuses or takes back of an earlier one."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.postgres import PostgresBackend, PostgresSettings
from tests.servers.failure_support import assert_well
from tests.servers.postgres_support import (
    LOG,
    ROLE,
    ROLE_SQL,
    Session,
    admin,
    collect,
    conninfo,
    create_database,
    run_role_sql,
)

DATABASE = "role"


@pytest.fixture
def server(postgres: Postgres) -> Postgres:
    """The shared server, with a database in which something is secret."""
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute("CREATE TABLE secrets (id int)")
    return postgres


@contextmanager
def role(server: Postgres, options: str = "") -> Iterator[Session]:
    """A session of the role, with what a client may ask for at connect."""
    with psycopg.connect(conninfo(server, DATABASE), options=options, autocommit=True) as session:
        yield session


def refused(server: Postgres) -> str:
    """What psql says of a role that role.sql does not take."""
    with pytest.raises(subprocess.CalledProcessError) as error:
        run_role_sql(server, DATABASE)
    return str(error.value.stderr)


def test_a_client_that_means_to_lifts_the_limits_but_gets_no_rights(server: Postgres) -> None:
    options = "-c statement_timeout=0 -c default_transaction_read_only=off -c lock_timeout=0"
    with role(server, options) as session:
        for name, value in (
            ("statement_timeout", "0"),
            ("default_transaction_read_only", "off"),
            ("lock_timeout", "0"),
            ("idle_in_transaction_session_timeout", "10s"),
        ):
            assert session.execute("SELECT current_setting(%s)", [name]).fetchone() == (value,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("SELECT FROM secrets")
        with (
            role(server),
            role(server),
            pytest.raises(psycopg.OperationalError, match="too many connections"),
        ):
            psycopg.connect(conninfo(server, DATABASE))


def test_what_the_role_can_do_as_everybody_can_is_said_in_the_file(server: Postgres) -> None:
    with role(server) as session:
        session.execute("BEGIN READ WRITE; CREATE TEMP TABLE mine (id int); SELECT lo_create(0); ROLLBACK")
    said = ROLE_SQL.read_text()
    for words in ("temporary tables", "lo_create", "It can still do", "ask for others at connect"):
        assert words in said


def test_temporary_tables_granted_to_the_role_itself_are_taken_back(server: Postgres) -> None:
    with admin(server) as session:
        session.execute(f"REVOKE TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC")
        session.execute(f"GRANT TEMPORARY ON DATABASE {DATABASE} TO {ROLE}")
    create = "BEGIN READ WRITE; CREATE TEMP TABLE mine (id int); ROLLBACK"
    with role(server) as session:
        session.execute(create)
    run_role_sql(server, DATABASE)
    with role(server) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(create)


@pytest.mark.parametrize("group", ["pg_write_all_data", "pg_monitor", '"Of Somebody"'])
def test_a_role_that_is_a_member_of_others_is_refused_by_their_names(server: Postgres, group: str) -> None:
    with admin(server) as session:
        session.execute('DROP ROLE IF EXISTS "Of Somebody"; CREATE ROLE "Of Somebody"')
        session.execute(f"GRANT {group} TO {ROLE}")
        try:
            message = refused(server)
        finally:
            session.execute(f"REVOKE {group} FROM {ROLE}")
            session.execute('DROP ROLE "Of Somebody"')
    assert f"is a member of {group}; expected of pg_read_all_stats alone" in message
    assert f"REVOKE {group} FROM obs_exporter" in message
    run_role_sql(server, DATABASE)


def test_a_role_without_the_privilege_has_a_page_of_what_it_may_see_and_is_told_once(
    server: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with admin(server, DATABASE) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        session.execute("CREATE ROLE blind LOGIN PASSWORD 'plain'")
        session.execute("SELECT 1 AS of_somebody_else")
        session.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO blind")
        text = conninfo(server, DATABASE, password="plain", role="blind")
        try:
            with psycopg.connect(text) as own:
                hidden = own.execute(
                    "SELECT count(*) FROM pg_stat_statements WHERE queryid IS NULL"
                ).fetchone()
            with closing(
                PostgresBackend(PostgresSettings(conninfo=lambda: text, heavy_ttl=0.0), LOG)
            ) as blind:
                pages = [collect(blind) for _ in range(3)]
                session.execute("GRANT pg_read_all_stats TO blind")
                seeing = [collect(blind) for _ in range(2)]
        finally:
            session.execute("DROP OWNED BY blind; DROP ROLE blind")
    assert hidden is not None
    assert hidden[0] > 0
    for page in pages:
        assert_well(page)
    shown = [dict(labels) for name, labels in pages[-1] if name == objects.STATEMENT_CALLS.name]
    assert {labels["user"] for labels in shown} == {"blind"}
    assert all(labels["queryid"] for labels in shown)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert told[0].endswith("as a superuser: GRANT pg_read_all_stats TO blind;")
    assert told[1] == "postgres: the role blind may see the sessions and statements of others now"
    assert {"blind"} < {
        dict(labels)["user"] for name, labels in seeing[-1] if name == objects.STATEMENT_CALLS.name
    }
