"""Cases of the rules in `alerts.rules.api_load`."""

from __future__ import annotations

from alerts.cases.common import ANSWERING, LIST, NO_ANSWER, PAST, PG_SERVERS, SPANS, WORKERS
from alerts.proof.model import Case, Held
from alerts.proof.series import counter, gauge
from alerts.rules import api, api_load
from exporters.catalogue import api as api_metrics
from exporters.catalogue import postgres

PG_GONE = Held(why="PostgreSQL is down", guard=api.POSTGRES_ANSWERS, levels={postgres.UP.name: 0})
ANOTHER = {"instance": "api-2:9000"}
REQUESTS_NAME = api_metrics.REQUESTS.name

CASES = (
    Case(
        alert=api_load.API_TRAFFIC_DROP,
        # A hundred in a second before.
        series=(
            counter(api_metrics.REQUESTS, 1500, 301, 290, 1500, status="200", **LIST),
            WORKERS,
            ANSWERING,
        ),
        labels={"job": "api"},
        summary="api gets 19.33% of the requests of yesterday and last week, below 20 %.",
        held=(
            Held(
                why="too little yesterday", guard=None, levels={REQUESTS_NAME: 10}, past={REQUESTS_NAME: 74}
            ),
            Held(why="no history", guard=None, levels={}, past={REQUESTS_NAME: None}),
            Held(why="it is down", guard=api.ANSWERS, levels=NO_ANSWER),
        ),
        past=PAST,
        spans=SPANS,
    ),
    Case(
        alert=api_load.API_TRAFFIC_DROP,
        name="nothing has come since a restart",
        series=(
            counter(api_metrics.REQUESTS, 1500, 301, None, 1500, status="200", **LIST),
            WORKERS,
            ANSWERING,
        ),
        labels={"job": "api"},
        summary="api gets 0% of the requests of yesterday and last week, below 20 %.",
        held=(Held(why="it is down", guard=api.ANSWERS, levels=NO_ANSWER),),
        past=PAST,
        spans=SPANS,
    ),
    Case(
        alert=api_load.API_NEAR_CAPACITY,
        series=(counter(api_metrics.REQUESTS, 5000, 6000, 6200, 5000, status="200", **LIST), WORKERS),
        labels={"job": "api"},
        summary="api carries 82.66% of its proven throughput, above 80 %.",
    ),
    Case(
        alert=api_load.API_IN_PROGRESS_HIGH,
        series=(
            gauge(api_metrics.WORKER_REQUESTS_IN_PROGRESS, 4, 40, 42, 4),
            *PG_SERVERS,
            WORKERS,
            ANSWERING,
        ),
        labels={"job": "api"},
        summary="A worker of api answers 42 requests at once, above 40.",
        held=(Held(why="it is down", guard=api.ANSWERS, levels=NO_ANSWER), PG_GONE),
    ),
    Case(
        alert=api_load.API_EVENT_LOOP_LAG,
        series=(gauge(api_metrics.EVENT_LOOP_LAG, 0.002, 0.1, 0.105, 0.002), WORKERS, ANSWERING),
        labels={"job": "api"},
        summary="The event loop of a worker of api is mostly 105ms late, above 100 ms.",
        held=(Held(why="it is down", guard=api.ANSWERS, levels=NO_ANSWER),),
    ),
    Case(
        alert=api_load.API_WORKERS_MISSING,
        series=(
            # In a deploy that replaces one after the other.
            gauge(api_metrics.WORKERS, 4, (4, 4, 3), 3, 4),
            gauge(api_metrics.WORKERS_CONFIGURED, 4, 4, 4, 4),
            # Another host, in the midst of a deploy.
            gauge(api_metrics.WORKERS, 4, 8, 8, 4, **ANOTHER),
            gauge(api_metrics.WORKERS_CONFIGURED, 4, 4, 4, 4, **ANOTHER),
            ANSWERING,
        ),
        labels={"job": "api"},
        summary="1 of the workers that api is configured to run are missing.",
        held=(Held(why="it is down", guard=api.ANSWERS, levels=NO_ANSWER),),
    ),
    Case(
        alert=api_load.API_EVENT_LOOP_LAG,
        name="it pauses for a moment",
        series=(
            gauge(api_metrics.EVENT_LOOP_LAG, 0.002, (0.002, 0.002, 0.5), (0.5, 0.5, 0.5, 0.002), 0.002),
            WORKERS,
            ANSWERING,
        ),
        labels={"job": "api"},
        summary="The event loop of a worker of api is mostly 500ms late, above 100 ms.",
        held=(Held(why="it is down", guard=api.ANSWERS, levels=NO_ANSWER),),
        nudge=5,
    ),
    Case(
        alert=api_load.API_WORKERS_MISSING,
        name="they come back for a moment",
        series=(
            gauge(api_metrics.WORKERS, 4, (4, 4, 3), (*[1] * 9, 4), 4),
            gauge(api_metrics.WORKERS_CONFIGURED, 4, 4, 4, 4),
            ANSWERING,
        ),
        labels={"job": "api"},
        summary="3 of the workers that api is configured to run are missing.",
        held=(Held(why="it is down", guard=api.ANSWERS, levels=NO_ANSWER),),
        nudge=4,
    ),
)
