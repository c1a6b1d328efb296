"""What rules record for boards, where an installation is so large that they would be slow without.

Sums of rates, never shares or means of them: a mean over hours of the share of a quiet minute and that of a
busy one is no share of anything. The one exception is the p95 of all requests, which no sum can give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from exporters.catalogue import Label, api
from signals import api as signals
from signals import objectives
from signals.audit import REQUESTS
from signals.idioms import observed, rate, select, since, within
from signals.model import Recording, recorded
from signals.promql import Query

WEEK = 7 * 86_400
BY = (api.HANDLER,)
GROUP = "boards"


def _kept(name: str, query: Query, *labels: Label) -> Recording:
    help = "What boards read in place of the query that is recorded here."
    return recorded(name, help, query, labels=labels, group=GROUP)


RECORDINGS: tuple[Recording, ...] = (
    _kept("job:http_requests_failed:rate5m", signals.ERRORS),
    _kept("job:http_requests_counted:rate5m", signals.COUNTED),
    _kept("job:http_request_duration_seconds:p95_5m", signals.LATENCY_P95.query),
    _kept("job:http_request_duration_seconds_sum:rate5m", observed(api.REQUEST_DURATION)),
    _kept("job:http_request_of_route_seconds_sum:rate5m", observed(api.REQUEST_DURATION, signals.OF_A_ROUTE)),
    _kept("job:http_request_of_route_seconds_count:rate5m", rate(api.REQUEST_DURATION, signals.OF_A_ROUTE)),
    _kept("job:http_request_db_seconds:rate5m", rate(api.REQUEST_DB_SECONDS)),
    _kept("job:http_request_pool_seconds:rate5m", rate(api.REQUEST_POOL_SECONDS)),
    _kept("job:http_request_cache_seconds:rate5m", rate(api.REQUEST_CACHE_SECONDS)),
    _kept("handler:http_requests:rate5m", rate(api.REQUESTS, by=BY), *BY),
    _kept("handler:http_requests_failed:rate5m", rate(api.REQUESTS, signals.FAILED, by=BY), *BY),
    _kept("handler:http_requests_fast:rate5m", within(objectives.P95, api.REQUEST_DURATION, by=BY), *BY),
    _kept("handler:http_request_duration_seconds_count:rate5m", rate(api.REQUEST_DURATION, by=BY), *BY),
    _kept("handler:db_queries_per_request_sum:rate5m", observed(api.QUERIES_PER_REQUEST, by=BY), *BY),
    _kept("handler:db_queries_per_request_count:rate5m", rate(api.QUERIES_PER_REQUEST, by=BY), *BY),
)


@cache
def readers(over: str) -> Mapping[str, str]:
    """By the text of each query that is recorded, what reads the recording instead; the longest first.

    Args:
        over: the range that is averaged, a hole too; empty for what was recorded last.
    """
    return dict(sorted(_readers(over), key=lambda each: -len(each[0])))


def _readers(over: str) -> Iterator[tuple[str, str]]:
    for recording in (REQUESTS, *RECORDINGS):
        for ago in (0, WEEK):
            asked = recording.query.text
            if ago:
                asked = asked.replace("[<window>])", f"[<window>]{since(ago)})")
            kept = select(recording.metric)
            yield asked, f"avg_over_time({kept}[{over}]{since(ago)})" if over else f"{kept}{since(ago)}"
