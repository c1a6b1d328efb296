"""Which endpoint, which error, since which deploy, and what does it cost the database?"""

from __future__ import annotations

from dashboards.model import Board, Choice, Panel, Word, graph, heatmap, row, stat, table, timeline
from exporters.catalogue import api as metrics
from signals import api, api_cost, api_endpoints, api_load, api_run, api_status, api_time, pool
from signals.levels import AVAILABILITY, LATENCY
from signals.slo import DAY, HOUR, ServiceLevel

UID = "backend-api"
NOT_BURNING = "the alert's own line is drawn only while the budget is spent too fast"


def burning(level: ServiceLevel, *, zero: str, moves: str) -> tuple[Panel, Panel]:
    """What the fast and the slow alert of a service level read, among the burn rates it is made of."""
    burns = level.burns
    return (
        graph(level.fast, burns[HOUR], burns[6 * HOUR], zero=zero, no_value=NOT_BURNING, moves=moves),
        graph(level.slow, burns[DAY], burns[3 * DAY], zero=zero, no_value=NOT_BURNING, moves=moves),
    )


NO_TRAFFIC = "no traffic seen"
NO_STATEMENT = "no request uses the database now"
NO_HISTORY = "there is no history of a day and a week, or too little traffic then"
NO_CONNECTION = "no request takes a connection now"
NO_CONNECTING = "no connection was opened lately: the pool keeps those it has"
NO_EXCEPTION = "no exception seen since the application started"
RUNS = (Word(1, "runs", "good"),)

BOARD = Board(
    uid=UID,
    title="API",
    description="For whoever changes the application, after a deploy and when requests are slow, fail or "
    "cost too much: which endpoint, which error, since when. A click on an endpoint narrows the board to it.",
    source="api",
    anchor=metrics.WORKERS,
    several=True,
    choices=(Choice(label=metrics.HANDLER, metric=metrics.REQUESTS),),
    rows=(
        row(
            "Is it slow or failing right now, and what runs?",
            stat(api.REQUEST_RATE, no_value=NO_TRAFFIC, trend=True),
            stat(api.ERROR_RATIO, no_value=NO_TRAFFIC, zero="no request failed", trend=True, moves="errors"),
            stat(api.CLIENT_ERROR_RATIO, no_value=NO_TRAFFIC, zero="no client was refused", trend=True),
            stat(api.LATENCY_AVERAGE, title="Mean latency", no_value=NO_TRAFFIC, moves="slow-endpoint"),
            stat(
                api.LATENCY_P95, title="p95 latency", no_value=NO_TRAFFIC, trend=True, moves="slow-endpoint"
            ),
            stat(api.WORKERS, zero="no worker is alive", moves="lose-worker"),
            stat(api_run.VERSION, no_value="no worker seen", words=RUNS),
            stat(api_run.SINCE_START, title="Last start", no_value="no worker seen"),
        ),
        row(
            "Which endpoint?",
            table(
                "Endpoints",
                *api_endpoints.TABLE,
                key=metrics.HANDLER.name,
                opens=UID,
                zero="not called, no failure, or no use of the database",
            ),
        ),
        row(
            "Which error, and since which deploy?",
            graph(
                api.ERRORS_BY_STATUS,
                stacked=True,
                zero="no request failed",
                no_value="no request has failed since the application started",
                moves="errors",
            ),
            graph(api.EXCEPTIONS, zero="no exception", no_value=NO_EXCEPTION, moves="errors"),
            graph(
                *api_status.CLASSES,
                title="Mix of answers",
                shares=True,
                zero="none of this class",
                no_value="no answer of this class yet",
            ),
            timeline(api_run.VERSION, title="Versions that run", words=RUNS),
        ),
        row(
            "How slow is it, and where does the time go?",
            graph(
                api.LATENCY_P95,
                api.LATENCY_AVERAGE,
                api.LATENCY_P50,
                api.LATENCY_P99,
                title="Latency: average, p50, p95, p99",
                width=8,
                moves="slow-endpoint",
            ),
            heatmap(
                "Latency, by how many",
                metrics.REQUEST_DURATION,
                api.LATENCY_P95,
                where=(api.OF_A_ROUTE,),
                note="How many requests took how long: a row is a range of time, a stronger colour is more. "
                "A second band above the first is a group of slow requests that an average hides.",
                width=8,
                zero="nothing so slow",
            ),
            graph(
                *api_time.PARTS,
                title="Where the time goes",
                note="Of the endpoints chosen above, where the overview shows all.",
                shares=True,
                width=8,
                zero="no request waits for it",
            ),
        ),
        row(
            "What does a request cost the database?",
            graph(api_cost.HANDLER_QUERIES, width=8, zero="the endpoint uses no database"),
            graph(api_cost.NPLUSONE, width=8, zero="no N+1", moves="nplusone"),
            graph(pool.CONNECTIONS, limits=(pool.CEILING,), stacked=True, width=8, zero="none in this state"),
        ),
        row(
            "Do workers, threads and event loops keep up?",
            graph(
                api.WORKERS,
                limits=(api_run.CONFIGURED,),
                title="Workers",
                width=6,
                zero="no worker is alive",
                no_value="nobody told how many workers there should be",
                moves="lose-worker",
            ),
            graph(
                api_load.BUSIEST_WORKER,
                api.IN_PROGRESS,
                title="Requests in progress",
                width=6,
                zero="no request is being answered",
                moves="hold-connections",
            ),
            graph(
                api_load.EVENT_LOOP_LAG,
                api_load.LASTING_LAG,
                title="Event loop lag",
                width=6,
                zero="nothing blocks it",
                moves="block-loop",
            ),
            graph(
                api_run.THREADS_USED,
                api_run.THREADS_WAITING,
                limits=(api_run.THREADS_LIMIT,),
                title="Threads",
                width=6,
                zero="no thread is taken, nobody waits",
                moves="hold-connections",
            ),
        ),
        row(
            "How does each endpoint do over time?",
            graph(api.REQUEST_RATE_BY_HANDLER, zero="the endpoint is not called now"),
            graph(api.HANDLER_P95, title="p95 by endpoint", moves="slow-endpoint"),
            graph(api.HANDLER_ERRORS, zero="none of its requests failed", moves="errors"),
            graph(
                api.NEW_EXCEPTIONS,
                zero="nothing that was not there before",
                no_value=NO_EXCEPTION,
                moves="errors",
            ),
            graph(api_cost.NPLUSONE_SHARE, width=8, zero="no N+1", moves="nplusone"),
            graph(
                api_cost.REPEATS,
                api_cost.REPEATS_P95,
                width=8,
                no_value="no request is an N+1",
                moves="nplusone",
            ),
            graph(api_endpoints.QUERIES_P95, width=8, zero="the endpoint uses no database"),
            collapsed=True,
        ),
        row(
            "Is this as usual, and can it be carried?",
            graph(
                api.REQUEST_RATE,
                api_load.REQUEST_RATE_YESTERDAY,
                api_load.REQUEST_RATE_LAST_WEEK,
                title="Requests now, a day ago, a week ago",
                no_value=NO_HISTORY,
            ),
            graph(api_load.TRAFFIC_LEFT, no_value=NO_HISTORY),
            graph(api_load.CAPACITY_USED),
            graph(api.URL_ANSWERS, zero="nothing answers at this URL", moves="stop-api"),
            graph(
                api_load.WORKERS_MISSING,
                zero="all that were configured are alive",
                no_value="nobody told how many workers there should be",
                moves="lose-worker",
            ),
            graph(api_run.STARTS, columns=True, zero="none started"),
            collapsed=True,
        ),
        row(
            "Does anybody wait for a connection?",
            stat(
                pool.TIMEOUTS,
                title="Pool timeouts, in 5 minutes",
                zero="nobody gave up waiting",
                moves="hold-connections",
            ),
            graph(pool.TIMEOUT_RATE, zero="nobody gave up waiting", moves="hold-connections"),
            graph(pool.PENDING, pool.OVERFLOW, zero="nobody waits", moves="hold-connections"),
            graph(
                pool.WAIT_P95, pool.WAIT_MEAN, title="Pool wait", zero="nobody waits", no_value=NO_CONNECTION
            ),
            graph(pool.USE_MEAN, no_value=NO_CONNECTION),
            graph(pool.WORKER_UTILIZATION, zero="no connection is used", moves="hold-connections"),
            graph(pool.CREATE_MEAN, no_value=NO_CONNECTING),
            collapsed=True,
        ),
        row(
            "What do its statements do?",
            graph(api_cost.QUERY_P95, title="Query duration, p95", no_value=NO_STATEMENT),
            graph(api_cost.QUERY_AVERAGE, no_value=NO_STATEMENT),
            graph(api_cost.QUERY_ERRORS, zero="no statement failed"),
            graph(api_cost.UNATTRIBUTED, zero="all statements belong to a request"),
            collapsed=True,
        ),
        row(
            "How much goes over the wire, and what does the cache save?",
            table(
                "What each endpoint sends and receives",
                *api_endpoints.PAYLOADS,
                key=metrics.HANDLER.name,
                opens=UID,
                zero="it answers with nothing, or uncompressed",
                no_value="no endpoint receives bodies",
            ),
            graph(api_cost.PAYLOAD, width=8, zero="it answers with nothing", moves="large-response"),
            graph(
                api_cost.RESPONSE_SIZE_P95, width=8, zero="it answers with nothing", moves="large-response"
            ),
            graph(
                api_cost.REQUEST_SIZE,
                api_cost.REQUEST_SIZE_P95,
                width=8,
                no_value="no request with a body lately",
            ),
            graph(api_cost.BANDWIDTH, api_cost.BANDWIDTH_RAW, title="Bandwidth", zero="nothing sent"),
            graph(api_cost.COMPRESSION, zero="nothing is compressed"),
            graph(api_cost.CACHE_HIT_RATIO, zero="every call missed", no_value="no function is cached"),
            graph(
                api_cost.CACHE_RESULTS,
                stacked=True,
                zero="none of this result",
                no_value="no function is cached",
            ),
            collapsed=True,
        ),
        row(
            "Will the error budget last?",
            stat(AVAILABILITY.kept, no_value=NO_TRAFFIC, zero="every request failed"),
            stat(AVAILABILITY.left, no_value=NO_TRAFFIC, zero="all of it is spent"),
            stat(LATENCY.kept, no_value=NO_TRAFFIC, zero="every request was slow"),
            stat(LATENCY.left, no_value=NO_TRAFFIC, zero="all of it is spent"),
            *burning(AVAILABILITY, zero="no request failed", moves="errors"),
            *burning(LATENCY, zero="no request was slow", moves="slow-endpoint"),
            collapsed=True,
        ),
    ),
)
