"""Signals of what PostgreSQL writes: its log, checkpoints, and whether vacuum and analyze keep up."""

from __future__ import annotations

from exporters.catalogue import postgres as pg
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue import postgres_upkeep as upkeep
from exporters.catalogue.labels import INSTANCE, JOB
from signals.idioms import DAY, increase, promql, rate, ratio, span, value
from signals.model import Signal
from signals.numbers import BYTES, BYTES_PER_SECOND, COUNT, PER_SECOND, RATIO, SECONDS
from signals.postgres_objects import TABLE, TABLE_NAME

WAL = Signal(
    title="Log written",
    why="Bytes per second of the write-ahead log: every change is in it, and every replica and backup reads "
    "it.",
    good="In proportion to the rows that are written.",
    act="A jump: see rows written, and whole pages, which each checkpoint makes anew.",
    query=rate(upkeep.WAL_BYTES),
    unit=BYTES_PER_SECOND,
    legend="log",
)
WAL_RECORDS = Signal(
    title="Log records",
    why="Records written to the log per second.",
    good="A few for each row written: one for the table and each index.",
    act="Many for few rows: too many indexes on a table that is written often.",
    query=rate(upkeep.WAL_RECORDS),
    unit=PER_SECOND,
    legend="records",
)
WAL_IMAGES = Signal(
    title="Whole pages in the log",
    why="Pages per second written whole to the log: each at its first change after a checkpoint.",
    good="Few between checkpoints, many right after one.",
    act="Always many: checkpoints are too close. Raise max_wal_size and checkpoint_timeout.",
    query=rate(upkeep.WAL_IMAGES),
    unit=PER_SECOND,
    legend="whole pages",
)
WAL_BUFFERS_FULL = Signal(
    title="Log buffers full",
    why="Times per second that a session wrote the log itself since wal_buffers was full.",
    good="None.",
    act="Raise wal_buffers; it needs a restart.",
    query=rate(upkeep.WAL_BUFFERS_FULL),
    unit=PER_SECOND,
    legend="buffers full",
)
CHECKPOINTS_TIMED = Signal(
    title="Checkpoints by time",
    why="Checkpoints within the window begun since checkpoint_timeout had passed.",
    good="All of them are.",
    act="None while others are: see those by volume.",
    query=increase(pg.CHECKPOINTS_TIMED),
    unit=COUNT,
    legend="by time",
)
CHECKPOINTS_REQUESTED = Signal(
    title="Checkpoints by volume",
    why="Checkpoints within the window begun since max_wal_size was written, or somebody asked.",
    good="None but by a backup or a restart.",
    act="Regularly: raise max_wal_size, so that the same pages are not written whole again and again.",
    query=increase(pg.CHECKPOINTS_REQUESTED),
    unit=COUNT,
    legend="by volume or request",
)
CHECKPOINT_TIME = Signal(
    title="Time in checkpoints",
    why="Share of time in which a checkpoint writes or waits until the disk has it.",
    good="Long and even: checkpoint_completion_target spreads it. Waiting for the disk is close to none.",
    act="Waiting for the disk grows: it cannot take what is written.",
    query=promql(
        "{write} + {sync}", write=rate(pg.CHECKPOINT_WRITE_SECONDS), sync=rate(pg.CHECKPOINT_SYNC_SECONDS)
    ),
    unit=RATIO,
    legend="writing or waiting",
)
CHECKPOINT_SYNC = Signal(
    title="Waiting for the disk",
    why="Share of time in which a checkpoint waits until the disk has what was written.",
    good="Close to none.",
    act="It grows: the disk cannot take what is written, and commits wait too.",
    query=rate(pg.CHECKPOINT_SYNC_SECONDS),
    unit=RATIO,
    legend="waiting",
)
WRITTEN_BY_CHECKPOINTS = Signal(
    title="Buffers written by checkpoints",
    why="Blocks per second that checkpoints wrote.",
    good="Most of what is written.",
    act="Few while the background writer writes many: shared buffers are too small for what is changed.",
    query=rate(pg.CHECKPOINT_BUFFERS),
    unit=PER_SECOND,
    legend="by checkpoints",
)
WRITTEN_BY_WRITER = Signal(
    title="Buffers written by the background writer",
    why="Blocks per second that the background writer wrote, so that sessions find free ones.",
    good="Some, when much is read.",
    act="See how often it stopped at its limit.",
    query=rate(pg.BGWRITER_BUFFERS_CLEAN),
    unit=PER_SECOND,
    legend="by the background writer",
)
ALLOCATED = Signal(
    title="Buffers taken",
    why="Blocks per second that sessions took to read something into.",
    good="In proportion to the blocks read.",
    act="A jump: a statement reads what is not in memory.",
    query=rate(pg.BGWRITER_BUFFERS_ALLOC),
    unit=PER_SECOND,
    legend="taken",
)
WRITER_STOPPED = Signal(
    title="Background writer at its limit",
    why="Rounds per second that it ended at bgwriter_lru_maxpages with more to write.",
    good="None.",
    act="Raise bgwriter_lru_maxpages: sessions write the rest while users wait.",
    query=rate(pg.BGWRITER_MAXWRITTEN),
    unit=PER_SECOND,
    legend="at its limit",
)
GROWTH = Signal(
    title="Growth within a day",
    why="How much larger a database is than a day ago, or than when it was first seen.",
    good="As every day.",
    act="See which table grows; rows that nobody reads can go, or into partitions that are dropped.",
    query=promql(
        f"sum by (<by:job,instance,datname>) (delta({{size}}[{span(DAY)}]))",
        labels=(JOB, INSTANCE, pg.DATNAME),
        size=pg.DATABASE_SIZE,
    ),
    unit=BYTES,
    legend="{{datname}}",
)
TABLE_SIZE = Signal(
    title="Size of tables",
    why="Size of a table with what is stored out of line, without its indexes, as vacuum or analyze last saw "
    "it.",
    good="Grows as its rows do.",
    act="Grows while its rows do not: dead rows. See whether vacuum keeps up.",
    query=value(objects.TABLE_SIZE, by=TABLE),
    unit=BYTES,
    legend=TABLE_NAME,
)
TABLE_INDEXES = Signal(
    title="Size of its indexes",
    why="Size of all indexes of a table, as vacuum or analyze last saw them.",
    good="Below its own size.",
    act="Above: see which of them nobody uses.",
    query=value(objects.TABLE_INDEX_SIZE, by=TABLE),
    unit=BYTES,
    legend=TABLE_NAME,
)
ROWS = Signal(
    title="Rows",
    why="Rows alive, estimated.",
    good="As you expect.",
    act="A table that only grows needs somebody who deletes.",
    query=value(objects.TABLE_LIVE, by=TABLE),
    unit=COUNT,
    legend=TABLE_NAME,
)
VACUUM_DUE = Signal(
    title="Way to the next vacuum",
    why="Dead rows as a share of those at which autovacuum vacuums the table.",
    good="Below 100 %, or not far above for long.",
    act="Far above: autovacuum does not get to it, or an old transaction keeps the rows. See the oldest one.",
    query=promql(
        "{dead} / ({due} > 0)",
        dead=value(objects.TABLE_DEAD, by=TABLE),
        due=value(objects.TABLE_VACUUM_DUE, by=TABLE),
    ),
    unit=RATIO,
    legend=TABLE_NAME,
)
HOT = Signal(
    title="HOT updates",
    why="Of the rows updated, the share that touched no index.",
    good="Most, of a table that is updated often.",
    act="Few: an index on a column that changes, or full pages. Drop the index, or lower fillfactor.",
    query=ratio(rate(objects.TABLE_HOT_UPDATED, by=TABLE), rate(objects.TABLE_UPDATED, by=TABLE)),
    unit=RATIO,
    legend=TABLE_NAME,
)
MODIFIED = Signal(
    title="Rows changed since analyze",
    why="Rows changed since the planner last looked at the table.",
    good="A tenth of its rows at most.",
    act="Many after an import: analyze TABLE; or its plans are made for other data.",
    query=value(objects.TABLE_MODIFIED, by=TABLE),
    unit=COUNT,
    legend=TABLE_NAME,
)
ANALYZE_AGE = Signal(
    title="Since the last analyze",
    why="Time since the planner last looked at a table; tables that never were analyzed are not shown.",
    good="Any, of a table that does not change.",
    act="With many rows changed since: analyze TABLE;",
    query=promql("time() - {analyzed}", analyzed=value(objects.TABLE_LAST_ANALYZE, over="max", by=TABLE)),
    unit=SECONDS,
    legend=TABLE_NAME,
)
XID_SHARE = Signal(
    title="Way to a forced vacuum",
    why="Age of the oldest transaction id that is not frozen, as a share of autovacuum_freeze_max_age. At "
    "100 % autovacuum begins by force, which is no trouble yet.",
    good="Below 100 %, or little above while it vacuums.",
    act="Far above: find what holds vacuum back: old transactions, slots, prepared ones.",
    query=promql(
        "{age} / on (<by:job,instance>) group_left () ({most} > 0)",
        age=value(pg.FROZEN_XID_AGE, over="max", by=(pg.DATNAME,)),
        most=value(pg.SETTING_FREEZE_MAX_AGE, over="max"),
    ),
    unit=RATIO,
    legend="{{datname}}",
)
