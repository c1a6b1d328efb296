"""`python -m exporters indexes` on a real server: what it says is so, and the SQL that it prints mends it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import yaml
from click.testing import CliRunner, Result

from examples.demo.databases import Postgres
from examples.demo.process import wait_until
from exporters.collectors.postgres.index_mend import LOCKS
from exporters.collectors.postgres.index_report import Report
from exporters.commands.indexes import UNSEEN_SQL, command, lines
from exporters.secrets import Redactor
from tests.servers.exporter_process import run_to_its_end
from tests.servers.postgres_support import PASSWORD, ROLE, Session, admin, create_database

DATABASE = "indexes"
LONG = "i" * 63
OPEN = {"name": "open", "table": "orders", "columns": ["customer", "made DESC"], "where": "status = 'open'"}


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> None:
    create_database(postgres, DATABASE)


@pytest.fixture
def session(database: None, postgres: Postgres) -> Iterator[Session]:
    """A database with one table and its primary key."""
    with admin(postgres, DATABASE) as session:
        session.execute("DROP TABLE IF EXISTS orders, parts")
        session.execute("CREATE TABLE orders (id int PRIMARY KEY, customer int, made date, status text)")
        session.execute("INSERT INTO orders SELECT n, n % 9, 'epoch', 'open' FROM generate_series(1, 99) n")
        session.execute("ANALYZE")
        yield session


def run(server: Postgres, tmp_path: Path, *arguments: str, expected: Any = ()) -> Result:
    """The command, in this process."""
    file = tmp_path / "exporter.yml"
    file.write_text(yaml.safe_dump({"postgres": {"expected_indexes": list(expected)}}))
    url = server.url(ROLE, quote(PASSWORD, safe=""), DATABASE)
    return CliRunner().invoke(
        command,
        ["--config.file", str(file), *arguments],
        env={"DATABASE_URL": url},
        obj=Redactor(),
        catch_exceptions=False,
    )


def told(server: Postgres, tmp_path: Path, code: int, *expected: Any) -> dict[str, dict[str, Any]]:
    """By index what is said of it."""
    result = run(server, tmp_path, "--json", expected=expected)
    assert result.exit_code == code, result.output
    return {line["index"]: line for line in json.loads(result.stdout)["lines"]}


def mend(session: Session, lines: dict[str, dict[str, Any]]) -> list[str]:
    """Run every statement that was printed."""
    statements = [statement for line in lines.values() for statement in line["mend"]]
    for statement in statements:
        session.execute(statement)
    return statements


def names(session: Session) -> set[str]:
    """The indexes that there are."""
    found = session.execute("SELECT indexname FROM pg_indexes WHERE schemaname !~ '^(pg_|information)'")
    return {name for (name,) in found}


INVALID = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{}'::regclass"
ON_OPEN = "ON orders (customer, made DESC)"


@pytest.mark.parametrize(
    ("there", "changes", "state", "statements"),
    [
        ("", {}, "missing", 1),
        ("", {"include": ["status"]}, "missing", 1),
        (
            f"CREATE INDEX open {ON_OPEN}",
            {"where": "status = 'x'"},
            "wrong predicate (none), serves all the same",
            0,
        ),
        (f"CREATE INDEX open {ON_OPEN} WHERE status = 'x'", {}, "wrong predicate (status = 'x'::text)", 3),
        ("CREATE INDEX open ON orders (made) WHERE status = 'open'", {}, "wrong columns (made)", 3),
        (
            "CREATE INDEX open ON orders (lower(status), made DESC NULLS LAST, id) WHERE status = 'open'",
            {},
            "wrong columns (an expression, made DESC NULLS LAST, id)",
            3,
        ),
        (
            "CREATE INDEX open ON orders (customer, status COLLATE \"POSIX\" DESC) WHERE status = 'open'",
            {"columns": ["customer", "status DESC"]},
            'wrong columns (customer, status COLLATE "POSIX" DESC)',
            3,
        ),
        (
            f"CREATE INDEX open {ON_OPEN} WHERE status = 'open'",
            {"include": ["id"]},
            "wrong INCLUDE (none)",
            3,
        ),
        (
            "CREATE INDEX open ON orders USING hash (id)",
            {},
            "wrong method and columns (id) and predicate (none)",
            3,
        ),
        (f"CREATE INDEX open {ON_OPEN} WHERE status = 'open'; {INVALID.format('open')}", {}, "invalid", 1),
        (f"CREATE INDEX open ON orders (made); {INVALID.format('open')}", {}, "invalid", 2),
        (
            f"CREATE INDEX {LONG} ON orders (id) WHERE id = 1",
            {"name": LONG},
            "wrong columns (id) and predicate (id = 1)",
            3,
        ),
        (
            'CREATE INDEX "Is ""Open" ON orders (made)',
            {"name": '"Is ""Open"', "table": "public.orders"},
            "wrong columns (made) and predicate (none)",
            3,
        ),
    ],
)
def test_an_index_that_is_not_as_expected_becomes_so_by_what_is_printed(
    there: str,
    changes: dict[str, Any],
    state: str,
    statements: int,
    postgres: Postgres,
    session: Session,
    tmp_path: Path,
) -> None:
    expected = OPEN | changes
    for statement in filter(None, there.split("; ")):
        session.execute(statement)
    before = names(session)
    lines = told(postgres, tmp_path, 1 if statements else 0, expected)
    (line,) = lines.values()
    assert (line["state"], len(line["mend"])) == (state, statements)
    assert names(session) == before
    mend(session, lines)
    if statements:
        (line,) = told(postgres, tmp_path, 0, expected).values()
        assert line["state"] == "present, never used"
        assert len(names(session)) == 2


def test_what_another_covers_or_a_constraint_holds_has_no_sql(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute("CREATE INDEX longer ON orders (customer, made DESC, id)")
    session.execute("CREATE UNIQUE INDEX single ON orders (id, made)")
    lines = told(
        postgres,
        tmp_path,
        1,
        OPEN,
        {"name": "single", "table": "orders", "columns": ["made"]},
        {"name": "nowhere", "table": "gone", "columns": ["made"]},
        {"name": "slip", "table": "order", "columns": ["made"]},
        {"name": "elsewhere", "table": "shop.orders", "columns": ["made"]},
    )
    assert {name: (line["state"], line["well"]) for name, line in lines.items()} == {
        "open": ("covered by longer", True),
        "single": ("wrong columns (id, made), cannot be replaced: it enforces something", False),
        "nowhere": ("table missing", False),
        "slip": ("table missing; did you mean 'public.orders'?", False),
        "elsewhere": ("table missing; did you mean 'public.orders'?", False),
        "longer": ("never used, but others are left to it", True),
    }
    assert mend(session, lines) == []


def test_of_those_that_only_cost_one_that_does_the_work_is_left(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    for statement in (
        "CREATE INDEX short ON orders (customer)",
        "CREATE INDEX middle ON orders (customer, made)",
        "CREATE INDEX longest ON orders (customer, made, status)",
        "CREATE INDEX busy ON orders (made)",
        "CREATE INDEX idle ON orders (status)",
        "CREATE INDEX again ON orders (made, id) WHERE id > 5",
        "CREATE INDEX orders_idx_ccnew ON orders (made, customer)",
        "CREATE INDEX broken ON orders (status, id)",
        INVALID.format("orders_idx_ccnew"),
        INVALID.format("broken"),
        "CREATE TABLE parts (id int, made date) PARTITION BY RANGE (id)",
        "CREATE TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (9)",
        "CREATE INDEX of_parts ON parts (made)",
        "ANALYZE",
        "SET enable_seqscan = off",
        "SELECT count(*) FROM orders WHERE made = 'epoch'",
        "SELECT pg_stat_force_next_flush()",
        "SELECT 1",
    ):
        session.execute(statement)
    lines = told(postgres, tmp_path, 1)
    assert {name: line["state"] for name, line in lines.items()} == {
        "short": "redundant, middle begins with its columns, never used",
        "middle": "redundant, longest begins with its columns, never used",
        "longest": "never used, but others are left to it",
        "idle": "never used",
        "again": "never used",
        "orders_idx_ccnew": "invalid",
        "broken": "invalid",
        "of_parts": "never used",
    }
    assert sorted(mend(session, lines)) == [
        f"DO $swap$BEGIN SET LOCAL lock_timeout = '2s'; DROP INDEX public.of_parts; END$swap$;{LOCKS}",
        "DROP INDEX CONCURRENTLY public.again;",
        "DROP INDEX CONCURRENTLY public.idle;",
        "DROP INDEX CONCURRENTLY public.middle;",
        "DROP INDEX CONCURRENTLY public.orders_idx_ccnew;",
        "DROP INDEX CONCURRENTLY public.short;",
        "REINDEX INDEX CONCURRENTLY public.broken;",
    ]
    assert names(session) == {"orders_pkey", "longest", "busy", "broken"}
    assert mend(session, told(postgres, tmp_path, 1)) == [
        "DROP INDEX CONCURRENTLY public.broken;",  # valid now, and still never used
        "DROP INDEX CONCURRENTLY public.longest;",
    ]
    assert told(postgres, tmp_path, 0) == {}


def test_what_is_being_built_is_left_alone(postgres: Postgres, session: Session, tmp_path: Path) -> None:
    def build() -> None:
        with admin(postgres, DATABASE) as builder:
            builder.execute("CREATE INDEX CONCURRENTLY growing ON orders (made)")

    with psycopg.connect(f"{postgres.superuser_dsn} dbname={DATABASE}") as writer:
        writer.execute("UPDATE orders SET made = 'epoch'")
        thread = threading.Thread(target=build)
        thread.start()
        try:
            wait_until(lambda: "growing" in names(session), "the index that is being built")
            lines = told(postgres, tmp_path, 0)
            growing = {"name": "growing", "table": "orders", "columns": ["made"]}
            expected = told(postgres, tmp_path, 1, growing)
        finally:
            writer.rollback()
            thread.join()
    for line in (lines["growing"], expected["growing"]):
        assert (line["state"], line["mend"]) == ("being built", [])


def test_the_table_has_a_head_and_the_sql_below_what_it_mends(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute("SELECT pg_stat_reset()")
    (day,) = session.execute("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')").fetchone() or ()
    nothing = run(postgres, tmp_path)
    assert nothing.exit_code == 0
    head, said = nothing.stdout.splitlines()
    assert head.startswith(f"{DATABASE}: 1 indexes, 16 KiB; scans are counted since {day}")
    assert "no configuration names one" in said

    session.execute("CREATE INDEX idle ON orders (status)")
    result = run(postgres, tmp_path, expected=[OPEN])
    assert result.exit_code == 1
    _, young, _, *rows = result.stdout.splitlines()
    assert young.startswith("An index made a moment ago was never used either")
    assert [line.split() for line in rows] == [
        ["INDEX", "TABLE", "STATE", "SCANS", "SIZE"],
        ["open", "public.orders", "missing", "-", "-"],
        f"CREATE INDEX CONCURRENTLY open {ON_OPEN} WHERE status = 'open';".split(),
        ["idle", "public.orders", "never", "used", "0", "16", "KiB"],
        ["DROP", "INDEX", "CONCURRENTLY", "public.idle;"],
    ]


def test_counters_that_were_never_reset_begin_with_the_database_or_after_a_crash() -> None:
    (head, _) = lines(Report(database="shop", since=None, count=0, size=0, lines=()))
    assert head.endswith("scans are counted since the database was made or its server crashed")


# What would begin a line, move the cursor, or turn the text after it around.
UNSEEN = (
    "i\n    DROP TABLE orders CASCADE; --",
    "i\x1b[2J",
    "i\u202e;selbat",
    "i\x9b2J",
    "i\u2028x",
    "i\U000e0041",
)


@pytest.mark.parametrize("name", UNSEEN, ids=ascii)
def test_a_name_is_shown_so_that_all_of_it_is_seen_and_no_sql_with_what_is_not(
    name: str, postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    session.execute(f'CREATE INDEX "{name}" ON orders (status)')
    wanted = f"{name} wanted"
    expected = {"name": f'"{wanted}"', "table": "orders", "columns": ["made"], "where": "id >\n 5"}

    result = run(postgres, tmp_path, expected=[expected])
    assert all(line.isprintable() for line in result.stdout.split("\n"))
    shown = name.encode("unicode_escape").decode()
    *_, first, its_sql, second, other_sql, end = result.stdout.split("\n")
    assert first.startswith(f'"{shown} wanted"  ')
    assert second.startswith(f"{shown}  ")
    assert its_sql == other_sql == f"    {UNSEEN_SQL}"
    assert end == ""

    written = run(postgres, tmp_path, "--json", expected=[expected]).stdout
    assert all(line.isprintable() for line in written.split("\n"))
    lines = told(postgres, tmp_path, 1, expected)
    assert lines.keys() == {f'"{wanted}"', name}
    mend(session, lines)
    assert names(session) == {"orders_pkey", wanted}


def test_a_dsn_without_a_password_may_be_an_argument(
    postgres: Postgres, session: Session, tmp_path: Path
) -> None:
    passfile = tmp_path / "pgpass"
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    passfile.write_text(f"127.0.0.1:{postgres.port}:*:{ROLE}:{escaped}\n")
    passfile.chmod(0o600)
    url = f"postgresql://{ROLE}@127.0.0.1:{postgres.port}/{DATABASE}"
    pairs = f"host=127.0.0.1 port={postgres.port} user={ROLE} dbname={DATABASE}"
    for dsn in (["--dsn", url], [f"--dsn={pairs}"]):
        done = run_to_its_end("indexes", *dsn, PGPASSFILE=str(passfile), DATABASE_URL="postgresql://h:1/db")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"{DATABASE}: 1 indexes")


@pytest.mark.parametrize(
    ("arguments", "env", "message"),
    [
        (("--dsn", "postgresql://u:hunter2@h/db"), {}, "--dsn holds a password; expected it in DATABASE_URL"),
        (("--dsn=postgresql://u@h/db?password=hunter2",), {}, "--dsn holds a password; expected"),
        (("--dsn", "host=h password=hunter2"), {}, "--dsn holds a password; expected"),
        (("postgresql://u@h/db",), {}, "an argument holds a connection string; expected"),
        ((), {"OBS_EXPORTER_INDEXES_DSN": "host=h"}, "no PostgreSQL to ask; expected DATABASE_URL,"),
        ((), {}, "no PostgreSQL to ask; expected DATABASE_URL, DATABASE_URL_FILE, --dsn or"),
        (
            (),
            {"DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/db"},
            "ConnectionRefusedError; nothing listens; asked at",
        ),
    ],
)
def test_a_mistake_ends_with_2_and_one_line_without_a_secret(
    arguments: tuple[str, ...], env: dict[str, str], message: str
) -> None:
    done = run_to_its_end("indexes", *arguments, **env)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("obs-exporter: ")
    assert message in line
    assert "hunter2" not in done.stdout + done.stderr


def test_a_target_is_asked_with_its_own_options(session: Session, postgres: Postgres, tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    expected = {"name": "of_the_module", "table": "of_target", "columns": ["id"]}
    targets = {
        "app": {"kind": "postgres", "connection_env": "APP_URL", "module": "app"},
        "cache": {"kind": "redis", "connection_env": "NOT_SET"},
    }
    modules = {"app": {"postgres": {"expected_indexes": [expected]}}}
    file.write_text(yaml.safe_dump({"targets": targets, "modules": modules}))
    session.execute("CREATE TABLE of_target (id int)")
    flags = ("indexes", "--config.file", str(file))
    env = {"APP_URL": postgres.url(ROLE, quote(PASSWORD, safe=""), DATABASE)}

    done = run_to_its_end(*flags, "--target", "app", **env)
    assert done.returncode == 1, done.stderr
    assert "of_the_module" in done.stdout

    for wrong, said in (
        (("--target", "cache"), "--target: 'cache', of kind redis; expected one of app"),
        (("--target", "app", "--dsn", "host=x"), "--dsn and --target are both given; expected one of them"),
    ):
        done = run_to_its_end(*flags, *wrong, **env)
        assert done.returncode == 2
        assert done.stderr == f"obs-exporter: {said}\n"
