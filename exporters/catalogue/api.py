"""What the instrumented application says of itself: requests, database use, the pool, the cache."""

from __future__ import annotations

from exporters.catalogue.types import Counter, Gauge, Histogram, Info, Label

# Every latency objective (.06 .1 .15) is a bound, so the share below it is counted, not guessed.
LATENCY_BUCKETS = (0.01, 0.025, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 5.0)
QUERY_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
POOL_BUCKETS = (0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
USE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
CREATE_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0)
SIZE_BUCKETS = (256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0)
# From the threshold on, up to a loop over a page of rows and over a table.
REPEAT_BUCKETS = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
COUNT_BUCKETS = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 55.0, 100.0)

METHOD = Label(
    name="method",
    help="HTTP method.",
    values=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "_OTHER"),
)
FIRST = "until the first request"
# What stands for the route of a request that had none: of a scanner, or answered by a middleware.
UNMATCHED = "__unmatched__"
HANDLER = Label(
    name="handler",
    help="Route template, such as /employees/{employee_id}.",
    bound=f"templates only; `{UNMATCHED}` for no route; `__overflow__` past the cap of 300",
)
STATUS = Label(
    name="status",
    help="Exact HTTP status code; 499 where the client left, 500 where an exception cut the answer short.",
    bound="100..599",
    possible=tuple(str(code) for code in range(100, 600)),
)
EXCEPTION = Label(
    name="exception", help="Class of the exception.", bound="the first 50 classes, then `__overflow__`"
)
ENCODING = Label(
    name="encoding",
    help="Content-Encoding on the wire.",
    values=("identity", "gzip", "br", "zstd", "deflate", "other"),
)
OPERATION = Label(
    name="operation",
    help="First keyword of the SQL statement.",
    values=("select", "insert", "update", "delete", "other"),
)
ERROR = Label(
    name="error",
    help="Class of the database error.",
    bound="the classes of SQLAlchemy's exceptions; those for errors of statement and driver start at 0",
)
POOL = Label(name="pool", help="Name given to the engine.", bound="one per instrumented engine")
POOL_STATE = Label(name="state", help="What a pooled connection does.", values=("used", "idle"))
PREFIX = Label(
    name="prefix", help="Key prefix given to the cache decorator.", bound="static arguments in the code"
)
RESULT = Label(name="result", help="Outcome of a cache request.", values=("hit", "miss", "error", "bypass"))
VERSION = Label(name="version", help="Version given to `instrument`.", bound="one per deploy")
SITE = Label(
    name="site",
    help="Where the instrumentation caught an error of its own.",
    values=("request", "query", "pool", "cache", "loop"),
)

# Without labels, so that it is there from the start and says that nothing else can be.
RESPONSE_SIZE = Histogram(
    name="http_response_size_bytes",
    help="Bytes of a response body as sent.",
    collector="api.http",
    unit="bytes",
    buckets=SIZE_BUCKETS,
    zero="no request was answered",
)
REQUESTS = Counter(
    name="http_requests_total",
    help="Requests answered, by exact status code.",
    collector="api.http",
    labels=(METHOD, HANDLER, STATUS),
    zero="no request was answered",
    optional=FIRST,
    until=RESPONSE_SIZE,
)
REQUEST_DURATION = Histogram(
    name="http_request_duration_seconds",
    help="Time from the first byte received to the last byte sent.",
    collector="api.http",
    unit="seconds",
    labels=(METHOD, HANDLER),
    buckets=LATENCY_BUCKETS,
    zero="no request was answered",
    optional=FIRST,
    until=RESPONSE_SIZE,
)
REQUESTS_IN_PROGRESS = Gauge(
    name="http_requests_in_progress",
    help="Requests being answered now, all workers.",
    collector="api.http",
)
WORKER_REQUESTS_IN_PROGRESS = Gauge(
    name="obs_api_worker_requests_in_progress",
    help="Requests being answered now by the worker that answers most.",
    collector="api.http",
)
EXCEPTIONS = Counter(
    name="http_exceptions_total",
    help="Exceptions that no handler of the application caught; a client that left is none.",
    collector="api.http",
    labels=(HANDLER, EXCEPTION),
    optional="until the first exception",
)
REQUEST_SIZE = Histogram(
    name="http_request_size_bytes",
    help="Bytes of a request body as the application received it, of requests that have one.",
    collector="api.http",
    unit="bytes",
    labels=(HANDLER,),
    buckets=SIZE_BUCKETS,
    optional="until the first body; of GET, HEAD and OPTIONS none is looked for",
)
RESPONSE_WIRE_BYTES = Counter(
    name="http_response_wire_bytes_total",
    help="Bytes of response bodies as sent.",
    collector="api.http",
    unit="bytes",
    labels=(HANDLER, ENCODING),
    optional=FIRST,
    until=RESPONSE_SIZE,
)
RESPONSE_RAW_BYTES = Counter(
    name="http_response_raw_bytes_total",
    help="Bytes of response bodies before compression.",
    collector="api.http",
    unit="bytes",
    labels=(HANDLER, ENCODING),
    optional=FIRST,
    until=RESPONSE_SIZE,
)
QUERIES_PER_REQUEST = Histogram(
    name="db_queries_per_request",
    help="SQL statements executed for one request.",
    collector="api.sqlalchemy",
    labels=(HANDLER,),
    buckets=COUNT_BUCKETS,
    optional=FIRST,
    until=RESPONSE_SIZE,
)
REQUEST_DB_SECONDS = Counter(
    name="http_request_db_seconds_total",
    help="Time that requests spent waiting for SQL statements.",
    collector="api.sqlalchemy",
    unit="seconds",
    labels=(HANDLER,),
    optional=FIRST,
    until=RESPONSE_SIZE,
)
REQUEST_POOL_SECONDS = Counter(
    name="http_request_pool_seconds_total",
    help="Time that requests spent waiting for a pooled connection, or for a new one to open.",
    collector="api.sqlalchemy",
    unit="seconds",
    labels=(HANDLER,),
    optional=FIRST,
    until=RESPONSE_SIZE,
)
NPLUSONE_REQUESTS = Counter(
    name="db_nplusone_requests_total",
    help="Requests that executed one statement at least 5 times (the threshold can be set).",
    collector="api.sqlalchemy",
    labels=(HANDLER,),
    optional=FIRST,
    until=RESPONSE_SIZE,
)
NPLUSONE_REPEATS = Histogram(
    name="db_nplusone_repeats",
    help="How often a request that is an N+1 executed the statement that it repeated most.",
    collector="api.sqlalchemy",
    labels=(HANDLER,),
    buckets=REPEAT_BUCKETS,
    optional="until a request executes one statement so often",
)
QUERY_DURATION = Histogram(
    name="db_query_duration_seconds",
    help="Time of one SQL statement as the application waited for it.",
    collector="api.sqlalchemy",
    unit="seconds",
    labels=(OPERATION,),
    buckets=QUERY_BUCKETS,
)
QUERY_ERRORS = Counter(
    name="db_query_errors_total",
    help="SQL statements that failed.",
    collector="api.sqlalchemy",
    labels=(ERROR,),
)
QUERIES_UNATTRIBUTED = Counter(
    name="db_queries_unattributed_total",
    help="SQL statements executed outside a request or after its last byte.",
    collector="api.sqlalchemy",
)
POOL_CONNECTIONS = Gauge(
    name="db_client_connection_count",
    help="Connections of the pool by state, all workers.",
    collector="api.sqlalchemy",
    labels=(POOL, POOL_STATE),
    optional="for a pool class without a limit, such as NullPool",
)
POOL_MAX = Gauge(
    name="db_client_connection_max",
    help="Most connections the pools may open: (pool_size + max_overflow) summed over live workers.",
    collector="api.sqlalchemy",
    labels=(POOL,),
    optional="for a pool class without a limit, such as NullPool",
)
POOL_OVERFLOW = Gauge(
    name="db_pool_overflow_connections",
    help="Connections open beyond pool_size, never negative, all workers.",
    collector="api.sqlalchemy",
    labels=(POOL,),
    optional="for a pool class without a limit, such as NullPool",
)
POOL_PENDING = Gauge(
    name="db_client_connection_pending_requests",
    help="Callers waiting for a connection now, all workers.",
    collector="api.sqlalchemy",
    labels=(POOL,),
)
POOL_WORKER_UTILIZATION = Gauge(
    name="db_pool_worker_utilization",
    help="Share of its ceiling that the fullest worker uses.",
    collector="api.sqlalchemy",
    unit="ratio",
    labels=(POOL,),
    optional="for a pool class without a limit, such as NullPool",
)
POOL_WAIT = Histogram(
    name="db_client_connection_wait_time_seconds",
    help="Time a caller waited for a pooled connection, without the time to open a new one.",
    collector="api.sqlalchemy",
    unit="seconds",
    labels=(POOL,),
    buckets=POOL_BUCKETS,
)
POOL_USE = Histogram(
    name="db_client_connection_use_time_seconds",
    help="Time from taking a connection to giving it back.",
    collector="api.sqlalchemy",
    unit="seconds",
    labels=(POOL,),
    buckets=USE_BUCKETS,
)
POOL_CREATE = Histogram(
    name="db_client_connection_create_time_seconds",
    help="Time to open a connection.",
    collector="api.sqlalchemy",
    unit="seconds",
    labels=(POOL,),
    buckets=CREATE_BUCKETS,
)
POOL_TIMEOUTS = Counter(
    name="db_client_connection_timeouts_total",
    help="Callers that gave up waiting for a connection.",
    collector="api.sqlalchemy",
    labels=(POOL,),
)
CACHE_REQUESTS = Counter(
    name="cache_requests_total",
    help="Calls of cached functions by outcome; an error is not a miss.",
    collector="api.cache",
    labels=(PREFIX, RESULT),
    optional="where no cache is instrumented",
)
REQUEST_CACHE_SECONDS = Counter(
    name="http_request_cache_seconds_total",
    help="Time that requests spent waiting for the cache's server.",
    collector="api.cache_client",
    unit="seconds",
    labels=(HANDLER,),
    optional="where `instrument` is given no client of a cache",
)
WORKERS = Gauge(
    name="obs_api_workers",
    help="Worker processes alive.",
    collector="api.process",
)
WORKERS_CONFIGURED = Gauge(
    name="obs_api_workers_configured",
    help="Worker processes that there should be.",
    collector="api.workers",
    optional="where neither `instrument`, the server's command line nor WEB_CONCURRENCY says how many",
)
EVENT_LOOP_LAG = Gauge(
    name="obs_api_event_loop_lag_seconds",
    help="How late an event loop ran what was due, or is by now: most since a scrape or two ago, any worker.",
    collector="api.loop",
    unit="seconds",
    optional="until the first request, and with another event loop than asyncio's",
)
THREADS_USED = Gauge(
    name="obs_api_threads_used",
    help="Threads that run what is no coroutine, such as a `def` endpoint, a moment ago, all workers.",
    collector="api.loop",
    optional="until the first request, and with another event loop than asyncio's",
)
THREADS_LIMIT = Gauge(
    name="obs_api_threads_limit",
    help="Most such threads that there may be, all workers; anyio gives a worker 40.",
    collector="api.loop",
    optional="until the first request, and with another event loop than asyncio's",
)
THREADS_WAITING = Gauge(
    name="obs_api_threads_waiting",
    help="Calls that wait for such a thread, a moment ago, all workers.",
    collector="api.loop",
    optional="until the first request, and with another event loop than asyncio's",
)
START_TIME = Gauge(
    name="obs_api_start_time_seconds",
    help="When the youngest worker started, in Unix time.",
    collector="api.process",
    unit="timestamp",
)
APP_INFO = Info(
    name="obs_api_info",
    help="Version of the application, as given to `instrument`.",
    collector="api.process",
    unit="info",
    labels=(VERSION,),
)
INSTRUMENTATION_ERRORS = Counter(
    name="obs_instrumentation_errors_total",
    help="Errors inside the instrumentation, caught so that no request fails.",
    collector="api.process",
    labels=(SITE,),
)
