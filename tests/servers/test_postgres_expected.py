"""Expected indexes against a real server: what counts as there, as right, and as serving."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import postgres_objects as catalogue
from exporters.collectors.postgres import ExpectedIndex
from exporters.collectors.postgres.expected import FAMILIES
from tests.servers.exporter_support import Samples
from tests.servers.postgres_support import Session, admin, collect, create_database, watch

DATABASE = "expected"
TABLES = """
CREATE TABLE salary_calculations (employee_id int, is_paid bool, calculation_year int, calculation_month int);
CREATE TABLE apartment_assignments (employee_id int, status varchar(20));
CREATE TABLE requests (status text, created_at timestamptz);
CREATE TABLE timer_cards (factory_id text, is_approved bool, work_date date);
CREATE TABLE employees (factory_id text, is_active bool, hire_date date);
"""
AUDIT = (
    ExpectedIndex(
        name="idx_salary_employee_paid",
        table="salary_calculations",
        columns=("employee_id", "is_paid", "calculation_year", "calculation_month"),
    ),
    ExpectedIndex(
        name="idx_apartment_assignment_employee_active",
        table="apartment_assignments",
        columns=("employee_id", "status"),
        predicate="status = 'active'",
    ),
    ExpectedIndex(
        name="idx_requests_status_created", table="requests", columns=("status", "created_at DESC")
    ),
    ExpectedIndex(
        name="idx_timer_cards_approval_queue",
        table="timer_cards",
        columns=("factory_id", "is_approved", "work_date DESC"),
        predicate="is_approved = false",
    ),
    ExpectedIndex(
        name="idx_employees_factory_active_hire",
        table="employees",
        columns=("factory_id", "is_active", "hire_date DESC"),
    ),
)
NOTHING = {"present": 0, "valid": 0, "columns_match": 0, "covered": 0, "partial": 0, "scans": 0, "size": 0}
RIGHT = {"table_exists": 1, "present": 1, "valid": 1, "columns_match": 1, "covered": 1}
OTHER_SERVES = {"table_exists": 1, "present": 0, "valid": 0, "columns_match": 0, "covered": 1}


@pytest.fixture
def session(postgres: Postgres) -> Iterator[Session]:
    """A database with the audit's tables, and no index."""
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute(TABLES)
        yield session


@dataclass
class Verdict:
    """What the page says of one index."""

    values: dict[str, float | None]
    covered_by: list[str]


def verdict_of(page: Samples, index: ExpectedIndex) -> Verdict:
    labels = {"index": index.name, "table": index.table}
    infos = [dict(found) for name, found in page if name == catalogue.EXPECTED_INFO.name]
    return Verdict(
        values={name: page.of(metric, **labels) for metric, name in FAMILIES.items()},
        covered_by=[info["covered_by"] for info in infos if info["index"] == index.name],
    )


def judge(server: Postgres, *expected: ExpectedIndex) -> list[Verdict]:
    with closing(watch(server, DATABASE, expected_indexes=expected)) as backend:
        page = collect(backend)
    return [verdict_of(page, index) for index in expected]


def requests(server: Postgres, **changes: Any) -> Verdict:
    """The verdict on the audit's index of requests, or on one that differs a little."""
    given: dict[str, Any] = {
        "name": "idx_requests_status_created",
        "table": "requests",
        "columns": ("status", "created_at DESC"),
    }
    return judge(server, ExpectedIndex(**(given | changes)))[0]


def test_without_its_indexes_the_audit_finds_zeros_and_no_series_missing(
    postgres: Postgres, session: Session
) -> None:
    for verdict in judge(postgres, *AUDIT):
        assert verdict == Verdict({"table_exists": 1, **NOTHING}, [""])


def test_the_audits_own_migration_satisfies_the_audits_list(postgres: Postgres, session: Session) -> None:
    for statement in (
        "CREATE INDEX CONCURRENTLY idx_salary_employee_paid "
        "ON salary_calculations(employee_id, is_paid, calculation_year, calculation_month)",
        "CREATE INDEX CONCURRENTLY idx_apartment_assignment_employee_active "
        "ON apartment_assignments(employee_id, status) WHERE status = 'active'",
        "CREATE INDEX CONCURRENTLY idx_requests_status_created ON requests(status, created_at DESC)",
        "CREATE INDEX CONCURRENTLY idx_timer_cards_approval_queue "
        "ON timer_cards(factory_id, is_approved, work_date DESC) WHERE is_approved = false",
        "CREATE INDEX CONCURRENTLY idx_employees_factory_active_hire "
        "ON employees(factory_id, is_active, hire_date DESC)",
    ):
        session.execute(statement)
    for index, verdict in zip(AUDIT, judge(postgres, *AUDIT), strict=True):
        partial = float(bool(index.predicate))
        assert verdict.values == {**RIGHT, "partial": partial, "scans": 0, "size": 8192}
        assert verdict.covered_by == [""]


def test_scans_of_the_index_are_counted(postgres: Postgres, session: Session) -> None:
    session.execute("CREATE INDEX idx_requests_status_created ON requests (status, created_at DESC)")
    session.execute("SET enable_seqscan = off")
    for _ in range(3):
        session.execute("SELECT * FROM requests WHERE status = 'open' ORDER BY created_at DESC LIMIT 1")
    session.execute("SELECT pg_stat_force_next_flush()")
    session.execute("SELECT 1")
    assert requests(postgres).values["scans"] == 3


def test_of_a_partitioned_table_the_parts_of_the_index_are_counted(
    postgres: Postgres, session: Session
) -> None:
    session.execute("CREATE TABLE parts (id int, made date) PARTITION BY RANGE (id)")
    session.execute("CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10) PARTITION BY LIST (id)")
    session.execute("CREATE TABLE one PARTITION OF low FOR VALUES IN (1)")
    session.execute("CREATE TABLE high PARTITION OF parts FOR VALUES FROM (10) TO (20)")
    session.execute("CREATE INDEX of_parts ON parts (made)")
    session.execute("SET enable_seqscan = off; SELECT FROM parts WHERE made = 'epoch'")
    session.execute("SELECT pg_stat_force_next_flush()")
    session.execute("SELECT 1")
    (verdict,) = judge(postgres, ExpectedIndex(name="of_parts", table="parts", columns=("made",)))
    assert (verdict.values["scans"], verdict.values["size"]) == (2, 2 * 8192)


def test_a_missing_table_gives_zeros(postgres: Postgres, session: Session) -> None:
    session.execute("DROP TABLE requests")
    assert requests(postgres) == Verdict({"table_exists": 0, **NOTHING}, [""])
    elsewhere = requests(postgres, table="no_such_schema.requests")
    assert elsewhere == Verdict({"table_exists": 0, **NOTHING}, [""])


def test_an_index_of_the_same_name_on_another_table_is_not_the_expected_one(
    postgres: Postgres, session: Session
) -> None:
    session.execute("CREATE INDEX idx_requests_status_created ON employees (factory_id)")
    assert requests(postgres) == Verdict({"table_exists": 1, **NOTHING}, [""])


def test_the_same_columns_under_another_name_serve(postgres: Postgres, session: Session) -> None:
    session.execute("CREATE INDEX other ON requests (status, created_at DESC)")
    verdict = requests(postgres)
    assert verdict.values == {**OTHER_SERVES, "partial": 0, "scans": 0, "size": 8192}
    assert verdict.covered_by == ["other"]


def test_a_longer_index_serves_and_the_shortest_is_named(postgres: Postgres, session: Session) -> None:
    session.execute("ALTER TABLE requests ADD kind text, ADD note text")
    session.execute("CREATE INDEX a_longest ON requests (status, created_at DESC, kind, note)")
    session.execute("CREATE UNIQUE INDEX b_longer ON requests (status, created_at DESC, kind)")
    assert requests(postgres).covered_by == ["b_longer"]


@pytest.mark.parametrize(
    "definition",
    [
        "ON requests (created_at DESC, status)",
        "ON requests (status, created_at)",
        "ON requests (status, created_at DESC NULLS LAST)",
        "ON requests (status DESC, created_at DESC)",
        "ON requests (status)",
        "ON requests (status) INCLUDE (created_at)",
        "ON requests (lower(status), created_at DESC)",
        'ON requests (status COLLATE "POSIX", created_at DESC)',
        "ON requests (status, created_at DESC) WHERE status = 'open'",
        "ON requests USING brin (status, created_at)",
    ],
)
def test_what_does_not_serve_the_columns_is_not_accepted(
    definition: str, postgres: Postgres, session: Session
) -> None:
    session.execute(f"CREATE INDEX other {definition}")
    assert requests(postgres) == Verdict({"table_exists": 1, **NOTHING}, [""])
    # Under the expected name it is there, but it is not what was expected.
    session.execute("ALTER INDEX other RENAME TO idx_requests_status_created")
    verdict = requests(postgres)
    assert verdict.values == {"table_exists": 1, **NOTHING, "present": 1, "valid": 1}
    assert verdict.covered_by == [""]


def test_an_index_that_is_too_long_is_not_the_expected_one_but_serves(
    postgres: Postgres, session: Session
) -> None:
    session.execute("ALTER TABLE requests ADD kind text")
    session.execute("CREATE INDEX idx_requests_status_created ON requests (status, created_at DESC, kind)")
    verdict = requests(postgres)
    assert verdict.values == {**RIGHT, "columns_match": 0, "partial": 0, "scans": 0, "size": 8192}
    assert verdict.covered_by == [""]


def test_what_include_adds_is_a_matter_where_it_is_expected(postgres: Postgres, session: Session) -> None:
    session.execute("ALTER TABLE requests ADD note text, ADD kind text")

    def told(**changes: Any) -> tuple[float | None, float | None]:
        values = requests(postgres, **changes).values
        return values["columns_match"], values["covered"]

    session.execute(
        "CREATE INDEX idx_requests_status_created ON requests (status, created_at DESC) INCLUDE (note, kind)"
    )
    assert told() == (1, 1)
    assert told(include=("kind", "NOTE")) == (1, 1)
    assert told(include=("note",)) == (0, 1)
    assert told(include=()) == (0, 1)
    session.execute(
        "DROP INDEX idx_requests_status_created;"
        "CREATE INDEX idx_requests_status_created ON requests (status, created_at DESC)"
    )
    assert told(include=()) == (1, 1)
    assert told(include=("note",)) == (0, 0)
    session.execute("CREATE INDEX longer ON requests (status, created_at DESC, note)")
    verdict = requests(postgres, include=("note",))
    assert (verdict.values["covered"], verdict.covered_by) == (1, ["longer"])


def test_an_invalid_index_is_present_but_neither_valid_nor_serving(
    postgres: Postgres, session: Session
) -> None:
    session.execute("INSERT INTO requests VALUES ('open', 'epoch'), ('open', 'epoch')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        session.execute(
            "CREATE UNIQUE INDEX CONCURRENTLY idx_requests_status_created "
            "ON requests (status, created_at DESC)"
        )
    verdict = requests(postgres)
    assert verdict.values == {"table_exists": 1, **NOTHING, "present": 1, "columns_match": 1}
    session.execute("CREATE INDEX healthy ON requests (status, created_at DESC)")
    verdict = requests(postgres)
    assert (verdict.values["valid"], verdict.values["covered"]) == (0, 1)
    assert verdict.covered_by == ["healthy"]


@pytest.mark.parametrize(
    ("table", "expected", "written"),
    [
        ("s text", "s = 'active'", "s = 'active'"),
        ("s varchar(9)", "s IN ('active', 'new')", "s IN ('active', 'new')"),
        ("s varchar(9)", "s NOT IN ('active', 'new')", "s NOT IN ('active', 'new')"),
        ("s mood", "s = 'fine'", "s = 'fine'::mood"),
        ("s bool", "not s", "NOT (s)"),
        ("s int", "s > -5 and s <> 7", "s != 7 AND s > -5"),
        ("s date", "s >= '2020-01-01'", "s >= DATE '2020-01-01'"),
        ("s timestamptz", "s is not null", "s IS NOT NULL"),
        (
            "s text",
            "(s = 'a' or s = 'b') and lower(s) = 'it''s'",
            "lower(s) = 'it''s' AND (s = 'b' OR s = 'a')",
        ),
        ('"S t" text', "\"S t\" = 'x'", "\"S t\" = 'x'"),
        ("s numeric(10, 2)", "s = 1.5", "s = 1.5"),
        ("s text[]", "s[1] = 'x'", "s[1] = 'x'"),
        ("s varchar(9)", "s LIKE 'a%'", "s LIKE 'a%'"),
        ("s timestamptz", "s > '2020-01-01 10:00'", "s > '2020-01-01 10:00'"),
        ("s int", "s % 2 = 0", "s % 2 = 0"),
        ("s int", "s BETWEEN 1 AND 5", "s BETWEEN 1 AND 5"),
        ("s jsonb", "s->>'k' = 'v'", "s ->> 'k' = 'v'"),
        ("s text_domain", "s COLLATE \"C\" = 'x'", "s COLLATE \"C\" = 'x'"),
    ],
)
def test_a_predicate_is_recognised_however_the_server_writes_it(
    table: str, expected: str, written: str, postgres: Postgres, session: Session
) -> None:
    # What a time without a zone means is up to the session.
    session.execute(f"SET TimeZone = 'Asia/Tokyo'; ALTER DATABASE {DATABASE} SET TimeZone = 'Asia/Tokyo'")
    session.execute("CREATE TYPE mood AS ENUM ('fine', 'bad'); CREATE DOMAIN text_domain AS text")
    session.execute(f"CREATE TABLE partials (id int, {table})")
    session.execute(f"CREATE INDEX partial ON partials (id) WHERE {written}")
    index = ExpectedIndex(name="partial", table="partials", columns=("id",), predicate=expected)
    (verdict,) = judge(postgres, index)
    assert verdict.values == {**RIGHT, "partial": 1, "scans": 0, "size": 8192}


def test_another_predicate_is_another_index(postgres: Postgres, session: Session) -> None:
    session.execute("CREATE INDEX partial ON requests (status) WHERE status = 'a' OR status = 'b'")
    for predicate in ("status = 'a'", "status = 'A' OR status = 'b'", "status = 'a' AND status = 'b'"):
        index = ExpectedIndex(name="partial", table="requests", columns=("status",), predicate=predicate)
        (verdict,) = judge(postgres, index)
        assert (verdict.values["columns_match"], verdict.values["covered"]) == (0, 0)


def test_another_predicate_is_told_once_in_the_words_of_the_server(
    postgres: Postgres, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    index = ExpectedIndex(name="partial", table="requests", columns=("status",), predicate="status = 'a'")

    def told() -> list[str]:
        messages = [
            record.getMessage() for record in caplog.records if record.name == "exporter.expected_indexes"
        ]
        caplog.clear()
        return messages

    with closing(watch(postgres, DATABASE, expected_indexes=(index,))) as backend:
        collect(backend)
        assert told() == []  # a missing index has no predicate
        session.execute("CREATE INDEX partial ON requests (status) WHERE status <> 'a'")
        for _ in range(3):
            collect(backend)
        assert told() == [
            "index partial of requests has the predicate \"(status <> 'a'::text)\", "
            "expected \"status = 'a'\"; "
            "if both mean the same, write it as the server does"
        ]
        session.execute("DROP INDEX partial; CREATE INDEX partial ON requests (status)")
        collect(backend)
        (message,) = told()
        assert "has the predicate '', expected" in message
        session.execute("DROP INDEX partial; CREATE INDEX partial ON requests (status) WHERE status = 'a'")
        collect(backend)
        assert told() == []
        session.execute("DROP INDEX partial; CREATE INDEX partial ON requests (status)")
        collect(backend)
        assert told() == [message]


def test_a_whole_index_serves_where_a_partial_one_is_expected(postgres: Postgres, session: Session) -> None:
    index = AUDIT[1]
    session.execute("CREATE INDEX whole ON apartment_assignments (employee_id, status)")
    (verdict,) = judge(postgres, index)
    assert (verdict.values["covered"], verdict.values["partial"]) == (1, 0)
    assert verdict.covered_by == ["whole"]
    session.execute(
        "CREATE INDEX z_same ON apartment_assignments (employee_id, status) WHERE status = 'active'"
    )
    (verdict,) = judge(postgres, index)
    assert (verdict.values["covered"], verdict.values["partial"]) == (1, 1)
    assert verdict.covered_by == ["z_same"]


def test_names_resolve_as_in_sql_also_in_a_schema_that_the_role_may_not_use(
    postgres: Postgres, session: Session
) -> None:
    session.execute('CREATE SCHEMA "Hidden" CREATE TABLE "Odd ""Name" ("From" int)')
    session.execute('CREATE INDEX "Odd Index" ON "Hidden"."Odd ""Name" ("From" DESC)')
    session.execute("CREATE SCHEMA private CREATE TABLE requests (id int)")
    session.execute("CREATE INDEX private_id ON private.requests (id)")
    index = ExpectedIndex(name='"Odd Index"', table='"Hidden"."Odd ""Name"', columns=('"From" DESC',))
    folded = ExpectedIndex(name="PRIVATE_id", table="Private.Requests", columns=("ID",))
    session.execute(f"CREATE TABLE ÉTATS (Ähnlich int); CREATE INDEX {'I' * 70} ON ÉTATS (Ähnlich)")
    beyond_ascii = ExpectedIndex(name="I" * 70, table="ÉTATS", columns=("Ähnlich",))
    wrong_table = ExpectedIndex(name="private_id", table="requests", columns=("id",))
    odd, private, states, public = judge(postgres, index, folded, beyond_ascii, wrong_table)
    assert odd.values == private.values == states.values == {**RIGHT, "partial": 0, "scans": 0, "size": 8192}
    assert public.values == {"table_exists": 1, **NOTHING}


def test_an_expected_index_is_among_the_indexes_shown_whatever_its_size(
    postgres: Postgres, session: Session
) -> None:
    session.execute("CREATE INDEX idx_requests_status_created ON requests (status, created_at DESC)")
    session.execute(
        "CREATE INDEX big ON employees (factory_id);"
        "INSERT INTO employees SELECT n FROM generate_series(1, 9999) n"
    )
    session.execute("ANALYZE employees")
    with closing(watch(postgres, DATABASE, expected_indexes=AUDIT, top_indexes=1, top_tables=0)) as backend:
        page = collect(backend)
    shown = {dict(labels)["indexrelname"] for name, labels in page if name == catalogue.INDEX_SIZE.name}
    assert shown == {"big", "idx_requests_status_created"}
    assert catalogue.TABLE_SEQ_SCAN.name not in page.names()


def test_a_dropped_index_shows_when_the_answer_is_asked_for_again(
    postgres: Postgres, session: Session
) -> None:
    session.execute("CREATE INDEX idx_requests_status_created ON requests (status, created_at DESC)")
    with closing(watch(postgres, DATABASE, expected_indexes=(AUDIT[2],), heavy_ttl=0.5)) as backend:
        assert verdict_of(collect(backend), AUDIT[2]).values["covered"] == 1
        session.execute("DROP INDEX idx_requests_status_created")
        time.sleep(0.5)
        assert verdict_of(collect(backend), AUDIT[2]) == Verdict({"table_exists": 1, **NOTHING}, [""])
