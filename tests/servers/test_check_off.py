"""What `check` says of collectors that the configuration does not ask for: which options switch them on."""

from __future__ import annotations

import json
from pathlib import Path

from examples.demo.databases import Postgres, Redis
from tests.servers.conftest import DATABASE
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
