"""The databases as the backend and the exporter expect them: roles, a database, rights."""

from __future__ import annotations

import secrets

import psycopg
from psycopg import sql
from redis import Redis as Client

from examples.backend.migrate import migrate
from examples.demo.databases import Postgres, Redis
from examples.demo.process import ROOT

ROLE = ROOT / "exporters/sql/role.sql"
ACL = ROOT / "exporters/redis.acl"
# What `sample_keys` in examples/backend/exporter.yml needs.
MEASURES_KEYS = ("~*", "+memory|usage")
# What `sample_ages` there needs beside these.
ASKS_AGES = ("+ttl", "+object|idletime")


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


def exporter_role(postgres: Postgres, database: str) -> str:
    """Create the exporter's role as `role.sql` ships it; return its URL."""
    password = secrets.token_urlsafe()
    migrate(f"{postgres.superuser_dsn} dbname={database}", ROLE)
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER ROLE obs_exporter PASSWORD {password}").format(password=sql.Literal(password))
        )
    return postgres.url("obs_exporter", password, database)


def exporter_user(redis: Redis, password: str = "") -> str:
    """Create the exporter's user as `redis.acl` ships it, who may look at keys too; return its URL."""
    password = password or secrets.token_urlsafe()
    _, name, *rules = ACL.read_text().split()
    with Client.from_url(redis.url) as client:
        client.execute_command("ACL", "SETUSER", name, *rules, *MEASURES_KEYS, *ASKS_AGES, f">{password}")
    return f"redis://{name}:{password}@127.0.0.1:{redis.port}/0"
