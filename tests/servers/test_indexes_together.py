"""What `python -m exporters indexes` prints, run whole and in its order: no statement loses its index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.demo.databases import Postgres
from tests.servers.postgres_support import Session, admin, create_database
from tests.servers.test_indexes import DATABASE, mend, run, told


@pytest.fixture
def session(postgres: Postgres) -> Iterator[Session]:
    """A database with one table, whose indexes are used wherever they can be."""
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute("CREATE TABLE orders (id int PRIMARY KEY, customer int, made date, status text)")
        session.execute("INSERT INTO orders SELECT n, n % 9, 'epoch', 'open' FROM generate_series(1, 99) n")
        session.execute("ANALYZE; SET enable_seqscan = off; SET enable_sort = off")
        yield session


def use(session: Session, columns: str) -> None:
    """Have a statement scan the index that begins with these columns."""
    session.execute(f"TABLE orders ORDER BY {columns}")
    session.execute("SELECT pg_stat_force_next_flush()")
    session.execute("SELECT 1")


def wanted(name: str, *columns: str) -> dict[str, object]:
    return {"name": name, "table": "orders", "columns": list(columns)}


def definitions(session: Session) -> dict[str, str]:
    """The columns of each index but the primary key's."""
    found = session.execute(
        "SELECT indexname, substring(indexdef from '[(](.*)[)]') FROM pg_indexes "
        "WHERE schemaname = 'public' AND indexname <> 'orders_pkey'"
    )
    return dict(found.fetchall())


def test_what_an_index_covers_that_is_replaced_is_not_redundant(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute("CREATE INDEX short ON orders (made)")
    use(session, "made")
    session.execute("CREATE INDEX open ON orders (made, id)")
    use(session, "made, id")
    assert told(postgres, tmp_path, 1)["short"]["state"] == "redundant, open begins with its columns"

    lines = told(postgres, tmp_path, 1, wanted("open", "customer"))
    assert lines.keys() == {"open"}
    assert lines["open"]["state"] == "wrong columns (made, id)"
    mend(session, lines)
    assert definitions(session) == {"short": "made", "open": "customer", "open_old": "made, id"}


def test_an_index_that_is_used_is_left_to_none_that_is_not(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute("CREATE INDEX short ON orders (made)")
    use(session, "made")
    session.execute("CREATE INDEX longer ON orders (made, id); CREATE INDEX shorter ON orders (made)")
    lines = told(postgres, tmp_path, 1)
    assert {name: line["state"] for name, line in lines.items()} == {
        "longer": "never used",
        "shorter": "redundant, short begins with its columns, never used",
    }
    mend(session, lines)
    assert definitions(session) == {"short": "made"}
    assert told(postgres, tmp_path, 0) == {}

    session.execute("CREATE INDEX longer ON orders (made, id)")
    use(session, "made, id")
    lines = told(postgres, tmp_path, 1)
    assert lines["short"]["state"] == "redundant, longer begins with its columns"
    mend(session, lines)
    assert definitions(session) == {"longer": "made, id"}
    assert told(postgres, tmp_path, 0) == {}


def test_an_index_that_is_replaced_covers_no_expected_one(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute("CREATE INDEX one ON orders (customer)")
    session.execute("CREATE INDEX two ON orders (made, id)")
    expected = [wanted("zero", "customer"), wanted("one", "made"), wanted("two", "status")]
    lines = told(postgres, tmp_path, 1, *expected)
    assert {name: line["state"] for name, line in lines.items()} == {
        "zero": "missing",  # `one` had its columns
        "one": "wrong columns (customer)",  # `two` would cover it
        "two": "wrong columns (made, id)",
    }
    mend(session, lines)
    assert definitions(session) == {"zero": "customer", "one": "made", "two": "status"}
    assert {line["state"] for line in told(postgres, tmp_path, 0, *expected).values()} == {
        "present, never used"
    }


def test_an_index_of_another_shape_that_is_used_makes_way_and_stays(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute("CREATE INDEX open ON orders (made)")
    use(session, "made")
    expected = wanted("open", "made", "id")
    lines = told(postgres, tmp_path, 1, expected)
    *_, last = lines["open"]["mend"]
    assert last == "-- DROP INDEX CONCURRENTLY public.open_old;  -- once no statement needs it; scans: 1"
    mend(session, lines)
    assert definitions(session) == {"open": "made, id", "open_old": "made"}
    # Whether the new one does its work is asked of the server then.
    lines = told(postgres, tmp_path, 1, expected)
    assert lines["open_old"]["state"] == "redundant, open begins with its columns"
    mend(session, lines)
    assert definitions(session) == {"open": "made, id"}


def test_an_expected_index_is_left_to_no_other(postgres: Postgres, session: Session, tmp_path: Path) -> None:
    session.execute("CREATE INDEX open ON orders (made); CREATE INDEX longer ON orders (made, id)")
    lines = told(postgres, tmp_path, 1, wanted("open", "made"))
    assert lines["longer"]["state"] == "never used"
    mend(session, lines)
    assert definitions(session) == {"open": "made"}


def test_what_is_said_to_cover_an_expected_index_stays(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute("CREATE INDEX short ON orders (made); CREATE INDEX longer ON orders (made, id)")
    lines = told(postgres, tmp_path, 1, wanted("open", "made"))
    assert lines["open"]["state"] == "covered by longer"
    mend(session, lines)
    assert definitions(session) == {"longer": "made, id"}


def test_a_name_that_an_index_of_another_table_has_is_said_and_no_sql(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute("CREATE TABLE others (id int); CREATE INDEX open ON others (id)")

    def first() -> dict[str, Any]:
        result = run(postgres, tmp_path, "--json", expected=[wanted("open", "made")])
        line: dict[str, Any] = json.loads(result.stdout)["lines"][0]
        return line

    said = "missing, and its name is that of an index of public.others"
    assert (first()["state"], first()["mend"], first()["well"]) == (said, [], False)
    session.execute("CREATE SCHEMA apart; ALTER TABLE others SET SCHEMA apart")
    assert mend(session, {"open": first()}) == ["CREATE INDEX CONCURRENTLY open ON orders (made);"]
    assert first()["state"] == "present, never used"
