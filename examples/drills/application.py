"""Drills of the application and its pool."""

from __future__ import annotations

from dashboards.drill.model import Drill
from examples.drills.common import FAILS, HEAVY, SLOW

LANE = "application"
EMPLOYEES = {"handler": "/api/employees"}

DRILLS = (
    Drill(alerts=("ApiErrorRatioHigh",), fault="errors", lane=LANE, in_ci=True),
    Drill(alerts=("ApiLatencyP95High",), fault="slow-endpoint", lane=LANE, in_ci=True),
    Drill(
        alerts=("ApiQueriesPerRequestHigh",),
        fault="nplusone",
        options={"queries": 40},
        about=EMPLOYEES,
        consequences=SLOW,
        lane=LANE,
        in_ci=True,
    ),
    Drill(
        alerts=("PostgresSlowQueries",),
        fault="slow-endpoint",
        options={"at": "database"},
        consequences=SLOW,
        lag=HEAVY,
        lane=LANE,
    ),
    Drill(
        alerts=("DbPoolTimeouts",),
        fault="hold-connections",
        consequences=SLOW | FAILS | {"PostgresConnectionsHigh"},
        in_ci=True,
    ),
    Drill(alerts=("ApiDown",), fault="stop-api", consequences=SLOW | FAILS, in_ci=True),
)
