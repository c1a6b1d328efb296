"""Create the five indexes, one statement a transaction: `python -m examples.backend.migrate`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

INDEXES = Path(__file__).parent / "sql" / "indexes.sql"
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
}


class MigrationError(RuntimeError):
    """A statement failed, or the server could not be reached; the message is PostgreSQL's or psql's."""


def migrate(dsn: str, script: Path = INDEXES) -> None:
    """Run `script` with psql in the database of `dsn`. The password goes by the environment, no command line.

    Raises:
        MigrationError: a statement failed; those before it stay.
    """
    parts = conninfo_to_dict(dsn)
    env = {VARIABLES[name]: str(value) for name, value in parts.items() if name in VARIABLES}
    command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(script)]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MigrationError(done.stderr.strip())


def create_indexes(url: str) -> None:
    r"""Run `INDEXES` where there is no psql, as in the example's image; `url` may be any SQLAlchemy URL.

    Of psql's own commands it knows ``\gexec``. A statement ends at a semicolon that ends a line.

    Raises:
        MigrationError: a statement failed, and those before it stay; or the server could not be reached.
    """
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    *parts, _ = re.split(r"(;|\\gexec)\n", INDEXES.read_text())
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement, end in zip(parts[::2], parts[1::2], strict=True):
                done = connection.execute(statement.encode())
                for (made,) in done.fetchall() if end != ";" else ():
                    connection.execute(made)
    except psycopg.Error as error:
        raise MigrationError(str(error).strip()) from error


def main() -> None:
    """Create the five indexes in the database that the environment names."""
    try:
        create_indexes(os.environ["DATABASE_URL"])
    except MigrationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
