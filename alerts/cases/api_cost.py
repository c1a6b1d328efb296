"""Cases of the rules in `alerts.rules.api_cost`."""

from __future__ import annotations

from alerts.cases.common import LIST, PAST, SPANS
from alerts.proof.model import Case, Held
from alerts.proof.series import counter, histogram
from alerts.rules import api, api_cost
from exporters.catalogue import api as api_metrics

HANDLER = {"handler": LIST["handler"]}
# The endpoint that the case of ApiQueriesPerRequestHigh is about, so that it speaks of the same thing.
DASHBOARD = {"handler": "/api/dashboard/admin"}
GZIP = {**HANDLER, "encoding": "gzip"}
MIB = 1024 * 1024
QUERIES = api_metrics.QUERIES_PER_REQUEST.name
RAW, WIRE = api_metrics.RESPONSE_RAW_BYTES.name, api_metrics.RESPONSE_WIRE_BYTES.name

CASES = (
    Case(
        alert=api_cost.API_NPLUSONE,
        series=(
            counter(api_metrics.NPLUSONE_REQUESTS, 0, 2.99, 3.2, 0, **DASHBOARD),
            *histogram(api_metrics.QUERIES_PER_REQUEST, DASHBOARD, *[{3.0: 30.0}] * 4),
        ),
        labels={"job": "api", **DASHBOARD},
        summary="10.67% of requests to /api/dashboard/admin of api repeat one statement (N+1), above 10 %.",
        held=(
            Held(
                why="too few calls of the endpoint",
                guard=api.ENOUGH_HANDLER_TRAFFIC,
                levels={
                    api_metrics.NPLUSONE_REQUESTS.name: 2.9,
                    f"{QUERIES}_count": 2.9,
                    f"{QUERIES}_sum": 8.7,
                },
            ),
            Held(why="ApiQueriesPerRequestHigh speaks", guard=None, levels={f"{QUERIES}_sum": 330}),
        ),
    ),
    Case(
        alert=api_cost.API_RESPONSE_LARGE,
        series=(
            counter(api_metrics.REQUESTS, 150, 150, 150, 150, status="200", **LIST),
            counter(api_metrics.RESPONSE_RAW_BYTES, 15 * MIB, 149 * MIB, 156 * MIB, 15 * MIB, **GZIP),
        ),
        labels={"job": "api", **HANDLER},
        summary="/api/employees of api answers with 1.04MiB on average, above 1 MiB.",
        held=(
            Held(
                why="too few answers",
                guard=api_cost.ENOUGH_RESPONSES,
                levels={api_metrics.REQUESTS.name: 2.9, RAW: 3.1 * MIB},
            ),
        ),
    ),
    Case(
        alert=api_cost.API_COMPRESSION_LOST,
        series=(
            counter(api_metrics.RESPONSE_RAW_BYTES, 3e6, 3e6, 3e6, 3e6, **GZIP),
            counter(api_metrics.RESPONSE_WIRE_BYTES, 6e5, 2.098e6, 2.13e6, 6e5, **GZIP),
        ),
        labels={"job": "api"},
        summary="Compression keeps 29% of the bytes of api off the wire, below 30 %.",
        held=(
            Held(why="too few bytes", guard=api_cost.ENOUGH_BYTES, levels={RAW: 150_000, WIRE: 106_500}),
            Held(why="never compressed", guard=api_cost.COMPRESSED_BEFORE, levels={}, past={WIRE: 2.9e6}),
        ),
        past=PAST,
        spans=SPANS,
    ),
)
