"""Checkpoints and the background writer; version 17 moved the former to a view of their own."""

from __future__ import annotations

from exporters.catalogue import postgres as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.model import Collector, Rows, Server, table_of

METRICS = (
    catalogue.CHECKPOINTS_TIMED,
    catalogue.CHECKPOINTS_REQUESTED,
    catalogue.CHECKPOINT_WRITE_SECONDS,
    catalogue.CHECKPOINT_SYNC_SECONDS,
    catalogue.CHECKPOINT_BUFFERS,
    catalogue.BGWRITER_BUFFERS_CLEAN,
    catalogue.BGWRITER_MAXWRITTEN,
    catalogue.BGWRITER_BUFFERS_ALLOC,
)
BEFORE_17 = """
SELECT checkpoints_timed, checkpoints_req, checkpoint_write_time / 1000, checkpoint_sync_time / 1000,
       buffers_checkpoint, buffers_clean, maxwritten_clean, buffers_alloc
  FROM pg_stat_bgwriter
"""
SINCE_17 = """
SELECT c.num_timed, c.num_requested, c.write_time / 1000, c.sync_time / 1000,
       c.buffers_written, b.buffers_clean, b.maxwritten_clean, b.buffers_alloc
  FROM pg_stat_checkpointer c, pg_stat_bgwriter b
"""


def sql(server: Server) -> str:
    """The question for this version."""
    return SINCE_17 if server.version >= 170000 else BEFORE_17


def parse(rows: Rows) -> list[Family]:
    """One series each."""
    return table_of(0, METRICS, rows)


BGWRITER = Collector(name="postgres.bgwriter", sql=sql, parse=parse)
