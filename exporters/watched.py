"""Which servers are watched, and how: what the environment and the configuration file say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from exporters.config import Config, IndexConfig
from exporters.secrets import ConnectionString, Redactor, connection_string

if TYPE_CHECKING:
    from exporters.collectors.postgres import PostgresSettings
    from exporters.collectors.redis import RedisSettings

VARIABLES = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}


def watched(
    environ: Mapping[str, str], redactor: Redactor, allow_open: bool = False
) -> dict[str, ConnectionString]:
    """By the kind of server where its connection string is; a kind that is not given is not there.

    Raises:
        ConfigError: see `connection_string`.
    """
    found = {kind: connection_string(name, environ, redactor, allow_open) for kind, name in VARIABLES.items()}
    return {kind: source for kind, source in found.items() if source is not None}


def postgres_settings(source: ConnectionString, config: Config) -> PostgresSettings:
    """How to watch a PostgreSQL; its connection string is read at each connect."""
    from exporters import conninfo  # noqa: PLC0415  loads psycopg
    from exporters.collectors.postgres import ExpectedIndex, PostgresSettings  # noqa: PLC0415  loads psycopg

    indexes: Sequence[IndexConfig] = config.postgres.get("expected_indexes", ())
    expected = tuple(
        ExpectedIndex(
            name=index.name,
            table=index.table,
            columns=index.columns,
            include=index.include,
            predicate=index.where,
        )
        for index in indexes
    )
    given = dict(config.postgres) | {"expected_indexes": expected}
    return PostgresSettings(conninfo=lambda: conninfo.libpq_conninfo(source.read(), source.name), **given)


def redis_settings(source: ConnectionString, config: Config) -> RedisSettings:
    """How to watch a Redis; its URL is read at each connect."""
    from exporters.collectors.redis import RedisSettings  # noqa: PLC0415  loads redis-py

    return RedisSettings(url=source.read, **config.redis)
