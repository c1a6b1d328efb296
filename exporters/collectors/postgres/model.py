"""A collector: one question to the server, and how its answer becomes families."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from exporters.catalogue import Metric
from exporters.collectors.base import Family

Row = tuple[str | None, ...]
Rows = Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What must be known of a server before it can be asked the rest.

    Attributes:
        version: as in ``server_version_num``: 150018 for 15.18.
        identity: another text after a restart, or when another server or database answers.
        role: who the exporter is there.
        reads_statistics: whether that role may see the sessions and statements of others.
        lists_log: whether it may list the files of the log.
        statements_schema: where pg_stat_statements lives, quoted; empty if it is not installed.
        statements_version: of the extension, such as (1, 10).
    """

    version: int
    identity: str
    role: str
    reads_statistics: bool
    statements_schema: str
    statements_version: tuple[int, ...]
    lists_log: bool = False


UNKNOWN = Server(
    version=0, identity="", role="", reads_statistics=False, statements_schema="", statements_version=()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a server and a role must have for an answer, and for a whole one.

    Attributes:
        version: the oldest server, as in `Server.version`.
        statements: the oldest pg_stat_statements; empty if it is not needed.
        lists_log: whether the role must be allowed to list the files of the log.
        statistics: what is missing for a role that does not read all statistics; empty if nothing is.
    """

    version: int = 0
    statements: tuple[int, ...] = ()
    lists_log: bool = False
    statistics: str = ""

    def met_by(self, server: Server) -> bool:
        """Whether there is an answer."""
        extension = server.statements_version if server.statements_schema else ()
        lists_log = server.lists_log or not self.lists_log
        return server.version >= self.version and extension >= self.statements and lists_log


NOTHING = Needs()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """One question.

    Attributes:
        name: such as ``postgres.activity``.
        sql: the question for a server that has what it needs.
        parse: the families of its answer.
        needs: what there must be for it.
        parameters: the values of $1, $2, ...
        ttl: seconds for which an answer stands; 0 asks in each scrape.
        off: the options of which one would have it asked; empty where it is asked.
        meanings: by SQLSTATE what it means of this question alone, as the end of a message.
    """

    name: str
    sql: Callable[[Server], str]
    parse: Callable[[Rows], list[Family]]
    needs: Needs = NOTHING
    parameters: tuple[str, ...] = ()
    ttl: float = 0.0
    off: tuple[str, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)

    def question(self, server: Server) -> str:
        """What is asked of this server; empty if it has no answer."""
        return self.sql(server) if self.needs.met_by(server) and not self.off else ""


# Every question about databases names them so.
DATABASES = "FROM pg_database d"
OWN = "FROM (SELECT * FROM pg_database WHERE datname = current_database()) d"


def of_own_database(collector: Collector) -> Collector:
    """The same question, of the database that is connected to alone."""
    return replace(collector, sql=lambda server: collector.sql(server).replace(DATABASES, OWN))


SET = "pg_catalog.set_config"
PATH = "obs_exporter.search_path"  # keeps the path that the session has by itself: see `pipeline.LIMITS`


def by_path(expression: str) -> str:
    """An expression that must see the session's own path: which names it finds, and how it shows them.

    Those of the question around it were looked up before.
    """
    path = f"(SELECT {SET}('search_path', current_setting('{PATH}', true), true))"
    return f"CASE WHEN {path} IS NOT NULL THEN {expression} END"


def always(sql: str) -> Callable[[Server], str]:
    """The same question for every server."""
    return lambda _: sql


def text(value: str | None) -> str:
    """A label's value; NULL is the empty text."""
    return "" if value is None else value


def table_of(labels: int, metrics: Sequence[Metric], rows: Rows) -> list[Family]:
    """Families of rows that hold some labels and then one value for each metric; NULL gives no sample."""
    names = [tuple(map(text, row[:labels])) for row in rows]
    columns = list(zip(*rows, strict=True)) or [()] * (labels + len(metrics))
    families = []
    for values, metric in zip(columns[labels:], metrics, strict=False):  # more may follow, for the reader
        if None in values:
            present = [(name, value) for name, value in zip(names, values, strict=True) if value is not None]
            families.append(Family(metric, [name for name, _ in present], [value for _, value in present]))
        else:
            families.append(Family(metric, names, cast("Sequence[str]", values)))
    return families
