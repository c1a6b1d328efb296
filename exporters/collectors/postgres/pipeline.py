"""Ask many questions in one round trip, so that one that fails costs only its own answer."""

from __future__ import annotations

import codecs
import contextlib
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer

from exporters.collectors.postgres.connect import (
    READ,
    WRITE,
    ConnectionFailed,
    cancel_and_close,
    connect,
    wait,
)
from exporters.collectors.postgres.model import PATH, SET, Row
from exporters.conninfo import APPLICATION_NAME

# Whoever may create functions in a schema of the path, as everybody may in `public` before version 15, could
# put one in the place of the server's, and act as our role: names are looked up among the server's own.
OURS = "pg_catalog, pg_temp"
GIVEN = "pg_catalog.current_setting('search_path')"
LIMITS = f"""
SELECT {SET}('transaction_read_only', 'on', true), {SET}('statement_timeout', $1, true),
       {SET}('lock_timeout', $2, true), {SET}('jit', 'off', true),
       {SET}('application_name', '{APPLICATION_NAME}', $3::boolean),
       CASE WHEN {GIVEN} OPERATOR(pg_catalog.<>) '{OURS}'
             AND {SET}('{PATH}', {GIVEN}, $3::boolean) IS NOT NULL
            THEN {SET}('search_path', '{OURS}', $3::boolean) END
"""
TEXT = 25  # the type of PostgreSQL
UTF8 = "utf-8"
BYTES = "latin-1"
# What a question was prepared as has gone, or its answer would have other columns now.
STALE = frozenset({"26000", "0A000"})


@dataclass(frozen=True, slots=True)
class Question:
    """A statement and the values of its $1, $2, ..."""

    sql: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        rows: as text, NULL as None.
        code: the SQLSTATE of a failure, or empty.
        seconds: from the answer before it to this one, as seen here.
    """

    rows: list[Row]
    code: str
    seconds: float


class Connection:
    """One session. Each question is a transaction of its own, read only, with limits that end with it.

    What stands between two syncs is one transaction, which the sync ends, also after an error. The first
    statement in it sets the limits for it alone: behind a pooler a plain SET would reach the next client, and
    startup options would be refused. A BEGIN and a COMMIT would be two more statements.

    Where no pooler stands between, each statement is prepared when it is sent first: planning is most of what
    it costs the server. A pooler gives out a process id of its own.

    Raises:
        ConnectionFailed: it was refused.
        TimeoutError: there was none by the deadline.
    """

    def __init__(self, conninfo: str, deadline: float) -> None:
        self._pgconn = connect(conninfo, deadline)
        self._unsent = False
        self._code = ""
        self._prepares = False
        self._prepared: dict[str, bytes] = {}
        self._names = itertools.count(1)

    def answered_by(self, process: str) -> None:
        """By this process of the server: questions are prepared if it is the one that was connected to."""
        self._prepares = process == str(self._pgconn.backend_pid)

    def ask(
        self,
        questions: Sequence[Question],
        *,
        statement_timeout_ms: int,
        lock_timeout_ms: int,
        first_by: float,
        deadline: float,
    ) -> Iterator[Answer]:
        """The answers, in order, each as soon as it is there.

        Args:
            questions: all are sent at once.
            statement_timeout_ms: for each of them.
            lock_timeout_ms: for each of them.
            first_by: when the first answer must be there.
            deadline: when the last one must.

        Raises:
            ConnectionFailed: the connection broke.
            TimeoutError: an answer was not there in time.
        """
        local = "false" if self._prepares else "true"  # a session of our own keeps its name
        limits = Question(LIMITS, (str(statement_timeout_ms), str(lock_timeout_ms), local))
        codec = self._codec()
        try:
            self._pgconn.enter_pipeline_mode()
            sent = [self._send((limits, question), codec) for question in questions]
            self._unsent = bool(self._pgconn.flush())
            last = time.monotonic()
            for number, (question, to_prepare) in enumerate(zip(questions, sent, strict=True)):
                results = self._results(deadline if number else first_by)
                code = self._code
                prepared = sum(result.status == pq.ExecStatus.COMMAND_OK for result in results)
                for sql in (LIMITS, question.sql) if code in STALE else to_prepare[prepared:]:
                    self._prepared.pop(sql, None)
                rows = [] if code else _rows(results[-1], codec)
                now = time.monotonic()
                yield Answer(rows, code, now - last)
                last = now
            self._pgconn.exit_pipeline_mode()
        except psycopg.Error as error:
            raise ConnectionFailed(self._code or type(error).__name__) from None

    def close(self) -> None:
        """Hang up."""
        self._pgconn.finish()

    def abandon(self, deadline: float) -> None:
        """Hang up in the middle, and have the server end what it does for us."""
        cancel_and_close(self._pgconn, deadline)

    def _send(self, statements: Sequence[Question], codec: str) -> list[str]:
        """Send them as one transaction, and return those which the server prepares by that."""
        to_prepare = []
        for statement in statements:
            parameters = [value.encode(codec, "replace") for value in statement.parameters] or None
            sql = statement.sql.encode(codec)
            if not self._prepares:
                self._pgconn.send_query_params(sql, parameters)
                continue
            if statement.sql not in self._prepared:
                to_prepare.append(statement.sql)
                self._prepared[statement.sql] = b"q%d" % next(self._names)
                self._pgconn.send_prepare(self._prepared[statement.sql], sql)
            self._pgconn.send_query_prepared(self._prepared[statement.sql], parameters)
        self._pgconn.pipeline_sync()
        return to_prepare

    def _results(self, deadline: float) -> list[pq.abc.PGresult]:
        """What came back for a question; `_code` says how it failed, if it did."""
        results: list[pq.abc.PGresult] = []
        self._code = ""
        while (result := self._next(deadline)) is None or result.status != pq.ExecStatus.PIPELINE_SYNC:
            if result is None:  # stands between the results of two statements
                continue
            results.append(result)
            if result.status == pq.ExecStatus.FATAL_ERROR and not self._code:
                self._code = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
        return results

    def _next(self, deadline: float) -> pq.abc.PGresult | None:
        while self._pgconn.is_busy():
            ready = wait(self._pgconn.socket, READ | WRITE if self._unsent else READ, deadline)
            if ready & READ:
                self._pgconn.consume_input()
            if self._unsent:
                self._unsent = bool(self._pgconn.flush())
        result = self._pgconn.get_result()
        if result is None and self._pgconn.status == pq.ConnStatus.BAD:
            raise ConnectionFailed(self._code or "OperationalError")
        return result

    @property
    def unread(self) -> str:
        """The encoding that the server writes in, if Python does not know it; else empty."""
        return self._encoding() if self._codec() == BYTES else ""

    def _encoding(self) -> str:
        return (self._pgconn.parameter_status(b"client_encoding") or b"UTF8").decode()

    def _codec(self) -> str:
        """What the server writes in. It is not told to convert: a name that it cannot would be an error."""
        name = self._encoding()
        try:
            return codecs.lookup(name.replace("WIN", "cp").replace("KOI8", "koi8_")).name
        except LookupError:
            # EUC_TW and MULE_INTERNAL are unknown to Python. Each byte stands for itself: unreadable, but no
            # two names become one, and they are found again by what they are read as.
            return UTF8 if name == "SQL_ASCII" else BYTES


def _rows(result: pq.abc.PGresult, codec: str) -> list[Row]:
    """All values as texts; what is none in this encoding is replaced."""
    if codec == UTF8:
        loader = Transformer()  # without a connection, so it takes what comes for UTF-8
        loader.set_pgresult(result, set_loaders=False)
        loader.set_loader_types([TEXT] * result.nfields, pq.Format.TEXT)
        with contextlib.suppress(UnicodeDecodeError):
            return loader.load_rows(0, result.ntuples, tuple)
    value = result.get_value
    return [
        tuple(
            None if (raw := value(row, column)) is None else raw.decode(codec, "replace")
            for column in range(result.nfields)
        )
        for row in range(result.ntuples)
    ]
