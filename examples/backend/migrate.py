"""Run a migration with psql, one statement a transaction: `python -m examples.backend.migrate`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
    """psql stopped at a statement; the message is what it wrote."""


def migrate(dsn: str, script: Path = INDEXES) -> None:
    """Run `script` in the database of `dsn`. The password goes by the environment, not the command line.

    Raises:
        MigrationError: a statement failed; those before it stay.
    """
    parts = conninfo_to_dict(dsn)
    env = {VARIABLES[name]: str(value) for name, value in parts.items() if name in VARIABLES}
    command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(script)]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MigrationError(done.stderr.strip())


def main() -> None:
    """Create the five indexes in the database that the environment names."""
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql")
    try:
        migrate(url.render_as_string(hide_password=False))
    except MigrationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
