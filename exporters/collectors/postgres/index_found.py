"""All indexes of a database, each with what tells whether it is needed."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from exporters.collectors.postgres.indexes import SERVES_INSTEAD, USER_INDEXES
from exporters.collectors.postgres.model import Row, text

# The parts of a partitioned index are one: they go with it alone. It is redundant if all of them are.
SQL = f"""
SELECT c.oid, n.nspname, t.relname, c.relname, quote_ident(n.nspname), quote_ident(c.relname), scans, bytes,
       (valid AND i.indisvalid)::int, enforces::int, parts, building::int, instead
  FROM (SELECT coalesce(pg_partition_root(oid), oid) AS oid, count(pg_partition_root(oid)) AS parts,
               sum(scans) AS scans, sum(bytes) AS bytes, bool_and(indisvalid) AS valid,
               bool_or(enforces OR (SELECT indisreplident FROM pg_index WHERE indexrelid = each.oid))
                 AS enforces,
               bool_or(EXISTS (SELECT FROM pg_stat_progress_create_index WHERE index_relid = each.oid))
                 AS building,
               json_agg(coalesce(instead, '[]')) AS instead
          FROM (SELECT *, CASE WHEN NOT enforces THEN
                  (SELECT json_agg(coalesce(pg_partition_root(oc.oid), oc.oid)::bigint
                                   ORDER BY o.indnkeyatts, oc.relname) {SERVES_INSTEAD}) END AS instead
                  FROM ({USER_INDEXES}) ranked) each
         GROUP BY 1) whole
  JOIN pg_class c USING (oid)
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_index i ON i.indexrelid = c.oid
  JOIN pg_class t ON t.oid = i.indrelid
 ORDER BY bytes DESC, 2, 3, 4
"""  # noqa: S608  nothing but this file's text


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An index as the server has it.

    Attributes:
        oid: of the whole of it, where it has parts.
        schema: where it is, quoted where SQL needs it.
        quoted: its name, the same way.
        table: with its schema, as plain text.
        enforces: it is unique, excludes something, or tells replicas which row is meant.
        parts: how many it has, of partitions that have none themselves; 0 of a table that is not partitioned.
        building: it is being built now.
        instead: of each part, or of itself, the others that begin with its columns, the best first.
    """

    oid: int
    name: str
    schema: str
    quoted: str
    table: tuple[str, str]
    scans: int
    size: int
    valid: bool
    enforces: bool
    parts: int
    building: bool
    instead: tuple[tuple[int, ...], ...]

    @classmethod
    def read(cls, row: Row) -> Found:
        """From the answer to the question."""
        oid, schema, table, name, quoted_schema, quoted, *rest = map(text, row)
        scans, size, valid, enforces, parts, building, instead = rest
        return cls(
            oid=int(oid),
            name=name,
            schema=quoted_schema,
            quoted=quoted,
            table=(schema, table),
            scans=int(scans),
            size=int(size),
            valid=valid == "1",
            enforces=enforces == "1",
            parts=int(parts),
            building=building == "1",
            instead=tuple(map(tuple, json.loads(instead))),
        )

    @property
    def path(self) -> str:
        """As SQL names it."""
        return f"{self.schema}.{self.quoted}"

    def redundant(self, going: Collection[int]) -> list[int]:
        """Which others make it redundant, one for each part; none unless each part has one that stays."""
        staying = [next((oid for oid in each if oid not in going), 0) for each in self.instead]
        return staying if all(staying) else []
