"""Rules on PostgreSQL: does it answer, and do its sessions get on with their work?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from exporters.catalogue import postgres as metrics
from exporters.catalogue.labels import INSTANCE, JOB
from signals import postgres
from signals.idioms import promql, unchanged, value
from signals.limits import postgres as limits
from signals.limits.redis import WARM_UP

# The rates of a server that is down outlive it by a window.
ANSWERS = promql("{up} == 1", up=value(metrics.UP, over="max"))
ENOUGH_BLOCKS = promql("{blocks} > <number:minimum_blocks>", limits.MINIMUM_BLOCKS, blocks=postgres.BLOCKS)
# A replica shows the primary's catalogue, but not who works there on it.
PRIMARY = promql("{replica} == 0", replica=value(metrics.IS_REPLICA, over="max"))
# Needed where the window is longer than the hold: elsewhere a jump is forgotten before it is told.
SAME_SERVER = unchanged(metrics.START_TIME)
# Its buffers are a cache like any other.
WARM = promql("time() - {start} > <elapsed:warm_up>", WARM_UP, start=value(metrics.START_TIME, over="max"))
OF_DATABASE = (JOB, INSTANCE, metrics.DATNAME)

POSTGRES_DOWN = Alert(
    name="PostgresDown",
    service="postgres",
    severity=Severity.CRITICAL,
    signal=postgres.UP,
    operator="<",
    by=(JOB, INSTANCE),
    hold=60,
    keep=60,
    inhibits=(JOB, INSTANCE),
    summary="PostgreSQL watched by {{ $labels.instance }} has answered nothing for {hold}, "
    "or only now and then.",
    description="Every request that needs the database fails.",
)
POSTGRES_CONNECTIONS_CRITICAL = Alert(
    name="PostgresConnectionsCritical",
    service="postgres",
    severity=Severity.CRITICAL,
    signal=postgres.CONNECTIONS_SHARE,
    operator=">",
    limit=limits.CONNECTIONS_SHARE_CRITICAL,
    by=(JOB, INSTANCE),
    guards=(ANSWERS,),
    hold=120,
    keep=300,
    summary="PostgreSQL watched by {{ $labels.instance }} has {{ $value | humanizePercentage }} of its "
    "connections in use, above {limit}.",
    description="The next ones are refused with 'too many clients already', and their requests fail.",
)
POSTGRES_CONNECTIONS_HIGH = Alert(
    name="PostgresConnectionsHigh",
    service="postgres",
    severity=Severity.WARNING,
    signal=postgres.CONNECTIONS_SHARE,
    operator=">",
    by=(JOB, INSTANCE),
    guards=(ANSWERS,),
    yields_to=POSTGRES_CONNECTIONS_CRITICAL,
    hold=300,
    keep=60,
    summary="PostgreSQL watched by {{ $labels.instance }} has {{ $value | humanizePercentage }} of its "
    "connections in use, above {limit}.",
    description="When the rest is gone, new connections are refused with 'too many clients already'.",
)
POSTGRES_IDLE_IN_TRANSACTION = Alert(
    name="PostgresIdleInTransaction",
    service="postgres",
    severity=Severity.WARNING,
    signal=postgres.IDLE_IN_TRANSACTION,
    operator=">",
    by=OF_DATABASE,
    guards=(ANSWERS,),
    hold=120,
    keep=120,
    summary="A client has done nothing inside a transaction of {{ $labels.datname }} "
    "({{ $labels.instance }}) for "
    "{{ $value | humanizeDuration }}, above {limit}.",
    description="It keeps a connection and its locks, and dead rows from being removed, for nothing.",
)
POSTGRES_LONG_TRANSACTION = Alert(
    name="PostgresLongTransaction",
    service="postgres",
    severity=Severity.WARNING,
    signal=postgres.OLDEST_OPEN,
    operator=">",
    by=OF_DATABASE,
    # A replica is where a report may take its time; what waits for it there is told as lag.
    guards=(PRIMARY, ANSWERS),
    # Who forgot a transaction is told of by the other one.
    yields_to=POSTGRES_IDLE_IN_TRANSACTION,
    hold=120,
    summary="A transaction in {{ $labels.datname }} ({{ $labels.instance }}) has been open for "
    "{{ $value | humanizeDuration }}, "
    "above {limit}.",
    description="Until it ends no dead row is removed, so tables and indexes grow, and its locks are held.",
)
POSTGRES_BLOCKED_SESSIONS = Alert(
    name="PostgresBlockedSessions",
    service="postgres",
    severity=Severity.WARNING,
    signal=postgres.LONGEST_BLOCKED,
    operator=">",
    by=OF_DATABASE,
    guards=(ANSWERS,),
    hold=120,
    keep=120,
    summary="A session in {{ $labels.datname }} ({{ $labels.instance }}) has waited "
    "{{ $value | humanizeDuration }} for a lock, "
    "above {limit}.",
    description="Requests stand still behind somebody else's transaction, each keeping a connection.",
)
POSTGRES_DEADLOCKS = Alert(
    name="PostgresDeadlocks",
    service="postgres",
    severity=Severity.WARNING,
    signal=postgres.DEADLOCKS,
    operator=">",
    by=OF_DATABASE,
    guards=(SAME_SERVER, ANSWERS),
    window=900,
    hold=0,
    keep=900,
    summary="About {{ $value | humanize }} deadlocks in {{ $labels.datname }} ({{ $labels.instance }}) "
    "within {window}.",
    description="Each of them ended somebody's transaction with an error, after a second of waiting.",
)
POSTGRES_CACHE_HIT_LOW = Alert(
    name="PostgresCacheHitLow",
    service="postgres",
    severity=Severity.WARNING,
    signal=postgres.CACHE_HIT_RATIO,
    operator="<",
    by=OF_DATABASE,
    guards=(ENOUGH_BLOCKS, WARM, ANSWERS),
    window=600,
    hold=900,
    keep=600,
    summary="{{ $value | humanizePercentage }} of the blocks that {{ $labels.datname }} "
    "({{ $labels.instance }}) needs are in shared "
    "buffers, below {limit}.",
    description="Statements wait for the disks, so all of them become slower at once.",
)
POSTGRES_TEMP_FILES = Alert(
    name="PostgresTempFiles",
    service="postgres",
    severity=Severity.WARNING,
    signal=postgres.TEMP_BYTES,
    operator=">",
    by=OF_DATABASE,
    guards=(ANSWERS,),
    window=600,
    hold=900,
    keep=600,
    summary="Statements in {{ $labels.datname }} ({{ $labels.instance }}) write "
    "{{ $value | humanize1024 }}B/s to temporary files, "
    "above {limit}.",
    description="Sorts and hashes do not fit into work_mem, so the disks do their work, and can become full.",
)
ALERTS = (
    POSTGRES_DOWN,
    POSTGRES_CONNECTIONS_CRITICAL,
    POSTGRES_CONNECTIONS_HIGH,
    POSTGRES_IDLE_IN_TRANSACTION,
    POSTGRES_LONG_TRANSACTION,
    POSTGRES_BLOCKED_SESSIONS,
    POSTGRES_DEADLOCKS,
    POSTGRES_CACHE_HIT_LOW,
    POSTGRES_TEMP_FILES,
)
