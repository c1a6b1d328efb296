"""`python -m exporters check` on real servers: what it says is lacking is, and what it prints mends that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner, Result

from examples.demo.databases import Postgres, Redis
from exporters.catalogue import self_
from exporters.collectors.outcome import State
from exporters.collectors.postgres.check import PRELOAD
from exporters.collectors.postgres.check import check as check_postgres
from exporters.collectors.postgres.model import UNKNOWN
from exporters.collectors.postgres.options import PostgresSettings
from exporters.collectors.postgres.server import SERVER
from exporters.collectors.redis.check import OLDEST as OLDEST_REDIS
from exporters.commands.check import command
from exporters.secrets import Redactor
from tests.servers import exporter_support as of_redis
from tests.servers.exporter_process import run_to_its_end
from tests.servers.postgres_support import (
    PASSWORD,
    ROLE,
    admin,
    collect,
    conninfo,
    create_database,
    watch,
)

DATABASE = "check"
OF_STATEMENTS = {"postgres.statements", "postgres.statement_texts", "postgres.index_candidates"}
OF_EXTENSION = {"postgres.statements_info", *OF_STATEMENTS}
OF_OTHERS = {"postgres.activity", "postgres.replication", *OF_STATEMENTS}
CONFIG = """
postgres:
  statement_texts: true
  top_index_candidates: 5
  expected_indexes: [{name: jobs_open, table: jobs, columns: [id]}]
redis: {key_patterns: ['job:*'], sample_keys: 5, sample_ages: 5}
"""

Rows = dict[str, dict[str, Any]]


def run(tmp_path: Path, *arguments: str, config: str = CONFIG, **env: str) -> Result:
    """The command, in this process."""
    file = tmp_path / "exporter.yml"
    file.write_text(config)
    given = {"DATABASE_URL": "", "REDIS_URL": "", **env}
    return CliRunner().invoke(
        command, ["--config.file", str(file), *arguments], env=given, obj=Redactor(), catch_exceptions=False
    )


def outcomes(tmp_path: Path, code: int, **env: str) -> Rows:
    """By collector what the command says."""
    result = run(tmp_path, "--json", **env)
    assert result.exit_code == code, result.output
    return {row["collector"]: row for row in json.loads(result.stdout)}


def not_well(rows: Rows) -> dict[str, str]:
    """By collector how it went, of those that do not work."""
    return {name: row["state"] for name, row in rows.items() if row["state"] != "works"}


def mended(rows: Rows) -> list[str]:
    """Every line that mends something, once."""
    return list(dict.fromkeys(line for row in rows.values() for line in row["mend"]))


def url_of(server: Postgres, database: str = DATABASE, role: str = ROLE, password: str = PASSWORD) -> str:
    return server.url(quote(role), quote(password, safe=""), database)


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> None:
    create_database(postgres, DATABASE)


@pytest.fixture
def url(database: None, postgres: Postgres) -> Iterator[str]:
    """A database that the exporter's role may watch, with the extension."""
    with admin(postgres, DATABASE) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        yield url_of(postgres)
        session.execute("DROP EXTENSION IF EXISTS pg_stat_statements")
        session.execute(f"GRANT pg_read_all_stats TO {ROLE}")


@pytest.fixture
def redis_url(redis_server: Redis) -> Iterator[str]:
    """The exporter's user, which may also measure keys."""
    of_redis.add_user(redis_server)
    of_redis.allow_measuring(redis_server)
    with of_redis.admin(redis_server) as client:
        client.flushall()
        client.execute_command("ACL", "SETUSER", "obs_exporter", "+ttl", "+object|idletime")
    yield of_redis.url_of(redis_server)
    of_redis.add_user(redis_server)


def test_every_collector_of_the_exporter_is_tried_and_a_line_each_says_that_it_works(
    postgres: Postgres, url: str, redis_url: str, tmp_path: Path
) -> None:
    result = run(tmp_path, DATABASE_URL=url, REDIS_URL=redis_url)
    assert result.exit_code == 0
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert {said for _, said in lines} == {"works"}

    backend = watch(postgres, DATABASE)
    page = collect(backend)
    backend.close()
    known = {dict(labels)["collector"] for name, labels in page if name == self_.COLLECTOR_SUCCESS.name}
    of_a_redis = {"redis.up", "redis.info", "redis.slowlog", "redis.keyspace", "redis.sample", "redis.ages"}
    assert {name for name, _ in lines} == known | {"postgres.up"} | of_a_redis


def test_what_the_configuration_does_not_ask_for_is_no_finding(
    url: str, redis_url: str, tmp_path: Path
) -> None:
    result = run(tmp_path, "--json", config="", DATABASE_URL=url, REDIS_URL=redis_url)
    assert result.exit_code == 0
    off = {"postgres.expected_indexes", "postgres.statement_texts", "postgres.index_candidates"}
    off |= {"redis.keyspace", "redis.sample", "redis.ages"}
    rows = {row["collector"]: row for row in json.loads(result.stdout)}
    assert not_well(rows) == dict.fromkeys(off, "off")


REVOKED = """
REVOKE EXECUTE ON FUNCTION pg_stat_statements, pg_stat_statements_info FROM PUBLIC;
REVOKE SELECT ON pg_stat_statements_info FROM PUBLIC;
"""


@pytest.mark.parametrize(
    ("broken", "state", "lost", "mend"),
    [
        (
            f"REVOKE pg_read_all_stats FROM {ROLE}",
            "lacks privilege",
            OF_OTHERS | {"postgres.sizes"},
            {f"GRANT pg_read_all_stats TO {ROLE};"},
        ),
        (
            "DROP EXTENSION pg_stat_statements",
            "extension missing",
            OF_EXTENSION,
            {"CREATE EXTENSION pg_stat_statements;"},
        ),
        (
            'CREATE SCHEMA "Of It"; ALTER EXTENSION pg_stat_statements SET SCHEMA "Of It"',
            "lacks privilege",
            OF_EXTENSION,
            {f'GRANT USAGE ON SCHEMA "Of It" TO {ROLE};'},
        ),
        (
            REVOKED,
            "lacks privilege",
            OF_EXTENSION,
            {
                f"GRANT EXECUTE ON FUNCTION public.pg_stat_statements TO {ROLE};",
                f"GRANT SELECT ON public.pg_stat_statements_info TO {ROLE};",
                f"GRANT EXECUTE ON FUNCTION public.pg_stat_statements_info TO {ROLE};",
            },
        ),
        (
            "DROP EXTENSION pg_stat_statements; CREATE EXTENSION pg_stat_statements VERSION '1.8'",
            "version too old",
            {"postgres.statements_info"},
            {"ALTER EXTENSION pg_stat_statements UPDATE;"},
        ),
        (
            "DROP EXTENSION pg_stat_statements; CREATE EXTENSION pg_stat_statements VERSION '1.7'",
            "version too old",
            OF_EXTENSION,
            {"ALTER EXTENSION pg_stat_statements UPDATE;"},
        ),
    ],
    ids=["no statistics", "no extension", "no schema", "no function", "extension 1.8", "extension 1.7"],
)
def test_what_is_lacking_is_told_and_the_lines_told_mend_it(
    broken: str, state: str, lost: set[str], mend: set[str], postgres: Postgres, url: str, tmp_path: Path
) -> None:
    with admin(postgres, DATABASE) as session:
        session.execute(broken)
        found = outcomes(tmp_path, 1, DATABASE_URL=url)
        assert not_well(found) == dict.fromkeys(lost, state)
        assert all(found[name]["detail"] for name in lost)
        assert set(mended(found)) == mend
        for line in mended(found):
            session.execute(line)
    assert not_well(outcomes(tmp_path, 0, DATABASE_URL=url)) == {}


def test_a_line_that_mends_several_is_printed_once_and_names_the_role_as_sql_needs_it(
    postgres: Postgres, url: str, tmp_path: Path
) -> None:
    with admin(postgres) as session:
        session.execute("""DROP ROLE IF EXISTS "Of Somebody"; CREATE ROLE "Of Somebody" LOGIN PASSWORD 'p'""")
        try:
            told = run(tmp_path, DATABASE_URL=url_of(postgres, role="Of Somebody", password="p"))
        finally:
            session.execute('DROP ROLE "Of Somebody"')
    assert told.exit_code == 1
    indented = [line.strip() for line in told.stdout.splitlines() if line.startswith(" ")]
    assert indented == ['GRANT pg_read_all_stats TO "Of Somebody";']


def test_without_the_library_two_lines_bring_the_statements(server_root: Path, tmp_path: Path) -> None:
    server = Postgres(server_root / "not-preloaded", shared_preload_libraries="").start()
    try:
        create_database(server, DATABASE)
        found = outcomes(tmp_path, 1, DATABASE_URL=url_of(server))
        assert not_well(found) == dict.fromkeys(OF_EXTENSION, "extension missing")
        library, create = mended(found)
        assert (library, create) == (PRELOAD, "CREATE EXTENSION pg_stat_statements;")

        with admin(server, DATABASE) as session:
            session.execute(create)
        found = outcomes(tmp_path, 1, DATABASE_URL=url_of(server))
        assert not_well(found) == dict.fromkeys(OF_EXTENSION, "extension missing")
        assert mended(found) == [library]

        server.stop()
        name, _, value = library.partition("  ")[0].partition(" = ")
        server.settings[name] = value.strip("'")
        server.start()
        assert not_well(outcomes(tmp_path, 0, DATABASE_URL=url_of(server))) == {}
    finally:
        server.stop()


def test_a_lock_costs_what_it_holds_up_and_says_so(postgres: Postgres, url: str, tmp_path: Path) -> None:
    with admin(postgres, DATABASE) as session:
        session.execute("BEGIN; LOCK TABLE pg_extension IN ACCESS EXCLUSIVE MODE")
        found = outcomes(tmp_path, 1, DATABASE_URL=url)
        session.execute("ROLLBACK")
    assert not_well(found) == dict.fromkeys(OF_EXTENSION, "fails")
    assert "55P03 LockNotAvailable; another session holds a lock" in found["postgres.statements"]["detail"]


def test_an_older_server_is_told_what_it_would_need(
    postgres: Postgres, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def older(version: int) -> dict[str, tuple[State, str]]:
        answered = replace(UNKNOWN, version=version)
        monkeypatch.setattr("exporters.collectors.postgres.check.read_server", lambda _: answered)
        text = conninfo(postgres, DATABASE)
        return {
            outcome.collector: (outcome.state, outcome.detail)
            for outcome in check_postgres(PostgresSettings(conninfo=lambda: text))
        }

    found = older(130023)
    assert found["postgres.wal"] == (State.VERSION, "PostgreSQL 13, needs 14")
    assert found["postgres.statements_info"] == (State.VERSION, "PostgreSQL 13, needs 14")
    assert found[SERVER.name] == (State.WORKS, "")
    assert older(120022)[SERVER.name] == (State.VERSION, "PostgreSQL 12, needs 13")


@pytest.mark.parametrize(
    ("denied", "lost"),
    [
        ("-slowlog|len", {"redis.slowlog": "+slowlog|len"}),
        ("-client|setname", {"redis.up": "+client|setname"}),
        ("-scan -select", {"redis.keyspace": "+select +scan"}),
        ("resetkeys", {"redis.sample": "~* +memory|usage", "redis.ages": "~* +ttl +object|idletime"}),
        ("-object|idletime", {"redis.ages": "+object|idletime"}),
        ("-memory|usage", {"redis.sample": "~* +memory|usage"}),
        ("-info", {"redis.info": "+info", "redis.keyspace": "+info"}),
    ],
)
def test_a_command_that_the_user_is_denied_is_told_with_the_line_that_allows_it(
    denied: str, lost: dict[str, str], redis_server: Redis, redis_url: str, tmp_path: Path
) -> None:
    with of_redis.admin(redis_server) as client:
        client.set("job:1", "x")
        client.execute_command("ACL", "SETUSER", "obs_exporter", *denied.split())
        found = outcomes(tmp_path, 1, REDIS_URL=redis_url)
        assert not_well(found) == dict.fromkeys(lost, "lacks privilege")
        assert {name: found[name]["detail"] for name in lost} == lost
        for line in mended(found):
            client.execute_command(*line.split())
    assert not_well(outcomes(tmp_path, 0, REDIS_URL=redis_url)) == {}


def test_a_redis_that_renamed_a_command_or_is_too_old_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "renamed.conf").write_text("rename-command SLOWLOG GOLWOLS\n")
    server = Redis(tmp_path / "redis", include=str(tmp_path / "renamed.conf")).start()
    try:
        found = outcomes(tmp_path, 1, REDIS_URL=server.url)
        assert not_well(found) == {"redis.slowlog": "fails"}
        assert "unknown command" in found["redis.slowlog"]["detail"]
        monkeypatch.setattr("exporters.collectors.redis.check.OLDEST", (99, 0))
        old = outcomes(tmp_path, 1, REDIS_URL=server.url)["redis.info"]
    finally:
        server.stop()
    assert old["state"] == "version too old"
    assert re.fullmatch(r"Redis [\d.]+, needs 99\.0", old["detail"])
    assert OLDEST_REDIS == (6, 2)


@pytest.mark.parametrize("wrong", ["password", "port"])
def test_a_server_that_is_not_there_ends_with_2_and_no_secret(
    wrong: str, postgres: Postgres, url: str, redis_url: str, tmp_path: Path
) -> None:
    lost = {
        "password": (postgres.url(ROLE, "hunter2", DATABASE), "redis://obs_exporter:hunter2@127.0.0.1:1"),
        "port": (
            f"postgresql://{ROLE}:hunter2@127.0.0.1:1/{DATABASE}",
            redis_url.replace("s3cret", "hunter2"),
        ),
    }[wrong]
    told = run(tmp_path, DATABASE_URL=lost[0], REDIS_URL=lost[1])
    assert told.exit_code == 2
    assert [line.split(":")[0].split()[:2] for line in told.stdout.splitlines()] == [
        ["postgres.up", "refused" if wrong == "password" else "unreachable"],
        ["redis.up", "unreachable" if wrong == "password" else "refused"],
        *([] if wrong == "password" else [["ACL", "SETUSER"], ["CONFIG", "REWRITE"]]),
    ]
    assert ("28P01" if wrong == "password" else "ConnectionRefusedError") in told.stdout
    assert "hunter2" not in told.output

    code, state = (2, "unreachable") if wrong == "password" else (1, "refused")
    found = outcomes(tmp_path, code, DATABASE_URL=url, REDIS_URL=lost[1])
    assert not_well(found) == {"redis.up": state}


@pytest.mark.parametrize(
    ("flags", "env", "message"),
    [
        (("check",), {}, "no server to ask; expected DATABASE_URL or REDIS_URL"),
        (
            ("--config.file", "/nowhere", "check"),
            {"REDIS_URL": "redis://127.0.0.1:1"},
            "/nowhere: No such file or directory; expected a YAML file",
        ),
        (
            ("check", "--config.file", "/nowhere"),
            {"REDIS_URL": "redis://127.0.0.1:1"},
            "/nowhere: No such file or directory; expected a YAML file",
        ),
        (("check",), {"DATABASE_URL": "mysql://u:hunter2@db"}, "DATABASE_URL: the scheme is 'mysql'"),
    ],
)
def test_a_mistake_ends_with_2_and_one_line(
    flags: tuple[str, ...], env: dict[str, str], message: str
) -> None:
    done = run_to_its_end(*flags, **env)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert message in line
    assert not done.stdout


TARGETS = """
targets:
  here: {kind: redis, connection_env: HERE}
  gone: {kind: redis, connection_env: GONE, module: keys}
modules: {keys: {redis: {key_patterns: ['job:*']}}}
"""


def test_targets_are_asked_by_their_names(redis_server: Redis, tmp_path: Path) -> None:
    of_redis.add_user(redis_server)
    env = {"HERE": of_redis.url_of(redis_server), "GONE": "redis://:hunter2@127.0.0.1:1"}

    every = run(tmp_path, config=TARGETS, **env)
    assert every.exit_code == 2
    assert re.findall("^target.*", every.output, re.MULTILINE) == ["target here:", "target gone:"]
    assert "hunter2" not in every.output

    one = run(tmp_path, "--target", "here", "--json", config=TARGETS, HERE=env["HERE"])
    assert one.exit_code == 0
    assert {row["target"] for row in json.loads(one.stdout)} == {"here"}


def test_a_target_that_is_not_there_is_a_mistake_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "exporter.yml").write_text(TARGETS)
    flags = ("check", "--config.file", str(tmp_path / "exporter.yml"), "--target", "her")

    done = run_to_its_end(*flags, HERE="redis://127.0.0.1:1", GONE="redis://127.0.0.1:1")

    assert done.returncode == 2
    assert done.stderr == "obs-exporter: --target: 'her'; expected one of here, gone; did you mean 'here'?\n"
    none = run_to_its_end("check", "--target", "orders")
    assert (none.returncode, none.stderr.count("\n")) == (2, 1)
    assert "'orders'; the configuration has no targets of postgres or redis or pgbouncer; name" in none.stderr
