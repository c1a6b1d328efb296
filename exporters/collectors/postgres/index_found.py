"""All indexes of a database, each with what tells whether it is needed."""

from __future__ import annotations

from dataclasses import dataclass

from exporters.collectors.postgres.indexes import SERVES_INSTEAD, USER_INDEXES
from exporters.collectors.postgres.model import Row, text

# The parts of a partitioned index are one: they go with it alone. It is redundant if all of them are.
SQL = f"""
SELECT n.nspname, t.relname, c.relname, quote_ident(n.nspname), quote_ident(c.relname),
       pg_table_is_visible(t.oid)::int, scans, bytes, (valid AND i.indisvalid)::int, enforces::int, parts,
       building::int, instead
  FROM (SELECT coalesce(pg_partition_root(oid), oid) AS oid, count(pg_partition_root(oid)) AS parts,
               sum(scans) AS scans, sum(bytes) AS bytes, bool_and(indisvalid) AS valid,
               bool_or(enforces OR (SELECT indisreplident FROM pg_index WHERE indexrelid = each.oid))
                 AS enforces,
               bool_or(EXISTS (SELECT FROM pg_stat_progress_create_index WHERE index_relid = each.oid))
                 AS building,
               CASE WHEN count(instead) = count(*) THEN min(instead) END AS instead
          FROM (SELECT *, CASE WHEN NOT enforces THEN
                  (SELECT (SELECT relname FROM pg_class
                            WHERE oid = coalesce(pg_partition_root(oc.oid), oc.oid)) {SERVES_INSTEAD}
                    ORDER BY o.indnkeyatts, oc.relname LIMIT 1) END AS instead
                  FROM ({USER_INDEXES}) ranked) each
         GROUP BY 1) whole
  JOIN pg_class c USING (oid)
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_index i ON i.indexrelid = c.oid
  JOIN pg_class t ON t.oid = i.indrelid
 ORDER BY bytes DESC, 1, 2, 3
"""  # noqa: S608  nothing but this file's text


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An index as the server has it.

    Attributes:
        schema: where it is, quoted where SQL needs it.
        quoted: its name, the same way.
        table: with its schema, as plain text.
        visible: whether its table needs no schema.
        enforces: it is unique, excludes something, or tells replicas which row is meant.
        parts: how many it has, of partitions that have none themselves; 0 of a table that is not partitioned.
        building: it is being built now.
        instead: the name of another that begins with its columns; empty if none does.
    """

    name: str
    schema: str
    quoted: str
    table: tuple[str, str]
    visible: bool
    scans: int
    size: int
    valid: bool
    enforces: bool
    parts: int
    building: bool
    instead: str

    @classmethod
    def read(cls, row: Row) -> Found:
        """From the answer to the question."""
        schema, table, name, quoted_schema, quoted, *rest = map(text, row)
        visible, scans, size, valid, enforces, parts, building, instead = rest
        return cls(
            name=name,
            schema=quoted_schema,
            quoted=quoted,
            table=(schema, table),
            visible=visible == "1",
            scans=int(scans),
            size=int(size),
            valid=valid == "1",
            enforces=enforces == "1",
            parts=int(parts),
            building=building == "1",
            instead=instead,
        )

    @property
    def path(self) -> str:
        """As SQL names it."""
        return f"{self.schema}.{self.quoted}"
