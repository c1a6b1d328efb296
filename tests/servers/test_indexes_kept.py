"""What `python -m exporters indexes` prints, pasted whole: whatever fails of it, no index is lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.collectors.postgres.options import ExpectedIndex
from tests.servers.postgres_support import Session, admin, collect, create_database, watch
from tests.servers.test_indexes import DATABASE, names, told

THERE = "CREATE INDEX open ON orders (made)"


@pytest.fixture
def session(postgres: Postgres) -> Iterator[Session]:
    """A database with one table, whose rows are too long for an index by their texts."""
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute("CREATE TABLE orders (id int PRIMARY KEY, made date, status text)")
        session.execute(
            "INSERT INTO orders SELECT 1, 'epoch', string_agg(md5(n::text), '') "
            "FROM generate_series(1, 999) n"
        )
        session.execute(THERE)
        yield session


def pasted(session: Session, line: dict[str, Any]) -> list[str]:
    """Each statement, whatever becomes of those before it; and what failed."""
    failed = []
    for statement in line["mend"]:
        try:
            session.execute(statement)
        except psycopg.Error as error:
            failed.append(str(error).splitlines()[0])
    return failed


def definition(session: Session) -> str:
    """Of the index that is there."""
    ((found,),) = session.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'open'").fetchall()
    return str(found)


@pytest.mark.parametrize(
    ("changes", "failures"),
    [
        (
            {"where": "made < now()"},
            ["functions in index predicate", 'relation "public.open_new"', 'index "open_old" does not'],
        ),
        ({"columns": ["status"]}, ["index row", "the new index is not valid", 'index "open_old" does not']),
    ],
    ids=["refused", "left invalid"],
)
def test_where_the_new_index_cannot_be_made_the_old_one_stays(
    changes: dict[str, Any], failures: list[str], postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    before = definition(session)
    expected = {"name": "open", "table": "orders", "columns": ["made DESC"], **changes}
    (line,) = told(postgres, tmp_path, 1, expected).values()
    failed = pasted(session, line)
    assert [each[: len(start)] for each, start in zip(failed, failures, strict=True)] == failures
    assert definition(session) == before


def test_others_that_have_the_names_between_are_left_alone(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute("CREATE INDEX open_new ON orders (id, made)")
    session.execute("CREATE INDEX open_old ON orders (made, id)")
    expected = {"name": "open", "table": "orders", "columns": ["made DESC"]}
    assert pasted(session, told(postgres, tmp_path, 1, expected)["open"]) == []
    assert definition(session).endswith("(made DESC)")
    assert names(session) == {"orders_pkey", "open", "open_new", "open_old"}


@pytest.mark.parametrize("table", ["user", "public.user", "USER"])
def test_a_word_of_sql_that_is_a_name_stands_in_quotes(
    table: str, postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute('CREATE TABLE "user" ("order" int, "end" date, "left" text, note text)')
    expected = {
        "name": "check",
        "table": table,
        "columns": ["order", "END DESC"],
        "include": ["left", "note"],
    }
    assert pasted(session, told(postgres, tmp_path, 1, expected)["check"]) == []
    assert told(postgres, tmp_path, 1, expected)["check"]["state"] == "present, never used"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"columns": ["stat"]}, "table orders has no column 'stat'; did you mean 'status'?"),
        ({"columns": ["made"], "include": ["x"]}, "table orders has no column 'x'; it has id, made, status"),
        ({"name": "other", "columns": ["x DESC"]}, "table orders has no column 'x'; it has id, made, status"),
        (
            {"columns": ["made"], "where": "id > 5 AND stat = 'open'"},
            "table orders has no column 'stat'; did you mean 'status'?",
        ),
    ],
)
def test_a_column_that_is_not_there_is_said_and_no_sql(
    changes: dict[str, Any],
    said: str,
    postgres: Postgres,
    session: Session,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    expected = {"name": "open", "table": "orders", **changes}
    line = told(postgres, tmp_path, 1, expected)[expected["name"]]
    assert (line["state"], line["mend"], line["well"]) == (said, [], False)

    given = ExpectedIndex(
        **{
            "predicate" if key == "where" else key: tuple(value) if isinstance(value, list) else value
            for key, value in expected.items()
        }
    )
    caplog.set_level(logging.WARNING)
    with closing(watch(postgres, DATABASE, expected_indexes=(given,))) as backend:
        collect(backend)
        collect(backend)
    assert caplog.messages == [f"index {expected['name']} of orders cannot be made: {said}"]
