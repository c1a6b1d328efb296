"""Tables as a search sees them: by which columns each is searched, and which index serves that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from exporters.collectors.postgres.expected import Wanted
from exporters.collectors.postgres.names import fold
from exporters.collectors.postgres.statement_text import without_values

ELSEWHERE = "*"  # a partner that is no table of the scope: one around it, or a query within it
MOST_EQUAL = 4  # columns; each more makes the index larger, and leaves fewer rows to tell apart
WORD = re.compile(r'"(?:[^"]|"")+"|[^\W\d][\w$]*')

Path = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Term:
    """One column that a condition or the order names.

    Attributes:
        source: what it is qualified by; empty if by nothing.
        kind: ``equal`` to a value, ``joined`` to another source's, in a ``range``, in ``order`` of a page.
        partner: of a join the other source; `ELSEWHERE` if it is none of this scope.
    """

    source: str
    column: str
    kind: str
    partner: str = ""


@dataclass(slots=True)
class Scope:
    """One SELECT, UPDATE or DELETE.

    Attributes:
        sources: by alias the tables it reads; None for what is no table.
        terms: what all rows of the result meet, in the order of the text.
    """

    sources: dict[str, Path | None] = field(default_factory=dict)
    terms: list[Term] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Index:
    """An index as a search sees it.

    Attributes:
        keys: its columns in order; None for an expression.
        conditions: columns that its predicate names.
    """

    unique: bool
    keys: tuple[str | None, ...]
    conditions: frozenset[str]

    def serves(self, search: Search) -> bool:
        """Whether it leads to the rows of a search, and no further."""
        if not self.conditions <= search.searched:
            return False
        leading = 0
        while leading < len(self.keys) and self.keys[leading] in search.equal:
            leading += 1
        if leading < min(len(search.equal), MOST_EQUAL):
            return False
        full = not search.tail or leading >= MOST_EQUAL
        return full or self.keys[leading : leading + 1] == (search.tail,)


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is large enough to be worth an index.

    Attributes:
        path: as SQL names it.
        found: its name without a schema means no other table.
        columns: by name as SQL names them, in the order of the table.
    """

    schema: str
    name: str
    path: str
    partitioned: bool
    found: bool
    columns: Mapping[str, str]
    booleans: frozenset[str]
    indexes: tuple[Index, ...]

    def unique_in(self, equal: frozenset[str]) -> bool:
        """Whether these columns pick one row."""
        return any(
            index.unique and not index.conditions and equal.issuperset(index.keys) for index in self.indexes
        )

    def serves(self, search: Search) -> bool:
        """Whether an index does."""
        return self.unique_in(search.equal) or any(index.serves(search) for index in self.indexes)

    @classmethod
    def read(cls, written: str) -> Table:
        """From the answer to the question."""
        said = json.loads(written)
        columns = {name: quoted for name, quoted, _ in said["columns"] or ()}
        booleans = frozenset(name for name, _, is_boolean in said["columns"] or () if is_boolean)
        indexes = tuple(
            Index(unique, tuple(keys), _named(predicate or "") & columns.keys())
            for unique, predicate, keys in said["indexes"] or ()
        )
        rest = {key: said[key] for key in ("schema", "name", "path", "partitioned", "found")}
        return cls(**rest, columns=columns, booleans=booleans, indexes=indexes)

    def with_expected(self, expected: Sequence[Wanted]) -> Table:
        """The same where the indexes that are expected of it are there."""
        paths = ((self.schema, self.name), (None, self.name) if self.found else None)
        mine = (
            Index(False, keys, _named(one.written) & self.columns.keys())
            for one in expected
            for keys in (tuple(column.name for column in one.columns),)
            if one.path in paths and self.columns.keys() >= set(keys)
        )
        return replace(self, indexes=(*self.indexes, *mine))


@dataclass(frozen=True, slots=True)
class Search:
    """What one statement asks of one table.

    Attributes:
        equal: columns that have one value, or one of a list.
        tail: the column of a range or of the order; empty if there is none.
        searched: all columns that its conditions name.
    """

    equal: frozenset[str]
    tail: str
    searched: frozenset[str]


def searches_of(scope: Scope, by_path: Mapping[Path, Table]) -> Iterator[tuple[Table, Search]]:
    """What a scope asks of each table that is known.

    Where the rows of a join are looked up from another source is not known either: from the one that
    conditions narrow, unless a unique index leads there.
    """
    known = {
        alias: by_path[path] for alias, path in scope.sources.items() if path is not None and path in by_path
    }
    terms: dict[str, list[tuple[str, str, str]]] = {}
    for term in scope.terms:
        source = term.source or next((a for a, table in known.items() if term.column in table.columns), "")
        terms.setdefault(source, []).append((term.column, term.kind, term.partner))
    narrowed = {source for source, these in terms.items() if any(kind == "equal" for _, kind, _ in these)}
    for alias, table in known.items():
        of_table = [term for term in terms.get(alias, ()) if term[0] in table.columns]
        searched = frozenset(column for column, _, _ in of_table)
        equal = frozenset(column for column, kind, _ in of_table if kind == "equal")
        ranges = [column for column, kind, _ in of_table if kind == "range" and column not in equal]
        order = [column for column, kind, _ in of_table if kind == "order" and column not in equal]
        inner = []
        for partner in dict.fromkeys(partner for _, _, partner in of_table if partner):
            joined = frozenset(column for column, _, other in of_table if other == partner)
            if partner == ELSEWHERE or partner in narrowed or scope.sources.get(partner, "") is None:
                inner.append(Search(equal | joined, ranges[0] if ranges else "", searched))
        if not inner or any(table.unique_in(search.equal) for search in inner):
            inner = [Search(equal, (ranges or order or [""])[0], searched)]
        yield from ((table, search) for search in inner)


def _named(predicate: str) -> frozenset[str]:
    return frozenset(fold(word) for word in WORD.findall(without_values(predicate, " ")))
