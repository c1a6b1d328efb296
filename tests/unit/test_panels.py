"""What a panel can be asked for beyond its kind, and what it then asks and looks like."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from dashboards import write
from dashboards.boards import BOARDS
from dashboards.colours import BAD, HUES, OF_LABEL, OF_NAME, PLAIN, WARNING, of_lines
from dashboards.grafana import render_board
from dashboards.model import (
    Board,
    BoardError,
    Choice,
    Panel,
    Word,
    bars,
    graph,
    heatmap,
    row,
    stat,
    table,
    timeline,
)
from dashboards.stack import STACK, Stack
from exporters.catalogue import api as metrics
from signals import api, api_load, pool, postgres, redis, telemetry
from signals.levels import AVAILABILITY, LATENCY

Json = dict[str, Any]
ENDPOINT = Choice(label=metrics.HANDLER, metric=metrics.REQUESTS)
BOARD = Board(
    uid="every-kind",
    title="Every kind",
    description="For tests.",
    source="api",
    anchor=metrics.WORKERS,
    choices=(ENDPOINT,),
    rows=(
        row(
            "Is it well?",
            stat(api.REQUEST_RATE, no_value="no traffic", trend=True),
            stat(api.WORKERS, trend=True, words=(Word(0, "none", "bad"), Word(4, "all", "good"))),
        ),
        row(
            "Why?",
            graph(api.REQUEST_RATE_BY_HANDLER, title="By endpoint", shares=True),
            graph(api.ERRORS_BY_STATUS, columns=True, stacked=True),
            graph(postgres.CONNECTIONS_BY_STATE, limits=(postgres.USABLE, pool.CEILING), stacked=True),
            timeline(telemetry.TARGETS, words=(Word(0, "gone", "bad"), Word(1, "there", "good"))),
            heatmap("Heat", metrics.REQUEST_DURATION, api.LATENCY_P95, where=(metrics.METHOD.eq("GET"),)),
            bars("Full", postgres.CONNECTIONS_SHARE, redis.MEMORY_SHARE),
            table(
                "Endpoints",
                api.HANDLER_RATE,
                api.HANDLER_P95,
                key="handler",
                opens="every-kind",
            ),
            graph(api_load.BUSIEST_WORKER),
        ),
    ),
)


def drawn(panel: str, board: Board = BOARD) -> Json:
    """The rendered panel of this title."""
    found = render_board(board, STACK.context)["panels"]
    (one,) = [each for each in found if each["title"] == panel]
    rendered: Json = one
    return rendered


def custom(panel: Json) -> Json:
    found: Json = panel["fieldConfig"]["defaults"]["custom"]
    return found


def styles(panel: Json) -> dict[str, Json]:
    """What is overridden, by the name that it is for."""
    return {
        each["matcher"]["options"]: {one["id"]: one["value"] for one in each["properties"]}
        for each in panel["fieldConfig"]["overrides"]
    }


def test_a_board_with_everything_passes_every_check() -> None:
    _, findings = write.checked(Stack(boards=(*BOARDS, BOARD)))
    assert [each for each in findings if "every-kind" in each.file] == []


def test_of_several_servers_a_bar_is_the_worst_by_its_objective() -> None:
    levels = bars("Budgets", *(each.left.called(each.title) for each in (AVAILABILITY, LATENCY)))
    board = replace(BOARD, rows=(*BOARD.rows, row("Left?", levels)))
    asked = {
        title: [each["expr"] for each in drawn(title, board)["targets"]] for title in ("Full", "Budgets")
    }

    by = f"by ({', '.join(STACK.context.identity)}) (("
    assert [expr.startswith(f"max {by}") for expr in asked["Full"]] == [True] * 2
    assert [expr.startswith(f"min {by}") for expr in asked["Budgets"]] == [True] * 2
    assert drawn("Full", board)["description"].startswith("Of several servers or services")


def test_alerts_that_wake_someone_come_first_and_of_these_the_longest() -> None:
    overview = next(board for board in BOARDS if board.uid == "backend-overview")
    order = drawn("Firing alerts", overview)["options"]["sortBy"]
    assert order == [{"displayName": "Severity", "desc": False}, {"displayName": "For", "desc": True}]


def test_a_trend_is_asked_beside_a_clock_and_ends_where_its_series_ends() -> None:
    panel = drawn("Request rate")
    value, clock = panel["targets"]
    assert (value["range"], value["instant"], clock["expr"]) == (True, False, "vector(1)")
    assert "[5m]" in value["expr"], "the window of the alert, so that the two agree"
    assert panel["transformations"] == [
        {"id": "joinByField", "options": {"byField": "Time", "mode": "outer"}}
    ]
    options = panel["options"]
    assert (options["graphMode"], options["reduceOptions"]["calcs"]) == ("area", ["last"])
    fields = re.compile(options["reduceOptions"]["fields"].strip("/"))
    assert [name for name in ("Time", "Clock", value["legendFormat"]) if fields.match(name)] == [
        value["legendFormat"]
    ]


def test_shares_are_piled_up_to_the_whole_and_columns_are_no_lines() -> None:
    assert custom(drawn("By endpoint"))["stacking"] == {"mode": "percent", "group": "A"}
    columns = custom(drawn(api.ERRORS_BY_STATUS.title))
    assert (columns["drawStyle"], columns["stacking"]["mode"]) == ("bars", "normal")


def test_a_limit_is_dashed_named_and_no_part_of_the_pile() -> None:
    panel = drawn(postgres.CONNECTIONS_BY_STATE.title)
    looks = [styles(panel)[limit.legend] for limit in (postgres.USABLE, pool.CEILING)]
    assert looks[0]["color"] != looks[1]["color"]
    assert looks[0]["custom.lineStyle"] != looks[1]["custom.lineStyle"]
    for limit in (postgres.USABLE, pool.CEILING):
        style = styles(panel)[limit.legend]
        assert style["custom.lineStyle"]["fill"] == "dash"
        assert style["custom.stacking"]["group"] == "limits"
        assert style["color"]["fixedColor"] not in (BAD, WARNING), "a limit by itself is no trouble"
        assert limit.legend, "its meaning"


def test_the_line_of_an_objective_says_what_it_means() -> None:
    assert custom(drawn("p95 latency by endpoint", BOARDS_WITH_P95))["axisLabel"] == "good: ≤ 150 ms"
    both = graph(postgres.CONNECTIONS_SHARE)
    found = drawn(both.title, replace(BOARD, rows=(row("R", both),)))
    assert custom(found)["axisLabel"] == "good: ≤ 80 %, critical: 95 %"


BOARDS_WITH_P95 = replace(BOARD, rows=(row("R", graph(api.LATENCY_P95, title="p95 latency by endpoint")),))


def test_states_are_called_by_their_own_words() -> None:
    (mapping,) = drawn("Targets")["fieldConfig"]["defaults"]["mappings"]
    assert mapping["options"]["0"] == {"text": "gone", "color": "red", "index": 0}
    assert mapping["options"]["1"] == {"text": "there", "color": "green", "index": 1}


def test_a_heatmap_shows_what_is_selected() -> None:
    (expr,) = [target["expr"] for target in drawn("Heat")["targets"]]
    assert 'job="$job"' in expr
    assert 'method="GET"' in expr


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda: graph(api.LATENCY_P95, api.REQUEST_RATE, title="Both"),
            r"'Both' draws .*, in 'seconds', and .*, in 'requests/s', against one axis; expected one unit",
        ),
        (
            lambda: graph(redis.MEMORY_USED, limits=(redis.CLIENTS,), title="Both"),
            r"'Both' draws .*, in 'bytes', and .*, in 'count', against one axis",
        ),
        (
            lambda: stat(redis.UP, redis.MEMORY_USED, title="Both"),
            r"'Both' draws .*, in 'state', and .*, in 'bytes', against one axis",
        ),
        (lambda: Word(0, "gone", "awful"), r"word 'gone': tone is 'awful'"),  # type: ignore[arg-type]
        (lambda: Panel(kind="pie", title="Pie"), r"panel 'Pie': kind is 'pie'"),  # type: ignore[arg-type]
        (lambda: Panel(kind="gauge", title="G"), r"panel 'G': kind is 'gauge'"),  # type: ignore[arg-type]
    ],
)
def test_a_panel_that_cannot_be_read_is_refused(make: Any, told: str) -> None:
    with pytest.raises(BoardError, match=told):
        make()


def test_equal_lines_have_equal_colours_on_every_board() -> None:
    seen: dict[str, set[str]] = {}
    for board in BOARDS:
        for panel in board.panels:
            found = of_lines(panel) if panel.kind == "graph" else []
            for _, name, colour in found:
                seen.setdefault(name, set()).add(colour)
            named = [colour for matcher, _, colour in found if matcher == "byName"]
            assert len(set(named)) == len(named), f"{panel.title!r} draws two lines in one colour: {found}"
    assert {"p95", "5xx"} <= seen.keys()
    assert {name: found for name, found in seen.items() if len(found) > 1} == {}, "give it one in OF_NAME"


def test_a_name_has_its_colour_behind_a_label_too() -> None:
    (pattern,) = [name for _, name, colour in of_lines(graph(pool.PENDING)) if colour == BAD]
    assert [bool(re.search(pattern.strip("/"), name)) for name in ("default waiting", "not_waiting")] == [
        True,
        False,
    ]


def test_lines_that_only_the_server_names_are_of_one_hue_by_name_and_none_is_red() -> None:
    panel = drawn("By endpoint")
    default = panel["fieldConfig"]["defaults"]["color"]
    assert default == {"mode": "shades", "fixedColor": "blue"}

    def hue(name: str) -> str:
        found = [
            each["properties"][0]["value"]["fixedColor"]
            for each in panel["fieldConfig"]["overrides"]
            if re.search(each["matcher"]["options"].strip("/"), name)
        ]
        return str(found[-1]) if found else str(default["fixedColor"])

    names = ["/users", "/users/{id}", "/", "/payroll", "/reports/sum"]
    assert {hue(name) for name in names} == set(HUES)
    assert not set(HUES) & {BAD, WARNING, "green"}
    for board in BOARDS:
        palettes = re.findall(r'"mode": "palette[^"]*"', json.dumps(render_board(board, STACK.context)))
        assert set(palettes) <= {'"mode": "palette-classic"'}, "of states, whose words have colours"


def test_red_is_for_trouble_alone() -> None:
    trouble = {"missing", "5xx", "error", "waiting", "blocked", "timeouts", "failed", "refused", "Lock"}
    trouble |= {"critical", "Availability, alert", "Latency, alert"}
    named = {name for name, colour in OF_NAME.items() if colour == BAD}
    valued = {name for values in OF_LABEL.values() for name, colour in values if colour == BAD}
    assert named | valued == trouble | {r"5\d\d"}
    assert not {BAD, WARNING, "green"} & set(PLAIN)
