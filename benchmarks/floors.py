"""What panels cost at least: to read the series that they are about, and do nothing with them."""

from __future__ import annotations

from dataclasses import dataclass

from exporters.catalogue import Metric, api
from signals.promql import duration

PERCENTILES = 3
MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What no query for a panel can do without.

    Attributes:
        board, title: of the panel, which reads raw.
        why: what is read, as the report says it.
        asked: PromQL, the seconds between two points, or 0 for the last alone, and how often it is needed.
    """

    board: str
    title: str
    why: str
    asked: tuple[tuple[str, float, int], ...]


def read(series: str, window: float) -> str:
    """Goes through every sample of a window, and says how many series there were."""
    return f"count(count_over_time({series}[{duration(window)}]))"


def rates(
    metric: Metric, suffix: str = "", *, window: float = MINUTE, step: float = MINUTE / 2
) -> tuple[str, float]:
    """As a graph asks for an hour."""
    return f"count(rate({metric.name}{suffix}[{duration(window)}]))", step


BUCKETS = f"{api.REQUEST_DURATION.name}_bucket"
LATENCIES = "the rates of all buckets of request times, at each point"
ONCE = "all buckets of request times, read through once for each percentile"
GRAPH = rates(api.REQUEST_DURATION, "_bucket")
TREND = rates(api.REQUEST_DURATION, "_bucket", window=5 * MINUTE, step=MINUTE)
PARTS = (api.REQUEST_DB_SECONDS, api.REQUEST_POOL_SECONDS, api.REQUEST_CACHE_SECONDS)
TIMES = (
    # Each part for its own line and for what is left, the whole for each line.
    *((*rates(each), 2) for each in PARTS),
    (*rates(api.REQUEST_DURATION, "_sum"), len(PARTS) + 1),
)
FLOORS = (
    *(
        Floor(board=board, title=title, why=LATENCIES, asked=((*asked, times),))
        for board, title, asked, times in (
            ("backend-overview", "p95 latency", TREND, 1),
            ("backend-overview", "Latency", GRAPH, 1),
            ("backend-api", "p95 latency", TREND, 1),
            ("backend-api", "Latency: average, p50, p95, p99", GRAPH, PERCENTILES),
            ("backend-api", "Latency, by how many", GRAPH, 1),
            ("backend-audit", "Latency against its objectives", GRAPH, 1),
        )
    ),
    Floor(
        board="backend-api",
        title="Endpoints",
        why=ONCE,
        asked=((read(BUCKETS, HOUR), 0, PERCENTILES),),
    ),
    *(
        Floor(board=board, title=title, why="the rates that each line is made of", asked=TIMES)
        for board, title in (
            ("backend-overview", "Where request time goes"),
            ("backend-api", "Where the time goes"),
        )
    ),
)
