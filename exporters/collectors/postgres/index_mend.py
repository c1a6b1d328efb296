"""The SQL that makes or drops an index, printed and never run; whatever of it fails, none is lost."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from itertools import count

from exporters.collectors.postgres.expected import Index, Wanted
from exporters.collectors.postgres.index_found import Found
from exporters.collectors.postgres.names import NAME_BYTES, quoted
from exporters.collectors.postgres.options import ExpectedIndex

# No end of a name that somebody types: what has it must not be quoted by it.
QUOTE = "$swap$"
# Of a predicate of several lines one is made; a name or a text with more than one stays what it is.
OUTSIDE_QUOTES = re.compile(r"""("(?:[^"]|"")*"|'(?:[^']|'')*')|[\n\r\t]""")
PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# Of a partitioned table neither is possible CONCURRENTLY. Who waits for a lock holds up all who come later.
WHILE_MADE = (
    "  -- meanwhile its table and all partitions cannot be written; or, holding up nobody: CREATE INDEX ..."
    " ON ONLY it, CREATE INDEX CONCURRENTLY on each partition, ALTER INDEX ... ATTACH PARTITION for each"
)
LOCKS = "  -- locks its table and every partition, for readers too; gives up after waiting 2 s for one"


def spelt(index: ExpectedIndex, reserved: Collection[str]) -> ExpectedIndex:
    """The same as SQL takes it, however its names stand in the configuration."""
    named = partial(quoted, reserved=reserved)
    return replace(
        index,
        name=named(index.name),
        table=named(index.table),
        columns=tuple(named(column, most=1) for column in index.columns),
        include=None if index.include is None else tuple(map(named, index.include)),
    )


def create(index: ExpectedIndex, *, name: str = "", partitioned: bool = False) -> str:
    """The statement that makes an expected index, and what it locks where it locks out anybody."""
    how = "CREATE INDEX" if partitioned else "CREATE INDEX CONCURRENTLY"
    include = f" INCLUDE ({', '.join(index.include)})" if index.include else ""
    where = f" WHERE {index.predicate}" if index.predicate else ""
    text = f"{how} {name or index.name} ON {index.table} ({', '.join(index.columns)}){include}{where};"
    return OUTSIDE_QUOTES.sub(lambda part: part[1] or " ", text) + (WHILE_MADE if partitioned else "")


def dropped(index: Found) -> tuple[str, ...]:
    """The statement that drops one with all its parts, and what it locks where it locks out anybody."""
    if not index.parts:
        return (f"DROP INDEX CONCURRENTLY {index.path};",)
    if QUOTE in index.path:
        return ()
    drop = f"SET LOCAL lock_timeout = '2s'; DROP INDEX {index.path};"
    return (f"DO {QUOTE}BEGIN {drop} END{QUOTE};{LOCKS}",)


def rebuilt(index: ExpectedIndex, wanted: Wanted, named: Index, there: Found | None) -> tuple[str, ...]:
    """Of one that a broken off CREATE INDEX left invalid."""
    if there is None or there.parts:  # or its table is of a kind that is not looked at here
        return ()
    if not wanted.differences(named):
        return (f"REINDEX INDEX CONCURRENTLY {there.path};",)
    return (f"DROP INDEX CONCURRENTLY {there.path};", create(index))


def replaced(index: ExpectedIndex, there: Found | None, taken: Collection[str]) -> tuple[str, ...]:
    """Of one that is another than expected: the right one first, and then it takes the name.

    A client may run each line whatever became of those before it. The old one is dropped by a name that it
    has only once the new one is there and valid; of one that statements use, that is left to who knows them.
    """
    if there is None or irreplaceable(there):
        return ()
    new, old = (_free(there.name, ending, taken) for ending in ("_new", "_old"))
    made = f"{there.schema}.{new}"
    literal = "'" + made.replace("'", "''") + "'"
    valid = f"SELECT indisvalid FROM pg_index WHERE indexrelid = {literal}::regclass"  # noqa: S608  to be read
    drop = f"DROP INDEX CONCURRENTLY {there.schema}.{old};"
    used = f"-- {drop}  -- once no statement needs it; scans: {there.scans}"
    return (
        create(index, name=new),
        f"DO {QUOTE}BEGIN ASSERT ({valid}), 'the new index is not valid'; "
        f"ALTER INDEX {there.path} RENAME TO {old}; "
        f"ALTER INDEX {made} RENAME TO {there.quoted}; END{QUOTE};",
        used if there.scans else drop,
    )


def irreplaceable(there: Found | None) -> str:
    """Why another cannot take its place by these statements; empty if it can."""
    if there is None:
        return "it is a part of another"
    if there.enforces:
        return "it enforces something"
    if there.parts:
        return "its table is partitioned"
    return f"its name has {QUOTE}" if QUOTE in there.path else ""


def _free(name: str, ending: str, taken: Collection[str]) -> str:
    """A name that no index has, quoted where SQL needs it."""
    endings = (f"{ending}{number or ''}" for number in count())
    each = (name.encode()[: NAME_BYTES - len(end)].decode(errors="ignore") + end for end in endings)
    free = next(name for name in each if name not in taken)
    return free if PLAIN.fullmatch(free) else '"' + free.replace('"', '""') + '"'
