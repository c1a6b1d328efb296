"""The databases as the backend and the exporter expect them: roles, a database, rights."""

from __future__ import annotations

import psycopg
from psycopg import sql

from examples.demo.databases import Postgres


def create_database(postgres: Postgres, name: str, *, owner: str, password: str) -> str:
    """Create a role that owns a new database with pg_stat_statements; return the owner's URL."""
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(owner), sql.Literal(password))
        )
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner))
        )
    with psycopg.connect(postgres.superuser_dsn, dbname=name, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
    return postgres.url(owner, password, name)
