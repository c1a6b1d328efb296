"""Boards: places on the grid, stable ids, and JSON as Grafana drew it correctly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.boards import BOARDS
from dashboards.grafana import render_board
from dashboards.layout import place
from dashboards.model import Board, BoardError, Choice, Panel, graph, row, stat, text
from dashboards.model import table as table_of
from dashboards.stack import STACK
from dashboards.visual import field_config, thresholds
from exporters.catalogue import CATALOGUE, external
from exporters.catalogue import api as metrics
from signals import api, api_load, limits, objectives, postgres, redis, telemetry
from signals.model import Signal, SignalError
from signals.numbers import BYTES, RATIO, Limit
from signals.promql import Context

NUMBERS = {number.key: number for number in (*objectives.OBJECTIVES, *limits.LIMITS)}
KNOWN_KEYS = {
    *(
        "id",
        "type",
        "title",
        "description",
        "gridPos",
        "datasource",
        "targets",
        "options",
        "fieldConfig",
        "interval",
    ),
    *("transformations", "collapsed", "panels"),
}
CONTEXT = Context(window="5m", identity=("environment", "cluster"), numbers=NUMBERS)


def board(*panels: Panel) -> Board:
    return Board(
        uid="a-board", title="A", description="D", source="api", anchor=external.UP, rows=(row("R", *panels),)
    )


def flat(panels: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in panels:
        yield panel
        yield from flat(panel.get("panels", []))


@given(st.lists(st.tuples(st.integers(0, 24), st.integers(1, 12)), min_size=1, max_size=30))
def test_panels_fill_the_grid_without_overlap(sizes: list[tuple[int, int]]) -> None:
    panels = [
        replace(text(f"T{number}", "x"), width=width, height=height)
        for number, (width, height) in enumerate(sizes)
    ]
    (placed,) = place(board(*panels))
    cells: set[tuple[int, int]] = set()
    for _, where in placed.panels:
        for x in range(where.x, where.x + where.w):
            assert x < 24
            for y in range(where.y, where.y + where.h):
                assert (x, y) not in cells
                cells.add((x, y))
    tops = {where.y for _, where in placed.panels}
    assert all(all((x, top) in cells for x in range(24)) for top in tops), "a line has a hole"


def test_an_id_stays_when_panels_move_or_join() -> None:
    one, two = stat(api.REQUEST_RATE), graph(api.LATENCY_P95)
    assert board(one, two).panel_id(two.title) == board(two).panel_id(two.title)


def test_two_panels_of_one_title_are_refused() -> None:
    with pytest.raises(BoardError, match="two panels are called 'Request rate'; expected one"):
        board(stat(api.REQUEST_RATE), graph(api.REQUEST_RATE))


def test_a_bad_uid_is_refused() -> None:
    with pytest.raises(BoardError, match="uid 'no spaces'"):
        replace(board(stat(api.REQUEST_RATE)), uid="no spaces")


def test_a_panel_without_signals_is_refused() -> None:
    with pytest.raises(BoardError, match="'Empty' shows no signal"):
        Panel(kind="graph", title="Empty")


@pytest.mark.parametrize("each", BOARDS, ids=lambda each: each.uid)
def test_a_board_is_what_schema_42_knows(each: Board) -> None:
    found = render_board(each, CONTEXT)
    assert found["schemaVersion"] == 42
    assert found["uid"] == each.uid
    names = [variable["name"] for variable in found["templating"]["list"]]
    own = [*(["job", "instance"] if each.anchor else []), *(choice.label.name for choice in each.choices)]
    assert names == ["datasource", "environment", "cluster", *own]
    for panel in flat(found["panels"]):
        assert set(panel) <= KNOWN_KEYS
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert panel["description"]


def chosen(*panels: Panel, **more: Any) -> Any:
    """The rendered panels of a board whose reader may choose an endpoint."""
    endpoint = Choice(label=metrics.HANDLER, metric=metrics.REQUESTS)
    return render_board(replace(board(*panels), choices=(endpoint,), **more), CONTEXT)["panels"][1:]


def test_a_choice_narrows_what_has_its_label_and_nothing_that_is_made_of_more() -> None:
    (rate, left, table) = chosen(
        stat(api.REQUEST_RATE),
        graph(api_load.TRAFFIC_LEFT),
        table_of("Endpoints", api.HANDLER_P95, key="handler"),
    )
    assert 'handler=~"$handler"' in rate["targets"][0]["expr"]
    assert "$handler" not in str(left["targets"]), (
        "workers have no endpoint, so the share would be of another"
    )
    assert "$handler" not in str(table["targets"]), "here one chooses another endpoint"


# Of these the whole is meant, whatever is chosen.
WHOLE = {"Share of the proven throughput", "Time of what is not shown", "Traffic against other days"}


def test_on_our_boards_a_choice_narrows_every_line_but_those_of_the_whole() -> None:
    seen = set()
    for each in BOARDS:
        metrics_of = {choice.label: choice.metric for choice in each.choices}
        for panel in flat(render_board(each, CONTEXT)["panels"]):
            for target in panel.get("targets", []) if panel["type"] != "table" else []:
                for name, matchers in re.findall(r"(\w+)\{([^}]*)\}", target["expr"]):
                    metric = CATALOGUE.find(name)
                    labels = metric.labels if metric else ()
                    missed = [at for at in metrics_of if at in labels and f'{at}=~"${at}"' not in matchers]
                    assert not missed or panel["title"] in WHOLE, (each.uid, panel["title"], name, missed)
                    seen |= {panel["title"]} if missed else set()
    assert seen == WHOLE


@pytest.mark.parametrize("each", BOARDS, ids=lambda each: each.uid)
def test_each_line_has_a_name_of_its_own(each: Board) -> None:
    found = render_board(each, CONTEXT)
    one = {variable["name"] for variable in found["templating"]["list"] if not variable["multi"]}
    assert ("job" in one) == (each.anchor is not None)
    drawn = {panel["title"]: panel for panel in flat(found["panels"]) if panel["type"] != "row"}
    for panel in each.panels:
        lines = drawn[panel.title]["targets"] if panel.kind in ("stat", "graph", "timeline") else []
        for signal, target in zip(panel.shown, lines, strict=False):
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert named <= set(signal.query.labels), "a label that is never there leaves a blank"
            alone = {name for name in one if f'{name}="${name}"' in target["expr"]}
            of_one = {"job"} if "instance" in named or not each.anchor else set()
            assert set(signal.query.labels) <= named | alone | of_one, (panel.title, target)


def test_a_link_chooses_the_target_that_it_is_about() -> None:
    kept = "/d/{}?${{__url_time_range}}&${{datasource:queryparam}}&${{environment:queryparam}}&"
    kept += "${{cluster:queryparam}}"
    same = "&${job:queryparam}&${instance:queryparam}"
    boards = {each.uid: render_board(each, CONTEXT) for each in STACK.all_boards}
    for uid, there, more in (
        ("backend-postgres", "backend-queries", same),
        ("backend-queries", "backend-postgres", same),
        ("backend-postgres", "backend-redis", ""),
        ("backend-overview", "backend-postgres", ""),
    ):
        assert kept.format(there) + more in [each["url"] for each in boards[uid]["links"]]
    overview = {
        panel["title"]: panel["fieldConfig"]
        for panel in flat(boards["backend-overview"]["panels"])
        if "fieldConfig" in panel
    }
    (link,) = overview["Error ratio"]["defaults"]["links"]
    assert link["url"] == kept.format("backend-api") + "&var-job=${__field.labels.job}"
    suffering = overview["Endpoints that fail or are slow"]["overrides"]
    ((url,),) = [links(each).values() for each in suffering if each["properties"][0]["id"] == "links"]
    assert url == kept.format("backend-api") + "&var-job=${__data.fields.Job}&var-handler=${__value.raw}"
    hidden = [each["matcher"]["options"] for each in suffering if "hideFrom" in str(each)]
    assert hidden == ["Job"], "a link reads what the table shows, hidden"


def test_an_alert_leads_to_its_target_where_the_board_shows_one() -> None:
    found = {each.name: STACK.rules.dashboard_url(each).split("&")[3:] for each in STACK.alerts}
    job, instance = (f"var-{name}={{{{ $labels.{name} | urlquery }}}}" for name in ("job", "instance"))
    assert found["PostgresConnectionsHigh"] == found["RedisMemoryFull"] == [job, instance]
    assert found["ApiLatencyAverageHigh"] == [job], "of all instances together"
    assert found["ApiErrorBudgetBurnFast"] == [job], "as what rules record of it"
    assert found["PgBouncerDown"] == [], "the board chooses PostgreSQL's targets"
    assert found["ApiPartlyDown"] == [], "who probes is no job of the board"
    assert found["RedisDown"] == found["WatcherDown"] == [], "boards of everything"


def test_a_choice_without_the_label_is_refused() -> None:
    with pytest.raises(
        BoardError, match=r"obs_api_workers, which has \[\]; expected a metric with the label"
    ):
        Choice(label=metrics.HANDLER, metric=metrics.WORKERS)


def test_a_row_leads_to_its_endpoint_and_a_stat_to_its_board() -> None:
    endpoints = table_of("Endpoints", api.HANDLER_P95, key="handler", opens="a-board")
    (table, up) = chosen(
        endpoints,
        stat(postgres.UP, opens="backend-postgres"),
        neighbours=STACK.boards,
    )
    kept = "${datasource:queryparam}&${environment:queryparam}&${cluster:queryparam}"
    own = f"{kept}&${{job:queryparam}}&${{instance:queryparam}}"
    assert links(table["fieldConfig"]["overrides"][-1]) == {
        "Show this endpoint alone": f"/d/a-board?${{__url_time_range}}&{own}&var-handler=${{__value.raw}}"
    }
    assert up["fieldConfig"]["defaults"]["links"] == [
        {"title": "Open PostgreSQL", "url": f"/d/backend-postgres?${{__url_time_range}}&{kept}"}
    ]


def links(override: Any) -> dict[str, str]:
    return {each["title"]: each["url"] for each in override["properties"][0]["value"]}


def test_a_replaced_objective_moves_the_line_and_the_description() -> None:
    stricter = replace(objectives.P95, value=0.1)
    context = replace(CONTEXT, numbers={**NUMBERS, "p95": stricter})
    panel = next(
        panel for panel in flat(render_board(BOARDS[1], context)["panels"]) if panel["title"] == "p95 latency"
    )
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] == pytest.approx(0.1)
    assert "at most 100 ms" in panel["description"]


def test_a_team_without_identity_labels_gets_boards_without_them() -> None:
    found = render_board(BOARDS[0], replace(CONTEXT, identity=()))
    assert "environment" not in str(found)


def test_what_is_critical_is_red_past_the_objective() -> None:
    assert thresholds(postgres.CONNECTIONS_SHARE, NUMBERS)["steps"] == [
        {"color": "green", "value": None},
        {"color": "orange", "value": pytest.approx(0.8)},
        {"color": "red", "value": pytest.approx(0.95)},
    ]
    warm, cold = (
        Limit(key=key, value=value, unit=RATIO, why="It.", better="higher")
        for key, value in (("warm", 0.9), ("cold", 0.5))
    )
    hits = replace(postgres.CACHE_HIT_RATIO, objective=warm, critical=cold)
    assert thresholds(hits, {"cold": replace(cold, value=0.4)})["steps"] == [
        {"color": "red", "value": None},
        {"color": "orange", "value": 0.4},
        {"color": "green", "value": 0.9},
    ]


def test_what_wakes_someone_at_its_objective_is_red_there_and_never_orange() -> None:
    full = redis.MEMORY_WITHOUT_EVICTION
    assert full.objective is full.critical
    assert [step["color"] for step in thresholds(full, NUMBERS)["steps"]] == ["green", "red"]
    few = telemetry.JOB_TARGETS  # of which more is better
    assert [(step["color"], step["value"]) for step in thresholds(few, NUMBERS)["steps"]] == [
        ("red", None),
        ("green", 1),
    ]
    assert "at most 97 %, else critical." in full.says_good(NUMBERS)


def test_the_number_of_alerts_is_red_where_one_wakes_someone() -> None:
    (panel,) = (each for each in render_board(BOARDS[0], CONTEXT)["panels"] if each["title"] == "Alerts")
    config = panel["fieldConfig"]
    (warning,) = config["overrides"]
    colours = {
        "critical": config["defaults"]["thresholds"]["steps"],
        warning["matcher"]["options"]: warning["properties"][0]["value"]["steps"],
    }
    assert {name: [step["color"] for step in steps] for name, steps in colours.items()} == {
        "critical": ["green", "red"],
        "warning": ["green", "orange"],
    }
    assert [target["legendFormat"] for target in panel["targets"]] == list(colours)


def test_the_axis_of_shares_shows_the_line_where_all_is_zero() -> None:
    def reach(signal: Signal) -> object:
        return field_config(graph(signal), NUMBERS)["defaults"]["custom"].get("axisSoftMax")

    few = Limit(key="few", value=0.01, unit=RATIO, why="It.")
    assert reach(replace(api.ERROR_RATIO, objective=few)) == pytest.approx(0.02)
    assert reach(postgres.CONNECTIONS_SHARE) == 1
    assert reach(api.LATENCY_P95) == 0.001


@pytest.mark.parametrize(
    ("critical", "complaint"),
    [
        (Limit(key="full", value=1, unit=BYTES, why="It."), "but 'full' is 1 B, in 'bytes'"),
        (Limit(key="cold", value=0.5, unit=RATIO, why="It.", better="higher"), "'cold', better higher"),
    ],
)
def test_a_critical_limit_that_is_none_of_the_signal_is_refused(critical: Limit, complaint: str) -> None:
    with pytest.raises(SignalError, match=complaint):
        replace(postgres.CONNECTIONS_SHARE, critical=critical)


def test_an_alert_that_fires_leads_to_its_runbook_and_its_panel() -> None:
    (overview,) = (each for each in STACK.all_boards if each.uid == "backend-overview")
    drawn = flat(render_board(overview, CONTEXT)["panels"])
    (table,) = (panel for panel in drawn if panel["title"] == "Firing alerts")
    overrides = [
        (each["matcher"]["options"], each["properties"]) for each in table["fieldConfig"]["overrides"]
    ]
    found = dict(overrides)
    hidden = {"id": "custom.hideFrom.viz", "value": True}
    assert all(hidden in found[name] for name in ("Runbook", "Panel"))
    runbooks = found["Runbook"][0]["value"][0]["options"]
    panels = {each["options"]["pattern"]: each["options"]["result"] for each in found["Panel"][0]["value"]}
    for alert in STACK.alerts:
        runbook = STACK.rules.runbook_url(alert)
        assert runbook.endswith(f"/backend-runbooks?viewPanel=panel-{runbooks[alert.name]['text']}")
        told = [
            re.sub(pattern, result["text"].replace("$", "\\"), f"{alert.name};exporter;[::1]:10910")
            for pattern, result in panels.items()
            if re.fullmatch(pattern, f"{alert.name};exporter;[::1]:10910")
        ]
        filled = STACK.rules.dashboard_url(alert).rpartition("/d/")[2]
        for label, value in (("job", "exporter"), ("instance", "[::1]:10910")):
            filled = filled.replace(f"{{{{ $labels.{label} | urlquery }}}}", value)
        # The installation is that of the table.
        assert told == [re.sub(r"&var-(environment|cluster)=\{\{[^}]*\}\}", "", filled)]
    (urls,) = (
        [link["url"] for link in each["value"]]
        for name, properties in overrides
        for each in properties
        if name == "Alert" and each["id"] == "links"
    )
    assert urls[0].startswith("/d/backend-runbooks?")
    assert urls[0].endswith("&viewPanel=panel-${__data.fields.runbook}")
    assert urls[1].startswith("/d/${__data.fields.panel}&")
