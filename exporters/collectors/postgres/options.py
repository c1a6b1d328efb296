"""What an operator may say of PostgreSQL: whom to ask, what to show, and how much of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from exporters.catalogue import renewal
from exporters.collectors.postgres.names import read_name, read_path
from exporters.collectors.postgres.predicate import normalised
from exporters.collectors.postgres.tokens import require_expression

_COLUMN = re.compile(
    r"(?P<name>.+?)(?:\s+(?P<direction>asc|desc))?(?:\s+nulls\s+(?P<nulls>first|last))?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of an index's key. Without a word on NULLs they come last, and first in descending order.

    Attributes:
        collation: where it is not the column's own: comparisons and ORDER BY do not use such an index.
    """

    name: str
    descending: bool = False
    nulls_first: bool = False
    collation: str = ""

    @classmethod
    def read(cls, text: str) -> KeyColumn:
        """Read ``created_at DESC`` or ``created_at DESC NULLS LAST``.

        Raises:
            ValueError: it is no column.
        """
        found = _COLUMN.match(text.strip())
        if found is None:
            raise ValueError("a column is empty; expected a name such as 'created_at DESC'")
        descending = (found["direction"] or "").lower() == "desc"
        nulls_first = found["nulls"].lower() == "first" if found["nulls"] else descending
        return cls(read_name(found["name"]), descending, nulls_first)

    def __str__(self) -> str:
        direction = " DESC" * self.descending
        nulls = f" NULLS {'FIRST' if self.nulls_first else 'LAST'}" * (self.nulls_first != self.descending)
        collation = f' COLLATE "{self.collation}"' * bool(self.collation)
        return f"{self.name}{collation}{direction}{nulls}"


def read_predicate(text: str) -> str:
    """What follows WHERE, written in one way.

    Raises:
        ValueError: it is more or less than an expression.
    """
    require_expression(text)
    return normalised(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedIndex:
    """An index that should exist.

    Attributes:
        name: of the index.
        table: of the table, with its schema if that is not on the search path.
        columns: in order; ``created_at DESC`` gives a direction.
        include: what INCLUDE adds, in any order; None if that is no matter.
        predicate: what follows WHERE in a partial index; see `predicate.normalised` for what is compared.

    Raises:
        ValueError: a name, a column or the predicate cannot be one.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    include: tuple[str, ...] | None = None
    predicate: str = ""

    def __post_init__(self) -> None:
        read_name(self.name)
        read_path(self.table)
        if not self.columns:
            raise ValueError(f"index {self.name!r}: no columns; expected at least one")
        for column in self.columns:
            KeyColumn.read(column)
        for column in self.include or ():
            read_name(column)
        read_predicate(self.predicate)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSettings:
    """Which PostgreSQL to watch, and how much of it to show.

    Attributes:
        conninfo: libpq's connection string, asked for at each connect so that a new password is picked up.
        expected_indexes: indexes that should exist.
        tables: always shown, whatever their rank; with schema if it is not on the search path.
        top_tables: the tables that are shown, two in three as the busiest, one as read most without an index.
        top_indexes: the largest indexes that are shown.
        top_statements: the statements that are shown, two in three for their total time, one for its mean.
        statement_texts: whether what they say is shown, without literals, to all who read the metrics.
        top_index_candidates: composite indexes by which costly statements would search and that are missing:
            so many are shown; takes the extra ``candidates``.
        cap_roles: roles that have sessions of their own in the counts; the rest is `other`.
        cap_applications: the same for application names.
        own_database_only: whether other databases of the server, and statements in them, are left out, as for
            one of many targets that are databases of one server.
        cap_databases: databases that are shown; the rest is left out, and counted as left out.
        compat: whether the rest of postgres_exporter's default series is shown too, with its labels.
        exact_sizes: whether the sizes of tables shown there are measured rather than estimated.
        heavy_ttl: seconds for which what is shown of tables, indexes and statements is not asked for again.
        sizes_ttl: the same for the sizes of databases, the texts of statements and candidates for an index.
        statement_timeout_ms: longest time of one question; never longer than the scrape has left.
        lock_timeout_ms: longest wait of a question for a lock.

    Raises:
        ValueError: a table's name cannot be one, or an expected index stands twice.
    """

    conninfo: Callable[[], str]
    expected_indexes: tuple[ExpectedIndex, ...] = ()
    tables: tuple[str, ...] = ()
    top_tables: int = 50
    top_indexes: int = 50
    top_statements: int = 30
    statement_texts: bool = False
    top_index_candidates: int = 0
    cap_roles: int = 20
    cap_applications: int = 20
    own_database_only: bool = False
    cap_databases: int = 100
    compat: bool = False
    exact_sizes: bool = True
    heavy_ttl: float = renewal.HEAVY_SECONDS
    sizes_ttl: float = renewal.SIZES_SECONDS
    statement_timeout_ms: int = 3000
    lock_timeout_ms: int = 100

    def __post_init__(self) -> None:
        for table in self.tables:
            read_path(table)
        for index in self.expected_indexes:
            if (
                sum((other.name, other.table) == (index.name, index.table) for other in self.expected_indexes)
                > 1
            ):
                raise ValueError(f"index {index.name!r} of {index.table!r} is expected twice; expected once")
