"""Cases of the rules in `alerts.rules.pgbouncer`."""

from __future__ import annotations

from alerts.cases.common import HALF_SILENT, MOSTLY_SILENT, PG_SERVERS
from alerts.proof.model import Case, Held
from alerts.proof.series import INSTANCES, gauge
from alerts.rules import pgbouncer
from exporters.catalogue import pgbouncer as metrics
from exporters.catalogue import postgres

POOLER = {"job": "pgbouncer", "instance": INSTANCES["pgbouncer"]}
POOL = {"database": "backend", "user": "jobs"}
DOWN = "PgBouncer watched as pooler has answered nothing for 1 min, or only now and then."

CASES = (
    Case(
        alert=pgbouncer.PGBOUNCER_DOWN,
        series=(gauge(metrics.UP, 1, 1, 0, 1),),
        labels=POOLER,
        summary=DOWN,
    ),
    Case(
        alert=pgbouncer.PGBOUNCER_DOWN,
        name="most of the time",
        series=(gauge(metrics.UP, 1, HALF_SILENT, MOSTLY_SILENT, 1),),
        labels=POOLER,
        summary=DOWN,
    ),
    Case(
        alert=pgbouncer.PGBOUNCER_CLIENTS_WAITING,
        series=(
            gauge(metrics.UP, 1, 1, 1, 1),
            gauge(metrics.LONGEST_WAIT, 0, 1, 1.05, 0, **POOL),
            # Its console has no pool to wait for.
            gauge(metrics.LONGEST_WAIT, 2, 2, 2, 2, database="pgbouncer", user="pgbouncer"),
            *PG_SERVERS,
        ),
        labels={**POOLER, **POOL},
        summary="A client of backend as jobs has waited 1.05s for a connection of PgBouncer (pooler), "
        "above 1 s.",
        held=(Held(why="PostgreSQL is down", guard=pgbouncer.SERVER_ANSWERS, levels={postgres.UP.name: 0}),),
    ),
)
