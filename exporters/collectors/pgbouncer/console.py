"""PgBouncer's console: it looks like a database, but knows the simple protocol alone, a command at a time."""

from __future__ import annotations

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from exporters.collectors.postgres.connect import READ, WRITE, ConnectionFailed, connect, wait
from exporters.conninfo import APPLICATION_NAME, libpq_conninfo
from exporters.errors import ConfigError

DATABASE = "pgbouncer"

Row = dict[str, str]


class RefusedError(Exception):
    """The console does not do what it was told; the connection goes on.

    Attributes:
        code: an SQLSTATE.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def console_conninfo(text: str, name: str) -> str:
    """A connection string for the console.

    Args:
        text: as for a PostgreSQL; the database may be left out.
        name: where it comes from, for messages.

    Raises:
        ConfigError: nobody understands it, or it names another database.
    """
    parts = conninfo_to_dict(libpq_conninfo(text, name))
    parts.pop("target_session_attrs", None)  # the console cannot say what it is
    if parts.setdefault("dbname", DATABASE) != DATABASE:
        raise ConfigError(f"{name}: the database is {parts['dbname']!r}; expected '{DATABASE}', the console")
    return make_conninfo("", **parts | {"application_name": APPLICATION_NAME})


class Console:
    """A session.

    Raises:
        ConnectionFailed: it was refused.
        TimeoutError: there was none by the deadline.
    """

    def __init__(self, conninfo: str, deadline: float) -> None:
        self._pgconn = connect(conninfo, deadline)

    def ask(self, command: str, deadline: float) -> list[Row]:
        """The rows by column; NULL is an empty text.

        Raises:
            RefusedError: it is an error to the console.
            ConnectionFailed: the connection broke.
            TimeoutError: there was no answer in time.
        """
        try:
            self._pgconn.send_query(command.encode())
            while self._pgconn.flush():
                wait(self._pgconn.socket, WRITE, deadline)
            rows: list[Row] = []
            code = ""
            while (result := self._next(deadline)) is not None:
                if result.status == pq.ExecStatus.FATAL_ERROR:
                    code = (
                        result.error_field(pq.DiagnosticField.SQLSTATE) or b""
                    ).decode() or "OperationalError"
                else:
                    rows += _rows(result)
        except psycopg.Error as error:
            raise ConnectionFailed(type(error).__name__) from None
        if self._pgconn.status == pq.ConnStatus.BAD:
            raise ConnectionFailed(code or "OperationalError")
        if code:
            raise RefusedError(code)
        return rows

    def close(self) -> None:
        """Hang up."""
        self._pgconn.finish()

    def _next(self, deadline: float) -> pq.abc.PGresult | None:
        while self._pgconn.is_busy():
            wait(self._pgconn.socket, READ, deadline)
            self._pgconn.consume_input()
        return self._pgconn.get_result()


def _rows(result: pq.abc.PGresult) -> list[Row]:
    names = [(result.fname(column) or b"").decode() for column in range(result.nfields)]
    return [
        {
            name: (result.get_value(row, column) or b"").decode("utf-8", "replace")
            for column, name in enumerate(names)
        }
        for row in range(result.ntuples)
    ]
