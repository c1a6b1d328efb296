"""Faults of sessions at PostgreSQL: connections that are held, transactions that stay open, locks."""

from __future__ import annotations

import contextlib
import threading

import psycopg
from psycopg import sql

from examples.faults.model import Repeated, Targets

# Of the connections that a plain role may open: the server keeps some for superusers.
FREE = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
       - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int
"""
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND state = 'idle'
"""


class HoldServerConnections:
    """A client beside the application takes connections of the server and does nothing with them."""

    def __init__(self, targets: Targets, *, connections: int = 100, leave: int = 0) -> None:
        self.dsn = targets.database_url
        self.count = connections
        self.leave = leave
        self.held: list[psycopg.Connection] = []

    def inject(self) -> None:
        """Open the connections, or as many as the server gives, but for those to leave."""
        with contextlib.suppress(psycopg.OperationalError):
            while len(self.held) < self.count and self._free() > self.leave:
                self.held.append(psycopg.connect(self.dsn, application_name="leak", autocommit=True))

    def heal(self) -> None:
        """Close them."""
        while self.held:
            self.held.pop().close()

    def _free(self) -> int:
        if not self.held:
            return self.leave + 1
        row = self.held[-1].execute(FREE).fetchone()
        return int(row[0]) if row else 0


class HoldPooler:
    """Clients of PgBouncer begin transactions and forget them: each keeps a connection of the pool."""

    def __init__(self, targets: Targets, *, connections: int = 2) -> None:
        self.dsn = targets.pooler_url
        self.count = connections
        self.held: list[psycopg.Connection] = []

    def inject(self) -> None:
        """Begin as many as the pool has connections."""
        for _ in range(self.count):
            self.held.append(psycopg.connect(self.dsn, application_name="leak", prepare_threshold=None))
            self.held[-1].execute("SELECT 1")

    def heal(self) -> None:
        """Hang up, which rolls back."""
        while self.held:
            self.held.pop().close()


class OpenTransaction:
    """A transaction that begins, reads, and is forgotten: `idle in transaction` until somebody ends it."""

    def __init__(self, targets: Targets) -> None:
        self.dsn = targets.database_url
        self.connection: psycopg.Connection | None = None

    def inject(self) -> None:
        """Begin it; a snapshot and a row lock, as after an exception that nobody caught."""
        self.connection = psycopg.connect(self.dsn, application_name="forgotten")
        self.connection.execute("SELECT id FROM employees WHERE id = 1 FOR SHARE")

    def heal(self) -> None:
        """Roll back."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class LongTransaction:
    """One statement that does not come to an end, as a report without a condition."""

    def __init__(self, targets: Targets) -> None:
        self.dsn = targets.database_url
        self.connection: psycopg.Connection | None = None
        self.thread: threading.Thread | None = None

    def inject(self) -> None:
        """Send it, and let it run."""
        self.connection = psycopg.connect(self.dsn, application_name="report")
        self.thread = threading.Thread(target=self._run, args=(self.connection,), name="report", daemon=True)
        self.thread.start()

    def heal(self) -> None:
        """Cancel it."""
        if self.connection is None or self.thread is None:
            return
        while self.thread.is_alive():  # a cancel that comes before the statement does nothing
            self.connection.cancel()
            self.thread.join(0.1)
        self.connection.close()
        self.connection = self.thread = None

    @staticmethod
    def _run(connection: psycopg.Connection) -> None:
        with contextlib.suppress(psycopg.Error):
            connection.execute("SELECT count(*), pg_sleep(86400) FROM employees")


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


class CutSessions(Repeated):
    """Something ends the sessions of the exporter, as a firewall does that forgets those without traffic."""

    def __init__(self, targets: Targets, *, role: str = "obs_exporter", pause: float = 1.0) -> None:
        super().__init__(pause)
        self.dsn = targets.superuser_dsn
        self.role = role

    def step(self) -> None:
        """End those that wait for the next question."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(CUT, (self.role,))


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
