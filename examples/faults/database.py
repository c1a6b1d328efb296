"""Faults at PostgreSQL."""

from __future__ import annotations

import contextlib
import threading

import psycopg
from psycopg import sql

from examples.backend.migrate import migrate
from examples.faults.model import FaultError, Repeated, Targets


class HoldServerConnections:
    """A client beside the application takes connections of the server and does nothing with them."""

    def __init__(self, targets: Targets, *, connections: int = 100) -> None:
        self.dsn = targets.database_url
        self.count = connections
        self.held: list[psycopg.Connection] = []

    def inject(self) -> None:
        """Open the connections, or as many as the server gives."""
        with contextlib.suppress(psycopg.OperationalError):
            while len(self.held) < self.count:
                self.held.append(psycopg.connect(self.dsn, application_name="leak"))

    def heal(self) -> None:
        """Close them."""
        while self.held:
            self.held.pop().close()


class DropIndex:
    """One of the audit's indexes is gone, as after a careless migration."""

    def __init__(self, targets: Targets, *, index: str = "idx_timer_cards_approval_queue") -> None:
        self.dsn = targets.database_url
        self.index = index

    def inject(self) -> None:
        """Drop it.

        Raises:
            FaultError: there is no such index.
        """
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            try:
                connection.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(self.index)))
            except psycopg.errors.UndefinedObject:
                raise FaultError(
                    f"no index {self.index!r} to drop; expected one that sql/indexes.sql created"
                ) from None

    def heal(self) -> None:
        """Create what is missing."""
        migrate(self.dsn)


class LockTable:
    """A transaction locks a table and stays open, as a migration does that waits for something else."""

    def __init__(self, targets: Targets, *, table: str = "timer_cards") -> None:
        self.dsn = targets.database_url
        self.table = table
        self.connection: psycopg.Connection | None = None

    def inject(self) -> None:
        """Lock it against readers and writers."""
        self.connection = psycopg.connect(self.dsn, application_name="migration")
        lock = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(self.table))
        self.connection.execute(lock)

    def heal(self) -> None:
        """Roll back."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Deadlock(Repeated):
    """Two transactions lock the same two rows, each in its own order; PostgreSQL ends one of them."""

    def __init__(self, targets: Targets, *, pause: float = 0.5) -> None:
        super().__init__(pause)
        self.dsn = targets.database_url

    def step(self) -> None:
        """Meet once; takes PostgreSQL's deadlock_timeout, a second."""
        with psycopg.connect(self.dsn) as first, psycopg.connect(self.dsn) as second:
            _lock_row(first, 1)
            _lock_row(second, 2)
            other = threading.Thread(target=_lock_row, args=(first, 2))
            other.start()
            _lock_row(second, 1)
            other.join()
            first.rollback()
            second.rollback()


def _lock_row(connection: psycopg.Connection, employee: int) -> None:
    """Lock a row; the victim of the deadlock gives up all it holds."""
    try:
        connection.execute("SELECT id FROM employees WHERE id = %s FOR UPDATE", (employee,))
    except psycopg.errors.DeadlockDetected:
        connection.rollback()
