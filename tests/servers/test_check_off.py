"""What `check` says of collectors that are off: which options switch them on, or settings of the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from examples.demo.databases import Postgres, Redis
from examples.demo.process import wait_until
from tests.servers.conftest import DATABASE
from tests.servers.postgres_support import admin
from tests.servers.test_check import run, url_of

HEAD, TAIL = "needs ", " in the configuration file"
NOTHING: dict[str, dict[str, object]] = {
    "postgres": {"top_tables": 0, "top_indexes": 0, "top_statements": 0},
    "redis": {},
}
EXPECTED = {
    "postgres.expected_indexes": "postgres.expected_indexes",
    "postgres.tables": "postgres.top_tables or postgres.tables",
    "postgres.indexes": "postgres.top_indexes or postgres.expected_indexes",
    "postgres.statements": "postgres.top_statements",
    "postgres.statement_texts": "postgres.statement_texts",
    "postgres.index_candidates": "postgres.top_index_candidates",
    "redis.keyspace": "redis.key_patterns",
    "redis.sample": "redis.key_patterns and redis.sample_keys",
    "redis.ages": "redis.key_patterns and redis.sample_ages",
}
ON: dict[str, object] = {
    "expected_indexes": [{"name": "jobs_open", "table": "jobs", "columns": ["id"]}],
    "tables": ["jobs"],
    "top_tables": 1,
    "top_indexes": 1,
    "top_statements": 1,
    "statement_texts": True,
    "top_index_candidates": 1,
    "key_patterns": ["job:*"],
    "sample_keys": 1,
    "sample_ages": 1,
}


def test_what_is_off_names_the_options_that_switch_it_on(
    server: Postgres, redis_server: Redis, tmp_path: Path
) -> None:
    def off(*options: str) -> dict[str, str]:
        """By collector what it needs, where these options are set and no other."""
        config = {kind: dict(of_kind) for kind, of_kind in NOTHING.items()}
        for option in options:
            kind, _, key = option.partition(".")
            config[kind][key] = ON[key]
        env = {"DATABASE_URL": url_of(server, DATABASE), "REDIS_URL": redis_server.url}
        result = run(tmp_path, "--json", config=json.dumps(config), **env)
        assert result.exit_code == 0, result.output
        rows = [row for row in json.loads(result.stdout) if row["state"] == "off"]
        return {row["collector"]: row["detail"].removeprefix(HEAD).removesuffix(TAIL) for row in rows}

    assert off() == EXPECTED
    for collector, needed in EXPECTED.items():
        for enough in needed.split(" or "):
            assert collector not in off(*enough.split(" and "))
    # What is asked for in vain names what it lacks alone.
    assert off("redis.sample_ages")["redis.ages"] == "redis.key_patterns"
    assert off("redis.key_patterns")["redis.ages"] == "redis.sample_ages"


@pytest.mark.parametrize(
    "setting",
    ["compute_query_id = 'off'", "pg_stat_statements.track = 'none'"],
    ids=["no queryid", "no track"],
)
def test_a_server_that_counts_no_statement_is_told_so_and_the_lines_mend_it(
    setting: str, server: Postgres, tmp_path: Path
) -> None:
    def found() -> dict[str, Any]:
        result = run(tmp_path, "--json", config="", DATABASE_URL=url_of(server, DATABASE))
        (row,) = (row for row in json.loads(result.stdout) if row["collector"] == "postgres.statements")
        assert result.exit_code == (0 if row["state"] == "works" else 1)
        return {name: row[name] for name in ("state", "detail", "mend")}

    with admin(server, DATABASE) as session:
        for line in (f"ALTER SYSTEM SET {setting};", "SELECT pg_reload_conf();"):
            session.execute(line)
        name = setting.partition(" ")[0]
        wait_until(lambda: f"'{session.execute(f'SHOW {name}').fetchall()[0][0]}'" in setting, "it holds")
        assert found()["state"] == "works"  # others are remembered
        session.execute("SELECT pg_stat_statements_reset()")
        silent = found()
        assert (silent["state"], silent["detail"]) == (
            "fails", f"no statement is counted with {name} as it is",
        )  # fmt: skip
        for line in silent["mend"]:
            session.execute(line)
        wait_until(lambda: found()["state"] == "works", "statements are counted")
        session.execute(f"ALTER SYSTEM RESET {name}")
        session.execute("SELECT pg_reload_conf()")
