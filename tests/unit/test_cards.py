"""Scorecards: how far, asked of promtool; and a team's own objectives on the board of the audit."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards import visual
from dashboards.grafana import TARGET_WIDTH, render_board
from dashboards.model import Board, graph, row, scorecard, stat
from dashboards.scorecard import Score
from dashboards.stack import AUDIT_UID, STACK, Stack
from exporters.catalogue import external
from signals import audit, audit_verdict, objectives, scores
from signals.idioms import value
from signals.model import Signal
from signals.numbers import SECONDS, Objective
from signals.promql import Context, Query

# Of 390 pixels, without the margins of page and panel.
PHONE = 342
# Of a cell: a letter of 14 pixels in the mean, and what is free on both sides.
LETTER, PADDING = 7, 12
GOAL = Objective(key="ours", title="Scrapes", value=0.06, unit=SECONDS, better="lower")
NOW = Signal(
    title="Time",
    why="W.",
    act="A.",
    query=value(external.SCRAPE_DURATION, over="max"),
    unit=SECONDS,
    objective=GOAL,
)
TOWARDS = [
    ({"baseline": 0.3}, 0.18, 0.5),
    ({"baseline": 0.3}, 0.06, 1),
    ({"baseline": 0.3}, 0.01, 1),
    ({"baseline": 0.3}, 0.5, 0),
    ({"baseline": 0, "value": 0.8, "better": "higher"}, 0.2, 0.25),
    ({}, 0.24, 0.25),
    ({}, 0.03, 1),
    ({}, 0, 1),
    ({"value": 0.8, "better": "higher"}, 0.4, 0.5),
    ({"value": 0.8, "better": "higher"}, 0.9, 1),
    ({"value": 0.6, "better": "higher"}, 0.598, 0.99),
    ({"value": 0}, 0, 1),
    ({"value": 0}, 0.5, 0),
    ({"baseline": 0.06}, 0.12, 0.5),
]


def test_a_phone_shows_a_target_what_is_now_and_whether_that_is_enough() -> None:
    (board,) = (each for each in STACK.boards if each.uid == AUDIT_UID)
    (card,) = (each for each in render_board(board, STACK.context)["panels"] if each["title"] == "Times")
    organize = card["transformations"][-1]["options"]
    order = sorted(organize["indexByName"], key=organize["indexByName"].__getitem__)
    shown = [organize["renameByName"][name] for name in order][:3]
    assert shown == ["Target", "Now", "Reached"]
    assert sum(_width(card, name) for name in shown) <= PHONE


def _width(card: dict[str, Any], column: str) -> int:
    """Of a column on a narrow screen: its own width, or else the least that it may have."""
    found = dict[str, int]()
    for each in card["fieldConfig"]["overrides"]:
        matcher, what = each["matcher"]["id"], each["matcher"]["options"]
        if what == column if matcher == "byName" else re.search(what.strip("/"), column):
            found |= {one["id"]: one["value"] for one in each["properties"] if "idth" in one["id"]}
    return found.get("custom.width") or found["custom.minWidth"]


@pytest.mark.parametrize(("numbers", "now", "far"), TOWARDS)
def test_how_far_it_has_come(numbers: dict[str, float], now: float, far: float, tmp_path: Path) -> None:
    goal = replace(GOAL, **numbers)  # type: ignore[arg-type]  # as the parameters say
    signal, context = replace(NOW, objective=goal), Context(window="5m", numbers={goal.key: goal})
    expr = Query(scores.way(signal, goal), NOW.query.metrics).fill(context)
    kept = scores.remembered(signal)
    assert kept is not None
    rule = {"record": kept.metric.name, "expr": kept.query.fill(context)}
    rules = {"groups": [{"name": "g", "interval": "30s", "rules": [rule]}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    # Of two services the worse one counts.
    better = now / 2 if goal.better == "lower" else now * 2
    series = [
        {"series": f'{external.SCRAPE_DURATION}{{job="{job}"}}', "values": f"{each}x5"}
        for job, each in (("a", now), ("b", better))
    ]
    asked = {"expr": expr, "eval_time": "2m", "exp_samples": [{"labels": "{}", "value": far}]}
    test = {"input_series": series, "promql_expr_test": [asked]}
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "30s", "tests": [test]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(document))
    done = subprocess.run(
        ["promtool", "test", "rules", tmp_path / "test.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_targets_are_counted_as_their_rows_say(tmp_path: Path) -> None:
    kept = {each.objective.key: scores.remembered(each) for each in audit_verdict.TARGETS if each.objective}
    stands = {"average": 0.02, "queries": 2, "p95": 9.0}
    identity = '{environment="production",cluster="main"}'
    series = [
        {"series": f"{recording.metric.name}{identity}", "values": f"{stands[key]}x5"}
        for key, recording in kept.items()
        if recording and key in stands
    ]
    assert len(series) == len(stands)
    context = Context(window="5m", identity=("environment", "cluster"), numbers=STACK.numbers)
    asked = [
        {
            "expr": signal.query.fill(context),
            "eval_time": "2m",
            "exp_samples": [{"labels": identity, "value": count}],
        }
        for signal, count in (
            (audit_verdict.REACHED, 2),
            (audit_verdict.MISSED, 1),
            (audit_verdict.UNKNOWN, len(audit_verdict.TARGETS) - 3),
        )
    ]
    promtool(tmp_path, {"input_series": series, "promql_expr_test": asked})


def promtool(folder: Path, test: dict[str, Any]) -> None:
    (folder / "test.yml").write_text(yaml.safe_dump({"evaluation_interval": "30s", "tests": [test]}))
    done = subprocess.run(
        ["promtool", "test", "rules", folder / "test.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_of_our_targets_is_one_line_of_a_phone() -> None:
    """So that its card, which is as tall as its rows, needs no scrolling there."""
    titles = [signal.title for signal in audit_verdict.TARGETS]
    assert [each for each in titles if len(each) * LETTER + PADDING > TARGET_WIDTH] == []


@pytest.mark.parametrize(
    ("within", "offered", "says"), [(25, 30, "not tried"), (25, 5000, "missed"), (5000, 5000, "reached")]
)
def test_a_value_that_says_nothing_yet_is_not_tried(
    tmp_path: Path, within: int, offered: int, says: str
) -> None:
    labels, identity = '{job="a",environment="e",cluster="c"}', '{environment="e",cluster="c"}'
    recorded = {audit.REQUESTS_WITHIN_P95: within, audit.REQUESTS: offered}
    series = [
        {"series": f"{each.metric.name}{labels}", "values": f"{value}x5"} for each, value in recorded.items()
    ]
    context = Context(window="5m", identity=("environment", "cluster"), numbers=STACK.numbers)
    told = scores.told(audit.THROUGHPUT, objectives.THROUGHPUT)
    (value,) = (each.value for each in visual.REACHED if each.text == says)
    expr = Query(told, (), (objectives.THROUGHPUT,)).fill(context)
    sample = {"expr": expr, "eval_time": "2m", "exp_samples": [{"labels": identity, "value": value}]}
    promtool(tmp_path, {"input_series": series, "promql_expr_test": [sample]})
    score = Score(objective=objectives.THROUGHPUT, now=within, reached={2: None}.get(value, bool(value)))
    assert score.verdict == says


def ours(*more: Board) -> Stack:
    own = Board(
        uid="ours",
        title="Ours",
        description="D",
        source="",
        anchor=None,
        rows=(row("Now?", stat(NOW)), row("Before?", graph(NOW, title="Time, before"))),
    )
    return replace(STACK, boards=(*STACK.boards, own, *more), objectives=(*STACK.objectives, GOAL))


def test_a_teams_own_objective_is_a_row_of_the_audit_and_is_remembered() -> None:
    stack = ours()
    (board,) = (each for each in stack.all_boards if each.uid == AUDIT_UID)
    drawn = render_board(board, stack.context)["panels"][-1]
    assert drawn["title"] == "Your own, in seconds"
    asked = {each["refId"]: each["expr"] for each in drawn["targets"]}
    assert '"target", "Scrapes"' in asked["A"]
    assert "audit:ours:value5m" in asked["G"]
    assert set(asked) == {"A", "B", "F", "G", "H"}, "it has no baseline, and no week or month of the audit's"
    assert "audit:ours:value5m" in {each.metric.name for each in stack.recorded}
    assert stack.boards == ours().boards, "what the team gave is as it gave it"


def test_the_columns_of_a_row_read_where_it_stands_and_do_not_ask_anew() -> None:
    (board,) = (each for each in STACK.all_boards if each.uid == AUDIT_UID)
    times = next(each for each in render_board(board, STACK.context)["panels"] if each["title"] == "Times")
    asked = {each["refId"]: each["expr"] for each in times["targets"]}
    for letter in "ABH":
        assert "audit:p95:value5m" in asked[letter]
        assert "rate(" not in asked[letter]


def test_a_column_without_any_answer_stays_and_says_unknown() -> None:
    (board,) = (each for each in STACK.all_boards if each.uid == AUDIT_UID)
    times = next(each for each in render_board(board, STACK.context)["panels"] if each["title"] == "Times")
    nobody = 'label_replace(vector(0), "target", "~", "", "")'
    assert {each["refId"] for each in times["targets"] if each["expr"].endswith(f" or {nobody}")} == set(
        "ABGH"
    )
    assert times["targets"][0]["refId"] == "F", (
        "every row has a goal, so that they stand as they are declared"
    )
    (without,) = (each for each in times["transformations"] if each["id"] == "filterByValue")
    assert without["options"]["type"] == "exclude"
    assert without["options"]["filters"][0]["config"]["options"] == {"value": "~"}


def test_who_brings_none_sees_none() -> None:
    (board,) = (each for each in STACK.all_boards if each.uid == AUDIT_UID)
    assert [each.title for each in board.rows][-1] == "How did it get here?"


def test_what_is_there_or_not_has_no_best_and_no_way() -> None:
    panel = scorecard("S", audit.POOL_LIVE, height=4)
    board = Board(uid="u", title="T", description="D", source="", anchor=None, rows=(row("R", panel),))
    drawn = render_board(board, STACK.context)["panels"][1]
    assert {each["refId"] for each in drawn["targets"]} == {"A", "B", "E", "F"}


def test_a_best_on_record_is_its_own_best() -> None:
    assert scores.remembered(audit.THROUGHPUT) is None
    assert scores.best(audit.THROUGHPUT) == scores.worst(audit.THROUGHPUT, objectives.THROUGHPUT.better)
