"""Which endpoint, which error, and what does it cost the database?"""

from __future__ import annotations

from dashboards.model import Board, Choice, Panel, graph, heatmap, row, stat, table
from exporters.catalogue import api as metrics
from signals import api, api_cost, api_load, pool
from signals.levels import AVAILABILITY, LATENCY
from signals.slo import DAY, HOUR, ServiceLevel

NOT_BURNING = "the alert's own line is drawn only while the budget is spent too fast"


def burning(level: ServiceLevel, *, zero: str, moves: str) -> tuple[Panel, Panel]:
    """What the fast and the slow alert of a service level read, among the burn rates it is made of."""
    burns = level.burns
    return (
        graph(level.fast, burns[HOUR], burns[6 * HOUR], zero=zero, empty=NOT_BURNING, moves=moves),
        graph(level.slow, burns[DAY], burns[3 * DAY], zero=zero, empty=NOT_BURNING, moves=moves),
    )


NO_STATEMENT = "no request uses the database now"
NO_HISTORY = "there is no history of a day and a week, or too little traffic then"
NO_CONNECTION = "no request takes a connection now"

BOARD = Board(
    uid="backend-api",
    title="API",
    description="For whoever changes the application: when requests are slow, fail, or cost too much.",
    source="api",
    anchor=metrics.WORKERS,
    choices=(Choice(label=metrics.HANDLER, metric=metrics.REQUESTS),),
    rows=(
        row(
            "Is it slow or failing right now?",
            stat(api.REQUEST_RATE, no_value="no traffic"),
            stat(api.ERROR_RATIO, no_value="no traffic", zero="no request failed", moves="errors"),
            stat(api.LATENCY_AVERAGE, title="Average latency", no_value="no traffic", moves="slow-endpoint"),
            stat(api.LATENCY_P95, title="p95 latency", no_value="no traffic", moves="slow-endpoint"),
            stat(
                api_cost.QUERIES_PER_REQUEST,
                title="Queries / request",
                no_value="no traffic",
                zero="no request uses the database",
            ),
            stat(
                api.IN_PROGRESS,
                title="In progress",
                zero="no request is being answered",
                moves="hold-connections",
            ),
            stat(api.WORKERS, zero="no worker is alive", moves="lose-worker"),
            stat(
                pool.TIMEOUTS,
                title="Pool timeouts 5 min",
                zero="nobody gave up waiting",
                moves="hold-connections",
            ),
        ),
        row(
            "Which endpoint, which error?",
            graph(api.REQUEST_RATE_BY_HANDLER, zero="the endpoint is not called now"),
            graph(
                api.LATENCY_P95,
                api.LATENCY_AVERAGE,
                api.LATENCY_P50,
                api.LATENCY_P99,
                title="Latency: average, p50, p95, p99",
                moves="slow-endpoint",
            ),
            graph(
                api.ERRORS_BY_STATUS,
                stacked=True,
                zero="no request failed",
                empty="no request has failed since the application started",
                moves="errors",
            ),
            heatmap(
                "Latency, by how many", metrics.REQUEST_DURATION, api.LATENCY_P95, zero="nothing so slow"
            ),
            table(
                "Endpoints",
                api.HANDLER_RATE,
                api.HANDLER_AVERAGE,
                api.HANDLER_P95,
                api.HANDLER_ERRORS,
                api_cost.HANDLER_QUERIES,
                api_cost.PAYLOAD,
                key="handler",
                opens="backend-api",
                zero="not called, or no failure",
            ),
            graph(
                api.EXCEPTIONS,
                zero="no exception",
                empty="no exception since the application started",
                moves="errors",
            ),
            graph(api.HANDLER_P95, title="p95 by endpoint", moves="slow-endpoint"),
        ),
        row(
            "What does a request cost the database?",
            graph(api_cost.HANDLER_QUERIES, zero="the endpoint uses no database"),
            graph(api_cost.NPLUSONE, zero="no N+1", moves="nplusone"),
            graph(api_cost.QUERY_P95, title="Query duration, p95", empty=NO_STATEMENT),
            graph(api_cost.QUERY_AVERAGE, empty=NO_STATEMENT),
            graph(api_cost.DATABASE_SHARE, zero="no request waits for the database"),
        ),
        row(
            "How much goes over the wire, and what does the cache save?",
            graph(api_cost.BANDWIDTH, api_cost.BANDWIDTH_RAW, title="Bandwidth", zero="nothing sent"),
            graph(api_cost.COMPRESSION, zero="nothing is compressed"),
            graph(api_cost.CACHE_HIT_RATIO, zero="every call missed", empty="no function is cached"),
            graph(
                api_cost.CACHE_RESULTS,
                stacked=True,
                zero="none of this result",
                empty="no function is cached",
            ),
        ),
        row(
            "Is this as usual, and can it be carried?",
            graph(
                api.REQUEST_RATE,
                api_load.REQUEST_RATE_YESTERDAY,
                api_load.REQUEST_RATE_LAST_WEEK,
                title="Requests now, a day ago, a week ago",
                empty=NO_HISTORY,
            ),
            graph(api_load.TRAFFIC_LEFT, empty=NO_HISTORY),
            graph(api_load.CAPACITY_USED),
            graph(api_load.BUSIEST_WORKER, zero="no request is being answered", moves="hold-connections"),
            graph(api.URL_ANSWERS, zero="nothing answers at this URL", moves="stop-api"),
            graph(api_load.EVENT_LOOP_LAG, zero="nothing blocks it", moves="block-loop"),
            graph(
                api_load.WORKERS_MISSING,
                zero="all that were configured are alive",
                empty="nobody told how many workers there should be",
                moves="lose-worker",
            ),
            graph(
                api.NEW_EXCEPTIONS,
                zero="nothing that was not there before",
                empty="no exception since the application started",
                moves="errors",
            ),
            collapsed=True,
        ),
        row(
            "Which endpoint costs more than it should?",
            graph(api_cost.NPLUSONE_SHARE, zero="no N+1", moves="nplusone"),
            graph(api_cost.PAYLOAD, zero="it answers with nothing", moves="large-response"),
            collapsed=True,
        ),
        row(
            "Does anybody wait for a connection?",
            graph(pool.CONNECTIONS, limits=(pool.CEILING,), stacked=True, zero="none in this state"),
            graph(pool.PENDING, pool.OVERFLOW, zero="nobody waits", moves="hold-connections"),
            graph(pool.WAIT_P95, pool.WAIT_MEAN, title="Pool wait", zero="nobody waits", empty=NO_CONNECTION),
            graph(pool.TIMEOUT_RATE, zero="nobody gave up waiting", moves="hold-connections"),
            graph(pool.USE_MEAN, empty=NO_CONNECTION),
            graph(pool.WORKER_UTILIZATION, zero="no connection is used", moves="hold-connections"),
            collapsed=True,
        ),
        row(
            "Will the error budget last?",
            stat(AVAILABILITY.left, no_value="no traffic", zero="all of it is spent"),
            stat(LATENCY.left, no_value="no traffic", zero="all of it is spent"),
            *burning(AVAILABILITY, zero="no request failed", moves="errors"),
            *burning(LATENCY, zero="no request was slow", moves="slow-endpoint"),
            collapsed=True,
        ),
    ),
)
