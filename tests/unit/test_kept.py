"""What boards read recorded is what they read raw, whatever is chosen: played by promtool, panel by panel."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.filled import PLACE, application, endpoints
from dashboards import write
from dashboards.grafana import render_board
from dashboards.model import Board
from dashboards.prove import filled
from dashboards.prove.ask import flat
from dashboards.stack import STACK
from exporters.catalogue import api
from exporters.catalogue import postgres_objects as objects
from signals.kept import BY_ENDPOINT, OF_ALL, RECORDINGS, Reading

LARGE = replace(STACK, recorded_boards=True)
HOSTS = 2
# One with a way of its own, one that is asked for by name, and what has no route.
ENDPOINTS = ("/api/things/{thing_id}", "/api/dashboard/admin", api.UNMATCHED)
# Steady for so long that every window has the same rate.
MINUTES, SHOWN = 75, "60m"
GRAFANA = {
    "datasource": "prometheus",
    **PLACE,
    "__range": SHOWN,
    "__rate_interval": "1m",
    "__rate_interval_ms": "60000",
}
ALL = ".+"
ESCAPED = r"/api/things/\\{thing_id\\}"
CHOICES: dict[str, Mapping[str, str]] = {
    "all": {},
    "an endpoint": {"handler": ESCAPED},
    "two endpoints": {"handler": f"({ESCAPED}|/api/dashboard/admin)"},
    "a host": {"instance": "host-1:10910"},
    "an endpoint of a host": {"handler": ESCAPED, "instance": "host-1:10910"},
    "no such job": {"job": "other"},
}


def counters() -> Iterator[dict[str, str]]:
    """Whatever each endpoint counts, on two hosts, each series with a rate of its own."""
    made = dict(zip(endpoints(len(ENDPOINTS)), ENDPOINTS, strict=True))
    for place, (labels, shape) in enumerate(application(len(ENDPOINTS))):
        for host in range(HOSTS):
            target = {"handler": made[labels["handler"]], "job": "api", "instance": f"host-{host}:10910"}
            named = {**labels, **target, **PLACE}
            text = ",".join(
                f"{name}={json.dumps(value)}" for name, value in named.items() if name != "__name__"
            )
            # More in each bucket than in the one below it.
            step = round(100 * shape.share) * (host + 1) * (1 if "le" in labels else 3 + place % 7)
            yield {"series": f"{labels['__name__']}{{{text}}}", "values": f"0+{step}x{MINUTES * 4}"}
    # A statement, for what asks how often a request calls it.
    text = ",".join(
        f'{name}="{value}"'
        for name, value in {"queryid": "1", "job": "exporter", "instance": "a", **PLACE}.items()
    )
    for metric in (objects.STATEMENT_CALLS, objects.STATEMENT_ROWS):
        yield {"series": f"{metric.name}{{{text}}}", "values": f"0+99x{MINUTES * 4}"}


def both(board: Board) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each panel, as it is drawn raw and recorded."""
    drawn = (flat(render_board(board, each.context)["panels"]) for each in (STACK, LARGE))
    return zip(*drawn, strict=True)


def asked() -> Iterator[tuple[str, str, str]]:
    """Of each query that reads recordings its panel, and both texts."""
    for board in STACK.boards:
        for raw, recorded in both(board):
            for one, other in zip(raw.get("targets", ()), recorded.get("targets", ()), strict=True):
                if one["expr"] != other["expr"]:
                    yield f"{board.uid}: {raw['title']}, {one['refId']}", one["expr"], other["expr"]


ASKED = list(asked())


def played(folder: Path, tests: list[dict[str, Any]]) -> str:
    rules, _ = write.checked(LARGE)
    (folder / "boards.yml").write_bytes(rules["prometheus/rules/boards.yml"])
    test = {
        "rule_files": ["boards.yml"],
        "evaluation_interval": "30s",
        "tests": [{"interval": "15s", "input_series": list(counters()), "promql_expr_test": tests}],
    }
    (folder / "test.json").write_text(json.dumps(test))
    found = subprocess.run(
        ["promtool", "test", "rules", folder / "test.json"], capture_output=True, text=True, check=False
    )
    return found.stdout + found.stderr


def gives(expr: str, value: float) -> dict[str, Any]:
    return {
        "expr": expr,
        "eval_time": f"{MINUTES - 5}m",
        "exp_samples": [{"labels": "{}", "value": value}],
    }


def chosen(where: str, expr: str, choice: str) -> str:
    api = where.startswith("backend-api")
    target = {"job": "api", "instance": ALL} if api else {"job": "exporter", "instance": "a"}
    return filled(expr, {**GRAFANA, **target, "handler": ALL, "queryid": ALL, **CHOICES[choice]})


def test_every_query_gives_the_same_numbers_whatever_is_chosen(tmp_path: Path) -> None:
    tests = []
    for choice, (where, one, other) in product(CHOICES, ASKED):
        raw, recorded = (chosen(where, each, choice) for each in (one, other))
        # As many series, each of them with its like, and that with the same value but for rounding.
        tests.append(gives(f"(count({raw}) or vector(0)) - (count({recorded}) or vector(0))", 0))
        off = f"abs(({raw}) - ({recorded})) > 1e-9 * abs({raw})"
        tests.append(gives(f"count(({raw}) unless ({recorded})) or count({off}) or vector(0)", 0))
    assert "SUCCESS" in (told := played(tmp_path, tests)), told[:4000]


def test_what_is_compared_has_numbers(tmp_path: Path) -> None:
    """But for what is of a day or a week ago."""
    told = played(
        tmp_path, [gives(f"count({chosen(where, one, 'all')}) > bool 0", 1) for where, one, _ in ASKED]
    )
    silent = {
        where.rpartition(",")[0]
        for where, one, _ in ASKED
        if json.dumps(f"count({chosen(where, one, 'all')}) > bool 0") in told
    }
    assert silent == {
        "backend-overview: Requests, now and a week ago",
        "backend-api: Requests now, a day ago, a week ago",
        "backend-api: Traffic against other days",
    }


def test_what_is_recorded_is_what_boards_read() -> None:
    read = " ".join(other for _, _, other in ASKED)
    assert {each.metric.name for each in RECORDINGS} <= set(re.findall(r"\w+:\w+:rate5m", read))
    assert set(OF_ALL) < set(BY_ENDPOINT)


def test_nothing_is_asked_for_more_often_than_tells_something_new() -> None:
    """A mean of five minutes each minute; of each endpoint and host half of what is scraped."""
    steps: dict[str, set[tuple[str, str]]] = {}
    for board in STACK.boards:
        for raw, recorded in both(board):
            if [each["expr"] for each in raw.get("targets", ())] != [
                each["expr"] for each in recorded.get("targets", ())
            ]:
                steps.setdefault(raw["type"], set()).add(
                    (raw.get("interval", ""), recorded.get("interval", ""))
                )
    assert steps == {
        "timeseries": {("30s", "1m")},
        "heatmap": {("30s", "1m")},
        "stat": {("1m", "1m"), ("", "")},
        "table": {("", "")},
        "bargauge": {("", "")},
    }


def test_rates_for_boards_are_recorded_as_often_as_boards_ask_for_them() -> None:
    rules, _ = write.checked(LARGE)
    groups = {name: yaml.safe_load(text)["groups"] for name, text in rules.items() if "rules/" in name}
    paces = {each["name"]: each["interval"] for found in groups.values() for each in found}
    assert paces.pop("boards") == "1m"
    assert set(paces.values()) == {"30s"}


def test_what_is_made_of_rates_alone_is_joined_once_and_not_rate_by_rate() -> None:
    """At each point of a graph each join costs as much as the series that it joins."""
    joins = {
        where: len(re.findall(r"\bor\b", recorded)) - 2 * len(re.findall(r"\bor\b", raw))
        for where, raw, recorded in ASKED
    }
    assert joins["backend-api: Queries per request by endpoint, A"] == 1
    assert joins["backend-api: Latency: average, p50, p95, p99, B"] == 2


def test_of_requests_by_endpoint_alone_is_read_what_is_recorded_without_method_and_status() -> None:
    (read,) = (
        other for where, _, other in ASKED if where == "backend-overview: Endpoints that fail or are slow, A"
    )
    assert read.startswith("avg_over_time(endpoint:http_requests:rate5m{")


def test_of_all_endpoints_is_summed_what_is_recorded_only_of_each() -> None:
    asked = f"sum by (<by:job>) (rate({api.EXCEPTIONS.name}{{<scope:api>}}[<window>]))"
    kept = BY_ENDPOINT[api.EXCEPTIONS.name].metric.name
    assert Reading()(asked) == f"sum by (<by:job>) ({kept}{{<scope:rules>,}})"


def test_many_series_are_summed_before_they_are_joined() -> None:
    for where, raw, _ in ASKED:
        assert not re.search(r"rate\([^()]*\) or rate\(", raw), where


@pytest.mark.parametrize(
    "text",
    [
        "sum by (<by:job,encoding>) (rate(http_response_wire_bytes_total{<scope:api>}[<window>]))",
        'sum by (<by:job>) (rate(http_response_wire_bytes_total{<scope:api>,encoding="gzip"}[<window>]))',
        "sum by (<by:job>) (increase(http_requests_total{<scope:api>}[<window>]))",
        "sum by (<by:job>) (rate(db_query_errors_total{<scope:api>}[<window>]))",
        "max by (<by:job>) (rate(http_requests_total{<scope:api>}[<window>]))",
        "sum by (<by:job>) (rate(http_requests_total{<scope:api>}[1h]))",
    ],
)
def test_what_nothing_recorded_can_answer_is_asked_of_what_is_scraped(text: str) -> None:
    assert Reading(over="<window>", targets=True, endpoints=True)(text) == text
