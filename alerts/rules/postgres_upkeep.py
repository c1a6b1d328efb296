"""Rules on what PostgreSQL must do besides answering: remove dead rows, freeze old ones, keep replicas up."""

from __future__ import annotations

from alerts.model import Alert, Severity
from alerts.rules.postgres import ANSWERS, OF_DATABASE, PRIMARY
from exporters.catalogue import postgres as metrics
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue import postgres_replication as replication
from exporters.catalogue.labels import INSTANCE, JOB
from signals import postgres_upkeep as signals
from signals.idioms import promql, value
from signals.limits import postgres as limits

TABLE = (objects.SCHEMANAME, objects.RELNAME)
OF_TABLE = (JOB, INSTANCE, *TABLE)
ENOUGH_DEAD = promql("{dead} > <number:minimum_dead>", limits.MINIMUM_DEAD, dead=signals.DEAD)
# A large table may rightly wait for months until its few dead rows are worth a vacuum.
VACUUM_IS_DUE = promql("{dead} > {due}", dead=signals.DEAD, due=value(objects.TABLE_VACUUM_DUE, by=TABLE))
# Where freezing begins later on purpose, an id may be older.
AUTOVACUUM_IS_LATE = promql(
    "{age} > on (<by:job,instance>) group_left () {forced}",
    age=signals.XID_AGE.query,
    forced=value(metrics.SETTING_FREEZE_MAX_AGE, over="max"),
)
READERS = value(replication.SLOT_ACTIVE, over="max", by=(replication.SLOT_NAME,))
# Of one slot either of the two may speak: who does not read needs another answer than who reads too slowly.
NOBODY_READS = promql("{active} == 0", active=READERS)
SOMEBODY_READS = promql("{active} == 1", active=READERS)

POSTGRES_DEAD_TUPLES_HIGH = Alert(
    name="PostgresDeadTuplesHigh",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.DEAD_ROWS,
    operator=">",
    by=OF_TABLE,
    guards=(ENOUGH_DEAD, ANSWERS),
    hold=1800,
    summary="{{ $value | humanizePercentage }} of the rows of "
    "{{ $labels.schemaname }}.{{ $labels.relname }} ({{ $labels.instance }}) "
    "are dead, above {limit}.",
    description="Scans read them all for nothing, and the table and its indexes grow.",
)
POSTGRES_VACUUM_STALE = Alert(
    name="PostgresVacuumStale",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.VACUUM_AGE,
    operator=">",
    by=OF_TABLE,
    guards=(VACUUM_IS_DUE, ENOUGH_DEAD, ANSWERS),
    yields_to=POSTGRES_DEAD_TUPLES_HIGH,
    hold=1800,
    summary="{{ $labels.schemaname }}.{{ $labels.relname }} ({{ $labels.instance }}) is due for a vacuum "
    "and had none for more than {limit}.",
    description="Autovacuum does not reach it: its rows are not counted rightly, and plans become worse.",
)
POSTGRES_XID_AGE_CRITICAL = Alert(
    name="PostgresXidAgeCritical",
    service="postgres",
    severity=Severity.CRITICAL,
    signal=signals.XID_AGE,
    operator=">",
    limit=limits.XID_AGE_CRITICAL,
    by=OF_DATABASE,
    # A replica has its primary's ids, and cannot freeze one.
    guards=(PRIMARY, ANSWERS),
    hold=300,
    # A scrape that is missed must not wake anybody a second time.
    keep=300,
    summary="The oldest row of {{ $labels.datname }} ({{ $labels.instance }}) that is not frozen is "
    "{{ $value | humanize }} "
    "transactions old, above {limit}.",
    description="At 2.1 billion the server refuses every write, until a vacuum that can take days is done.",
)
POSTGRES_XID_AGE_HIGH = Alert(
    name="PostgresXidAgeHigh",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.XID_AGE,
    operator=">",
    by=OF_DATABASE,
    guards=(AUTOVACUUM_IS_LATE, PRIMARY, ANSWERS),
    yields_to=POSTGRES_XID_AGE_CRITICAL,
    hold=1800,
    summary="The oldest row of {{ $labels.datname }} ({{ $labels.instance }}) that is not frozen is "
    "{{ $value | humanize }} "
    "transactions old, above {limit}.",
    description="Autovacuum does not get through with freezing; something holds it back.",
)
POSTGRES_REPLICATION_LAG = Alert(
    name="PostgresReplicationLag",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.LAG,
    operator=">",
    by=(JOB, INSTANCE),
    guards=(ANSWERS,),
    hold=300,
    keep=120,
    summary="The replica watched by {{ $labels.instance }} shows what was {{ $value | humanizeDuration }} "
    "ago, above {limit}.",
    description="Who reads from it sees an old state, and a failover to it would lose what it lacks.",
)
POSTGRES_REPLICATION_SLOT_INACTIVE = Alert(
    name="PostgresReplicationSlotInactive",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.SLOT_RETAINED,
    operator=">",
    by=(JOB, INSTANCE, replication.SLOT_NAME),
    guards=(NOBODY_READS, ANSWERS),
    hold=900,
    summary="Nobody reads the slot {{ $labels.slot_name }} ({{ $labels.instance }}), and "
    "{{ $value | humanize1024 }}B of log are kept "
    "for it, above {limit}.",
    description="The log grows until the disk is full, and then the server stops.",
)
POSTGRES_REPLICATION_SLOT_BEHIND = Alert(
    name="PostgresReplicationSlotBehind",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.SLOT_SHARE,
    operator=">",
    by=(JOB, INSTANCE, replication.SLOT_NAME),
    guards=(SOMEBODY_READS, ANSWERS),
    hold=900,
    summary="Who reads the slot {{ $labels.slot_name }} ({{ $labels.instance }}) does not keep up: the "
    "log kept for it is {{ $value | humanizePercentage }} of what may be, above {limit}.",
    description="Beyond its limit the slot is lost, its reader begins anew; without one the disk fills.",
)
ALERTS = (
    POSTGRES_DEAD_TUPLES_HIGH,
    POSTGRES_VACUUM_STALE,
    POSTGRES_XID_AGE_CRITICAL,
    POSTGRES_XID_AGE_HIGH,
    POSTGRES_REPLICATION_LAG,
    POSTGRES_REPLICATION_SLOT_INACTIVE,
    POSTGRES_REPLICATION_SLOT_BEHIND,
)
