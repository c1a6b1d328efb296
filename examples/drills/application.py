"""Drills of the application and its pool."""

from __future__ import annotations

from dashboards.drill.model import Drill
from examples.drills.common import FAILS, HALF_BACK, HEAVY, SLOW, STOPPED, TIMED_OUT

LANE = "application"
EMPLOYEES = {"handler": "/api/employees"}
# A worker tells its largest lag for two scrapes.
LAG_SECONDS = 40
# A new worker imports the application first: ten seconds of the demo's own clock.
IMPORTED = 200
# Requests that waited for a connection are served first: ten seconds of the demo's own clock.
BACKLOG = 200
# Of connections that are held in an open transaction; what expired meanwhile all who waited compute at once.
HELD = frozenset(
    {
        "ApiInProgressHigh",
        "DbConnectionsHeldLong",
        "DbPoolWaitHigh",
        "PostgresConnectionsHigh",
        "PostgresIdleInTransaction",
        "PostgresLongTransaction",
        "PostgresSeqScanOnLargeTable",
    }
)

DRILLS = (
    # A few minutes of errors are much of an hour; that they ended shows after half of one.
    Drill(
        alerts=("ApiErrorBudgetBurnFast",),
        fault="errors",
        window=600,
        fades=2400,
        lane=LANE,
    ),
    Drill(
        alerts=("ApiLatencyP95High",),
        fault="slow-endpoint",
        consequences=SLOW,
        lane=LANE,
        in_ci=True,
    ),
    Drill(
        alerts=("ApiLatencyAverageHigh",),
        fault="slow-endpoint",
        options={"handler": "/api/requests"},
        consequences=SLOW,
        lane=LANE,
    ),
    Drill(
        alerts=("ApiQueriesPerRequestHigh",),
        fault="nplusone",
        options={"queries": 40},
        about=EMPLOYEES,
        consequences=SLOW | {"ApiNPlusOne"},  # until the average of the window is as high as the fault is
        lane=LANE,
    ),
    Drill(
        alerts=("ApiNPlusOne",),
        fault="nplusone",
        options={"queries": 6},
        about=EMPLOYEES,
        consequences=SLOW,
        lane=LANE,
    ),
    Drill(
        alerts=("ApiResponseLarge",),
        fault="large-response",
        about={"handler": "/api/factories"},
        consequences=SLOW,
        lane=LANE,
    ),
    Drill(alerts=("ApiInProgressHigh",), fault="slow-clients", consequences=SLOW, lane=LANE),
    Drill(
        alerts=("PostgresSlowQueries", "DbConnectionsHeldLong"),
        fault="slow-endpoint",
        options={"at": "database", "delay": 4},
        consequences=SLOW | {"ApiInProgressHigh"},
        lag=HEAVY,
        lane=LANE,
    ),
    Drill(
        alerts=("ApiEventLoopLag",),
        fault="block-loop",
        options={"handler": "/api/requests", "delay": 0.3},
        consequences=SLOW | {"ApiInProgressHigh"},
        fades=LAG_SECONDS,
        lane=LANE,
    ),
    # On a busy machine a parent that goes on replaces those workers too that answer it late; each new one
    # imports the application, and the others' loops are late meanwhile.
    Drill(
        alerts=("ApiWorkersMissing",),
        fault="lose-worker",
        consequences=SLOW | {"ApiDown", "ApiEventLoopLag"},
        fades=IMPORTED,
        lane=LANE,
        in_ci=True,
    ),
    Drill(
        alerts=("DbPoolSaturated",),
        fault="hold-connections",
        consequences=SLOW | TIMED_OUT | HELD,
        fades=BACKLOG,
        in_ci=True,
    ),
    # Now and then, and each time for less than DbPoolSaturated is held.
    Drill(
        alerts=("DbPoolWaitHigh",),
        fault="hold-connections",
        options={"on_seconds": 1, "off_seconds": 2},
        consequences=SLOW | HELD,
    ),
    Drill(
        alerts=("DbPoolTimeouts",),
        fault="hold-connections",
        consequences=SLOW | FAILS | HELD | {"DbPoolSaturated"},
    ),
    Drill(
        alerts=("ApiDown",),
        fault="stop-api",
        consequences=SLOW | FAILS,
        window=STOPPED,
        fades=HALF_BACK,
        in_ci=True,
    ),
)
