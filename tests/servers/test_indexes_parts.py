"""`python -m exporters indexes` on partitioned tables: an index and its parts are one; what locks says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.collectors.postgres.index_mend import LOCKS, WHILE_MADE
from tests.servers.postgres_support import Session, admin, create_database
from tests.servers.test_indexes import DATABASE, mend, names, run, told

TABLES = ("parts", "low", "one", "two", "high")


@pytest.fixture
def session(postgres: Postgres) -> Iterator[Session]:
    """A database with a table of three partitions, two of them below another."""
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute("""
            CREATE TABLE parts (id int, made date) PARTITION BY RANGE (id);
            CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10) PARTITION BY LIST (id);
            CREATE TABLE one PARTITION OF low FOR VALUES IN (1);
            CREATE TABLE two PARTITION OF low FOR VALUES IN (2);
            CREATE TABLE high PARTITION OF parts FOR VALUES FROM (10) TO (20)""")
        yield session


def test_an_index_of_a_partitioned_table_is_one_and_made_as_the_server_allows(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    expected = {"name": "of_parts", "table": "parts", "columns": ["made"]}
    assert mend(session, told(postgres, tmp_path, 1, expected)) == [
        f"CREATE INDEX of_parts ON parts (made);{WHILE_MADE}"
    ]
    assert told(postgres, tmp_path, 0, expected)["of_parts"]["state"] == "present, never used"

    session.execute("INSERT INTO parts VALUES (1, 'epoch'), (2, 'epoch'); SET enable_seqscan = off; ANALYZE")
    session.execute("SELECT count(*) FROM one WHERE made = 'epoch'")
    session.execute("SELECT count(*) FROM two WHERE made = 'epoch'")
    session.execute("SELECT pg_stat_force_next_flush()")
    session.execute("CREATE INDEX wider ON parts (made, id); CREATE INDEX wider_of_one ON one (made, id)")
    lines = told(postgres, tmp_path, 1, expected)
    assert {name: (line["state"], line["parts"], line["well"]) for name, line in lines.items()} == {
        "of_parts": ("present", 3, True),
        "wider": ("never used, but others are left to it", 3, True),
        "wider_of_one": ("redundant, wider begins with its columns, never used", 0, False),
    }
    assert (lines["of_parts"]["scans"], lines["of_parts"]["size"]) == (2, (2 + 2 + 1) * 8192)
    written = run(postgres, tmp_path, expected=[expected]).stdout
    assert "present, 3 parts  " in written
    assert written.startswith(f"{DATABASE}: 7 indexes, ")
    assert "of_parts" not in told(postgres, tmp_path, 1), "it is used, and the wider one is not"

    session.execute("CREATE INDEX incomplete ON ONLY parts (id); CREATE INDEX of_high ON high (id)")
    session.execute("ALTER INDEX incomplete ATTACH PARTITION of_high")
    lines = told(postgres, tmp_path, 1)
    assert (lines["incomplete"]["state"], lines["incomplete"]["parts"]) == ("invalid", 1)
    assert "of_high" not in lines


def locked(session: Session, statement: str) -> set[tuple[str, str]]:
    """Which tables it locks, and how."""
    with session.transaction(force_rollback=True):
        session.execute(statement)
        found = session.execute(
            "SELECT relation::regclass::text, mode FROM pg_locks "
            "WHERE pid = pg_backend_pid() AND relation::regclass::text = ANY (%s)",
            [list(TABLES)],
        ).fetchall()
    return {(table, mode) for table, mode in found}


def test_one_that_nobody_uses_is_dropped_by_what_locks_as_it_says(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute("CREATE INDEX of_parts ON parts (made)")
    line = told(postgres, tmp_path, 1)["of_parts"]
    (statement,) = line["mend"]
    assert (line["state"], line["well"]) == ("never used", False)
    assert statement.endswith(LOCKS)
    assert locked(session, statement) == {(table, "AccessExclusiveLock") for table in TABLES}

    before = names(session)
    with admin(postgres, DATABASE) as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM two")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            session.execute(statement)
    assert names(session) == before
    session.execute(statement)
    assert names(session) == set()

    made = f"CREATE INDEX of_parts ON parts (made);{WHILE_MADE}"
    assert locked(session, made) == {(table, "ShareLock") for table in TABLES}

    session.execute("DROP TABLE low; CREATE INDEX of_parts ON parts (made)")
    assert "never used, 1 part  " in run(postgres, tmp_path).stdout


def test_whatever_does_the_work_of_a_part_stays(postgres: Postgres, session: Session, tmp_path: Path) -> None:
    session.execute("CREATE INDEX of_parts ON parts (made)")
    for table in ("one", "two", "high"):
        session.execute(f"CREATE INDEX of_{table} ON {table} (made, id)")
    session.execute("CREATE INDEX spare ON one (id); CREATE INDEX longer ON parts (id, made)")

    expected = {"name": "of_id", "table": "two", "columns": ["id"]}
    lines = told(postgres, tmp_path, 1, expected)
    assert {name: line["state"] for name, line in lines.items()} == {
        "of_id": "covered by two_id_made_idx",
        "of_parts": "redundant, of_high and of_one and of_two begin with its columns, never used",
        **dict.fromkeys(("of_one", "of_two", "of_high"), "never used, but others are left to it"),
        "spare": "redundant, longer begins with its columns, never used",
        "longer": "never used, but others are left to it",
    }
    mend(session, lines)
    kept = {"of_one", "of_two", "of_high", "longer"}
    assert kept <= names(session)
    assert not {"of_parts", "one_made_idx", "spare"} & names(session)
    session.execute("DROP INDEX of_one")
    assert told(postgres, tmp_path, 1)["longer"]["state"] == "never used"


def test_what_an_expected_index_of_a_partition_is_a_part_of_stays(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute("CREATE INDEX of_parts ON parts (made)")
    expected = {"name": "one_made_idx", "table": "one", "columns": ["made"]}
    lines = told(postgres, tmp_path, 0, expected)
    assert {name: line["state"] for name, line in lines.items()} == {"one_made_idx": "present, never used"}
    wrong = told(postgres, tmp_path, 1, expected | {"columns": ["id"]})["one_made_idx"]
    assert (wrong["state"], wrong["mend"]) == (
        "wrong columns (made), cannot be replaced: it is a part of another",
        [],
    )
    whole = told(postgres, tmp_path, 1, {"name": "of_parts", "table": "parts", "columns": ["id"]})["of_parts"]
    assert whole["state"] == "wrong columns (made), cannot be replaced: its table is partitioned"
