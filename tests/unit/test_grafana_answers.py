"""What a Grafana answers is read rightly, and what differs from the files is named."""

from __future__ import annotations

import math
from typing import Any

import pytest

from dashboards.errors import StackError
from dashboards.grafana_api import Grafana, _series
from dashboards.grafana_proof import RULE_KEYS, _differing, _rule_fault
from examples.demo.process import free_port

FRAME: dict[str, Any] = {
    "schema": {
        "fields": [
            {"name": "Time", "type": "time"},
            {"name": "Value", "type": "number", "labels": {"job": "api"}},
        ]
    },
    "data": {"values": [[1, 2, 3, 4], [0.5, None, None, None]], "entities": [None, {"NaN": [1], "Inf": [2]}]},
}
RULE: dict[str, Any] = {
    "title": "ApiDown",
    "condition": "C",
    "for": "600s",
    "keepFiringFor": "60s",
    "noDataState": "OK",
    "execErrState": "KeepLast",
    "missing_series_evals_to_resolve": 1,
    "labels": {"severity": "critical"},
    "annotations": {"summary": "Down."},
    "isPaused": False,
    "data": [{"model": {"expr": "up == 0"}}, {"model": {}}],
}


def answer(**changed: Any) -> dict[str, Any]:
    """The rule as the API gives it back."""
    found = {theirs: RULE[ours] for ours, theirs in RULE_KEYS.items()}
    return (
        found
        | {"for": "10m", "keep_firing_for": "1m0s", "provenance": "file", "data": RULE["data"]}
        | changed
    )


def test_numbers_that_json_lacks_are_kept_and_gaps_are_none() -> None:
    ((labels, values),) = _series(FRAME)
    assert labels == {"job": "api"}
    assert values[0] == 0.5
    assert math.isnan(values[1])
    assert values[2:] == [math.inf]


def test_a_frame_without_numbers_is_no_series() -> None:
    empty = {"schema": {"fields": [{"name": "Time", "type": "time"}]}, "data": {"values": [[]]}}
    assert list(_series(empty)) == []


def test_a_rule_as_in_the_file_is_right() -> None:
    assert _rule_fault(RULE, answer()) == ""


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"for": "5m"}, "differs in for"),
        ({"keep_firing_for": "0s"}, "differs in keepFiringFor"),
        ({"execErrState": "Error", "noDataState": "NoData"}, "differs in execErrState, noDataState"),
        ({"missingSeriesEvalsToResolve": None}, "differs in missing_series_evals_to_resolve"),
        ({"data": [{"model": {"expr": "up"}}, {"model": {}}]}, "asks another query"),
        ({"provenance": "api"}, "is not from a file"),
    ],
)
def test_what_grafana_dropped_or_changed_is_named(changed: dict[str, Any], fault: str) -> None:
    assert _rule_fault(RULE, answer(**changed)) == fault


def test_a_boards_own_numbers_are_not_compared() -> None:
    assert _differing({"uid": "a", "version": 1}, {"uid": "a", "version": 7, "id": 3}) == ""
    assert _differing({"uid": "a", "panels": [1]}, {"uid": "a", "panels": []}) == "differs in panels"


def test_where_nobody_answers_one_line_says_so_without_the_password() -> None:
    client = Grafana(url=f"http://127.0.0.1:{free_port()}", user="admin", password="hidden", timeout=1)
    with pytest.raises(StackError, match="no answer from Grafana") as caught:
        client.get("health")
    assert "hidden" not in f"{caught.value} {client!r}"
