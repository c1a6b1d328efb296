"""Signals of a Redis in detail: where its memory and time go, who asks, what is on disk and on replicas."""

from __future__ import annotations

from exporters.catalogue import redis, redis_detail
from signals.idioms import SERVER_LEVEL, grouping, promql, rate, select, value
from signals.limits import redis as limits
from signals.model import Signal
from signals.numbers import BYTES, COUNT, PER_SECOND, RATIO, SECONDS, STATE
from signals.promql import Query

UNLIMITED = -1
MEMORY_OF_LIMIT = Signal(
    title="Memory used",
    why="Memory used as a share of maxmemory.",
    good="Any, under allkeys-lru, where a cache sits at its limit; below {number:redis_memory_full} under "
    "noeviction, which then refuses writes.",
    act="Look at evictions together with the hit ratio. Without a limit Redis takes all that there is.",
    # That there is no limit is known, where nothing at all would also be shown of a Redis that is down.
    query=promql(
        f"{{used}} / ({{limit}} > 0) or {UNLIMITED} + ({{limit}} == 0)",
        used=value(redis.MEMORY_USED, over="max"),
        limit=value(redis.MEMORY_MAX, over="max"),
    ),
    unit=RATIO,
    legend="of the limit",
)
MEMORY_DATASET = Signal(
    title="Memory of the data",
    why="Memory of keys and values alone, without buffers and tables.",
    good="Most of what is used.",
    act="Much less than used: look at the output buffers of clients, below.",
    query=value(redis.MEMORY_DATASET, over="max"),
    unit=BYTES,
    legend="data",
)
MEMORY_PEAK = Signal(
    title="Memory at its peak",
    why="The most that Redis allocated since it started.",
    good="Below the limit; of a cache that evicts, at it.",
    act="Far above what is used now: something large came and went. Give the limit room for it.",
    query=value(redis.MEMORY_PEAK, over="max"),
    unit=BYTES,
    legend="peak",
)
# A prefix of an error has no series before the first of its kind. While Redis is down, nothing is known.
WRITES_REFUSED = Signal(
    title="Writes refused",
    why="Writes per second that Redis answered with OOM: memory is full, and the policy lets nothing go.",
    act="Raise maxmemory, or CONFIG SET maxmemory-policy allkeys-lru on a cache. "
    "Redis before 6.2 does not count them.",
    query=promql(
        "{refused} or 0 * ({up} > 0)",
        refused=rate(redis.ERRORS, redis.ERR.eq("OOM")),
        up=value(redis.UP, over="max"),
    ),
    unit=PER_SECOND,
    objective=limits.WRITES_REFUSED,
    legend="refused",
)
BUSY = Signal(
    title="Time at work",
    why="Seconds per second that Redis spent in commands. It runs one at a time: at 100 % all others wait.",
    act="See which command takes most of it: one on a large key, or KEYS, holds up everybody.",
    query=rate(redis.COMMANDS_SECONDS),
    unit=RATIO,
    objective=limits.BUSY,
    legend="at work",
)
CALL_MEAN = Signal(
    title="Mean time of a call",
    why="What a call of any command took on average within the window, in the server, without the network.",
    good="Below a tenth of a millisecond.",
    act="See which command takes long: one on a large key, a script, or KEYS.",
    query=promql(
        "{seconds} / ({calls} > 0)",
        seconds=rate(redis.COMMANDS_SECONDS),
        calls=rate(redis.COMMANDS),
    ),
    unit=SECONDS,
    legend="average",
)
COMMAND_MEAN = Signal(
    title="Mean time",
    why="What a call of each command took on average within the window, in the server, without the network.",
    good="Tens of microseconds; a scan or a script may take more.",
    act="A command that takes milliseconds works on a large key: redis-cli --bigkeys finds it.",
    query=promql(
        "{seconds} / ({calls} > 0)",
        seconds=rate(redis.COMMANDS_SECONDS, by=(redis.CMD,)),
        calls=rate(redis.COMMANDS, by=(redis.CMD,)),
    ),
    unit=SECONDS,
    legend="{{cmd}}",
)


def _percentile(name: str, meaning: str) -> Signal:
    return Signal(
        title=name,
        why=f"{meaning} of the command took at most this. Of all calls since the start or CONFIG RESETSTAT: "
        "for what happens now look at the mean.",
        good="Within ten times the mean.",
        act="Far beyond the mean: a few keys are much larger than the others, see the slow log.",
        query=value(
            redis_detail.COMMAND_LATENCY, redis_detail.PERCENTILE.eq(name), over="max", by=(redis.CMD,)
        ),
        unit=SECONDS,
        legend="{{cmd}}",
    )


P50 = _percentile("p50", "Half of the calls")
P99 = _percentile("p99", "99 of 100 calls")
P999 = _percentile("p99.9", "999 of 1000 calls")
ON_SERVER = grouping(tuple(label.name for label in SERVER_LEVEL))
SLOW_NEW = Signal(
    title="New in the slow log",
    why="By how many the slow log grew within the window: commands slower than slowlog-log-slower-than, "
    "10 ms by default. Once it holds slowlog-max-len, 128 by default, it grows no more.",
    good="None.",
    act="redis-cli slowlog get 10 names them; redis-cli slowlog reset empties a full one.",
    query=Query(
        # delta() stretches what it saw to the edges of the window: of two entries it makes three.
        f"clamp_min(max by {ON_SERVER} ({select(redis.SLOWLOG_LENGTH)}) - "
        f"max by {ON_SERVER} ({select(redis.SLOWLOG_LENGTH)} offset <window>), 0)",
        (redis.SLOWLOG_LENGTH,),
        (),
        tuple(label.name for label in SERVER_LEVEL),
    ),
    unit=COUNT,
    legend="new",
)
CONNECTIONS = Signal(
    title="New connections",
    why="Connections accepted per second.",
    good="Close to none: a pool keeps its connections.",
    act="As many as there are requests: a client connects anew for each; give it a pool.",
    query=rate(redis_detail.CONNECTIONS),
    unit=PER_SECOND,
    legend="accepted",
)
OUTPUT_BUFFER = Signal(
    title="Largest output buffer",
    why="What waits in Redis for the client that reads most slowly, lately.",
    good="Below a few MiB.",
    act="CLIENT LIST names it by omem. Large answers, or a subscriber that cannot follow.",
    query=value(redis_detail.OUTPUT_BUFFER, over="max"),
    unit=BYTES,
    legend="largest",
)
CPU_USER = Signal(
    title="Processor, in the program",
    why="Processor seconds per second that Redis spent in its own code; 100 % is one core.",
    good="Far below 100 % together with the system's part: commands run on one core.",
    act="See which command takes the time.",
    query=rate(redis.CPU_USER),
    unit=RATIO,
    legend="program",
)
CPU_SYSTEM = Signal(
    title="Processor, in the system",
    why="Processor seconds per second that the system spent for Redis, mostly on the network.",
    good="Of the size of the program's part.",
    act="Much more: very many small commands; send them in pipelines.",
    query=rate(redis.CPU_SYSTEM),
    unit=RATIO,
    legend="system",
)
SAVE_AGE = Signal(
    title="Age of the last snapshot",
    why="Time since the last snapshot was written; without one, since Redis started.",
    good="Within what the setting save asks for. A pure cache writes none, so that it only grows.",
    act="redis-cli info persistence says whether the last one failed; redis-cli bgsave tries once more.",
    query=promql("time() - {saved}", saved=value(redis.RDB_LAST_SAVE, over="max")),
    unit=SECONDS,
    legend="age",
)
UNSAVED = Signal(
    title="Writes since the last snapshot",
    why="Writes that a crash would lose, unless the append-only file has them.",
    good="Any on a pure cache; else what the setting save allows.",
    act="Growing without end where snapshots are configured: the last one failed, see Redis' log.",
    query=value(redis_detail.RDB_CHANGES, over="max"),
    unit=COUNT,
    legend="writes",
)
SNAPSHOT = Signal(
    title="Last snapshot",
    why="Whether the last snapshot that Redis tried was written; yes where none was tried since its start.",
    good="Written.",
    act="Redis' log says why: most often no room on the disk, or no memory to fork.",
    query=value(redis.RDB_LAST_OK, over="min"),
    unit=STATE,
    legend="snapshot",
)
APPENDED = Signal(
    title="Append-only file",
    why="Whether the last write to the append-only file and its last rewrite succeeded; yes where it is off.",
    good="Written.",
    act="Redis' log says why: most often no room on the disk.",
    query=promql(
        "{written} * {rewritten}",
        written=value(redis.AOF_WRITE_OK, over="min"),
        rewritten=value(redis.AOF_REWRITE_OK, over="min"),
    ),
    unit=STATE,
    legend="append-only file",
)
APPENDS = Signal(
    title="Append-only file is on",
    why="Whether each write is appended to a file, so that a crash loses a second at most.",
    good="Off for a cache, on for a store.",
    act="CONFIG SET appendonly yes, and the same in redis.conf.",
    query=value(redis.AOF_ENABLED, over="max"),
    unit=STATE,
    legend="append-only file",
)
FORK = Signal(
    title="Last fork",
    why="How long Redis stood still for the last fork, which each snapshot and rewrite begins with.",
    good="Below 100 ms: some 10 ms for each GiB that is used.",
    act="Longer: switch transparent huge pages off on the host, or let a replica write the snapshots.",
    query=value(redis_detail.FORK, over="max"),
    unit=SECONDS,
    legend="fork",
)
REPLICAS = Signal(
    title="Replicas",
    why="Replicas connected to the server.",
    good="As many as you run.",
    act="Fewer: the log of the missing one says why.",
    query=value(redis.REPLICAS, over="max"),
    unit=COUNT,
    legend="connected",
)
REPLICA_LAG = Signal(
    title="What a replica lacks",
    why="Bytes of the stream of replication that a replica has not acknowledged: lost if the master dies.",
    good="Few; it acknowledges once a second.",
    act="Growing: the network or the replica is slower than the writes.",
    query=promql(
        "{written} - on (<by:job,instance>) group_right () {acknowledged}",
        written=value(redis_detail.MASTER_OFFSET, over="max"),
        acknowledged=value(
            redis_detail.REPLICA_OFFSET,
            over="min",
            by=(redis_detail.SLAVE_IP, redis_detail.SLAVE_PORT, redis_detail.SLAVE_STATE),
        ),
        labels=(*SERVER_LEVEL, redis_detail.SLAVE_IP, redis_detail.SLAVE_PORT, redis_detail.SLAVE_STATE),
    ),
    unit=BYTES,
    legend="{{slave_ip}}:{{slave_port}} {{slave_state}}",
)
MASTER_SILENCE = Signal(
    title="Master last heard",
    why="Time since this replica heard of its master, which speaks every ten seconds at least.",
    good="Below 10 seconds.",
    act="More: the network between them, or a master that hangs.",
    query=value(redis_detail.MASTER_SILENCE, over="max"),
    unit=SECONDS,
    legend="{{instance}}",
)
UPTIME = Signal(
    title="Running for",
    why="Time since Redis started.",
    good="Since the last planned restart. Without persistence each restart is an empty cache.",
    act="Shorter: its log, or the host's, says what ended it.",
    query=promql("time() - {started}", started=value(redis.START_TIME, over="max")),
    unit=SECONDS,
    legend="since start",
)
VERSION = Signal(
    title="Version",
    why="What the server is, Redis or Valkey, and its version.",
    good="One that still gets mends.",
    act="Plan the update; from Redis 7 on percentiles of commands are known.",
    query=value(redis.SERVER, over="max", by=(redis.SERVER_NAME, redis.SERVER_VERSION)),
    unit=STATE,
    legend="{{server_name}} {{server_version}}",
)
ROLE = Signal(
    title="Role",
    why="Master, or slave as Redis calls a replica, and whether alone or in a cluster.",
    good="A master where the application writes.",
    act="A replica refuses writes: after a failover point the application to the new master.",
    query=value(redis.INFO, over="max", by=(redis.ROLE, redis.REDIS_MODE)),
    unit=STATE,
    legend="{{role}}, {{redis_mode}}",
)
