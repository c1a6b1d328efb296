"""Drills of PostgreSQL: its sessions in one lane, what is stored in it in another."""

from __future__ import annotations

from dashboards.drill.model import Drill
from examples.drills.common import FAILS, HEAVY, SLOW

SESSIONS, OBJECTS = "sessions", "objects"
INDEX = {"index": "idx_timer_cards_approval_queue", "table": "timer_cards"}

DRILLS = (
    Drill(
        alerts=("PostgresConnectionsHigh",),
        fault="hold-connections",
        options={"at": "server", "connections": 200, "leave": 24},
        lane=SESSIONS,
        in_ci=True,
    ),
    Drill(
        alerts=("ExpectedIndexMissing",), fault="drop-index", about=INDEX, lag=HEAVY, lane=OBJECTS, in_ci=True
    ),
    Drill(
        alerts=("PostgresDown",),
        fault="stop-postgres",
        consequences=SLOW | FAILS | {"ApiDown", "DbPoolTimeouts"},
        in_ci=True,
    ),
)
