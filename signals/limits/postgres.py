"""Where alerts on PostgreSQL draw their lines, and why there."""

from __future__ import annotations

from signals.numbers import BYTES, BYTES_PER_SECOND, COUNT, PER_SECOND, RATIO, SECONDS, Limit

CONNECTIONS_SHARE = Limit(
    key="connections_share",
    value=0.80,
    unit=RATIO,
    whole=True,
    why="A deploy that doubles the workers for a moment still fits into the rest.",
)
CONNECTIONS_SHARE_CRITICAL = Limit(
    key="connections_share_critical",
    value=0.95,
    unit=RATIO,
    whole=True,
    why="The rest is gone within seconds, and with it every request that needs a new connection.",
)
IDLE_IN_TRANSACTION = Limit(
    key="idle_in_transaction",
    value=300,
    unit=SECONDS,
    why="Longer than any request: what began it has forgotten it.",
)
LONG_TRANSACTION = Limit(
    key="long_transaction",
    value=900,
    unit=SECONDS,
    why="Since then no dead row was removed in the whole database, and its locks are held.",
)
LONGEST_BLOCKED = Limit(
    key="longest_blocked",
    value=30,
    unit=SECONDS,
    why="Locks are waited for all the time, for milliseconds; half a minute is longer than users wait.",
)
DEADLOCKS = Limit(
    key="deadlocks",
    value=2,
    unit=COUNT,
    why="One or two can be chance.",
)
CACHE_HIT = Limit(
    key="cache_hit",
    value=0.95,
    unit=RATIO,
    whole=True,
    better="higher",
    why="What answers users lives in memory; below it the disks answer.",
)
MINIMUM_BLOCKS = Limit(
    key="minimum_blocks",
    value=1000,
    unit=PER_SECOND,
    why="Fewer blocks, 8 MB a second, are read from any disk without anybody noticing.",
)
TEMP_BYTES = Limit(
    key="temp_bytes",
    value=10 * 1024 * 1024,
    unit=BYTES_PER_SECOND,
    why="It is read again, so the disks carry twice as much, and the data waits behind it.",
)
DEAD_ROWS = Limit(
    key="dead_rows",
    value=0.2,
    unit=RATIO,
    whole=True,
    why="By default autovacuum begins at a sixth; a table that stays above a fifth is not kept up with.",
)
MINIMUM_DEAD = Limit(
    key="minimum_dead",
    value=10_000,
    unit=COUNT,
    why="Fewer dead rows cost nobody anything, whatever their share.",
)
VACUUM_AGE = Limit(
    key="vacuum_age",
    value=7 * 86_400,
    unit=SECONDS,
    why="A week has a quiet hour for any table.",
)
XID_AGE = Limit(
    key="xid_age",
    value=500_000_000,
    unit=COUNT,
    why="Autovacuum begins by force at 200 million; at more than twice that it does not get through.",
)
XID_AGE_CRITICAL = Limit(
    key="xid_age_critical",
    value=1_200_000_000,
    unit=COUNT,
    why="At 2.1 billion the server refuses to write; to freeze a large table takes days.",
)
REPLICATION_LAG = Limit(
    key="replication_lag",
    value=30,
    unit=SECONDS,
    why="Readers of a replica expect what was written seconds ago; half a minute is another state.",
)
SLOT_RETAINED = Limit(
    key="slot_retained",
    value=1024**3,
    unit=BYTES,
    why="As much as max_wal_size keeps by default; from there on the disk fills for the slot alone.",
)
XID_WRAP = Limit(
    key="xid_wrap",
    value=2_100_000_000,
    unit=COUNT,
    why="Shortly before 2 to the power of 31 transactions are too old, PostgreSQL takes no more writes.",
)
SLOT_SHARE = Limit(
    key="slot_share",
    value=0.5,
    unit=RATIO,
    why="The other half is the time that is left to mend the reader.",
)
SLOT_ROOM = Limit(
    key="slot_room",
    value=20 * 1024**3,
    unit=BYTES,
    why="Where the server has no limit of its own: most disks have that to spare, few have much more.",
)
SLOW_STATEMENT = Limit(
    key="slow_statement",
    value=0.5,
    unit=SECONDS,
    why="Half a second in one statement is a page that feels broken.",
)
STATEMENTS_FORGOTTEN = Limit(
    key="statements_forgotten",
    value=10,
    unit=COUNT,
    why="Each time a twentieth of the statements goes: within an hour half of them.",
)
SEQUENTIAL_ROWS = Limit(
    key="sequential_rows",
    value=50_000,
    unit=PER_SECOND,
    why="So many rows of one table keep a good part of a processor busy with reading what is thrown away.",
)
MINIMUM_SEQUENTIAL_SCANS = Limit(
    key="minimum_sequential_scans",
    value=0.1,
    unit=PER_SECOND,
    why="Less than one in ten seconds is a report or a dump, which rightly reads the whole table.",
)
LARGE_TABLE = Limit(
    key="large_table",
    value=100_000,
    unit=COUNT,
    why="A table with fewer rows is read whole in a few milliseconds, often rightly.",
)
INDEX_USE = Limit(
    key="index_use",
    value=0.9,
    unit=RATIO,
    whole=True,
    better="higher",
    why="Who answers users from a large table finds a few rows of it by an index.",
)
MINIMUM_SCANS = Limit(
    key="minimum_scans", value=0.5, unit=PER_SECOND, why="Fewer scans make the share jump, and harm nobody."
)
SCANS_IN_TWO_WEEKS = Limit(
    key="scans_in_two_weeks",
    value=1,
    unit=COUNT,
    better="higher",
    why="Two weeks hold each weekday's jobs twice.",
)
INVALID_INDEXES = Limit(
    key="invalid_indexes", value=0, unit=COUNT, why="Each costs every write and serves no statement."
)
MINIMUM_CALLS = Limit(
    key="minimum_calls",
    value=0.05,
    unit=PER_SECOND,
    why="Less than one call in twenty seconds is a job, not traffic.",
)
CALLS_PER_REQUEST = Limit(
    key="calls_per_request",
    value=1,
    unit=COUNT,
    why="Requests of all endpoints are counted: above it, one endpoint calls the statement again and again.",
)
TIMES_AS_LONG = Limit(
    key="times_as_long",
    value=1.5,
    unit=COUNT,
    why="Load alone makes a mean vary by some; half as long again is another plan, other data or another "
    "neighbour.",
)
PENDING_RESTART = Limit(
    key="pending_restart",
    value=0,
    unit=COUNT,
    why="What the file says is not what counts, until some restart.",
)
MISSING_INDEXES = Limit(
    key="missing_indexes", value=0, unit=COUNT, why="Each is a statement that reads a table whole."
)
