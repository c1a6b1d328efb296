"""What the exporter says of indexes that statements would search by and that are not there."""

from __future__ import annotations

from exporters.catalogue.postgres import DATNAME
from exporters.catalogue.postgres_objects import RELNAME, SCHEMANAME
from exporters.catalogue.types import Gauge, Info, Label

COLUMNS = Label(
    name="columns",
    help="Columns of a candidate for an index, in their order.",
    bound="top_index_candidates, at most 100",
)
COSTLIEST = Label(
    name="queryid", help="The statement that took longest of those of a candidate.", bound="one per candidate"
)
CREATE = Label(name="create", help="SQL that creates the index.", bound="one per candidate")
LABELS = (DATNAME, SCHEMANAME, RELNAME, COLUMNS)
ABSENT = "unless the exporter is told to look for candidates, and finds one in pg_stat_statements"
SECONDS = Gauge(
    name="obs_pg_index_candidate_seconds",
    help="Time of the statements that would search by these columns and that no index serves, as far back as "
    "pg_stat_statements remembers them.",
    collector="postgres.index_candidates",
    unit="seconds",
    labels=LABELS,
    optional=ABSENT,
)
CALLS = Gauge(
    name="obs_pg_index_candidate_calls",
    help="Executions of these statements.",
    collector="postgres.index_candidates",
    labels=LABELS,
    optional=ABSENT,
)
BLOCKS = Gauge(
    name="obs_pg_index_candidate_blocks",
    help="Blocks that these statements went through, found in shared buffers or not.",
    collector="postgres.index_candidates",
    labels=LABELS,
    optional=ABSENT,
)
INFO = Info(
    name="obs_pg_index_candidate_info",
    help="What would create the index, and the statement that took longest; to be checked with EXPLAIN.",
    collector="postgres.index_candidates",
    unit="info",
    labels=(*LABELS, COSTLIEST, CREATE),
    optional=ABSENT,
)
