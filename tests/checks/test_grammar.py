"""Checks on how a board is drawn: each refuses a change of a right board, and takes another one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.checks.small import BASE, DROP, SCOPE, changed, judge, only
from tests.checks.test_boards import (
    BY_STATUS,
    DOCUMENTS,
    FILE,
    GRAPH,
    NOW,
    RATE,
    ROW,
    SMALL,
    STAT,
    at,
    judged,
)

Edits = list[tuple[str, Any]]
BROUGHT = "${datasource:queryparam}&${environment:queryparam}"
LINKS = "panels 0 fieldConfig defaults links"
UNIT, TYPE = f"{GRAPH} fieldConfig defaults unit", f"{GRAPH} type"
LOW, HIGH = f"{GRAPH} fieldConfig defaults min", f"{GRAPH} fieldConfig defaults max"
EXPR, LEGEND = f"{GRAPH} targets 0 expr", f"{GRAPH} options legend"
STEPS = f"{STAT} fieldConfig defaults thresholds"
SHARE = (
    "(sum by (environment, cluster, job) "
    f'(rate(http_requests_total{{{SCOPE},status=~"5.."}}[$__rate_interval]))'
    f" or 0 * {RATE}) / ({RATE} > 0)"
)
ALONE = SHARE.replace(f" or 0 * {RATE}", "")
TOP = f"topk(5, {BY_STATUS})"
CALM = f"{BY_STATUS} and topk(5, {BY_STATUS.replace('[$__rate_interval]', '[1h] @ end()')})"
TABLE_LEGEND = {"showLegend": True, "displayMode": "table", "calcs": ["lastNotNull", "max"]}
ONE = SMALL["panels"][0]["targets"][0]
DEAR = RATE.replace("[$__rate_interval]", "[1h]")
BY = [(EXPR, BY_STATUS), (f"{GRAPH} targets 0 legendFormat", "{{status}}")]


def steps(*values: float | None) -> dict[str, Any]:
    return {"mode": "absolute", "steps": [{"color": "red", "value": value} for value in values]}


# check, what is refused, what the message names, what is taken in its place
PAIRS: list[tuple[str, Edits, str, Edits]] = [
    (
        "metric-exists",
        [(EXPR, f'count by (environment, cluster, job) ({{{SCOPE},__name__=~"pg_.*"}})')],
        "names no metric",
        [(EXPR, f'count by (environment, cluster, job) ({{{SCOPE},__name__!=""}})')],
    ),
    ("board-tags", [("tags", [])], "no tag", [("tags", ["other", "backend"])]),
    ("board-tags", [("tags", DROP)], "no tag", []),
    ("board-locked", [("editable", True)], "can be edited", [("editable", False)]),
    ("board-locked", [("editable", DROP)], "can be edited", []),
    ("board-version", [("version", 7)], "version is 7", [("version", 1)]),
    ("board-keys", [("timezon", "utc")], "no key 'timezon'", [("timezone", "utc")]),
    (
        "board-keys",
        [(f"{GRAPH} transparant", True)],
        "no key 'transparant'",
        [(f"{GRAPH} transparent", True)],
    ),
    (
        "board-keys",
        [(f"{GRAPH} targets 0 legendformat", "x")],
        "no key 'legendformat'",
        [(f"{GRAPH} targets 0 exemplar", False)],
    ),
    ("unit-known", [(UNIT, "rows/s")], "no unit 'rows/s'", [(UNIT, "suffix: rows/s")]),
    ("unit-known", [(UNIT, "requps")], "no unit 'requps'", [(UNIT, "currencyEUR")]),
    ("unit-known", [(f"{ROW} panels 0 fieldConfig defaults unit", "second")], "no unit 'second'", []),
    ("grid-holes", [(f"{GRAPH} gridPos", at(0, 0, 11))], "376 of 24 x 16", [(f"{GRAPH} gridPos", at(0, 0))]),
    ("grid-holes", [("panels 4 gridPos", at(0, 18, 24))], "begin", []),
    (
        "grid-holes",
        [(f"{ROW} panels 0 gridPos", at(0, 18)), (f"{ROW} panels 1 gridPos", at(12, 18))],
        "begin",
        [],
    ),
    ("threshold-base", [(STEPS, steps(0, 1))], "the first of its thresholds is 0", [(STEPS, steps(None, 1))]),
    ("threshold-base", [(STEPS, steps())], "is missing", [(STEPS, BASE)]),
    (
        "threshold-base",
        [(STEPS, {"steps": ""})],
        "expected a list",
        [(f"{GRAPH} fieldConfig defaults thresholds", steps())],
    ),
    ("threshold-base", [(STEPS, steps(None, 2, 1))], "do not rise: [2, 1]", [(STEPS, steps(None, 1, 2))]),
    ("axis-zero", [(LOW, DROP)], "begins where its lines do", [(LOW, 0)]),
    (
        "axis-zero",
        [(UNIT, "percentunit"), (EXPR, SHARE), (LOW, DROP)],
        "'percentunit'",
        [(UNIT, "s"), (LOW, DROP)],
    ),
    (
        "axis-zero",
        [(UNIT, "short"), (EXPR, NOW), (LOW, DROP)],
        "'short'",
        [(UNIT, "short"), (EXPR, f"{NOW} - {NOW}"), (LOW, DROP)],
    ),
    (
        "axis-zero",
        [(LOW, DROP), (f"{GRAPH} fieldConfig defaults custom", {"scaleDistribution": {"type": "linear"}})],
        "'reqps'",
        [(LOW, DROP), (f"{GRAPH} fieldConfig defaults custom", {"scaleDistribution": {"type": "log"}})],
    ),
    (
        "axis-whole",
        [(TYPE, "bargauge"), (UNIT, "percentunit")],
        "from 0 to None; expected from 0 to 1",
        [(TYPE, "bargauge"), (UNIT, "percentunit"), (HIGH, 1)],
    ),
    (
        "axis-whole",
        [(TYPE, "gauge"), (UNIT, "percent"), (LOW, 50), (HIGH, 100)],
        "from 50 to 100",
        [(UNIT, "percent")],
    ),
    (
        "legend-values",
        [*BY, (LEGEND, TABLE_LEGEND | {"calcs": []})],
        "a table of []",
        [*BY, (LEGEND, TABLE_LEGEND)],
    ),
    (
        "legend-values",
        [*BY, (LEGEND, TABLE_LEGEND | {"displayMode": "list"})],
        "is a list",
        [(LEGEND, {"showLegend": True})],
    ),
    (
        "link-time",
        [(LINKS, [{"title": "Other", "url": "/d/other?var-job=api"}])],
        "'/d/other?var-job=api'",
        [(LINKS, [{"title": "Other", "url": "/d/other?${__url_time_range}&var-job=api"}])],
    ),
    (
        "link-time",
        [("links", [{"title": "Other", "type": "link", "url": "/d/other"}])],
        "without the time",
        [("links", [{"title": "Docs", "type": "link", "url": "https://example.org"}])],
    ),
    (
        "link-time",
        [("links 0 keepTime", False)],
        "without the time",
        [("links", [{"title": "Other", "type": "link", "url": "/d/other?from=now-1h&to=now"}])],
    ),
    (
        "link-choice",
        [(LINKS, [{"title": "Other", "url": "/d/other?${__url_time_range}&var-cluster=main"}])],
        "leads to a board without datasource, environment",
        [(LINKS, [{"title": "Other", "url": f"/d/other?var-cluster=main&{BROUGHT}"}])],
    ),
    (
        "link-choice",
        [("links 0 includeVars", False)],
        "without cluster, datasource, environment",
        [("links", [{"title": "Docs", "type": "link", "url": "https://example.org"}])],
    ),
    ("topk-flaps", [(EXPR, TOP)], "topk() chooses anew", [(EXPR, CALM)]),
    (
        "topk-flaps",
        [(EXPR, TOP.replace("topk", "bottomk"))],
        "bottomk() chooses anew",
        [(f"{STAT} targets 0 expr", TOP.replace("$__rate_interval", "5m"))],
    ),
    (
        "query-twice",
        [(f"{GRAPH} targets", [ONE, ONE | {"refId": "B", "legendFormat": "again"}])],
        "A, B are one",
        [(f"{GRAPH} targets", [ONE, ONE | {"refId": "B", "instant": True, "range": False}])],
    ),
    ("variable-refresh", [("templating list 1 refresh", 1)], "its refresh is 1", []),
    ("variable-query", [("templating list 1 query", "up")], "its query is `up`", []),
    (
        "variable-query",
        [("templating list 1 query", {"query": "label_value(up, job)"})],
        "label_value(up, job)",
        [("templating list 1 query", "query_result(max by (environment, cluster) (up))")],
    ),
    (
        "source-variable",
        [("templating list 0 name", "source"), ("templating list 0 label", "Source")],
        "expected $datasource or $prometheus_datasource",
        [("templating list 0 name", "prometheus_datasource")],
    ),
    ("source-variable", [("templating list 0 type", "constant")], "no variable for the data source", []),
    (
        "query-cost",
        [(EXPR, DEAR.replace("1h", "30d"))],
        "s of a core; expected at most 2.2 s",
        [(EXPR, DEAR)],
    ),
    ("zero-shown", [(EXPR, ALONE)], "no series before the first", [(EXPR, SHARE)]),
    (
        "zero-shown",
        [(EXPR, f"{BY_STATUS} or vector(0)")],
        "a series of its own",
        [(EXPR, f"{BY_STATUS} or 0 * {BY_STATUS}")],
    ),
]


@pytest.mark.parametrize(("rule", "edits", "message", "right"), PAIRS)
def test_a_board_is_refused_for_it_and_taken_without(
    rule: str, edits: Edits, message: str, right: Edits
) -> None:
    found = only(judged(edits), rule)
    assert [each for each in found if message in each.message], found
    assert all(each.fix for each in found)
    assert only(judged(right), rule) == []


def test_a_refresh_below_the_scrape_interval_is_refused() -> None:
    scraped = ("prometheus/prometheus.yml", {"global": {"scrape_interval": "15s"}})
    (found,) = only(judged_with(scraped, "10s"), "board-refresh")
    assert "refreshed every 10 s, and scraped every 15 s" in found.message
    for right in ("15s", "1m", "", False):
        assert only(judged_with(scraped, right), "board-refresh") == []


def judged_with(scraped: tuple[str, Any], refresh: object) -> list[Any]:
    path, document = scraped
    return judge(changed(DOCUMENTS | {path: document}, (f"{FILE} refresh", refresh)))


COVERED = {rule for rule, *_ in PAIRS} | {"board-refresh"}
TAKEN = COVERED
