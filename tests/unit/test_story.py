"""A statement's story: rows that lead to it, now against before, and columns that are names."""

from __future__ import annotations

from typing import Any

import pytest

from dashboards.boards import postgres, queries
from dashboards.checks.promql import Call, parse, selectors, walk
from dashboards.grafana import describe, render_board
from dashboards.model import Panel
from dashboards.stack import STACK
from exporters.catalogue import Histogram
from signals import api_cost, audit
from signals import postgres_chosen as chosen
from signals.model import Signal
from signals.numbers import spoken

Json = dict[str, Any]
TABLES = [
    (board, panel)
    for board in (postgres.BOARD, queries.BOARD)
    for panel in board.panels
    if panel.kind == "table"
]


def drawn(board: Any, title: str) -> Json:
    rendered = render_board(board, STACK.context)
    panels = [*rendered["panels"], *(each for row in rendered["panels"] for each in row.get("panels", ()))]
    (panel,) = [each for each in panels if each["title"] == title]
    return panel


def expressions(title: str) -> list[str]:
    return [target["expr"] for target in drawn(queries.BOARD, title)["targets"]]


@pytest.mark.parametrize(("board", "panel"), TABLES, ids=lambda each: getattr(each, "title", ""))
def test_what_is_a_name_gives_columns_of_its_labels_and_no_value(board: Any, panel: Panel) -> None:
    (step,) = [each for each in drawn(board, panel.title)["transformations"] if each["id"] == "organize"]
    renamed, hidden = (step["options"][key] for key in ("renameByName", "excludeByName"))
    values = ["Value"] if len(panel.signals) == 1 else [f"Value #{letter}" for letter in "ABCDEFGHIJ"]
    for value, signal in zip(values, panel.signals, strict=False):
        assert (value in hidden) == signal.is_name, signal.title
        assert renamed.get(value) == (None if signal.is_name else signal.title)
        assert set(signal.query.labels) - {"job", "instance"} <= renamed.keys()


def test_texts_and_covering_indexes_are_shown_as_words() -> None:
    assert (
        drawn(postgres.BOARD, "Statements")["transformations"][1]["options"]["renameByName"]["query"]
        == "Text"
    )
    columns = drawn(postgres.BOARD, "Expected indexes")["transformations"][1]["options"]["renameByName"]
    assert columns["covered_by"] == "Covered by"


def test_a_row_of_the_statements_leads_to_its_story() -> None:
    overrides = drawn(postgres.BOARD, "Statements")["fieldConfig"]["overrides"]
    links = [
        each["value"]
        for override in overrides
        if override["matcher"]["options"] == "Statement"
        for each in override["properties"]
        if each["id"] == "links"
    ]
    assert [link["url"].split("?")[0] for link in links[0]] == ["/d/backend-queries"]
    assert links[0][0]["url"].endswith("&var-queryid=${__value.raw}")


def test_before_is_the_time_right_before_the_one_shown_and_as_long() -> None:
    now, then = expressions("Mean time, now and before")
    assert then == now.replace("[$__rate_interval]", "[$__rate_interval] offset $__range")
    assert all(each.offset for each in selectors(parse(then)))
    assert not any(each.offset for each in selectors(parse(now)))
    times, mean, mean_before, *_ = expressions("Which became slower?")
    assert mean_before == mean.replace("[$__range]", "[$__range] offset $__range")
    assert times.replace(" ", "") == f"({mean})/(({mean_before})>0)".replace(" ", "")


def test_the_chosen_statement_narrows_the_part_and_not_the_whole() -> None:
    (share,) = {expr for expr in expressions("Share of time") if expr != "vector(1)"}
    narrowed = {each.name: {m.label for m in each.matchers} for each in selectors(parse(share))}
    (part,), (whole,) = (
        [labels for name, labels in narrowed.items() if ("statements" in name) == statement]
        for statement in (True, False)
    )
    assert "queryid" in part - whole
    # What is made of statements alone is narrowed by the board.
    for title in ("Calls", "Mean time", "Blocks of a call"):
        for expr in expressions(title):
            for node, _ in walk(parse(expr)):
                if isinstance(node, Call) and node.function == "rate":
                    assert 'queryid=~"$queryid"' in expr


@pytest.mark.parametrize("board", STACK.boards, ids=lambda board: board.uid)
def test_every_description_says_what_is_good_and_what_to_do_by_themselves(board: Any) -> None:
    for panel in board.panels:
        if panel.kind == "text":
            continue
        told = describe(panel, STACK.numbers)
        assert told.count("*Good:*") == told.count("*Otherwise:*") == len(panel.signals), panel.title
        assert ("*Source:*" in told) == any(each.query.metrics for each in panel.shown)
        for limit in panel.limits:
            assert f"Dashed, **{limit.legend}**" in told


def test_a_description_names_a_state_as_its_panel_draws_it_and_says_why_a_limit_is_one() -> None:
    board = {each.uid: each for each in STACK.boards}
    told = {
        panel.title: describe(panel, STACK.numbers)
        for uid in ("backend-overview", "backend-postgres", "backend-api")
        for panel in board[uid].panels
    }

    assert told["PostgreSQL"].startswith("UP if")
    assert "*Good:* UP." in told["PostgreSQL"]
    assert "**Valid**: Whether the index" in told["Expected indexes"]
    assert "*Good:* yes." in told["Expected indexes"]
    assert "*Good:* at most 1 %. *Why there:* One request in a hundred" in told["Error ratio"]
    assert "Bad is a request answered with a 5xx status." in told["Availability"]
    assert (
        "Bad is a request, of those that have a route, that took longer than 150 ms."
        in told["Latency: error budget left"]
    )


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        (chosen.MEAN, "at most 500 ms. *Why there:* Half a second"),
        (chosen.HIT_RATIO, "at least 95 %. *Why there:* What"),
        (chosen.TEMP, "None."),
        (postgres.objects.EXPECTED_MISSING, "0. *Why there:* Each is"),
        (postgres.objects.EXPECTED_VALID, "1."),
        (audit.INDEXES, "100 %."),
        (postgres.upkeep.XID_AGE, "at most 500 million; critical from 1200 million. *Why there:* Autovacuum"),
        (postgres.postgres.CONNECTIONS_SHARE, "at most 80 %; critical from 95 %. *Why there:* A deploy"),
    ],
    ids=lambda each: getattr(each, "title", ""),
)
def test_good_is_a_number_where_there_is_one(signal: Signal, told: str) -> None:
    assert signal.says_good(STACK.numbers).startswith(told)


@pytest.mark.parametrize(
    "signal", [api_cost.REPEATS_P95, api_cost.REQUEST_SIZE_P95], ids=lambda each: each.title
)
def test_a_percentile_far_from_its_mean_says_by_which_bounds_it_is_counted(signal: Signal) -> None:
    """Bodies of 49 bytes have a p95 of 243, thirty repeats one of 48, and a thousand repeats one of 500."""
    (counted,) = signal.query.metrics
    assert isinstance(counted, Histogram)
    for bound in (counted.buckets[0], counted.buckets[-1]):
        assert spoken(bound, signal.unit) in signal.why


def test_what_an_old_version_does_not_tell_is_not_said_to_be_uncalled() -> None:
    told = "before version 14"
    young = [
        panel
        for panel in queries.BOARD.panels
        if panel.kind != "table"
        and any(metric.optional.startswith(told) for each in panel.shown for metric in each.query.metrics)
    ]
    assert len(young) == 5
    for panel in young:
        assert told in f"{panel.no_value} {panel.note}".lower(), panel.title
