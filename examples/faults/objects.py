"""Faults of what is stored in PostgreSQL: indexes, dead rows, statistics, and the log it must keep."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from examples.backend.migrate import migrate
from examples.faults.model import FaultError, Repeated, Targets

INDEX = "idx_timer_cards_approval_queue"
COPY = "fault_copy"
UPDATE_STORM = "UPDATE fault_churn SET hits = hits + 1"


class DropIndex:
    """One of the audit's indexes is gone, as after a careless migration."""

    def __init__(self, targets: Targets, *, index: str = INDEX) -> None:
        self.dsn = targets.database_url
        self.index = index

    def inject(self) -> None:
        """Drop it.

        Raises:
            FaultError: there is no such index.
        """
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            _drop(connection, self.index)

    def heal(self) -> None:
        """Create what is missing."""
        migrate(self.dsn)


class WrongColumns(DropIndex):
    """An index of the expected name stands on other columns; one of another name does its work."""

    def inject(self) -> None:
        """Replace it by one on the first column of its table.

        Raises:
            FaultError: there is no such index.
        """
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            found = connection.execute(
                "SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = to_regclass(%s)",
                (self.index,),
            ).fetchone()
            _copy(connection, self.index)
            _drop(connection, self.index)
            table = sql.SQL(found[0] if found else "")  # as PostgreSQL itself quoted it
            create = sql.SQL("CREATE INDEX {} ON {} (id)").format(sql.Identifier(self.index), table)
            connection.execute(create)

    def heal(self) -> None:
        """Drop the wrong one, and create what is missing."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for name in (self.index, COPY):
                with contextlib.suppress(FaultError):
                    _drop(connection, name)
        super().heal()


class InvalidIndex:
    """An index whose building failed on a duplicate: it costs every write and serves no reader.

    Args:
        targets: where PostgreSQL is.
        index: is replaced by a unique one on the same columns, while one of another name does its work;
            without it the fault has one of its own.
    """

    OWN = "fault_one_card_a_day"

    def __init__(self, targets: Targets, *, index: str = OWN) -> None:
        self.dsn = targets.database_url
        self.index = index

    def inject(self) -> None:
        """Try to build it: employees have more cards than one, and factories more that wait for approval.

        Raises:
            FaultError: there is no index of this name to replace.
        """
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            create = f"CREATE INDEX {self.OWN} ON timer_cards (employee_id)"
            if self.index != self.OWN:
                found = connection.execute(
                    "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = to_regclass(%s)",
                    (self.index,),
                ).fetchone()
                _copy(connection, self.index)
                _drop(connection, self.index)
                create = found[0] if found else ""
            unique = create.replace("CREATE INDEX", "CREATE UNIQUE INDEX CONCURRENTLY", 1)
            with contextlib.suppress(psycopg.errors.UniqueViolation):
                connection.execute(unique.encode())

    def heal(self) -> None:
        """Drop it, and create what is missing."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for name in (self.index, COPY):
                with contextlib.suppress(FaultError):
                    _drop(connection, name)
        if self.index != self.OWN:
            migrate(self.dsn)


class DeadTuples:
    """Rows are updated again and again in a table that autovacuum was told to leave alone."""

    def __init__(self, targets: Targets, *, rows: int = 20_000, rounds: int = 3) -> None:
        self.dsn = targets.database_url
        self.rows = rows
        self.rounds = rounds

    def inject(self) -> None:
        """Make the table, and let each of its rows die some times."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS fault_churn")
            connection.execute("CREATE TABLE fault_churn (hits int) WITH (autovacuum_enabled = off)")
            # An update of an indexed column is never cleaned up on the way.
            connection.execute("CREATE INDEX ON fault_churn (hits)")
            connection.execute("INSERT INTO fault_churn SELECT 0 FROM generate_series(1, %s)", (self.rows,))
            for _ in range(self.rounds):
                connection.execute(UPDATE_STORM)

    def heal(self) -> None:
        """Drop the table."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS fault_churn")


class TempFiles(Repeated):
    """A sort that does not fit into work_mem, over and over: PostgreSQL writes it to temporary files."""

    def __init__(self, targets: Targets, *, pause: float = 0.2) -> None:
        super().__init__(pause)
        self.dsn = targets.database_url

    def step(self) -> None:
        """Sort once: few rows, and wide ones, so that bytes are many and comparisons few."""
        with psycopg.connect(self.dsn, application_name="report") as connection:
            connection.execute("SET LOCAL work_mem = '64kB'")
            connection.execute(
                "SELECT repeat(md5(id::text), 60) AS wide FROM employees ORDER BY wide OFFSET 1000000"
            )


class HeadScans(Repeated):
    """Somebody asks a large table for any row, over and over; no index serves that, and few rows are read."""

    def __init__(self, targets: Targets, *, table: str = "salary_calculations", pause: float = 0.2) -> None:
        super().__init__(pause)
        self.dsn = targets.database_url
        self.ask = sql.SQL("SELECT * FROM {} LIMIT 1").format(sql.Identifier(table))

    def step(self) -> None:
        """Ask twenty times."""
        with psycopg.connect(self.dsn, application_name="probe", autocommit=True) as connection:
            for _ in range(20):
                connection.execute(self.ask)


class ColdReads(Repeated):
    """A table larger than a quarter of shared_buffers is read whole, again and again, past the cache."""

    # Each scan leaves the last 32 pages that it read in the cache: in all, by then, a quarter of the table.
    UNTIL_WARM = 50

    def __init__(self, targets: Targets, *, pause: float = 0.1) -> None:
        super().__init__(pause)
        self.dsn = targets.database_url

    def inject(self) -> None:
        """Fill the table with few rows of a page each, then begin."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS fault_cold")
            connection.execute(
                "CREATE UNLOGGED TABLE fault_cold (filler text) WITH (autovacuum_enabled = off)"
            )
            connection.execute("ALTER TABLE fault_cold ALTER filler SET STORAGE PLAIN")
            connection.execute(
                "INSERT INTO fault_cold SELECT repeat('x', 8000) FROM generate_series(1, 6000)"
            )
        self.scans = 0
        super().inject()

    def heal(self) -> None:
        """Stop, and drop the table."""
        super().heal()
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS fault_cold")

    def step(self) -> None:
        """Read it once."""
        with psycopg.connect(self.dsn, application_name="report", autocommit=True) as connection:
            if self.scans % self.UNTIL_WARM == 0:
                connection.execute("VACUUM (FULL, FREEZE) fault_cold")  # nothing is cached, nothing dirty
            connection.execute("SET max_parallel_workers_per_gather = 0")
            connection.execute("SELECT count(*) FROM fault_cold")
        self.scans += 1


class EvictStatements(Repeated):
    """Statements of ever new shapes push all others out of pg_stat_statements."""

    BATCH = 200

    def __init__(self, targets: Targets, *, pause: float = 0.05) -> None:
        super().__init__(pause)
        self.dsn = targets.superuser_dsn
        self.database = _database(targets)
        self.shapes = _shapes()

    def inject(self) -> None:
        """Fill the place that there is, then go on."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            row = connection.execute("SELECT current_setting('pg_stat_statements.max')::int").fetchone()
            self._run(connection, row[0] if row else 0)
        super().inject()

    def heal(self) -> None:
        """Stop, and take out what was put in; it alone was done by the superuser in this database."""
        super().heal()
        with psycopg.connect(self.dsn, dbname=self.database, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_stat_statements_reset(r.oid, d.oid, 0) FROM pg_roles r, pg_database d"
                " WHERE r.rolname = current_user AND d.datname = 'postgres'"
            )

    def step(self) -> None:
        """Some more."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            self._run(connection, self.BATCH)

    def _run(self, connection: psycopg.Connection, count: int) -> None:
        with connection.pipeline():
            for _ in range(count):
                connection.execute(next(self.shapes))


class InactiveSlot:
    """A replication slot that nobody reads, while the server writes: it must keep all its log."""

    NAME = "fault_slot"

    def __init__(self, targets: Targets, *, segments: int = 70) -> None:
        self.dsn = targets.superuser_dsn
        self.segments = segments

    def inject(self) -> None:
        """Make the slot, and begin that many segments of log (16 MiB each)."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", (self.NAME,))
            for _ in range(self.segments):
                connection.execute("SELECT pg_logical_emit_message(false, 'fault', 'x')")
                connection.execute("SELECT pg_switch_wal()")

    def heal(self) -> None:
        """Drop the slot; the next checkpoint gives the room back."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s"
            connection.execute(drop, (self.NAME,))
            connection.execute("CHECKPOINT")


class RevokeStatements:
    """Somebody takes the right to read pg_stat_statements from everybody, so from the exporter too."""

    def __init__(self, targets: Targets) -> None:
        self.dsn = targets.superuser_dsn
        self.database = _database(targets)

    def inject(self) -> None:
        """Take it."""
        self._execute("REVOKE EXECUTE ON FUNCTION pg_stat_statements(boolean) FROM PUBLIC")

    def heal(self) -> None:
        """Give it back."""
        self._execute("GRANT EXECUTE ON FUNCTION pg_stat_statements(boolean) TO PUBLIC")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.dsn, dbname=self.database, autocommit=True) as connection:
            connection.execute(statement.encode())


def _database(targets: Targets) -> str:
    """The name of the backend's database, in which the extensions are."""
    return str(conninfo_to_dict(targets.database_url)["dbname"])


def _copy(connection: psycopg.Connection, index: str) -> None:
    """Let an index of another name do the same work."""
    found = connection.execute(
        "SELECT pg_get_indexdef(indexrelid), relname FROM pg_index JOIN pg_class ON oid = indexrelid"
        " WHERE indexrelid = to_regclass(%s)",
        (index,),
    ).fetchone()
    if found:
        connection.execute(found[0].replace(found[1], COPY, 1).encode())


def _drop(connection: psycopg.Connection, index: str) -> None:
    try:
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(index)))
    except psycopg.errors.UndefinedObject:
        raise FaultError(f"no index {index!r} to drop; expected one that sql/indexes.sql created") from None


def _shapes() -> Iterator[bytes]:
    """Statements that PostgreSQL takes for different ones: constants do not count, operators do."""
    number = time.time_ns() // 1000
    while True:
        number += 1
        operators = "".join("+1" if bit == "1" else "-1" for bit in f"{number:b}")
        yield f"SELECT 1{operators}".encode()
