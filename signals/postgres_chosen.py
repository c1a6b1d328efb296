"""Signals of the statements that a board's reader chose: one statement's story.

The board narrows what is made of statements alone. Where something else is in the query, such as the time of
all sessions or a setting, that part must stay whole, so that the matcher stands here.
"""

from __future__ import annotations

from exporters.catalogue import postgres_objects as objects
from signals.idioms import promql, rate, ratio
from signals.limits import postgres as limits
from signals.model import Signal
from signals.numbers import BYTES, COUNT, PER_SECOND, RATIO, SECONDS
from signals.postgres_objects import STATEMENT, STATEMENT_NAME
from signals.postgres_settings import where_timed
from signals.postgres_statements import before, of_all_time, per_call, per_request

CHOSEN = objects.QUERYID.re(f"${objects.QUERYID.name}")

CALLS = Signal(
    title="Calls",
    why="Executions per second of the statements chosen.",
    good="In proportion to the request rate.",
    act="More calls and no more requests: a loop, or a cache that no longer answers.",
    query=rate(objects.STATEMENT_CALLS),
    unit=PER_SECOND,
    legend="calls",
)
MEAN = Signal(
    title="Mean time of a call",
    why="Seconds of execution by calls. The server keeps no percentiles: a few slow calls hide in it.",
    act="Compare with the blocks per call: more blocks are a worse plan or more rows, as many are a busy "
    "disk, a lock or a processor that others use.",
    query=per_call(objects.STATEMENT_SECONDS),
    unit=SECONDS,
    objective=limits.SLOW_STATEMENT,
    legend="now",
)
MEAN_BEFORE = Signal(
    title="Mean time before",
    why="The same in the time right before the one shown, which is as long, drawn over it. So a time range "
    "that begins with a deploy compares after with before.",
    good="As high as now.",
    act="Higher now: see what changed at the step, among the marks above the graph.",
    query=before(MEAN.query),
    unit=SECONDS,
    legend="before",
)
CALLS_BEFORE = Signal(
    title="Calls before",
    why="The same in the time right before the one shown, which is as long.",
    good="About as many as now.",
    act="Other traffic explains it, or a new loop.",
    query=before(CALLS.query),
    unit=PER_SECOND,
    legend="before",
)
ROWS = Signal(
    title="Rows of a call",
    why="Rows returned or changed by one call.",
    good="What a page shows, not thousands; and not one, many times.",
    act="Thousands: page the list. One, called many times: load them together.",
    query=per_call(objects.STATEMENT_ROWS),
    unit=COUNT,
    legend="rows",
)
SHARE = Signal(
    title="Share of all time",
    why="Of the time in which sessions executed anything, that of the statements chosen. A long call counts "
    "when it ends, so that a moment can show more than all.",
    good="No statement has most of it.",
    act="What has most of it is where an index or a cache helps most, even if each call is fast.",
    query=of_all_time(CHOSEN),
    unit=RATIO,
    legend="chosen",
)
SHARES = Signal(
    title="Share of all time, by statement",
    why="Of the time in which sessions executed anything in this database, that of each statement.",
    good="No statement has most of it.",
    act="Start with the largest: halving it frees most.",
    query=of_all_time(CHOSEN, by=STATEMENT),
    unit=RATIO,
    legend=STATEMENT_NAME,
)
READS = Signal(
    title="Blocks read by a call",
    why="Blocks of 8 KiB that one call did not find in shared buffers; the disk or the system's cache had "
    "them.",
    good="Close to none: what users wait for is in memory.",
    act="Many: the plan reads a whole table, or more than fits into memory. explain (analyze, buffers) says "
    "which.",
    query=per_call(objects.STATEMENT_BLOCKS_READ),
    unit=COUNT,
    legend="read",
)
HITS = Signal(
    title="Blocks hit by a call",
    why="Blocks of 8 KiB that one call found in shared buffers.",
    good="A handful for a row by its key.",
    act="Thousands for a few rows: an index is missing or has the wrong order of columns.",
    query=per_call(objects.STATEMENT_BLOCKS_HIT),
    unit=COUNT,
    legend="hit",
)
TEMP = Signal(
    title="Temporary blocks of a call",
    why="Blocks of 8 KiB that one call wrote to temporary files, since a sort or hash did not fit into "
    "work_mem.",
    good="None.",
    act="Read fewer rows, give the order by an index, or the role more work_mem.",
    query=per_call(objects.STATEMENT_TEMP_BLOCKS),
    unit=COUNT,
    legend="temporary",
)
HIT_RATIO = Signal(
    title="Found in memory",
    why="Of the blocks that the statements chosen needed, the share found in shared buffers.",
    act="A fall with as many blocks per call: something else pushed them out, such as a report or a dump.",
    query=ratio(
        rate(objects.STATEMENT_BLOCKS_HIT),
        promql(
            "{hit} + {read}", hit=rate(objects.STATEMENT_BLOCKS_HIT), read=rate(objects.STATEMENT_BLOCKS_READ)
        ),
    ),
    unit=RATIO,
    objective=limits.CACHE_HIT,
    legend="found in memory",
)
READ_TIME = Signal(
    title="Waiting for reads",
    why="Time that one call waits for blocks to be read. Known only with track_io_timing on.",
    good="A small part of the mean time.",
    act="Most of the mean time: fewer blocks or more memory help, a faster plan in memory does not.",
    query=where_timed(per_call(objects.STATEMENT_READ_SECONDS, where=(CHOSEN,))),
    unit=SECONDS,
    legend="reads",
)
WRITE_TIME = Signal(
    title="Waiting for writes",
    why="Time that one call waits until it has written blocks to make room.",
    good="None: the background writer and checkpoints do that.",
    act="Shared buffers are full of changes: look at the checkpoints.",
    query=where_timed(per_call(objects.STATEMENT_WRITE_SECONDS, where=(CHOSEN,))),
    unit=SECONDS,
    legend="writes",
)
WAL = Signal(
    title="Log of a call",
    why="Bytes of the write-ahead log that one call writes.",
    good="About the rows that it changes; none for a select.",
    act="Many times that: each change touches many indexes, or each page anew after a checkpoint.",
    query=per_call(objects.STATEMENT_WAL),
    unit=BYTES,
    legend="log",
)
PER_REQUEST = Signal(
    title="Calls for a request",
    why="Calls of the statements chosen by requests that the application answered, of whichever endpoint.",
    good="Below {number:calls_per_request} for one statement.",
    act="Above: some endpoint calls it in a loop. The API board says which, by its queries per request.",
    query=per_request(CHOSEN),
    unit=COUNT,
    legend="calls for a request",
)
