"""What stands on well-known boards and is right: no check finds fault with it."""

from __future__ import annotations

import pytest

from tests.checks.others import SCOPE, Json, board, graph, judge, source, variable
from tests.checks.small import only

RECEIVED = f"sum(rate(web_received_total{{{SCOPE}}}[$__rate_interval]))"


def open_below(*overrides: Json) -> Json:
    """A graph without a lower end."""
    return graph(
        RECEIVED, legend="received", fieldConfig={"defaults": {"unit": "reqps"}, "overrides": [*overrides]}
    )


@pytest.mark.parametrize("kind", ["alertlist", "annolist", "dashlist", "news"])
def test_a_list_of_what_grafana_itself_knows_asks_no_data_source(kind: str) -> None:
    asks_nothing = {key: value for key, value in graph().items() if key not in ("targets", "datasource")}
    alone = board(asks_nothing | {"type": kind}, variables=(source(),))
    assert only(judge(alone), "panel-queries", "source-chosen") == []
    assert only(judge(board(asks_nothing)), "panel-queries") != []


def test_an_axis_with_lines_below_it_does_not_begin_at_nothing() -> None:
    down = {"id": "custom.transform", "value": "negative-Y"}
    mirrored = {"matcher": {"id": "byName", "options": "sent"}, "properties": [down]}
    assert only(judge(board(open_below(mirrored))), "axis-zero") == []
    mirrored["properties"] = [{"id": "custom.transform", "value": "constant"}]
    assert only(judge(board(open_below(mirrored))), "axis-zero") != []


@pytest.mark.parametrize(
    ("expr", "unit"),
    [
        ("node_time_seconds{S} - node_boot_time_seconds{S}", "s"),
        ("web_config_time_seconds{S} * 1000", "dateTimeAsIso"),
        ("web_process_time_seconds{S}", "s"),
    ],
)
def test_a_name_that_ends_in_time_may_be_a_moment_or_a_while(expr: str, unit: str) -> None:
    right = graph(expr.replace("S", SCOPE), unit=unit)
    assert only(judge(board(right)), "panel-unit", "units-meet") == []
    spent = graph(f"rate(web_process_time_seconds_total{{{SCOPE}}}[$__rate_interval])", unit="s")
    assert only(judge(board(spent)), "panel-unit") != []


def test_what_a_rule_records_is_no_counter_because_its_name_ends_as_one() -> None:
    assert (
        only(judge(board(graph(f"max(node:fs:inode_total{{{SCOPE}}})", unit="short"))), "counter-growth")
        == []
    )
    raw = graph(f"max(node_inode_changes_total{{{SCOPE}}})", unit="short")
    assert only(judge(board(raw)), "counter-growth") != []


def test_an_apostrophe_in_a_comment_begins_no_string() -> None:
    told = graph(f"# what's received\n{RECEIVED} # isn't sent", legend="received")
    assert only(judge(board(told)), "promql-parses", "rate-window") == []
    text = graph(f"'s received\n{RECEIVED} # isn't sent", legend="received")
    assert only(judge(board(text)), "promql-parses") != []


def test_a_variable_that_asks_a_database_by_the_name_of_its_source_is_not_judged_as_promql() -> None:
    asked = "SELECT DISTINCT host FROM daemons"
    unsaid = variable("host", datasource="QuestDB", query=asked)
    assert only(judge(board(graph(), variables=(unsaid,))), "variable-query", "promql-parses") == []
    of_prometheus = variable("host", query=asked)
    assert only(judge(board(graph(), variables=(of_prometheus,))), "variable-query") != []
