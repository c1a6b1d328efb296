"""Indexes that should exist: does one of that name, and does any index serve its columns."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from exporters.catalogue import postgres_objects as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.model import Collector, Rows, always, by_path, text
from exporters.collectors.postgres.names import read_name, read_path
from exporters.collectors.postgres.options import ExpectedIndex, KeyColumn
from exporters.collectors.postgres.predicate import columns, normalised
from exporters.dsn import did_you_mean

LOG = logging.getLogger("exporter.expected_indexes")
DESCENDING, NULLS_FIRST = 1, 2  # bits of pg_index.indoption

# A row an index of a wanted table, or one row of NULLs for a table without; none for a missing table.
# The first `indnkeyatts` columns are the key, the others those of INCLUDE; an expression (NULL) is no column.
# The types of all columns, of a domain the one below, tell which casts in a predicate the server added.
# Of a partitioned table the parts of an index are scanned, never itself. pg_partition_tree would lock all.
TYPE = by_path("format_type(coalesce(nullif(y.typbasetype, 0), y.oid), NULL)")
SQL = f"""
SELECT w.schema, w.name, n.nspname,
       (SELECT json_object_agg(a.attname, {TYPE})
          FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
         WHERE a.attrelid = t.oid AND a.attnum > 0),
       current_setting('TimeZone'), (t.relkind = 'p')::int,
       c.relname, (i.indisvalid AND i.indisready)::int, (m.amname = 'btree')::int,
       (SELECT json_agg(json_build_array(a.attname, k.options,
                 (SELECT o.collname FROM pg_collation o WHERE o.oid = nullif(k.collated, a.attcollation))
               ) ORDER BY k.place)
          FROM unnest(i.indkey::int2[], i.indoption::int2[], i.indcollation::oid[])
               WITH ORDINALITY AS k(number, options, collated, place)
          LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number <> 0),
       i.indnkeyatts,
       {by_path("pg_get_expr(i.indpred, i.indrelid)")}, whole.scans,
       whole.pages * current_setting('block_size')::bigint,
       c.oid, coalesce(pg_partition_root(c.oid), c.oid)::oid
  FROM (SELECT DISTINCT * FROM jsonb_to_recordset($1::jsonb) AS r(schema text, name text)) w
  JOIN pg_class t ON t.relname = w.name AND t.relkind IN ('r', 'p', 'm')
  JOIN pg_namespace n ON n.oid = t.relnamespace
   AND CASE WHEN w.schema IS NULL THEN {by_path("pg_table_is_visible(t.oid)")} ELSE w.schema = n.nspname END
  LEFT JOIN (pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam)
    ON i.indrelid = t.oid
  LEFT JOIN LATERAL (
       WITH RECURSIVE part(oid) AS (
         SELECT c.oid UNION ALL SELECT h.inhrelid FROM part JOIN pg_inherits h ON h.inhparent = part.oid)
       SELECT sum(pg_stat_get_numscans(p.oid))::bigint AS scans, sum(p.relpages)::bigint AS pages
         FROM part JOIN pg_class p USING (oid)) whole ON true
"""  # noqa: S608  nothing but this file's text
FAMILIES = {
    catalogue.EXPECTED_TABLE: "table_exists",
    catalogue.EXPECTED_PRESENT: "present",
    catalogue.EXPECTED_VALID: "valid",
    catalogue.EXPECTED_COLUMNS: "columns_match",
    catalogue.EXPECTED_COVERED: "covered",
    catalogue.EXPECTED_PARTIAL: "partial",
    catalogue.EXPECTED_SCANS: "scans",
    catalogue.EXPECTED_SIZE: "size",
}

Path = tuple[str | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index as the server has it.

    Attributes:
        columns: of the key; an expression is None.
        included: what INCLUDE adds.
        written: the predicate in the server's words.
        root: the index that it is a part of, or itself.
    """

    name: str
    valid: bool
    btree: bool
    columns: tuple[KeyColumn | None, ...]
    predicate: str
    included: frozenset[str] = frozenset()
    written: str = ""
    scans: float = 0.0
    size: float = 0.0
    oid: int = 0
    root: int = 0


@dataclass(slots=True)
class Table:
    """A table: schema, types by column, the session's time zone, whether it has partitions, indexes."""

    schema: str
    types: Mapping[str, str]
    zone: str
    partitioned: bool = False
    indexes: list[Index] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An expected index, read once."""

    name: str
    path: Path
    columns: tuple[KeyColumn, ...]
    included: frozenset[str] | None
    predicate: str
    written: str
    labels: tuple[str, str]

    @classmethod
    def read(cls, index: ExpectedIndex) -> Wanted:
        """From the configuration."""
        return cls(
            name=read_name(index.name),
            path=read_path(index.table),
            columns=tuple(map(KeyColumn.read, index.columns)),
            included=None if index.include is None else frozenset(map(read_name, index.include)),
            predicate=normalised(index.predicate),
            written=index.predicate,
            labels=(index.name, index.table),
        )

    def on(self, table: Table) -> Wanted:
        """The same, its predicate read with the types of this table's columns."""
        return replace(self, predicate=normalised(self.written, table.types, table.zone))

    def lacking(self, table: Table) -> str:
        """Which column its table does not have, with those that it has; empty if it has them all."""
        key = (column.name for column in self.columns)
        where = (name for name in columns(self.written) if name != self.path[1])  # that is the whole row
        for name in (*key, *sorted(self.included or ()), *where):
            if name not in table.types:
                known = (
                    did_you_mean(name, table.types) or f"; it has {', '.join(sorted(table.types)) or 'none'}"
                )
                return f"table {self.labels[1]} has no column {name!r}{known}"
        return ""

    def differences(self, index: Index) -> tuple[str, ...]:
        """In what an index is not exactly what is expected, with what it has there; in nothing if it is."""
        held = ", ".join(str(column or "an expression") for column in index.columns)
        included = ", ".join(sorted(index.included)) or "none"
        rows = index.written if index.written.startswith("(") else f"({index.written or 'none'})"
        found = {
            "method": not index.btree,
            f"columns ({held})": index.columns != self.columns,
            f"INCLUDE ({included})": self.included is not None and index.included != self.included,
            f"predicate {rows}": index.predicate != self.predicate,
        }
        return tuple(name for name, differs in found.items() if differs)

    def served_by(self, index: Index) -> bool:
        """A search by the expected columns can use it.

        They lead its key, and it holds all the rows and whatever is to be included.
        """
        leading = index.columns[: len(self.columns)]
        rows = index.predicate in ("", self.predicate)
        held = index.included.union(column.name for column in index.columns if column)
        enough = held >= (self.included or frozenset())
        return index.valid and index.btree and leading == self.columns and rows and enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is true of one expected index; all of it is false where the table is missing."""

    table_exists: bool = False
    present: bool = False
    valid: bool = False
    columns_match: bool = False
    covered: bool = False
    partial: bool = False
    scans: float = 0.0
    size: float = 0.0
    covered_by: str = ""


def judge(wanted: Wanted, found: Sequence[Index] | None) -> Verdict:
    """Compare with the indexes of the table, or with None if there is no table.

    The index of the expected name serves before any other; among others the one with the same rows, then the
    one with the fewest columns.
    """
    if found is None:
        return Verdict()
    named = next((index for index in found if index.name == wanted.name), None)
    serving = min(
        (index for index in found if wanted.served_by(index)),
        key=lambda index: (
            index is not named, index.predicate != wanted.predicate, len(index.columns), index.name,
        ),
        default=None,
    )  # fmt: skip
    return Verdict(
        table_exists=True,
        present=named is not None,
        valid=named is not None and named.valid,
        columns_match=named is not None and not wanted.differences(named),
        covered=serving is not None,
        partial=serving is not None and serving.predicate != "",
        scans=serving.scans if serving else 0.0,
        size=serving.size if serving else 0.0,
        covered_by=serving.name if serving and serving is not named else "",
    )


def expected_indexes(expected: Iterable[ExpectedIndex], ttl: float) -> Collector:
    """The collector, its answer standing for `ttl` seconds."""
    wanted = [Wanted.read(index) for index in expected]
    differences = Differences()

    def parse(rows: Rows) -> list[Family]:
        tables = tables_of(rows)
        verdicts = []
        for index in wanted:
            table = tables.get(index.path)
            index_there = index if table is None else index.on(table)
            verdicts.append(judge(index_there, None if table is None else table.indexes))
            differences.tell(index_there, table)
        labels = [index.labels for index in wanted]
        return [
            *(
                Family(metric, labels, [float(getattr(verdict, name)) for verdict in verdicts])
                for metric, name in FAMILIES.items()
            ),
            Family(
                catalogue.EXPECTED_INFO,
                [
                    (*index.labels, verdict.covered_by)
                    for index, verdict in zip(wanted, verdicts, strict=True)
                ],
                [1.0] * len(wanted),
            ),
        ]

    return Collector(
        name="postgres.expected_indexes",
        sql=always(SQL),
        parse=parse,
        parameters=(asked_about(wanted),),
        ttl=ttl,
        off=() if wanted else ("expected_indexes",),
    )


def asked_about(wanted: Iterable[Wanted]) -> str:
    """The tables of these indexes, as the question takes them."""
    names = [dict(zip(("schema", "name"), index.path, strict=True)) for index in wanted]
    return json.dumps(names, ensure_ascii=False)


class Differences:
    """Says once what only its owner can put right: a column that is not there, or another predicate.

    Whether that means the same its owner must know.
    """

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], str] = {}

    def tell(self, wanted: Wanted, table: Table | None) -> None:
        """Log what is there and what is expected, unless that was said before."""
        said = "" if table is None else _unmakeable(wanted, table) or _differing(wanted, table.indexes)
        if said and self._told.get(wanted.labels) != said:
            LOG.warning("index %s of %s %s", *wanted.labels, said)
        self._told[wanted.labels] = said


def _unmakeable(wanted: Wanted, table: Table) -> str:
    lacking = wanted.lacking(table)
    return f"cannot be made: {lacking}" if lacking else ""


def _differing(wanted: Wanted, found: Iterable[Index]) -> str:
    for index in found:
        if (
            index.name == wanted.name
            and index.columns == wanted.columns
            and index.predicate != wanted.predicate
        ):
            return (
                f"has the predicate {index.written!r}, expected {wanted.written!r}; "
                "if both mean the same, write it as the server does"
            )
    return ""


def tables_of(rows: Rows) -> dict[Path, Table]:
    """The wanted tables that there are, by the path under which they are wanted."""
    found: dict[Path, Table] = {}
    for schema, name, where, types, zone, partitioned, *of_index in rows:
        path = (schema, text(name))
        if path not in found:
            found[path] = Table(text(where), json.loads(types or "{}"), text(zone), partitioned == "1")
        table = found[path]
        index, valid, btree, columns, keys, predicate, scans, size, oid, root = of_index
        if index is not None:
            held = json.loads(text(columns))
            key, included = held[: int(text(keys))], held[int(text(keys)) :]
            table.indexes.append(
                Index(
                    name=index,
                    valid=valid == "1",
                    btree=btree == "1",
                    columns=tuple(_key_column(*column) for column in key),
                    included=frozenset(column for column, *_ in included),
                    predicate=normalised(text(predicate), table.types, table.zone),
                    written=text(predicate),
                    scans=float(text(scans)),
                    size=float(text(size)),
                    oid=int(text(oid)),
                    root=int(text(root)),
                )
            )
    return found


def _key_column(name: str | None, options: int, collation: str | None) -> KeyColumn | None:
    if name is None:
        return None
    return KeyColumn(name, bool(options & DESCENDING), bool(options & NULLS_FIRST), collation or "")
