"""Which servers are watched, and how: what the environment and the configuration file say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporters.collectors.base import Backend
from exporters.config import Config, IndexConfig, TargetConfig
from exporters.errors import ConfigError
from exporters.secrets import ConnectionString, Redactor, connection_string

if TYPE_CHECKING:
    import logging

    from exporters.collectors.pgbouncer import PgBouncerSettings
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


def connection_of(
    name: str,
    target: TargetConfig,
    environ: Mapping[str, str],
    redactor: Redactor,
    allow_open: bool = False,
) -> ConnectionString:
    """Where the connection string of a target is.

    Raises:
        ConfigError: its variable is not set.
    """
    if target.connection_file:
        return ConnectionString(
            name=f"targets.{name}.connection_file",
            file=Path(target.connection_file),
            redactor=redactor,
            allow_open=allow_open,
        )
    variable = target.connection_env
    value = environ.get(variable, "").strip()
    if not value:
        raise ConfigError(
            f"targets.{name}.connection_env: {variable} is not set; expected a connection string in it, or "
            "connection_file for a file that holds one"
        )
    return ConnectionString(name=variable, value=value, redactor=redactor, allow_open=allow_open)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A server that is watched.

    Attributes:
        target: its name; empty for one that a variable of its own names.
        kind: such as ``postgres``.
        source: where its connection string is.
        options: as in the configuration's section of its kind.
    """

    target: str = ""
    kind: str
    source: ConnectionString
    options: Mapping[str, Any]


def servers(
    config: Config, environ: Mapping[str, str], redactor: Redactor, allow_open: bool = False
) -> list[Watched]:
    """All of them, each target with the options that hold where a scrape names none.

    Raises:
        ConfigError: see `connection_string` and `connection_of`.
    """
    found = [
        Watched(kind=kind, source=source, options=config.section(kind))
        for kind, source in watched(environ, redactor, allow_open).items()
    ]
    return found + [of_target(name, config, environ, redactor, allow_open) for name in config.targets]


def of_target(
    name: str, config: Config, environ: Mapping[str, str], redactor: Redactor, allow_open: bool = False
) -> Watched:
    """A target, with the options that hold where a scrape names none.

    Raises:
        ConfigError: see `connection_of`.
    """
    target = config.targets[name]
    source = connection_of(name, target, environ, redactor, allow_open)
    return Watched(target=name, kind=target.kind, source=source, options=config.options(target, ""))


def where(kind: str, source: ConnectionString) -> str:
    """The place that a connection string names now, for the log.

    Raises:
        ConfigError: there is none, or nobody understands it.
    """
    if kind == "redis":
        from exporters.collectors.redis.address import parse_url  # noqa: PLC0415  loads redis-py

        return str(parse_url(source.read(), source.name))
    if kind == "pgbouncer":
        from exporters import conninfo  # noqa: PLC0415  loads psycopg

        return conninfo.describe(pgbouncer_settings(source).conninfo())
    from exporters import conninfo  # noqa: PLC0415  loads psycopg

    return conninfo.describe(conninfo.libpq_conninfo(source.read(), source.name))


def backend(kind: str, source: ConnectionString, options: Mapping[str, Any], log: logging.Logger) -> Backend:
    """Who watches a server; it connects when it is asked."""
    if kind == "redis":
        from exporters.collectors.redis import RedisBackend  # noqa: PLC0415  loads redis-py

        return RedisBackend(redis_settings(source, options), log)
    if kind == "pgbouncer":
        from exporters.collectors.pgbouncer import PgBouncerBackend  # noqa: PLC0415  loads psycopg

        return PgBouncerBackend(pgbouncer_settings(source), log)
    from exporters.collectors.postgres import PostgresBackend  # noqa: PLC0415  loads psycopg

    return PostgresBackend(postgres_settings(source, options), log)


def postgres_settings(source: ConnectionString, options: Mapping[str, Any]) -> PostgresSettings:
    """How to watch a PostgreSQL; its connection string is read at each connect."""
    from exporters import conninfo  # noqa: PLC0415  loads psycopg
    from exporters.collectors.postgres import ExpectedIndex, PostgresSettings  # noqa: PLC0415  loads psycopg

    indexes: Sequence[IndexConfig] = options.get("expected_indexes", ())
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
    given = dict(options) | {"expected_indexes": expected}
    return PostgresSettings(conninfo=lambda: conninfo.libpq_conninfo(source.read(), source.name), **given)


def redis_settings(source: ConnectionString, options: Mapping[str, Any]) -> RedisSettings:
    """How to watch a Redis; its URL is read at each connect."""
    from exporters.collectors.redis import RedisSettings  # noqa: PLC0415  loads redis-py

    return RedisSettings(url=source.read, **options)


def pgbouncer_settings(source: ConnectionString) -> PgBouncerSettings:
    """How to watch a PgBouncer; its connection string is read at each connect."""
    from exporters.collectors.pgbouncer import PgBouncerSettings  # noqa: PLC0415  loads psycopg
    from exporters.collectors.pgbouncer.console import console_conninfo  # noqa: PLC0415  loads psycopg

    return PgBouncerSettings(conninfo=lambda: console_conninfo(source.read(), source.name))
