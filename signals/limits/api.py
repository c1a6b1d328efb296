"""Where alerts on the application draw their lines, and why there."""

from __future__ import annotations

from signals.numbers import BYTES, BYTES_PER_SECOND, COUNT, RATIO, REQUESTS_PER_SECOND, SECONDS, Limit

ERROR_RATIO = Limit(
    key="error_ratio", value=0.01, unit=RATIO, whole=True, why="One request in a hundred fails: users notice."
)
QUERIES_ALERT = Limit(
    key="queries_alert",
    value=10,
    unit=COUNT,
    why="The worst end of what the audit found; an endpoint beyond it loops over rows.",
)
MINIMUM_TRAFFIC = Limit(
    key="minimum_traffic",
    value=1,
    unit=REQUESTS_PER_SECOND,
    why="Below one request per second a ratio or percentile is noise.",
)
MINIMUM_HANDLER_TRAFFIC = Limit(
    key="minimum_handler_traffic",
    value=0.2,
    unit=REQUESTS_PER_SECOND,
    why="An endpoint called less than once in five seconds gives too few samples.",
)
TRAFFIC_LEFT = Limit(
    key="traffic_left",
    value=0.2,
    unit=RATIO,
    better="higher",
    why="Days differ by a half; four requests in five do not stay away by themselves.",
)
BASELINE_TRAFFIC = Limit(
    key="baseline_traffic",
    value=5,
    unit=REQUESTS_PER_SECOND,
    why="Less than five requests per second yesterday is a night, or a job that ran then and not today.",
)
CAPACITY_USED = Limit(
    key="capacity_used",
    value=0.8,
    unit=RATIO,
    why="The rest carries a deploy that takes a worker away, and the time it takes to add one.",
)
IN_PROGRESS = Limit(
    key="in_progress",
    value=40,
    unit=COUNT,
    why="A worker runs forty synchronous endpoints at once; the next one waits for a thread.",
)
NEW_EXCEPTIONS = Limit(
    key="new_exceptions", value=0, unit=COUNT, why="A kind of failure that nobody has seen yet is news."
)
NPLUSONE_SHARE = Limit(
    key="nplusone_share",
    value=0.1,
    unit=RATIO,
    whole=True,
    why="One request in ten: no odd request any more, but how the endpoint works.",
)
RESPONSE_LARGE = Limit(
    key="response_large",
    value=1024 * 1024,
    unit=BYTES,
    why="A mebibyte takes a second on a slow mobile connection, and no page shows as much.",
)
COMPRESSION_LOST = Limit(
    key="compression_lost",
    value=0.3,
    unit=RATIO,
    whole=True,
    better="higher",
    why="JSON shrinks by two thirds and more; below it most answers go out as they are.",
)
COMPRESSION_BEFORE = Limit(
    key="compression_before",
    value=0.5,
    unit=RATIO,
    whole=True,
    better="higher",
    why="Who saved no more than half was not compressed throughout, so has lost nothing.",
)
MINIMUM_RAW_BYTES = Limit(
    key="minimum_raw_bytes",
    value=10 * 1024,
    unit=BYTES_PER_SECOND,
    why="Below ten KiB per second a few small answers, which nobody compresses, decide the share.",
)
EVENT_LOOP_LAG = Limit(
    key="event_loop_lag",
    value=0.1,
    unit=SECONDS,
    why="It is added to each request of the worker; a tenth of a second is most of what p95 may take.",
)
WORKERS_MISSING = Limit(
    key="workers_missing",
    value=0,
    unit=COUNT,
    why="Each worker that is missing leaves its requests to the others.",
)
