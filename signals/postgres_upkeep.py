"""Signals of what PostgreSQL must do besides answering: keep its house in order."""

from __future__ import annotations

from exporters.catalogue import postgres as pg
from exporters.catalogue import postgres_objects as objects
from signals.idioms import promql, value
from signals.model import Signal
from signals.numbers import BYTES, RATIO

DEAD_ROWS = Signal(
    title="Dead rows by table",
    why="Share of a table's rows that are dead and not yet vacuumed.",
    good="Below 20 %.",
    act="Look for a long transaction that keeps vacuum from removing them.",
    query=promql(
        "{dead} / ({live} + {dead} > 0)",
        dead=value(objects.TABLE_DEAD, by=(objects.RELNAME,)),
        live=value(objects.TABLE_LIVE, by=(objects.RELNAME,)),
    ),
    unit=RATIO,
    legend="{{relname}}",
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
