"""Try every collector once on a PostgreSQL, and say of each that does not work what mends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from exporters.collectors.outcome import Outcome, State, off
from exporters.collectors.postgres.backend import CANCEL_SECONDS, STATEMENT_SHARE, UP
from exporters.collectors.postgres.codes import HINTS, explained, named
from exporters.collectors.postgres.collectors import collectors
from exporters.collectors.postgres.connect import ConnectionFailed
from exporters.collectors.postgres.model import UNKNOWN, Collector, Rows, Server, text
from exporters.collectors.postgres.options import PostgresSettings
from exporters.collectors.postgres.pipeline import Answer, Connection, Question
from exporters.collectors.postgres.server import EXTENSION, SERVER, read_extension, read_server
from exporters.conninfo import describe
from exporters.scrape import ANSWER_SECONDS, BACKENDS_SHARE

FIRST_SECONDS = 5.0  # to connect, and to say who is there
ALL_SECONDS = 30.0
# As long as one has in a scrape: what takes longer there is missing there.
STATEMENT_SECONDS = ANSWER_SECONDS * BACKENDS_SHARE * STATEMENT_SHARE
OLDEST = 130000
DENIED = "42501"
NOT_PRELOADED = "55000"
UNKNOWN_NAME = ("42703", "42883")  # a column or a function

# Of settings of its own the extension's library knows only where it was loaded at the server's start.
RIGHTS_SQL = """
SELECT quote_ident(current_user), current_database(),
       (current_setting('pg_stat_statements.max', true) IS NOT NULL)::int,
       (SELECT default_version FROM pg_available_extensions WHERE name = 'pg_stat_statements'),
       (SELECT has_schema_privilege(extnamespace, 'USAGE')::int
          FROM pg_extension WHERE extname = 'pg_stat_statements'),
       CASE WHEN current_setting('compute_query_id', true) = 'off' THEN 'compute_query_id'
            WHEN current_setting('pg_stat_statements.track', true) = 'none' THEN 'pg_stat_statements.track'
       END
"""
# Settings with which no statement is counted, and what has them counted.
COUNTS = {"compute_query_id": "auto", "pg_stat_statements.track": "top"}
PRELOAD = "shared_preload_libraries = 'pg_stat_statements'  # in postgresql.conf; then restart the server"
CREATE = "CREATE EXTENSION pg_stat_statements;"
STATEMENTS, STATEMENTS_INFO = "postgres.statements", "postgres.statements_info"
GRANTS = {
    False: ("EXECUTE ON FUNCTION {}.pg_stat_statements",),
    True: ("SELECT ON {}.pg_stat_statements_info", "EXECUTE ON FUNCTION {}.pg_stat_statements_info"),
}
UPDATE = "ALTER EXTENSION pg_stat_statements UPDATE;"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What decides how something is mended.

    Attributes:
        role: quoted where SQL needs it.
        preloaded: whether the library of pg_stat_statements was loaded at the server's start.
        available: the version of pg_stat_statements that the server would create.
        uses_schema: whether the role may use the schema in which it lives.
        uncounted: the setting for which no statement is counted; empty if they are.
    """

    role: str
    database: str
    preloaded: bool
    available: str
    uses_schema: bool
    uncounted: str = ""

    @classmethod
    def read(cls, rows: Rows) -> Rights:
        """From the answer to the question."""
        ((role, database, preloaded, available, uses_schema, uncounted),) = rows
        return cls(
            role=text(role),
            database=text(database),
            preloaded=preloaded == "1",
            available=text(available),
            uses_schema=uses_schema == "1",
            uncounted=text(uncounted),
        )


def check(settings: PostgresSettings) -> list[Outcome]:
    """Each collector's outcome, in the order in which they are asked; one alone where nobody answers.

    Raises:
        ConfigError: the connection string cannot be read.
    """
    conninfo = settings.conninfo()
    began = time.monotonic()
    try:
        connection = Connection(conninfo, began + FIRST_SECONDS)
        up = Outcome(collector=UP, state=State.WORKS, seconds=time.monotonic() - began)
        try:
            return [up, *_check(connection, settings)]
        finally:
            connection.abandon(time.monotonic() + CANCEL_SECONDS)
    except (ConnectionFailed, TimeoutError) as error:
        return [not_connected(UP, error, explained, conninfo)]


def not_connected(
    collector: str,
    error: ConnectionFailed | TimeoutError,
    explained: Callable[[str], str],
    conninfo: str,
) -> Outcome:
    """Nobody answers, or who answers does not let the role in."""
    code = _code(error)
    refusal = error.refusal if isinstance(error, ConnectionFailed) else None
    said = f"{named(code)}; {refusal.meaning}" if refusal and refusal.meaning else explained(code)
    return Outcome(
        collector=collector,
        state=State.UNREACHABLE if refusal is None else State.REFUSED,
        detail=f"{said}; asked at {describe(conninfo)}",
        mend=(refusal.mend,) if refusal and refusal.mend else (),
    )


def _check(connection: Connection, settings: PostgresSettings) -> list[Outcome]:
    firsts = [Question(SERVER.sql(UNKNOWN)), Question(EXTENSION.sql(UNKNOWN)), Question(RIGHTS_SQL)]
    first, extension, rights = _ask(connection, firsts, settings, FIRST_SECONDS)
    if first.code:
        return [_fails(SERVER, first.code)]
    server = replace(read_server(first.rows), **read_extension(extension.rows))
    offered = collectors(settings)
    asked = [each for each in offered if each.question(server)]
    questions = [Question(each.question(server), each.parameters) for each in asked]
    answers: dict[str, Answer] = {}
    broken = ""
    try:
        for each, answer in zip(asked, _ask(connection, questions, settings, ALL_SECONDS), strict=True):
            answers[each.name] = answer
    except (ConnectionFailed, TimeoutError) as error:
        broken = _code(error)
    if unknown := extension.code or rights.code:
        known = Rights(role=server.role, database="", preloaded=False, available="", uses_schema=False)
    else:
        known = Rights.read(rights.rows)
    judge = _Judge(server, known, unknown, broken)
    return [judge.of_server(first), *(judge.outcome(each, answers.get(each.name)) for each in offered)]


def _ask(
    connection: Connection, questions: Sequence[Question], settings: PostgresSettings, seconds: float
) -> Iterator[Answer]:
    deadline = time.monotonic() + seconds
    return connection.ask(
        questions,
        statement_timeout_ms=min(settings.statement_timeout_ms, int(STATEMENT_SECONDS * 1000)),
        lock_timeout_ms=settings.lock_timeout_ms,
        first_by=deadline,
        deadline=deadline,
    )


def _code(error: ConnectionFailed | TimeoutError) -> str:
    return error.code if isinstance(error, ConnectionFailed) else type(error).__name__


@dataclass(frozen=True, slots=True)
class _Judge:
    """Says what an answer, or its absence, means on this server.

    Attributes:
        unknown: why nobody knows of the extension; empty if that is known.
        broken: why answers are lacking; empty if none is.
    """

    server: Server
    rights: Rights
    unknown: str
    broken: str

    def of_server(self, answer: Answer) -> Outcome:
        """Who answered."""
        if self.server.version < OLDEST:
            return self._too_old(SERVER, OLDEST)
        return Outcome(collector=SERVER.name, state=State.WORKS, seconds=answer.seconds)

    def outcome(self, collector: Collector, answer: Answer | None) -> Outcome:
        """Of one collector; without an answer it was not asked, or nobody answered."""
        needs = collector.needs
        if answer is None:
            return self._not_asked(collector)
        code = answer.code or _misread(collector, answer.rows)
        if code and needs.statements:
            return self._of_extension(collector, code)
        if code:
            return _fails(collector, code)
        if needs.statistics and not self.server.reads_statistics:
            return Outcome(
                collector=collector.name,
                state=State.PRIVILEGE,
                detail=f"pg_read_all_stats, which shows {needs.statistics}",
                mend=(f"GRANT pg_read_all_stats TO {self.rights.role};",),
                seconds=answer.seconds,
            )
        if collector.name == STATEMENTS and self.rights.uncounted and answer.rows[0][0] == "0":
            return self._counts_nothing(collector)
        return Outcome(collector=collector.name, state=State.WORKS, seconds=answer.seconds)

    def _counts_nothing(self, collector: Collector) -> Outcome:
        setting = self.rights.uncounted
        mend = (f"ALTER SYSTEM SET {setting} = '{COUNTS[setting]}';", "SELECT pg_reload_conf();")
        detail = f"no statement is counted with {setting} as it is"
        return Outcome(collector=collector.name, state=State.FAILS, detail=detail, mend=mend)

    def _not_asked(self, collector: Collector) -> Outcome:
        if collector.off:
            return off(collector.name, collector.off, " or ")
        if collector.needs.statements and self.unknown:
            return _fails(collector, self.unknown)
        if self.server.version < collector.needs.version:
            return self._too_old(collector, collector.needs.version)
        if collector.needs.lists_log and not self.server.lists_log:
            return Outcome(
                collector=collector.name,
                state=State.PRIVILEGE,
                detail=f"EXECUTE on pg_ls_waldir in the database {self.rights.database}, "
                "which lists the files of the log",
                mend=(f"GRANT EXECUTE ON FUNCTION pg_ls_waldir() TO {self.rights.role};",),
            )
        if not collector.needs.met_by(self.server):
            return self._lacks_extension(collector)
        return _fails(collector, self.broken)

    def _too_old(self, collector: Collector, needed: int) -> Outcome:
        detail = f"PostgreSQL {_major(self.server.version)}, needs {_major(needed)}"
        return Outcome(collector=collector.name, state=State.VERSION, detail=detail)

    def _lacks_extension(self, collector: Collector) -> Outcome:
        if self.server.statements_schema:
            return self._extension_too_old(collector, f", needs {_dotted(collector.needs.statements)}")
        return Outcome(
            collector=collector.name,
            state=State.EXTENSION,
            detail=f"pg_stat_statements in the database {self.rights.database}",
            mend=(CREATE,) if self.rights.preloaded else (PRELOAD, CREATE),
        )

    def _extension_too_old(self, collector: Collector, needed: str = "") -> Outcome:
        installed = _dotted(self.server.statements_version)
        detail = f"pg_stat_statements {installed}{needed}; the server has {self.rights.available}"
        return Outcome(collector=collector.name, state=State.VERSION, detail=detail, mend=(UPDATE,))

    def _of_extension(self, collector: Collector, code: str) -> Outcome:
        """What a failure means of a question that reads the extension's functions."""
        if code == NOT_PRELOADED:
            detail = "pg_stat_statements was not loaded at the server's start"
            return Outcome(collector=collector.name, state=State.EXTENSION, detail=detail, mend=(PRELOAD,))
        if code in collector.meanings:
            return _fails(collector, code)
        if code in UNKNOWN_NAME and _dotted(self.server.statements_version) != self.rights.available:
            return self._extension_too_old(collector)
        schema = self.server.statements_schema
        if code == DENIED and not self.rights.uses_schema:
            return Outcome(
                collector=collector.name,
                state=State.PRIVILEGE,
                detail=f"USAGE on the schema {schema}, in which pg_stat_statements lives",
                mend=(f"GRANT USAGE ON SCHEMA {schema} TO {self.rights.role};",),
            )
        if code == DENIED:
            grants = GRANTS[collector.name == STATEMENTS_INFO]
            return Outcome(
                collector=collector.name,
                state=State.PRIVILEGE,
                detail="what pg_stat_statements lets everybody do, which somebody revoked",
                mend=tuple(f"GRANT {each.format(schema)} TO {self.rights.role};" for each in grants),
            )
        return _fails(collector, code)


def _fails(collector: Collector, code: str) -> Outcome:
    return Outcome(
        collector=collector.name, state=State.FAILS, detail=explained(code, {**HINTS, **collector.meanings})
    )


def _misread(collector: Collector, rows: Rows) -> str:
    """The class of the exception where an answer is otherwise than expected; empty where it is not."""
    try:
        collector.parse(rows)
    except Exception as error:
        return type(error).__name__
    return ""


def _major(version: int) -> str:
    return str(version // 10000)


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))
