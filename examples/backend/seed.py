"""Create the tables and fill them, once: `python -m examples.backend.seed`. Redis gets some sessions.

In the state `fixed` the indexes are created too.
"""

from __future__ import annotations

import sys
from pathlib import Path

from redis import Redis
from sqlalchemy import Engine, select, text

from examples.backend.engine import make_engine
from examples.backend.migrate import MigrationError, create_indexes
from examples.backend.models import Base, Employee
from examples.backend.settings import Settings, SettingsError

SEED = Path(__file__).parent / "sql" / "seed.sql"
FACTORIES = 200
EMPLOYEES = 40_000
SESSIONS = 200


def seed_tables(engine: Engine, *, factories: int = FACTORIES, employees: int = EMPLOYEES) -> bool:
    """Create the tables, and fill them if they are empty; return whether they were.

    Per employee there are one request, three salary calculations, one apartment and five timer cards.
    """
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        if connection.execute(select(Employee.id).limit(1)).first():
            return False
        for statement in SEED.read_text().split(";\n"):
            if statement.strip():
                connection.execute(text(statement), {"factories": factories, "employees": employees})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return True


def seed_sessions(redis: Redis) -> None:
    """Write the sessions of people who are logged in, each for an hour."""
    with redis.pipeline() as pipeline:
        for number in range(SESSIONS):
            pipeline.set(f"session:{number:06d}", f'{{"employee_id": {number}}}', ex=3600)
        pipeline.execute()


def seed(settings: Settings) -> None:
    """Bring both servers to the state that the settings ask for, and say what was done.

    Raises:
        MigrationError: the indexes of the state `fixed` could not be created.
    """
    engine = make_engine(settings)
    filled = seed_tables(engine)
    engine.dispose()
    with Redis.from_url(settings.redis_url) as redis:
        seed_sessions(redis)
    print("tables filled" if filled else "tables were filled before; nothing done")
    if settings.fixed:
        create_indexes(settings.database_url)
        print("indexes created")


def main() -> None:
    """Seed what the environment names."""
    try:
        seed(Settings.from_env())
    except (SettingsError, MigrationError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
