"""Rules on what a request costs: statements run again and again, and bytes on the wire."""

from __future__ import annotations

from alerts.model import Alert, Severity
from alerts.rules.api import API_QUERIES_PER_REQUEST_HIGH, ENOUGH_HANDLER_TRAFFIC
from exporters.catalogue import api as metrics
from exporters.catalogue.labels import JOB
from signals import api_cost
from signals.idioms import DAY, promql, rate
from signals.limits import api as limits
from signals.promql import Query

ENOUGH_RESPONSES = promql(
    "{rate} > <number:minimum_handler_traffic>",
    limits.MINIMUM_HANDLER_TRAFFIC,
    rate=rate(metrics.REQUESTS, by=(metrics.HANDLER,)),
)
ENOUGH_BYTES = promql(
    "{raw} > <number:minimum_raw_bytes>", limits.MINIMUM_RAW_BYTES, raw=api_cost.BANDWIDTH_RAW.query
)


def _saved(ago: float) -> Query:
    return promql(
        "1 - {sent} / ({raw} > 0)",
        sent=rate(metrics.RESPONSE_WIRE_BYTES, ago=ago),
        raw=rate(metrics.RESPONSE_RAW_BYTES, ago=ago),
    )


# Who never compressed has lost nothing: the scorecard says so. Last week keeps the alert over a weekend.
COMPRESSED_BEFORE = promql(
    "({day} > <number:compression_before>) or ({week} > <number:compression_before>)",
    limits.COMPRESSION_BEFORE,
    day=_saved(DAY),
    week=_saved(7 * DAY),
)

API_NPLUSONE = Alert(
    name="ApiNPlusOne",
    service="api",
    severity=Severity.WARNING,
    signal=api_cost.NPLUSONE_SHARE,
    operator=">",
    by=(JOB, metrics.HANDLER),
    guards=(ENOUGH_HANDLER_TRAFFIC,),
    yields_to=API_QUERIES_PER_REQUEST_HIGH,
    window=600,
    hold=900,
    keep=600,
    summary="{{ $value | humanizePercentage }} of requests to {{ $labels.handler }} of {{ $labels.job }} "
    "repeat one statement (N+1), above {limit}.",
    description="The endpoint loads related rows one by one; it is still fast, and slows down with each row.",
)
API_RESPONSE_LARGE = Alert(
    name="ApiResponseLarge",
    service="api",
    severity=Severity.WARNING,
    signal=api_cost.PAYLOAD,
    operator=">",
    by=(JOB, metrics.HANDLER),
    guards=(ENOUGH_RESPONSES,),
    window=600,
    hold=900,
    keep=600,
    summary="{{ $labels.handler }} of {{ $labels.job }} answers with {{ $value | humanize1024 }}B on "
    "average, above {limit}.",
    description="Slow connections wait for every byte, and each answer is made and held in memory whole.",
)
API_COMPRESSION_LOST = Alert(
    name="ApiCompressionLost",
    service="api",
    severity=Severity.WARNING,
    signal=api_cost.COMPRESSION,
    operator="<",
    by=(JOB,),
    guards=(ENOUGH_BYTES, COMPRESSED_BEFORE),
    window=600,
    hold=900,
    keep=600,
    summary="Compression keeps {{ $value | humanizePercentage }} of the bytes of {{ $labels.job }} off the "
    "wire, below {limit}.",
    description="It kept more than half before: answers go out as they are, and users wait longer for them.",
)
ALERTS = (API_NPLUSONE, API_RESPONSE_LARGE, API_COMPRESSION_LOST)
