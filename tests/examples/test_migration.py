"""The corrected migration works where the audit's own is refused."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from examples.backend.migrate import INDEXES, MigrationError, migrate

AUDIT = {
    "idx_salary_employee_paid",
    "idx_apartment_assignment_employee_active",
    "idx_requests_status_created",
    "idx_timer_cards_approval_queue",
    "idx_employees_factory_active_hire",
}


def valid_indexes(database: psycopg.Connection) -> set[str]:
    rows = database.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indisvalid").fetchall()
    return {name for (name,) in rows if name in AUDIT}


@pytest.fixture(autouse=True)
def no_indexes(database: psycopg.Connection) -> None:
    for name in AUDIT:
        database.execute(f"DROP INDEX IF EXISTS {name}")


def test_it_creates_the_five_indexes_and_may_run_again(
    database: psycopg.Connection, backend_url: str
) -> None:
    migrate(backend_url)
    assert valid_indexes(database) == AUDIT
    migrate(backend_url)
    assert valid_indexes(database) == AUDIT


def test_it_replaces_an_index_that_an_interrupted_build_left_invalid(
    database: psycopg.Connection, backend_url: str
) -> None:
    migrate(backend_url)
    database.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_requests_status_created'::regclass"
    )
    assert valid_indexes(database) == AUDIT - {"idx_requests_status_created"}
    migrate(backend_url)
    assert valid_indexes(database) == AUDIT


def test_postgresql_refuses_the_audits_own_migration(
    database: psycopg.Connection, backend_url: str, tmp_path: Path
) -> None:
    script = tmp_path / "missing_indexes.sql"
    script.write_text(f"BEGIN;\n{INDEXES.read_text()}\nCOMMIT;\n")
    with pytest.raises(
        MigrationError, match="CREATE INDEX CONCURRENTLY cannot run inside a transaction block"
    ):
        migrate(backend_url, script)
    assert valid_indexes(database) == set()
