"""Anybody's dashboards: faults that public ones have are found, and what is right is left alone."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dashboards import write
from dashboards.checks.subject import BOARDS
from dashboards.stack import STACK
from tests.checks.others import (
    LOKI,
    PROMETHEUS,
    RATE,
    SCOPE,
    Json,
    board,
    graph,
    judge,
    rules,
    source,
    variable,
)
from tests.checks.small import only

AXIS: Json = {"type": "graph", "yaxes": [{"format": "reqps"}]}
MATH: Json = {"datasource": {"type": "__expr__", "uid": "__expr__"}, "expression": "$A * 2", "type": "math"}
LIBRARY: Json = {
    "id": 7,
    "libraryPanel": {"uid": "shared", "name": "Requests of all"},
    "gridPos": {"x": 0, "y": 0, "w": 24, "h": 8},
}
NOW: Json = {"refId": "A", "expr": RATE, "instant": True, "datasource": PROMETHEUS}
MEAN = "rate(web_wait_seconds_sum{SCOPE}[5h]) / (rate(web_wait_seconds_count{SCOPE}[5h]) > 0)"
# Of jobs one at a time.
ONE_JOB = (source(), variable("job", multi=False), variable("instance"))


def asked(expr: str, **more: Any) -> Json:
    return board(graph(expr.replace("SCOPE", SCOPE), **more))


def logs(expr: str) -> Json:
    asks = {"refId": "A", "expr": expr, "datasource": LOKI, "legendFormat": "lines"}
    panel = graph(unit="short", datasource=LOKI, targets=[asks])
    return board(panel, variables=(source("loki_datasource", "loki"),))


def per(expr: str) -> Json:
    """A quotient of things and asks."""
    names = {"T": "web_things{SCOPE}", "A": "web_asks{SCOPE}"}
    return asked(re.sub(r"\b[TA]\b", lambda found: names[found[0]], expr), unit="short")


def asking(*more: Json) -> Json:
    """A panel that asks for more beside what is right."""
    return board(graph(targets=[*graph()["targets"], *more]))


def stat(calcs: list[str], **more: Any) -> Json:
    return graph(type="stat", options={"reduceOptions": {"calcs": calcs}}, **more)


def test_a_right_board_passes_every_check() -> None:
    assert judge(board()) == []


LOGS = [
    ("logql-parses", 'sum(rate({app="web"} |= "x" [$__auto])', "'(' is not closed", '{app="web"} |= "(["'),
    ("logql-parses", 'rates({app="web"}[$__auto])', "'rates'", 'rate({app=~"$app"} | json [$__auto])'),
    ("logql-parses", '"no stream"', "selects no stream", '{app="web"} | pattern `<_> <a>` | a != ""'),
    ("logql-parses", "{app}", "no label with a value", '{app="web"} # and a comment'),
    ("logql-parses", '{app="web"} ; x', "';' at 13", '{app="web"} !~ `;`'),
    ("logql-range", 'rate({app="web"} [1m])', "a fixed range", 'rate({app="[1m]"} [$__auto])'),
]
# check, the board, what the message names, the right form
PAIRS: list[tuple[str, Json, str, Json]] = [
    # An outage after a week of uptime does not show in it.
    (
        "lifetime-ratio",
        asked('sum(web_requests_total{SCOPE,code=~"5.."}) / (sum(web_requests_total{SCOPE}) > 0)'),
        "average over the server's life",
        asked(
            "sum(rate(web_seconds_sum{SCOPE}[$__rate_interval])) "
            "/ (sum(rate(web_seconds_count{SCOPE}[$__rate_interval])) > 0)",
            unit="s",
            legend="mean",
        ),
    ),
    # Grafana's linter looks at bare names alone.
    ("counter-growth", asked("web_requests_total{SCOPE}"), "web_requests_total is a counter", board()),
    (
        "counter-growth",
        asked("sum by (path) (web_slept_seconds_total{SCOPE})"),
        "web_slept_seconds_total is a counter",
        asked("sum by (path) (web_memory_total{SCOPE} + web_uptime_seconds_total{SCOPE})"),
    ),
    (
        "zero-shown",
        asked("count by (path) (web_things{SCOPE}) or vector(0)", unit="short"),
        "a series of its own",
        asked("count(min by (path) (web_things{SCOPE})) or vector(0)", unit="short"),
    ),
    # Known by the name that the community's exporter gave it, though it does not end in `_total`.
    (
        "counter-growth",
        asked("sum by (path) (pg_stat_database_deadlocks{SCOPE})"),
        "pg_stat_database_deadlocks is a counter",
        asked("sum by (path) (rate(pg_stat_database_deadlocks{SCOPE}[$__rate_interval]))"),
    ),
    (
        "gauge-growth",
        asked("sum by (path) (rate(redis_connected_clients{SCOPE}[$__rate_interval]))"),
        "redis_connected_clients, which is a gauge",
        # Nobody said what this is.
        asked("sum by (path) (rate(web_things{SCOPE}[$__rate_interval]))"),
    ),
    (
        "division-guarded",
        asked("redis_memory_used_bytes{SCOPE} / redis_memory_max_bytes{SCOPE}", unit="percentunit"),
        "may be 0: redis_memory_max_bytes",
        asked("redis_memory_used_bytes{SCOPE} / (redis_memory_max_bytes{SCOPE} > 0)", unit="percentunit"),
    ),
    (
        "panel-unit",
        asked("sum by (path) (rate(web_sent_bytes_total{SCOPE}[$__rate_interval]))", unit="bytes"),
        "the unit is 'bytes', but the query gives bytes per second",
        asked("sum by (path) (rate(web_sent_bytes_total{SCOPE}[$__rate_interval]))", unit="Bps"),
    ),
    # A unit that our algebra does not have is not judged.
    (
        "panel-unit",
        asked(f"sum by (path) ({MEAN})", unit="reqps"),
        "gives seconds",
        asked("sum by (path) (rate(web_wait_ms_total{SCOPE}[$__rate_interval]))", unit="ms"),
    ),
    # PostgreSQL itself has these words, whichever exporter asks.
    (
        "label-value",
        asked('sum by (path) (pg_locks_count{SCOPE,mode="ExclusiveLock"})', unit="short"),
        "label 'mode' of pg_locks_count is never 'ExclusiveLock'",
        # These are each application's own.
        asked('sum by (path) (rate(http_requests_total{SCOPE,status="5xx",method="get"}[$__rate_interval]))'),
    ),
    ("rate-window", asked("sum by (path) (rate(web_requests_total{SCOPE}[1m]))"), "a fixed 60 s", board()),
    ("topk-flaps", asked(f"topk(5, {RATE})"), "topk()", board()),
    (
        "quantile-le",
        asked("histogram_quantile(0.9, sum by (path) (rate(web_seconds_bucket{SCOPE}[5h])))", unit="s"),
        "without the label 'le'",
        asked("histogram_quantile(0.9, sum by (path, le) (rate(web_seconds_bucket{SCOPE}[5h])))", unit="s"),
    ),
    (
        "legend-label",
        asked(f"sum by (path) ({RATE})", legend="{{__name__}}"),
        "'__name__'",
        asked("redis_connected_clients{SCOPE}", legend="{{__name__}}"),
    ),
    ("legend-label", asked(RATE, legend="{{ input }}"), "'input', which the result does not carry", board()),
    # The outer sum groups by what the inner one has thrown away.
    (
        "label-exists",
        asked("sum by (job, path) (sum by (path) (web_things{SCOPE}))"),
        "'job', which nothing inside sum() has",
        asked("sum by (path) (sum by (job, path) (web_things{SCOPE}))"),
    ),
    ("promql-parses", asked("sum by (path (web_things)"), "no PromQL", asked("$metric{SCOPE}")),
    ("promql-parses", asked(" "), "the query is empty", asking({"refId": "B", "expr": "", "hide": True})),
    ("promql-parses", asking({"refId": "B"}), "the query is empty", asking({"refId": "B", **MATH})),
    (
        "promql-parses",
        asking({"refId": "B", "datasource": PROMETHEUS, "expr": None}),
        "the query is empty",
        asking({"refId": "B", "panelId": 2, "datasource": {"type": "datasource", "uid": "-- Dashboard --"}}),
    ),
    (
        "promql-parses",
        board(graph(datasource={"uid": "$datasource"}, targets=[{"refId": "A"}])),
        "the query is empty",
        # Who asks what here is not known.
        board(graph(datasource={"uid": "P18"}, targets=[{"refId": "A"}])),
    ),
    (
        "variable-declared",
        asked('web_things{SCOPE,path="$route"}'),
        "$route, which the board does not declare",
        board(
            graph('web_things{job=~"[[job]]",instance=~"${instance:regex}",path="[[route]]"}'),
            variables=(source(), variable("job"), variable("instance"), variable("route")),
        ),
    ),
    (
        "variable-used",
        board(variables=(source(), variable("job"), variable("instance"), variable("route"))),
        "nothing on the board uses $route",
        board(
            graph(repeat="route"),
            variables=(source(), variable("job"), variable("instance"), variable("route")),
        ),
    ),
    *(
        ("division-guarded", per(wrong), "may be 0: web_asks", per(right))
        for wrong, right in (
            ("(T / A) and (A >= 0)", "(T / A) and (A > 0)"),
            ("(T / A) and on () (A > 0)", "(100 * (T / A)) and on (job) (T > 1 and A > 0)"),
            ("(T / A) and (T > 0)", "(T / A) unless (A == 0)"),
            ("sum by (path) (T / A) and (A > 0)", "T / (A and A > 0)"),
            ("T / (A and on () A > 0)", "T / (A and on (job) A > 0)"),
            ("T / (A unless A == 1)", "T / (A unless A == 0)"),
            ("(T / A) and (T > 0) and (A < 1)", "(T / A) and (A > 0) and (T < 1)"),
            ("T / (A unless T == 0)", "T / (A unless A <= 0)"),
            ("T * A ^ -1", "T * A ^ 2"),
            ("T * A ^ (-0.5)", "T * (A > 0) ^ -1"),
        )
    ),
    ("board-refresh", board(refresh="1s"), "Grafana takes no less than 5 s", board(refresh="5s")),
    ("panel-type", board({**LIBRARY, "type": "graph"}), "no panel type 'graph'", board(LIBRARY)),
    ("panel-text", board({**LIBRARY, "libraryPanel": {}}), "has no title", board(LIBRARY)),
    ("panel-type", board(graph(type="graph")), "no panel type 'graph'", board()),
    ("panel-has-unit", board(graph(unit="")), "no unit", board(graph(unit="", **AXIS))),
    (
        "source-chosen",
        board(graph(datasource={"type": "prometheus", "uid": "P1809F7CD0C75ACF3"})),
        "uid 'P1809F7CD0C75ACF3'",
        board(graph(datasource={"type": "datasource", "uid": "-- Mixed --"})),
    ),
    ("source-chosen", board(graph(datasource="$datasource")), "the text '$datasource'", board()),
    ("source-chosen", board(graph(datasource={"uid": "$other"})), "$other, which the board", board()),
    ("source-chosen", board(graph(datasource=None)), "only its queries name a data source", board()),
    (
        "source-chosen",
        board(graph(datasource=None, targets=[{"refId": "A", "expr": RATE, "legendFormat": "x"}])),
        "names no data source",
        board({"id": 2, "type": "text", "title": "Text", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 2}}),
    ),
    ("target-variables", board(variables=(source(), variable("job"))), "no variable $instance", board()),
    ("target-variables", board(variables=ONE_JOB), "only one value", logs('{app="web"}')),
    (
        "target-variables",
        board(graph('web_things{job="web",instance=~"$instance"}'), variables=ONE_JOB),
        "only one value",
        board(graph('web_things{job="${job}",instance=~"$instance"}'), variables=ONE_JOB),
    ),
    (
        "target-variables",
        board(variables=(source(), variable("job"), variable("instance", allValue=".*"))),
        "its value for all is '.*'",
        board(),
    ),
    (
        "target-variables",
        board(variables=(source(), variable("job", type="custom", query="a,b"), variable("instance"))),
        "it is a custom",
        board(),
    ),
    (
        "target-variables",
        board(variables=(source(), variable("job", datasource={"uid": "P18"}), variable("instance"))),
        "come from the data source 'P18'",
        board(variables=(source(), variable("job", datasource="$datasource"), variable("instance"))),
    ),
    (
        "variable-caption",
        board(variables=(source(), variable("job", label="job"), variable("instance"))),
        "its label is 'job'; expected 'Job'",
        board(variables=(source(), variable("job"), variable("instance"), variable("path", label="Way"))),
    ),
    (
        "variable-caption",
        board(variables=({**source(), "label": "Source"}, variable("job"), variable("instance"))),
        "expected 'Data source' or 'Prometheus data source'",
        board(
            variables=({**source(), "label": "Prometheus data source"}, variable("job"), variable("instance"))
        ),
    ),
    ("target-narrowed", asked('web_things{job=~"$job"}'), "not narrowed by $instance", board()),
    # Of several the value is `a|b`, and of all of them `.+`: no job is called so.
    (
        "target-narrowed",
        asked('web_things{job="$job",instance=~"$instance"}'),
        'not narrowed by $job, as job="$job" takes one value',
        asked('web_things{job=~"${job:pipe}",instance=~"[[instance]]"}'),
    ),
    (
        "target-narrowed",
        asked('web_things{job!~"$job",instance=~"$instance"}'),
        'not narrowed by $job, as job!~"$job" leaves out',
        asked('web_things{job=~"${job}",instance=~"${instance:regex}"}'),
    ),
    (
        "target-narrowed",
        asked('web_things{job=~"${job:csv}",instance=~"$instance"}'),
        "is no regular expression of several",
        board(graph('web_things{job="$job",instance=~"$instance"}'), variables=ONE_JOB),
    ),
    ("target-narrowed", asked('web_things{job=~"$jobs",instance=~"$instance"}'), "by $job, in", board()),
    ("single-value", board(stat(["mean"])), "it reduces by ['mean']", board(stat(["lastNotNull"]))),
    (
        "single-value",
        board(stat(["avg"])),
        "another number for another time range",
        board(stat(["mean"], targets=[NOW])),
    ),
    *((rule, logs(wrong), message, logs(right)) for rule, wrong, message, right in LOGS),
    ("board-shape", board(panels={"a": 1}, rows=[]), "panels is dict", board()),
    ("board-shape", board(graph(options=[])), "options is list []; expected an object", board()),
    ("board-shape", board(graph(targets=["up"])), "targets holds 'up'", board()),
]


@pytest.mark.parametrize(("rule", "theirs", "message", "right"), PAIRS)
def test_a_fault_is_found_and_its_right_form_is_left_alone(
    rule: str, theirs: Json, message: str, right: Json
) -> None:
    found = only(judge(theirs), rule)
    assert [each for each in found if message in each.message], judge(theirs)
    assert all(each.fix for each in found)
    assert only(judge(right), rule) == []


@pytest.mark.parametrize(
    ("expr", "unit"),
    [
        ("sum(rate(cpu_seconds_total{SCOPE}[5h])) / scalar(count(cpu_seconds_total{SCOPE}))", "percentunit"),
        ("node_boot_time_seconds{SCOPE} * 1000", "dateTimeAsIso"),
        ("rate(web_sent_kbytes_total{SCOPE}[5h]) * 1024", "Bps"),
        ("rate(web_bytes_dropped_total{SCOPE}[5h]) * 8", "bps"),
    ],
)
def test_a_unit_that_the_query_gives_in_its_own_way_is_left_alone(expr: str, unit: str) -> None:
    assert only(judge(asked(expr, unit=unit)), "panel-unit", "division-guarded", "promql-parses") == []


def test_a_date_without_its_factor_is_found() -> None:
    (found,) = only(judge(asked("node_boot_time_seconds{SCOPE}", unit="dateTimeAsIso")), "panel-unit")
    assert "gives a point in time" in found.message


def test_old_rows_are_headings_with_panels() -> None:
    old: Json = board(rows=[{"title": "Web", "panels": [{**graph(), "span": 6}, {**graph(id=2), "span": 6}]}])
    del old["panels"]
    found = judge(old)
    assert rules(found) == {"panel-id"}, found  # a heading had none
    assert {each.where for each in found} == {"panel None"} or "panel 'Web'" in found[0].where


def test_panels_inside_rows_are_judged() -> None:
    row = {"id": 9, "type": "row", "title": "Web", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}}
    row["panels"] = [graph("web_requests_total{job=~'$job',instance=~'$instance'}", unit="short")]
    assert rules(judge(board(row))) == {"counter-growth"}


def test_the_unit_of_a_line_may_be_its_own() -> None:
    panel = graph()
    panel["fieldConfig"]["defaults"]["unit"] = "bytes"
    override = {
        "matcher": {"id": "byName", "options": "requests"},
        "properties": [{"id": "unit", "value": "reqps"}],
    }
    panel["fieldConfig"]["overrides"] = [override]
    panel["targets"][0] |= {"expr": RATE.replace("by (path) ", ""), "legendFormat": "requests"}
    assert only(judge(board(panel)), "panel-unit") == []
    override["matcher"]["options"] = "others"
    assert only(judge(board(panel)), "panel-unit") != []


def test_our_own_boards_pass() -> None:
    files, _ = write.checked(STACK)
    boards = {
        path: json.loads(content)
        for path, content in files.items()
        if path.startswith(BOARDS) and path.endswith(".json")
    }
    found = [each for board_ in boards.values() for each in judge(board_)]

    assert len(boards) > 5
    assert found == []


def test_of_a_panel_from_the_library_its_place_is_judged_and_called_by_its_name() -> None:
    assert judge(board(LIBRARY, graph(gridPos={"x": 0, "y": 8, "w": 24, "h": 8}))) == []
    (found,) = only(judge(board(LIBRARY | {"id": 0})), "panel-id")
    assert found.where == "panel 'Requests of all'"


def test_queries_of_other_sources_are_no_promql() -> None:
    sql = {"type": "mysql", "uid": "${datasource}"}
    asks = {"refId": "A", "rawSql": "select 1", "datasource": sql, "legendFormat": "x"}
    assert only(judge(board(graph(datasource=sql, targets=[asks]))), "promql-parses") == []
    hidden = {"refId": "A", "expr": "((", "hide": True, "datasource": PROMETHEUS, "legendFormat": "x"}
    assert only(judge(board(graph(targets=[hidden]))), "promql-parses") == []


COVERED = {rule for rule, *_ in PAIRS} - {"board-shape"}
TAKEN = COVERED
