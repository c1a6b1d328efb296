"""Signals of which PostgreSQL it is, how it is configured, and what was changed there."""

from __future__ import annotations

from exporters.catalogue import postgres as pg
from exporters.catalogue import postgres_upkeep as upkeep
from exporters.catalogue.labels import INSTANCE, JOB
from signals.idioms import promql, value
from signals.limits import postgres as limits
from signals.model import Signal
from signals.numbers import BYTES, COUNT, SECONDS, STATE
from signals.promql import Query

# Without it what was waited for disks is 0, whatever it was.
TIMED = promql("{on} > 0", on=value(pg.SETTING_TRACK_IO_TIMING, over="max"))


def where_timed(query: Query) -> Query:
    """What is made of times that the server takes with track_io_timing alone: nothing without."""
    return promql("{times} and on (<by:job,instance>) {timed}", times=query, timed=TIMED)


VERSION = Signal(
    title="Version",
    why="The server's version.",
    good="The newest of its major version, of which security fixes are part.",
    act="Install the newest minor version: it needs a restart, and no dump.",
    query=value(pg.STATIC, over="max", by=(pg.SHORT_VERSION,)),
    unit=STATE,
    legend="{{short_version}}",
)
ROLE = Signal(
    title="Role",
    why="Whether it is the primary, which takes writes, or a replica.",
    good="What you expect of this address.",
    act="Another one: a failover happened. See replication lag, and who is the primary now.",
    query=value(pg.IS_REPLICA, over="max"),
    unit=STATE,
    legend="{{instance}}",
)
UPTIME = Signal(
    title="Up for",
    why="Time since the server started.",
    good="Since the last planned restart.",
    act="Shorter: the server's log says why; after a crash the cache is cold.",
    query=promql("time() - {started}", started=value(pg.START_TIME, over="max")),
    unit=SECONDS,
    legend="{{instance}}",
)
PENDING = Signal(
    title="Waiting for a restart",
    why="Settings that were changed in the configuration and count only after a restart.",
    act="select name, setting from pg_settings where pending_restart; then plan the restart, or take it "
    "back.",
    query=value(upkeep.PENDING_RESTART, over="max"),
    unit=COUNT,
    objective=limits.PENDING_RESTART,
    legend="waiting",
)
CHANGES = Signal(
    title="Configuration changed",
    why="How often, within the window, what is configured changed: a setting added, changed or removed, in "
    "the file or on the command line. Settings that only superusers see are not among them.",
    good="When you changed something.",
    act="Ask who did: select name, setting, sourcefile, sourceline from pg_settings where source = "
    "'configuration file';",
    query=promql(
        "max by (<by:job,instance>) (changes({fingerprint}[<window>]))",
        fingerprint=upkeep.FINGERPRINT,
        labels=(JOB, INSTANCE),
    ),
    unit=COUNT,
    legend="any setting",
)
CHANGED = Signal(
    title="Changes",
    why="How often the setting had another value within the time shown.",
    good="None, or what you changed.",
    act="Another one: put it back, then ask who did.",
    query=promql(
        "max by (<by:job,instance,name>) (changes({setting}[<window>]))",
        setting=upkeep.CONFIGURED,
        labels=(JOB, INSTANCE, upkeep.SETTING_NAME),
    ),
    unit=COUNT,
    legend="{{name}}",
)
CONFIGURED = Signal(
    title="Now",
    why="Each setting of the configuration file or command line, as the server counts it: a number in the "
    "unit of pg_settings, 1 or 0 of a switch; of a text a number that says no more than that it is another "
    "text.",
    good="What your configuration says.",
    act="select * from pg_settings where name = ...; says its unit and where it comes from.",
    query=value(upkeep.CONFIGURED, over="max", by=(upkeep.SETTING_NAME,)),
    unit=COUNT,
    legend="{{name}}",
)
MAX_CONNECTIONS = Signal(
    title="max_connections",
    why="Most connections the server takes.",
    good="Above the ceiling of all pools, with room for you.",
    act="Raise it, which costs memory and a restart, or put a pooler in front.",
    query=value(pg.SETTING_MAX_CONNECTIONS, over="max"),
    unit=COUNT,
    legend="{{instance}}",
)
SHARED_BUFFERS = Signal(
    title="shared_buffers",
    why="Memory for blocks of tables and indexes.",
    good="A quarter of the machine's memory.",
    act="Raise it while the hit ratio is low; it needs a restart.",
    query=value(pg.SETTING_SHARED_BUFFERS, over="max"),
    unit=BYTES,
    legend="{{instance}}",
)
CACHE_SIZE = Signal(
    title="effective_cache_size",
    why="Memory that the planner believes to hold blocks, the system's cache included.",
    good="A half to three quarters of the machine's memory.",
    act="Too low and the planner avoids indexes.",
    query=value(pg.SETTING_EFFECTIVE_CACHE_SIZE, over="max"),
    unit=BYTES,
    legend="{{instance}}",
)
WORK_MEM = Signal(
    title="work_mem",
    why="Memory of one sort or hash, of which a statement may have several, before it goes to disk.",
    good="As much as keeps temporary files away, and fits into memory for every connection.",
    act="Raise it for the role that sorts much, not for all.",
    query=value(pg.SETTING_WORK_MEM, over="max"),
    unit=BYTES,
    legend="{{instance}}",
)
MAX_WAL_SIZE = Signal(
    title="max_wal_size",
    why="Log size that begins a checkpoint.",
    good="So much that checkpoints begin by time.",
    act="Raise it while checkpoints begin by volume; the disk must hold it.",
    query=value(pg.SETTING_MAX_WAL_SIZE, over="max"),
    unit=BYTES,
    legend="{{instance}}",
)
