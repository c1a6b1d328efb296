"""Look once for candidates for an index, and say why there is nothing to be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from exporters.collectors.postgres.candidates import NEEDS, Candidate, Texts, candidates, sql
from exporters.collectors.postgres.codes import HINTS, OF_TEXTS, explained
from exporters.collectors.postgres.expected import Wanted
from exporters.collectors.postgres.index_mend import WHILE_MADE
from exporters.collectors.postgres.model import UNKNOWN
from exporters.collectors.postgres.pipeline import Answer, Question
from exporters.collectors.postgres.server import EXTENSION, SERVER, read_extension, read_server

Ask = Callable[[Sequence[Question]], Iterator[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A candidate in words.

    Attributes:
        seconds: that statements took which would search by it, since they are remembered.
        calls: of these.
        blocks: they went through.
        queryid: of the one that took longest.
        create: the SQL.
    """

    table: str
    columns: str
    seconds: float
    calls: int
    blocks: int
    queryid: str
    create: str

    @classmethod
    def of(cls, one: Candidate) -> Proposed:
        """The same in words."""
        return cls(
            table=f"{one.table.schema}.{one.table.name}",
            columns=one.named,
            seconds=round(one.seconds, 3),
            calls=int(one.calls),
            blocks=int(one.blocks),
            queryid=one.queryid,
            create=one.create + (WHILE_MADE if one.table.partitioned else ""),
        )


def proposed(ask: Ask, top: int, expected: Sequence[Wanted]) -> tuple[tuple[Proposed, ...], str]:
    """The first so many beside the expected indexes, and why there may be others; empty if there are none.

    Raises:
        ModuleNotFoundError: sqlglot is not installed.
    """
    from exporters.collectors.postgres.searches import searches  # noqa: PLC0415  loads sqlglot

    first, extension = ask([Question(SERVER.sql(UNKNOWN)), Question(EXTENSION.sql(UNKNOWN))])
    if code := first.code or extension.code:
        return (), explained(code)
    server = replace(read_server(first.rows), **read_extension(extension.rows))
    if not NEEDS.met_by(server):
        return (), "there is no pg_stat_statements in this database"
    (answer,) = ask([Question(sql(server))])
    if answer.code:
        return (), explained(answer.code, HINTS | OF_TEXTS)
    # Nobody waits for a scrape: all texts are read.
    found = candidates(answer.rows, Texts(searches, clock=lambda: 0.0), expected)
    blind = f"{server.role} may not see the statements of others, which GRANT pg_read_all_stats lets it"
    return tuple(map(Proposed.of, found[:top])), "" if server.reads_statistics else blind
