"""Cases of the rules in `alerts.rules.postgres_upkeep`."""

from __future__ import annotations

from alerts.cases.common import EXPORTER, ON_REPLICA, PG_DOWN, PG_PRIMARY, PG_UP
from alerts.proof.model import Case, Held
from alerts.proof.series import gauge
from alerts.rules import postgres_upkeep as rules
from exporters.catalogue import postgres as pg_metrics
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue import postgres_replication as replication
from signals.limits.postgres import VACUUM_AGE

DATABASE = {"datname": "backend"}
TABLE = {"schemaname": "public", "relname": "timer_cards"}
SLOT = {"slot_name": "replica", "database": ""}
# Cases begin at 0 and last for less than this.
LONG = 20_000
EDGE, STALE = LONG - VACUUM_AGE.value, -LONG - VACUUM_AGE.value
FROZEN_AT = gauge(pg_metrics.SETTING_FREEZE_MAX_AGE, 200_000_000, 200_000_000, 200_000_000, 200_000_000)

CASES = (
    Case(
        alert=rules.POSTGRES_DEAD_TUPLES_HIGH,
        series=(
            PG_UP,
            gauge(objects.TABLE_DEAD, 200, 20_000, 21_000, 200, **DATABASE, **TABLE),
            gauge(objects.TABLE_LIVE, 80_000, 80_000, 79_000, 80_000, **DATABASE, **TABLE),
        ),
        labels={**EXPORTER, **TABLE},
        summary="21% of the rows of public.timer_cards (exporter:10910) are dead, above 20 %.",
        held=(
            PG_DOWN,
            Held(
                why="a small table",
                guard=rules.ENOUGH_DEAD,
                levels={objects.TABLE_DEAD.name: 10_000, objects.TABLE_LIVE.name: 30_000},
            ),
        ),
    ),
    Case(
        alert=rules.POSTGRES_VACUUM_STALE,
        series=(
            PG_UP,
            gauge(objects.TABLE_LAST_VACUUM, -600, EDGE, STALE, -600, **DATABASE, **TABLE),
            gauge(objects.TABLE_DEAD, 15_000, 15_000, 15_000, 15_000, **DATABASE, **TABLE),
            gauge(objects.TABLE_LIVE, 80_000, 80_000, 80_000, 80_000, **DATABASE, **TABLE),
            gauge(objects.TABLE_VACUUM_DUE, *[14_000] * 4, **DATABASE, **TABLE),
        ),
        labels={**EXPORTER, **TABLE},
        summary="public.timer_cards (exporter:10910) is due for a vacuum and had none for more than 7 d.",
        held=(
            PG_DOWN,
            Held(
                why="no vacuum is due",
                guard=rules.VACUUM_IS_DUE,
                levels={objects.TABLE_VACUUM_DUE.name: 15_000},
            ),
            Held(
                why="few dead rows",
                guard=rules.ENOUGH_DEAD,
                levels={objects.TABLE_DEAD.name: 10_000, objects.TABLE_VACUUM_DUE.name: 50},
            ),
            Held(why="many dead rows", guard=None, levels={objects.TABLE_DEAD.name: 25_000}),
        ),
    ),
    Case(
        alert=rules.POSTGRES_XID_AGE_CRITICAL,
        series=(
            PG_UP,
            PG_PRIMARY,
            gauge(pg_metrics.FROZEN_XID_AGE, 1e8, 1.2e9, 1.25e9, 1e8, **DATABASE),
        ),
        labels={**EXPORTER, **DATABASE},
        summary="The oldest row of backend (exporter:10910) that is not frozen is 1.25G transactions old, "
        "above 1200 million.",
        held=(PG_DOWN, ON_REPLICA),
    ),
    Case(
        alert=rules.POSTGRES_XID_AGE_HIGH,
        series=(
            PG_UP,
            PG_PRIMARY,
            FROZEN_AT,
            gauge(pg_metrics.FROZEN_XID_AGE, 1e8, 5e8, 5.2e8, 1e8, **DATABASE),
        ),
        labels={**EXPORTER, **DATABASE},
        summary="The oldest row of backend (exporter:10910) that is not frozen is 520M transactions old, "
        "above 500 million.",
        held=(
            PG_DOWN,
            ON_REPLICA,
            Held(
                why="freezing begins later here",
                guard=rules.AUTOVACUUM_IS_LATE,
                levels={pg_metrics.SETTING_FREEZE_MAX_AGE.name: 1e9},
            ),
            Held(why="the critical one speaks", guard=None, levels={pg_metrics.FROZEN_XID_AGE.name: 1.3e9}),
        ),
    ),
    Case(
        alert=rules.POSTGRES_REPLICATION_LAG,
        series=(PG_UP, gauge(replication.LAG, 0, 30, 32, 0)),
        labels=EXPORTER,
        summary="The replica watched by exporter:10910 shows what was 32s ago, above 30 s.",
        held=(PG_DOWN,),
    ),
    Case(
        alert=rules.POSTGRES_REPLICATION_SLOT_INACTIVE,
        series=(
            PG_UP,
            gauge(replication.SLOT_ACTIVE, 1, 0, 0, 1, **SLOT),
            gauge(replication.SLOT_RETAINED, 0, 1024**3, 1.05 * 1024**3, 0, **SLOT),
        ),
        labels={**EXPORTER, "slot_name": "replica"},
        summary="Nobody reads the slot replica (exporter:10910), and 1.05GiB of log are kept for it, above "
        "1 GiB.",
        held=(
            PG_DOWN,
            Held(why="it is being read", guard=rules.NOBODY_READS, levels={replication.SLOT_ACTIVE.name: 1}),
        ),
    ),
    Case(
        alert=rules.POSTGRES_REPLICATION_SLOT_BEHIND,
        series=(
            PG_UP,
            gauge(replication.SLOT_ACTIVE, 1, 1, 1, 1, **SLOT),
            gauge(replication.SLOT_RETAINED, 0, 2 * 1024**3, 2.08 * 1024**3, 0, **SLOT),
            gauge(pg_metrics.SETTING_MAX_SLOT_KEEP, *[4 * 1024**3] * 4),
        ),
        labels={**EXPORTER, "slot_name": "replica"},
        summary="Who reads the slot replica (exporter:10910) does not keep up: the log kept for it is "
        "52% of what may be, above 50 %.",
        held=(
            PG_DOWN,
            Held(why="nobody reads it", guard=rules.SOMEBODY_READS, levels={replication.SLOT_ACTIVE.name: 0}),
        ),
    ),
    Case(
        alert=rules.POSTGRES_REPLICATION_SLOT_BEHIND,
        name="where the server has no limit",
        series=(
            PG_UP,
            gauge(replication.SLOT_ACTIVE, 1, 1, 1, 1, **SLOT),
            gauge(replication.SLOT_RETAINED, 0, 10 * 1024**3, 10.4 * 1024**3, 0, **SLOT),
            gauge(pg_metrics.SETTING_MAX_SLOT_KEEP, -1, -1, -1, -1),
        ),
        labels={**EXPORTER, "slot_name": "replica"},
        summary="Who reads the slot replica (exporter:10910) does not keep up: the log kept for it is "
        "52% of what may be, above 50 %.",
        held=(
            Held(
                why="it has a limit far above",
                guard=None,
                levels={pg_metrics.SETTING_MAX_SLOT_KEEP.name: 100 * 1024**3},
            ),
        ),
    ),
)
