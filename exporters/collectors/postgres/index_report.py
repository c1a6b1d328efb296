"""Look at all indexes of a database once: the expected ones, and those that only cost. Nothing is changed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from typing import NamedTuple

from exporters.collectors.postgres.candidate_report import Proposed, proposed
from exporters.collectors.postgres.codes import explained
from exporters.collectors.postgres.connect import ConnectionFailed
from exporters.collectors.postgres.expected import SQL as EXPECTED_SQL
from exporters.collectors.postgres.expected import Path, Table, Wanted, asked_about, judge, tables_of
from exporters.collectors.postgres.index_found import SQL as FOUND_SQL
from exporters.collectors.postgres.index_found import Found
from exporters.collectors.postgres.index_mend import (
    create,
    dropped,
    irreplaceable,
    rebuilt,
    replaced,
    spelt,
)
from exporters.collectors.postgres.model import text
from exporters.collectors.postgres.options import ExpectedIndex, PostgresSettings
from exporters.collectors.postgres.pipeline import Connection, Question
from exporters.conninfo import describe
from exporters.errors import ExporterError

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 30.0
# What REINDEX CONCURRENTLY leaves behind when it is broken off.
LEFT_BEHIND = re.compile(r".*_cc(new|old)\d*")
# As a remark of SQL: it may be copied with the lines around it.
UNREAD_SQL = "-- not shown, since a name in it cannot be read, being in {encoding}"
REPLACED = "\ufffd"  # what stands for bytes that are no text

DATABASE_SQL = """
SELECT current_database(), extract(epoch FROM stats_reset), pg_is_in_recovery()::int,
       (SELECT count(*) FROM pg_stat_replication),
       (SELECT json_agg(word) FROM pg_get_keywords() WHERE catcode IN ('R', 'T'))
  FROM pg_stat_database WHERE datname = current_database()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is said of one index.

    Attributes:
        state: what it is, or what is wrong with it.
        well: nothing is to be done about it.
        parts: how many indexes of partitions it is made of; 0 unless its table is partitioned.
        scans: since the statistics begin; None where there is no such index.
        size: bytes; None where there is no such index.
        mend: SQL, in its order, each statement outside of a transaction.
    """

    index: str
    table: str
    expected: bool
    state: str
    well: bool
    parts: int = 0
    scans: int | None = None
    size: int | None = None
    mend: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it.

    Attributes:
        since: since when scans are counted, in Unix time; None if never reset.
        count: all indexes.
        size: of all of them, in bytes.
        lines: the expected ones as they are configured, then others of which there is something to say, the
            largest first.
        candidates: indexes that statements would search by and that no expected one stands for; None if not
            looked for.
        candidates_unseen: why more of them may be there; empty if nothing speaks for it.
        replica: the server follows another, where alone indexes are made and dropped.
        replicas: how many read the server's log now.
        unread: the encoding of names that are shown byte by byte; empty where they are read.
    """

    database: str
    since: float | None
    count: int
    size: int
    lines: tuple[Line, ...]
    candidates: tuple[Proposed, ...] | None = None
    candidates_unseen: str = ""
    replica: bool = False
    replicas: int = 0
    unread: str = ""


def report(settings: PostgresSettings) -> Report:
    """Ask, and judge.

    Raises:
        ConfigError: the connection string cannot be read.
        ExporterError: nobody answers, or not what was asked.
    """
    conninfo = settings.conninfo()
    wanted = [Wanted.read(index) for index in settings.expected_indexes]
    questions = [
        Question(DATABASE_SQL),
        Question(FOUND_SQL),
        Question(EXPECTED_SQL, (asked_about(wanted),)),
    ]
    code = ""
    try:
        connection = Connection(conninfo, time.monotonic() + CONNECT_SECONDS)
        try:
            deadline = time.monotonic() + 2 * STATEMENT_SECONDS
            ask = partial(
                connection.ask,
                statement_timeout_ms=int(STATEMENT_SECONDS * 1000),
                lock_timeout_ms=settings.lock_timeout_ms,
                first_by=deadline,
                deadline=deadline,
            )
            answers = list(ask(questions))
            unread = connection.unread
            top = settings.top_index_candidates
            candidates, unseen = proposed(ask, top, wanted) if top else (None, "")
        finally:
            connection.close()
        code = next(filter(None, (answer.code for answer in answers)), "")
    except ConnectionFailed as error:
        code = error.code
    except TimeoutError as error:
        code = type(error).__name__
    if code:
        raise ExporterError(f"PostgreSQL: {explained(code)}; asked at {describe(conninfo)}")
    ((database, since, replica, replicas, reserved),) = answers[0].rows
    found = [Found.read(row) for row in answers[1].rows]
    configured = [spelt(index, json.loads(text(reserved))) for index in settings.expected_indexes]
    lines = _lines(configured, wanted, tables_of(answers[2].rows), found)
    return Report(
        database=text(database),
        since=None if since is None else float(since),
        count=sum(index.parts or 1 for index in found),
        size=sum(index.size for index in found),
        lines=tuple(replace(line, mend=_runnable(line.mend, unread)) for line in lines),
        candidates=None
        if candidates is None
        else tuple(replace(one, create=_runnable((one.create,), unread)[0]) for one in candidates),
        candidates_unseen=unseen,
        replica=replica == "1",
        replicas=int(text(replicas)),
        unread=unread,
    )


def _runnable(mend: tuple[str, ...], unread: str) -> tuple[str, ...]:
    """The same where its names are those that the server has: others must not be taken for them."""
    if any(REPLACED in statement or (unread and not statement.isascii()) for statement in mend):
        return (UNREAD_SQL.format(encoding=unread or "no encoding"),)
    return mend


def _lines(
    configured: Sequence[ExpectedIndex],
    wanted: Sequence[Wanted],
    tables: Mapping[tuple[str | None, str], Table],
    found: Sequence[Found],
) -> Iterator[Line]:
    by_oid = {index.oid: index for index in found}
    taken = {index.name for index in found} | {index.name for index in wanted}

    def judged(going: Collection[int]) -> list[_Expected]:
        return [
            _expected(index, each, tables.get(each.path), by_oid, taken, going)
            for index, each in zip(configured, wanted, strict=True)
        ]

    going: set[int] = set()
    # What is replaced does nobody's work: without it more may have to be made or replaced.
    said = judged(going)
    while not going >= (more := {one.goes for one in said} - {0}):
        going |= more
        said = judged(going)
    spoken_of = {one.oid for one in said}
    rest = [index for index in found if index.oid not in spoken_of]
    # What is used is left to none that is not: that one would soon be dropped as never used.
    unused = going | {index.oid for index in rest if not (index.scans or index.enforces)}
    others = [(index, index.redundant(unused if index.scans else going)) for index in rest]
    # What does a redundant one's work covers what that one does, and it stays.
    said = judged(going | {index.oid for index, instead in others if instead})
    yield from (one.line for one in said)
    needed = {one.covered_by for one in said}.union(*(instead for _, instead in others))
    for index, instead in others:
        names = sorted({by_oid[oid].name for oid in instead if oid in by_oid})
        if (line := _other(index, names, needed=index.oid in needed)) is not None:
            yield line


class _Expected(NamedTuple):
    """What is said of an expected index; an index is 0 where there is none.

    Attributes:
        oid: of the one that has its name, or of what that is a part of.
        covered_by: another that does its work.
        goes: that one too, if another is to have its name.
    """

    line: Line
    oid: int
    covered_by: int
    goes: int


def _expected(
    index: ExpectedIndex,
    wanted: Wanted,
    table: Table | None,
    by_oid: Mapping[int, Found],
    taken: Collection[str],
    going: Collection[int],
) -> _Expected:
    """What is said of an expected index where those that are `going` do no work."""
    on_table = wanted if table is None else wanted.on(table)
    verdict = judge(
        on_table, None if table is None else [each for each in table.indexes if each.root not in going]
    )
    by_name = {each.name: each for each in table.indexes} if table else {}
    named = by_name.get(wanted.name)
    there = by_oid.get(named.oid) if named else None
    covered = f"covered by {verdict.covered_by}" if verdict.covered_by else ""
    lacking = wanted.lacking(table) if table else ""
    mend: tuple[str, ...] = ()
    goes = 0
    if table is None:
        state = f"table missing{_nearest(wanted.path, by_oid.values())}"
    elif lacking:
        state = lacking
    elif named is None:
        where = (table.schema, wanted.name)
        namesakes = [".".join(each.table) for each in by_oid.values() if (each.table[0], each.name) == where]
        held = f", and its name is that of an index of {namesakes[0]}" if namesakes else ""
        state = covered or f"missing{held}"
        mend = () if covered or held else (create(index, partitioned=table.partitioned),)
    elif there is not None and there.building:
        state = "being built"
    elif not named.valid:
        state = "invalid"
        mend = rebuilt(index, on_table, named, there)
    elif differing := on_table.differences(named):
        serves = covered or ("serves all the same" if verdict.covered else "")
        mend = () if serves else replaced(index, there, taken)
        goes = there.oid if there and mend else 0
        kept = "" if serves or mend else f"cannot be replaced: {irreplaceable(there)}"
        state = ", ".join(filter(None, (f"wrong {' and '.join(differing)}", serves, kept)))
    else:
        state = "present" if named.scans else "present, never used"
    said = Line(
        index=wanted.labels[0],
        table=wanted.labels[1] if table is None else f"{table.schema}.{wanted.path[1]}",
        expected=True,
        state=", ".join(filter(None, (state, covered))) if state == "invalid" else state,
        well=verdict.covered and state not in ("invalid", lacking),
        parts=there.parts if there else 0,
        scans=None if named is None else int(named.scans),
        size=None if named is None else int(named.size),
        mend=mend,
    )
    return _Expected(
        line=said,
        oid=named.root if named else 0,
        covered_by=by_name[verdict.covered_by].root if verdict.covered_by else 0,
        goes=goes,
    )


def _nearest(path: Path, found: Iterable[Found]) -> str:
    """Which table may be meant of those that have an index; empty if none is near."""
    # The last of a name is offered: that of the schema that was given.
    named = {
        index.table[1]: index.table for index in sorted(found, key=lambda each: each.table[0] == path[0])
    }
    close = get_close_matches(path[1], named, n=1)
    return f"; did you mean {'.'.join(named[close[0]])!r}?" if close else ""


def _other(index: Found, instead: Sequence[str], *, needed: bool) -> Line | None:
    """What is said of an index that nobody expects; None where there is nothing to say."""
    states = []
    if not index.valid:
        states.append("being built" if index.building else "invalid")
    if instead:
        begin = "begins" if len(instead) == 1 else "begin"
        states.append(f"redundant, {' and '.join(instead)} {begin} with its columns")
    if index.valid and index.scans == 0 and not index.enforces:
        states.append("never used")
    if not states:
        return None
    mend = dropped(index)
    if index.building or (index.parts and not index.valid):
        mend = ()
    elif not (index.valid or instead or LEFT_BEHIND.fullmatch(index.name)):
        mend = (f"REINDEX INDEX CONCURRENTLY {index.path};",)
    elif needed and not instead:
        states.append("but others are left to it")
        mend = ()
    return Line(
        index=index.name,
        table=".".join(index.table),
        expected=False,
        state=", ".join(states),
        well=index.building or (index.valid and not mend),
        parts=index.parts,
        scans=index.scans,
        size=index.size,
        mend=mend,
    )
