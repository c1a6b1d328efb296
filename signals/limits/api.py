"""Where alerts on the application draw their lines, and why there."""

from __future__ import annotations

from signals.numbers import COUNT, RATIO, REQUESTS_PER_SECOND, Limit

ERROR_RATIO = Limit(
    key="error_ratio", value=0.01, unit=RATIO, why="One request in a hundred fails: users notice."
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
