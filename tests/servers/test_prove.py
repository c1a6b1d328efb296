"""What a real Prometheus says of panels: each verdict, and each reason for being empty."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from dashboards.cli import main
from dashboards.model import Panel, graph, stat
from dashboards.prove import Answer, Proof, prove, report
from dashboards.prove.selectors import LOOKBACK, moment
from dashboards.prove.why import explained, why
from dashboards.stack import STACK
from examples.demo import servers
from exporters.catalogue import redis
from tests.servers.made_past import (
    AFTER,
    BACK,
    DOWN,
    GONE,
    LATER,
    LEFT,
    PAST,
    RARE,
    REFUSED,
    STEP,
    Known,
    made,
    signal,
    small,
)


@pytest.fixture(scope="module")
def known(new_home: Callable[[], Path]) -> Iterator[Known]:
    with made(new_home()) as known:
        yield known


RATE = "sum(rate(http_requests_total[<window>]))"
PANELS: dict[str, tuple[Panel, ...]] = {
    "data": (graph(signal(RATE)), stat(signal("obs_api_workers"))),
    "zero": (graph(signal('rate(http_requests_total{status="404"}[<window>])'), zero="none failed"),),
    "ZERO": (stat(signal('http_requests_total{status="404"}')),),
    "declared": (graph(signal(f"{RATE} > 1e9", "few come")),),
    "EMPTY": (graph(signal("http_requets_total"), zero="none"),),
    "NaN": (graph(signal(f"0 * {RATE} / (0 * {RATE})", "none"), zero="none"),),
    "Inf": (stat(signal("obs_api_workers / 0", "none"), zero="none"),),
    "error": (
        stat(signal("sum by (job) (up) * on () up", "none")),
        graph(signal("rate(up)", "none")),
    ),
}
SMALL = small(*itertools.chain(*PANELS.values()))


def test_each_verdict_is_seen_on_a_real_server(known: Known) -> None:
    proofs = prove(SMALL, known.prometheus, known.span(seconds=3600), whole=True)
    seen = {each.title: each.verdict for each in proofs if each.what == "panel"}
    assert seen == {panel.title: verdict for verdict, panels in PANELS.items() for panel in panels}
    asked = {
        each.title: [(answer.choice, answer.series) for answer in each.answers]
        for each in proofs
        if each.what == "variable"
    }
    assert asked == {
        "environment": [("all", 1)],
        "cluster": [("all", 1)],
        "job": [("all", 1)],
        "instance": [("all", 1)],
    }
    assert all(each.seconds > 0 for proof in proofs for each in proof.answers)
    late = prove(SMALL, known.prometheus, known.span(), slow=1e-9)
    assert {each.verdict for each in late} == {"slow", "declared", "EMPTY", "NaN", "Inf", "error", "ZERO"}


# What the exporter told until it was down; the application tells of itself.
DARK: dict[str, tuple[Panel, ...]] = {
    "blind": (
        stat(signal("max(redis_memory_used_bytes)")),
        graph(signal("rate(pg_stat_statements_calls_total[<window>])", "none yet"), title="rate"),
        graph(signal("redis_memory_used_bytes / on () obs_api_workers"), title="of both"),
    ),
    "data": (
        graph(signal("redis_memory_used_bytes + 0"), signal("obs_api_workers + 0"), title="beside"),
        stat(signal("max(max_over_time(redis_memory_used_bytes[1h]))"), title="of before"),
        stat(signal("max(obs_api_workers)")),
    ),
    "PRETENDS": (
        stat(signal("max(redis_memory_used_bytes) or vector(1)")),
        graph(signal("max(pg_up) or 0 * max(up)"), zero="none", title="zero"),
    ),
}


def test_what_nobody_can_tell_is_blind_and_anything_else_pretends(known: Known) -> None:
    board = small(*itertools.chain(*DARK.values()))
    span = known.span(seconds=DOWN - LOOKBACK - RARE)
    proofs = [each for each in prove(board, known.prometheus, span) if each.board == "small"]
    seen = {each.title: each.verdict for each in proofs}
    assert seen == {panel.title: verdict for verdict, panels in DARK.items() for panel in panels}
    down = "the target of job 'exporter' is down"
    reasons = {each.verdict: each.reason for each in proofs}
    assert reasons == {"blind": down, "data": "", "PRETENDS": f"it has a value of now, though {down}"}
    # While it still answered, and for an hour in which it did, none of this is wrong.
    for span in (known.span(2 * DOWN), known.span(seconds=3600)):
        before = {each.title: each.verdict for each in prove(board, known.prometheus, span)}
        assert before["beside"] == "data"
    assert "PRETENDS" not in {each.verdict for each in prove(board, known.prometheus, known.span(2 * DOWN))}


def test_a_server_that_does_not_answer_is_dark_while_its_exporter_tells(known: Known) -> None:
    board = small(stat(signal("max(redis_memory_used_bytes)")), stat(signal("max(redis_up)"), zero="down"))
    gone, up, *_ = prove(board, known.prometheus, known.span((GONE + BACK) // 2))
    assert (gone.verdict, gone.reason) == ("blind", "redis does not answer the exporter")
    assert (up.verdict, up.reason) == ("zero", "down")


def test_only_what_is_empty_is_explained(known: Known) -> None:
    proofs = prove(SMALL, known.prometheus, known.span(seconds=3600), whole=True)
    whys = explained(proofs, SMALL, known.prometheus, known.span(seconds=3600))
    told = {each.title for each in proofs if any(answer in whys for answer in each.answers)}
    panels = {each.title for each in proofs if each.what == "panel"}
    assert told & panels == {PANELS["declared"][0].title, PANELS["EMPTY"][0].title}
    silent = {each.title for each in proofs if each.what == "annotation" and each.well}
    assert told & silent == set()


def test_nothing_is_asked_twice_to_explain(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    board = small(*itertools.chain(*DARK.values()))
    span = known.span(seconds=DOWN - LOOKBACK - RARE)
    proofs = prove(board, known.prometheus, span)
    asked: list[str] = []
    ask = requests.request

    def counted(method: str, url: str, **more: Any) -> requests.Response:
        asked.append(f"{url} {more}")
        return ask(method, url, **more)

    monkeypatch.setattr(requests, "request", counted)
    whys = explained(proofs, board, known.prometheus, span)
    assert len([each for each in whys.values() if each.startswith("target down")]) > 2
    assert len(asked) == len(set(asked)) > 0


def test_what_has_just_begun_wants_time_and_nothing_else(known: Known) -> None:
    told = known.why("sum(rate(redis_memory_used_bytes[1m]))", before=PAST - LATER)
    assert "and a rate needs two; it begins at " in told
    assert told.endswith("; what brings it: time: ask again in a minute")


REQUESTS = "2 series from 0 to 7200 of http_requests_total{}"
GRAFANA = "grafana_alerting_rule_evaluation_failures_total"


@pytest.mark.parametrize(
    ("expr", "told"),
    [
        (
            "sum(rate(http_requets_total[1m]))",
            "metric absent: nobody is known to emit http_requets_total. Did you mean 'http_requests_total'?",
        ),
        (
            "sum(rate(cache_requests_total[1m])) > 0",
            "metric absent: there is no cache_requests_total, as is usual ",
        ),
        ("sum(rate(cache_requests_total[1m]))", "what brings it: cache_response = instrument_cache("),
        ('up{datname="x"}', "label absent: up has no label 'datname'; it has cluster, environment, instance"),
        (
            'http_requests_total{status=~"5..",job=~"api"}',
            'matcher excludes: status=~"5.." passes no series of http_requests_total; of status ',
        ),
        (
            'up{job="web"} == 1',
            'matcher excludes: job="web" passes no series of up; of job there are api, exporter; ',
        ),
        (
            'http_requests_total{method="POST",status="200"}',
            'have method="POST", status="200", each for itself, but none has all of them',
        ),
        (
            "sum(rate(http_response_size_bytes_sum[1m]))",
            "rate over one sample: a window of 1m holds one sample of http_response_size_bytes_sum, and a "
            "rate needs two; what brings it: scrape_interval in prometheus.yml",
        ),
        ("http_requests_total > 1e9", f"comparison: {REQUESTS}: none is > "),
        ("up / on (job) obs_api_workers{job='x'}", 'matcher excludes: job="x" passes no series'),
        (
            "http_requests_total / on (instance) up{job='exporter'}",
            "no partner: no series of http_requests_total{} has the same values of instance as one of "
            "up{job='exporter'}; instance is a:1 on the left, e:2 on the right; what brings it: the same ",
        ),
        (
            "http_requests_total > on (instance) up{job='exporter'}",
            "no partner: no series of http_requests_total{} has the same values of instance as one of up",
        ),
        (
            "http_requests_total + obs_api_workers",
            "handler is / on the left, absent on the right",
        ),
        (
            "up{job='api'} > on (job) (4 * up{job='api'})",
            "comparison: 1 series from 1 to 1 of up{job='api'}: none is > its partner of 1 series from 4",
        ),
        ("1e9 < http_requests_total", f"comparison: {REQUESTS}: 1000000000 is < none"),
        (
            "(0 * up{job='api'} / (0 * up{job='api'})) > 0",
            "no number: 0 * up{job='api'} / (0 * up{job='api'}) is no number, as it divides 1 series from 0",
        ),
        (
            "max(sum by (job) (rate(http_requests_total{status='500'}[1m])))",
            'matcher excludes: status="500" passes no series of http_requests_total; of status there are',
        ),
        (
            "count({__name__!='',job='x'})",
            'matchers exclude: no series of any metric has job="x"; what brings',
        ),
        ("up unless on () up", "exception: all of up{} is taken away by up{}"),
        ("http_requests_total offset 1d", "no history: it looks back 1d, and http_requests_total begins at "),
        (
            "max_over_time(http_requests_total[1d:4m] offset 7d)",
            "no history: it looks back 7d, and http_requests_total{} begins at ",
        ),
        ("max_over_time(http_requets_total[1h:1m])", "known to emit http_requets_total. Did you mean "),
        ("max_over_time((http_requests_total > 1e9)[1h:1m])", "http_requests_total{}: none is > "),
        (
            "rate(obs_api_workers[10s:20s])",
            "rate over one sample: a range of 10s holds one value of obs_api_workers{}, evaluated every 20s",
        ),
        ("sum(", "not found out: "),
        ("absent(up)", "nothing is absent: up{} is there"),
        (
            "(http_requests_total > 1e9) or up{job='y'}",
            "; nor what stands in for it (matcher excludes: job=",
        ),
        (
            "histogram_quantile(0.9, http_requests_total)",
            "label absent: http_requests_total{} has no label 'le', so that it has no buckets; it has ",
        ),
        (
            "probe_success",
            "no target: there is no probe_success; Prometheus scrapes no target of job 'api-health'; what "
            'brings it: {targets: ["http://HOST/health"], labels: {kind: health}} in targets/backend.yml',
        ),
        (GRAFANA, f"no target: there is no {GRAFANA}; Prometheus scrapes no target of job 'grafana'; what "),
        ("ALERTS", "metric absent: there is no ALERTS, as is usual while nothing is pending or firing"),
    ],
)
def test_each_empty_query_is_explained(known: Known, expr: str, told: str) -> None:
    for instant in (True, False):
        assert told in known.why(expr, instant=instant)


def test_what_is_0_or_was_otherwise_before_is_told_with_it(known: Known) -> None:
    told = known.why("redis_memory_max_bytes > 0", before=2 * DOWN)
    assert told.startswith(
        "comparison: 1 series from 0 to 0 of redis_memory_max_bytes{}: none is > 0, as no maxmemory is set"
    )
    told = known.why("redis_up == 0", before=2 * DOWN)
    assert told.startswith(
        "comparison: 1 series from 1 to 1 of redis_up{}: none is == 0; there was something "
    )
    assert f"for the last time at {moment(known.now - BACK)[:-7]}" in told


def test_series_that_match_and_never_meet_are_told_with_their_times(known: Known) -> None:
    success = "pg_scrape_collector_success"
    answer = Answer(ref="A", expr=f"({success} == 1) * ({success} == 0)")
    proof = Proof(board="b", title="t", answers=(answer,))
    span = known.span(REFUSED - 500, seconds=1000)
    told = str(why(proof, answer, STACK, known.prometheus, span))
    ended = moment(known.now - REFUSED)
    assert told.startswith(
        f"no partner: series match, but are never there at the same time: {success}{{}} == 1 was there for "
        f"the last time at {ended}, {success}{{}} == 0 was there for the last time at "
    )


def test_series_that_ended_while_others_go_on_are_told_with_their_time(known: Known) -> None:
    for before in (LEFT - LOOKBACK - STEP, DOWN + RARE):
        told = known.why('pg_database_size_bytes{datname="old"}', before=int(before))
        assert told.startswith(
            'series ended: pg_database_size_bytes{datname="old"} has had no sample since '
            f"{moment(known.now - LEFT)}, though others of pg_database_size_bytes are there; what brings it"
        )


def test_what_begins_after_the_last_point_of_a_graph_is_told_to_have_just_begun(known: Known) -> None:
    # Of a step of 30 s, which the limit of memory begins between two of.
    span = known.span(BACK - STEP - AFTER, seconds=6 * 3600)
    board = small(
        graph(signal("redis_memory_max_bytes"), zero="no limit"),
        graph(signal("sum(redis_memory_max_bytes) + sum(nobody_tells_this)"), title="of both"),
    )
    proofs = [each for each in prove(board, known.prometheus, span) if each.board == "small"]
    whys = explained(proofs, board, known.prometheus, span)
    first, second = (whys[each.answers[0]] for each in proofs)
    assert first.startswith("just begun: there is something at ")
    assert first.endswith("; what brings it: time: ask again in a minute")
    assert second.startswith("metric absent: nobody is known to emit nobody_tells_this")


def test_what_came_after_it_had_been_asked_for_is_told_to_have_just_come(known: Known) -> None:
    assert known.why("up").startswith("just come: ")


def test_what_is_scraped_for_a_moment_only_is_blind(known: Known) -> None:
    asked = (
        graph(signal("sum(rate(http_requests_total[1m]))"), title="rate"),
        graph(signal("nobody_tells_this"), title="absent"),
    )

    told = []

    def judged(after: int) -> list[tuple[str, str]]:
        proofs = prove(small(*asked), known.prometheus, known.span(PAST - after), whole=True)
        told.append(report.early(proofs))
        (alerts,) = [each for each in proofs if (each.board, each.title) == ("small", "Alerts")]
        assert (alerts.verdict, alerts.reason) == (
            "declared",
            "ALERTS is missing while nothing is pending or firing",
        )
        return [
            (each.verdict, each.reason) for each in proofs if each.what == "panel" and each.board == "small"
        ]

    began = moment(known.now - PAST)
    rate, absent = judged(0)
    assert rate == ("blind", f"too early: job 'api' was scraped for the first time {AFTER} s ago, {began}")
    assert absent == ("blind", f"too early: targets were scraped for the first time {AFTER} s ago, {began}")
    rate, absent = judged(60)
    assert (rate[0], absent[0]) == ("data", "blind")
    assert judged(240)[1] == ("EMPTY", "no reason declared")
    assert [bool(each) for each in told] == [True, True, False]


def test_a_prometheus_that_has_just_begun_proves_nothing(new_home: Callable[[], Path]) -> None:
    config = new_home() / "prometheus.yml"
    config.write_text("{}")
    server = servers.Prometheus(config.parent / "prometheus", config).start()
    try:
        result = CliRunner().invoke(main, ["prove", "--prometheus", server.url])
    finally:
        server.stop()
    assert result.exit_code == 1, result.output
    assert "EMPTY 0," in result.output
    assert "could not be proven, too early: nothing is scraped yet, and Prometheus began" in result.output


def test_a_target_that_is_down_is_told_with_its_time(known: Known) -> None:
    since = moment(known.now - DOWN)
    for name in (redis.MEMORY_USED.name, "pg_stat_activity_count"):
        told = known.why(f"sum({name})")
        assert told.startswith("target down: ")
        assert f"e:2 of job 'exporter' is down since {since}" in told
    assert f"has had no sample since {since}" in known.why(redis.MEMORY_USED.name)
    # What is not there now either is not missing for having no past.
    assert known.why(f"{redis.MEMORY_USED} offset 1d") == known.why(redis.MEMORY_USED.name)


def test_a_collector_that_fails_is_told_with_its_code_and_the_grant(known: Known) -> None:
    told = known.why("rate(pg_stat_statements_calls_total[1m])", before=2 * DOWN)
    assert told.startswith("collector fails: there is no pg_stat_statements_calls_total; collector postgres.")
    assert (
        f"fails since {moment(known.now - REFUSED)} (42501); what brings it: \\i exporters/sql/role" in told
    )


def test_a_server_that_does_not_answer_is_told_with_its_time(known: Known) -> None:
    told = known.why(redis.MEMORY_USED.name, before=(GONE + BACK) // 2)
    assert told.startswith("server down: redis_memory_used_bytes has had no sample since ")
    assert f"redis does not answer the exporter since {moment(known.now - GONE)}; what brings it" in told


def test_what_is_not_configured_is_told_with_its_variable(known: Known) -> None:
    told = known.why(redis.MEMORY_USED.name, before=PAST - LATER // 2)
    assert told.startswith(
        "not configured: there is no redis_memory_used_bytes; the exporter tells no redis_up"
    )
    assert "what brings it: REDIS_URL=redis://obs_exporter:PASSWORD@HOST of the exporter" in told


def test_a_variable_without_values_is_explained(known: Known) -> None:
    answer = Answer(ref="shop", expr="label_values(up, shop)")
    proof = Proof(board="b", title="shop", what="variable", answers=(answer,))
    told = str(why(proof, answer, STACK, known.prometheus, known.span()))
    assert told.startswith("label absent: up has no label 'shop'")
