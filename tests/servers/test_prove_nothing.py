"""A query is excused by what is 0 where that is so, and by nothing else: asked of a real Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboards.model import Choice, graph
from dashboards.prove import prove
from exporters.catalogue import api
from tests.servers.made_past import DOWN, Known, made, signal, small


@pytest.fixture(scope="module")
def known(new_home: Callable[[], Path]) -> Iterator[Known]:
    with made(new_home()) as known:
        yield known


SHARE = "redis_memory_used_bytes / (redis_memory_max_bytes > 0)"
P95 = "histogram_quantile(0.95, sum by (le) (rate(http_response_size_bytes_bucket[5m]))) >= 0"
PER_REQUEST = "rate(db_queries_per_request_sum[5m]) / (rate(db_queries_per_request_count[5m]) > 0)"
RECORDED = "handler:db_queries_per_request:mean5m"
NO_REQUEST = "no request was answered (http_response_size_bytes did not grow)"
NO_LIMIT = "no maxmemory is set (redis_memory_max_bytes is 0)"


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        (SHARE, NO_LIMIT),
        (f"max(abs(-({SHARE})))", NO_LIMIT),
        (f"{SHARE} or {P95}", f"{NO_REQUEST}; {NO_LIMIT}"),
        (P95, NO_REQUEST),
        (PER_REQUEST, NO_REQUEST),
        (RECORDED, NO_REQUEST),
        # Beside what is 0 something else is not there.
        (SHARE.replace("used_bytes", 'used_bytes{job="x"}'), ""),
        (f'{SHARE} or http_requests_total{{status="500"}}', ""),
        (SHARE.replace("_max_", "_maks_"), ""),
        # It is there, but not 0, or not asked whether it is.
        ("obs_api_workers / (redis_memory_used_bytes > 1e12)", ""),
        ("redis_memory_used_bytes > redis_memory_used_bytes", ""),
        # What the rule asks is there, so that nobody evaluates it.
        ("job:http_requests:rate5m", ""),
    ],
)
def test_a_share_of_what_is_0_is_excused_by_that_alone(known: Known, expr: str, reason: str) -> None:
    found, *_ = prove(small(graph(signal(expr), title="asked")), known.prometheus, known.span(2 * DOWN))
    assert found.title == "asked"
    assert (found.verdict, found.reason) == (
        ("declared", reason) if reason else ("EMPTY", "no reason declared")
    )


@pytest.mark.parametrize("expr", [PER_REQUEST, RECORDED])
def test_what_should_be_there_after_the_first_request_is_missed(known: Known, expr: str) -> None:
    found, *_ = prove(small(graph(signal(expr), title="asked")), known.prometheus, known.span())
    assert (found.title, found.verdict) == ("asked", "EMPTY")


def test_an_endpoint_can_be_chosen_after_the_first_request(known: Known) -> None:
    stack = small(graph(signal("up")), choices=(Choice(label=api.HANDLER, metric=api.QUERIES_PER_REQUEST),))
    for before, verdict in ((2 * DOWN, "declared"), (0, "EMPTY")):
        proofs = prove(stack, known.prometheus, known.span(before), whole=True)
        assert [each.verdict for each in proofs if each.title == "handler"] == [verdict]
