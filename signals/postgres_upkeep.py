"""Signals of what PostgreSQL must do besides answering: keep its house in order."""

from __future__ import annotations

from exporters.catalogue import postgres as pg
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue import postgres_replication as replication
from signals.idioms import promql, value
from signals.limits import postgres as limits
from signals.model import Signal
from signals.numbers import BYTES, COUNT, RATIO, SECONDS
from signals.postgres_objects import TABLE, TABLE_NAME

DEAD = value(objects.TABLE_DEAD, by=TABLE)
DEAD_ROWS = Signal(
    title="Dead rows by table",
    why="Share of a table's rows that are dead and not yet vacuumed. With fewer than {number:minimum_dead} "
    "of them the line means nothing.",
    act="Look for a long transaction that keeps vacuum from removing them.",
    query=promql("{dead} / ({live} + {dead} > 0)", dead=DEAD, live=value(objects.TABLE_LIVE, by=TABLE)),
    unit=RATIO,
    objective=limits.DEAD_ROWS,
    legend=TABLE_NAME,
)
VACUUM_AGE = Signal(
    title="Since the last vacuum",
    why="Time since a table was vacuumed, by hand or automatically; tables that never were are not shown.",
    act="With more than {number:minimum_dead} dead rows: look for what keeps autovacuum away; vacuum "
    "(verbose) TABLE; says it.",
    query=promql("time() - {vacuumed}", vacuumed=value(objects.TABLE_LAST_VACUUM, over="max", by=TABLE)),
    unit=SECONDS,
    objective=limits.VACUUM_AGE,
    legend=TABLE_NAME,
)
XID_AGE = Signal(
    title="Age of transaction ids",
    why="Transactions since the oldest one that is not frozen, by database. The server stops at 2.1 billion.",
    act="Find what holds vacuum back: old transactions, slots, prepared ones. Then vacuum the oldest table.",
    query=value(pg.FROZEN_XID_AGE, over="max", by=(pg.DATNAME,)),
    unit=COUNT,
    objective=limits.XID_AGE,
    critical=limits.XID_AGE_CRITICAL,
    legend="{{datname}}",
)
LAG = Signal(
    title="Replication lag",
    why="How old is what a replica shows; 0 on a primary.",
    act="Is it connected, does it replay, does a statement on it stand in the way?",
    query=value(replication.LAG, over="max"),
    unit=SECONDS,
    objective=limits.REPLICATION_LAG,
    legend="{{instance}}",
)
SLOT_RETAINED = Signal(
    title="Log kept for slots",
    why="Log that the server keeps since its reader may still want it, by slot.",
    act="Whose is it? Bring the reader back, or drop the slot.",
    query=value(replication.SLOT_RETAINED, over="max", by=(replication.SLOT_NAME,)),
    unit=BYTES,
    objective=limits.SLOT_RETAINED,
    legend="{{slot_name}}",
)
SLOT_SHARE = Signal(
    title="Log kept for slots, of what may be",
    why="Log that is kept for a slot as a share of max_slot_wal_keep_size, or of {number:slot_room} where "
    "that is not set.",
    act="Is its reader connected, and why is it slow?",
    query=promql(
        "{kept} / on (<by:job,instance>) group_left () (({room} > 0 or 0 * {room} + <number:slot_room>) > 0)",
        limits.SLOT_ROOM,
        kept=SLOT_RETAINED.query,
        room=value(pg.SETTING_MAX_SLOT_KEEP, over="max"),
    ),
    unit=RATIO,
    objective=limits.SLOT_SHARE,
    legend="{{slot_name}}",
)
DATABASE_SIZE = Signal(
    title="Database size",
    why="Size on disk.",
    good="Grows as your data does.",
    act="A jump: look at temporary files, dead rows and new indexes.",
    query=value(pg.DATABASE_SIZE, by=(pg.DATNAME,)),
    unit=BYTES,
    legend="{{datname}}",
)
