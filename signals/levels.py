"""The service levels of the application: how many requests may fail, and how many may be slow."""

from __future__ import annotations

from exporters.catalogue import api
from signals import objectives
from signals.api import COUNTED, ERRORS, OF_A_ROUTE
from signals.idioms import promql, rate, within
from signals.limits import slo as limits
from signals.slo import ServiceLevel, Sli

AVAILABILITY = ServiceLevel(
    key="availability",
    title="Availability",
    sli=Sli(bad=ERRORS, total=COUNTED),
    target=limits.AVAILABILITY_TARGET,
    means="Bad is a request answered with a 5xx status.",
    act="See the errors by status code and the exceptions by kind, then the newest deploy.",
)
LATENCY = ServiceLevel(
    key="latency",
    title="Latency",
    sli=Sli(
        # Each is summed in an order of its own, so that the last digits may differ.
        bad=promql(
            "clamp_min({all} - {fast}, 0)",
            all=rate(api.REQUEST_DURATION, OF_A_ROUTE),
            fast=within(objectives.P95, api.REQUEST_DURATION, OF_A_ROUTE),
        ),
        total=rate(api.REQUEST_DURATION, OF_A_ROUTE),
    ),
    target=limits.LATENCY_TARGET,
    means="Bad is a request, of those that have a route, that took longer than {number:p95}.",
    act="Find the endpoint in the table of the API board; look at its queries per request first.",
    least_1h=limits.SLOW_1H,
    least_1d=limits.SLOW_1D,
)
SERVICE_LEVELS = (AVAILABILITY, LATENCY)
