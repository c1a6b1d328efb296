"""Every check on dashboards refuses what it is for, by name, and leaves the right form alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.checks.small import DROP, board, changed, judge, only, panel

BY = "environment, cluster, job"
SCOPE = 'environment=~"$environment",cluster=~"$cluster"'
RATE = f"sum by ({BY}) (rate(http_requests_total{{{SCOPE}}}[$__rate_interval]))"
BY_STATUS = RATE.replace("job)", "job, status)")
NOW = RATE.replace("$__rate_interval", "$__range")


def at(x: int, y: int, w: int = 12, h: int = 8) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


TABLE = panel(
    NOW.replace("job)", "job, status)"),
    kind="table",
    unit="reqps",
    id=3,
    title="By status",
    gridPos=at(0, 8, 24),
    transformations=[
        {
            "id": "organize",
            "options": {"renameByName": {"status": "Status", "Value": "Rate", "Value #C": "-"}},
        }
    ],
) | {
    "fieldConfig": {
        "defaults": {"unit": "reqps"},
        "overrides": [{"matcher": {"id": "byName", "options": "Rate"}, "properties": []}],
    }
}
INSIDE = [
    panel(RATE, unit="reqps", id=number, title=f"Detail {number}", gridPos=at(x, 17))
    for number, x in ((5, 0), (6, 12))
]
LINK = "[there](/d/other?viewPanel=panel-1&var-cluster=main&${environment:queryparam})"
KEPT = {"keepTime": True, "includeVars": True}
SMALL = board(
    panel(RATE, unit="reqps", gridPos=at(0, 0)),
    panel(NOW, kind="stat", unit="reqps", id=2, title="Now", gridPos=at(12, 0)),
    TABLE,
    {
        "id": 4,
        "type": "row",
        "title": "Detail",
        "gridPos": at(0, 16, 24, 1),
        "collapsed": True,
        "panels": INSIDE,
    },
    {"id": 7, "type": "text", "title": "Text", "gridPos": at(0, 17, 24), "options": {"content": LINK}},
    links=[
        {"title": "Boards", "type": "dashboards", "tags": ["backend"], "keepTime": True, "includeVars": True}
    ],
)
OTHER = board(panel(RATE, unit="reqps"), uid="other", title="Other")
FILE = "grafana/dashboards/small.json"
DOCUMENTS = {FILE: SMALL, "grafana/dashboards/other.json": OTHER}
GRAPH, STAT, ROW = "panels 0", "panels 1", "panels 3"

Edits = list[tuple[str, Any]]


def judged(edits: Edits) -> list[Any]:
    """The findings on the small board with other values; a place that names no file is on it."""
    own = [(place if place.startswith("grafana/") else f"{FILE} {place}", value) for place, value in edits]
    return judge(changed(DOCUMENTS, *own))


def many(count: int) -> list[Any]:
    return [panel(RATE, unit="reqps", id=number, gridPos=at(0, 8 * number)) for number in range(1, count + 1)]


SECOND = panel(RATE)["targets"][0] | {"refId": "B"}
OF_OTHER = "grafana/dashboards/other.json"

# check, what is changed, where it is found, what the message names, what the fix names
REFUSED: list[tuple[str, Edits, str, str, str]] = [
    ("board-identity", [("uid", DROP)], "board", "it has no uid", "Give it a uid"),
    ("board-identity", [("uid", "small board")], "board", "uid 'small board' is refused", "40 letters"),
    ("board-identity", [("uid", "x" * 41)], "board", f"uid '{'x' * 41}' is refused", "40 letters"),
    (
        "board-identity",
        [(f"{OF_OTHER} uid", "small")],
        "board",
        f"its uid 'small' is also that of {OF_OTHER}",
        "Change one",
    ),
    (
        "board-identity",
        [("title", "Other")],
        "board",
        f"title 'Other' is also that of {OF_OTHER}",
        "Change one",
    ),
    ("board-identity", [("title", "  ")], "board", "it has no title", "Give it a title"),
    ("board-schema", [("schemaVersion", 41)], "board", "schemaVersion is 41; expected 42", "export it"),
    ("board-schema", [("schemaVersion", DROP)], "board", "schemaVersion is None", "export it"),
    ("board-schema", [("__inputs", [])], "board", "the key '__inputs'", "Take it out"),
    ("board-schema", [("id", 12)], "board", "the key 'id'", "Take it out"),
    (
        "board-nulls",
        [(f"{GRAPH} options legend calcs", None)],
        "board",
        "panels.0.options.legend.calcs is null",
        "Leave",
    ),
    (
        "board-nulls",
        [(f"{GRAPH} fieldConfig defaults thresholds", {"steps": [{"value": None}, {"value": None}]})],
        "board",
        "panels.0.fieldConfig.defaults.thresholds.steps.1.value is null",
        "Leave",
    ),
    ("panel-id", [(f"{GRAPH} id", 0)], "panel 'Requests'", "its id is 0", "Give it one"),
    ("panel-id", [(f"{GRAPH} id", "1")], "panel 'Requests'", "its id is '1'", "Give it one"),
    ("panel-id", [(f"{GRAPH} id", DROP)], "panel 'Requests'", "its id is None", "Give it one"),
    ("panel-id", [(f"{STAT} id", 1)], "panel 'Now'", "its id 1 is also that of panel 'Requests'", "number"),
    (
        "panel-id",
        [(f"{ROW} panels 0 id", 2)],
        "panel 'Detail 5'",
        "id 2 is also that of panel 'Now'",
        "number",
    ),
    ("panel-text", [(f"{GRAPH} title", " ")], "panel 1", "it has no title", "Give it one"),
    ("panel-text", [(f"{ROW} title", DROP)], "panel 4", "it has no title", "Give it one"),
    ("panel-text", [(f"{STAT} description", "")], "panel 'Now'", "it has no description", "what to do"),
    (
        "panel-has-unit",
        [(f"{GRAPH} fieldConfig defaults unit", "")],
        "panel 'Requests'",
        "no unit",
        "`short`",
    ),
    ("panel-has-unit", [(f"{ROW} panels 1 fieldConfig", DROP)], "panel 'Detail 6'", "no unit", "`short`"),
    ("panel-type", [(f"{GRAPH} type", "timeserie")], "panel 'Requests'", "'timeserie'", "'timeseries'"),
    ("panel-type", [(f"{GRAPH} type", "singlestat")], "panel 'Requests'", "'singlestat'", "Make it a stat"),
    (
        "panel-source",
        [(f"{GRAPH} datasource", "Prometheus")],
        "panel 'Requests'",
        "is 'Prometheus'",
        "variable",
    ),
    (
        "panel-source",
        [(f"{STAT} targets 0 datasource", {"type": "prometheus", "uid": "prometheus"})],
        "panel 'Now', query A",
        "'uid': 'prometheus'}; expected",
        "variable",
    ),
    ("panel-source", [(f"{ROW} panels 0 datasource", DROP)], "panel 'Detail 5'", "is None", "variable"),
    (
        "panel-source",
        [("templating list 1 datasource", None)],
        "variable environment",
        "its data source is None",
        "variable",
    ),
    (
        "panel-queries",
        [(f"{GRAPH} targets", [SECOND, SECOND])],
        "panel 'Requests'",
        "'B' is the refId of 2 queries",
        "letter",
    ),
    (
        "panel-queries",
        [(f"{GRAPH} targets 0 refId", "")],
        "panel 'Requests'",
        "'' is the refId of 1 query",
        "letter",
    ),
    ("panel-queries", [(f"{STAT} targets", [])], "panel 'Now'", "it asks nothing", "Give it a query"),
    (
        "panel-count",
        [("panels", many(25))],
        "board",
        "25 panels ask when it opens; expected at most 24",
        "Collapse",
    ),
    ("grid", [(f"{GRAPH} gridPos", DROP)], "panel 'Requests'", "its gridPos is None", "on the board"),
    ("grid", [(f"{STAT} gridPos", at(13, 0))], "panel 'Now'", "'x': 13, 'y': 0, 'w': 12", "on the board"),
    ("grid", [(f"{GRAPH} gridPos h", 0)], "panel 'Requests'", "'h': 0", "on the board"),
    ("grid", [(f"{GRAPH} gridPos x", -1)], "panel 'Requests'", "'x': -1", "on the board"),
    ("grid", [(f"{GRAPH} gridPos y", 0.5)], "panel 'Requests'", "'y': 0.5", "on the board"),
    ("grid", [(f"{STAT} gridPos x", 11)], "panel 'Now'", "it covers panel 'Requests'", "on the board"),
    (
        "grid",
        [(f"{ROW} panels 1 gridPos x", 11)],
        "panel 'Detail 6'",
        "it covers panel 'Detail 5'",
        "on the board",
    ),
    (
        "stat-now",
        [(f"{STAT} targets 0 instant", False)],
        "panel 'Now', query A",
        "asks for a range",
        "instant",
    ),
    ("stat-now", [(f"{STAT} targets 0 range", True)], "panel 'Now', query A", "asks for a range", "instant"),
    (
        "stat-now",
        [("panels 2 targets 0 instant", DROP)],
        "panel 'By status', query A",
        "asks for a range",
        "instant",
    ),
    (
        "stat-now",
        [(f"{STAT} options reduceOptions calcs", ["mean"])],
        "panel 'Now'",
        "reduces by ['mean']",
        "last",
    ),
    ("stat-now", [(f"{STAT} options", DROP)], "panel 'Now'", "reduces by None", "last"),
    (
        "stat-now",
        [(f"{STAT} fieldConfig defaults noValue", DROP)],
        "panel 'Now'",
        "what no sample means",
        "noValue",
    ),
    (
        "graph-legend",
        [(f"{GRAPH} targets 0 legendFormat", "")],
        "panel 'Requests', query A",
        "its lines have no name",
        "legendFormat",
    ),
    (
        "graph-legend",
        [(f"{GRAPH} targets 0 legendFormat", " ")],
        "panel 'Requests', query A",
        "its lines have no name",
        "legendFormat",
    ),
    (
        "graph-legend",
        [
            (f"{GRAPH} targets", [*panel(RATE)["targets"], SECOND]),
            (f"{GRAPH} options legend showLegend", False),
        ],
        "panel 'Requests'",
        "it can have 2 queries and shows no legend",
        "Show it",
    ),
    (
        "graph-legend",
        [(f"{GRAPH} targets 0 expr", BY_STATUS), (f"{GRAPH} options legend", {})],
        "panel 'Requests'",
        "lines by status and shows no legend",
        "name the label",
    ),
    (
        "table-column",
        [("panels 2 transformations 0 options renameByName statuss", "Which")],
        "panel 'By status'",
        "renames the column 'statuss'",
        "'status'",
    ),
    (
        "table-column",
        [("panels 2 fieldConfig overrides 0 matcher options", "Rates")],
        "panel 'By status'",
        "styles the column 'Rates'",
        "'Rate'",
    ),
    (
        "link-target",
        [("panels 4 options content", LINK.replace("other", "othr"))],
        "panel 'Text'",
        "links to the board 'othr'",
        "'other'",
    ),
    (
        "link-target",
        [("panels 4 options content", LINK.replace("panel-1", "panel-99"))],
        "panel 'Text'",
        "links to panel 99 of other",
        "Derive",
    ),
    (
        "link-target",
        [(f"{GRAPH} fieldConfig defaults links", [{"title": "There", "url": "/d/elsewhere"}])],
        "panel 'Requests'",
        "'elsewhere'",
        "There are: other, small",
    ),
    (
        "link-target",
        [("links 0 tags", ["backnd"])],
        "link 'Boards'",
        "no board has the tag 'backnd'",
        "Tag one",
    ),
    (
        "link-variable",
        [("panels 4 options content", LINK.replace("var-cluster", "var-handler"))],
        "panel 'Text'",
        "brings $handler, which the board other does not declare",
        "cluster, datasource, environment",
    ),
    (
        "link-variable",
        [("panels 4 options content", LINK.replace("{environment", "{environmen"))],
        "panel 'Text'",
        "brings $environmen,",
        "cluster, datasource, environment",
    ),
]


@pytest.mark.parametrize(("rule", "edits", "where", "names", "fix"), REFUSED)
def test_a_board_that_the_check_is_for_is_refused(
    rule: str, edits: Edits, where: str, names: str, fix: str
) -> None:
    found = [each for each in only(judged(edits), rule) if each.where == where]

    assert len(found) == 1, f"{rule} finds {found} at {where}"
    assert found[0].file == FILE
    assert names in found[0].message
    assert fix in found[0].fix


def test_a_board_with_a_panel_of_each_kind_passes_every_check() -> None:
    assert judged([]) == []


# What looks like the above and is right.
RIGHT: list[tuple[str, Edits]] = [
    # Of a panel, and in words, it is no mark of an export.
    ("board-schema", [(f"{GRAPH} id", 12), ("description", "__inputs")]),
    ("board-identity", [("uid", "x" * 40)]),
    ("board-identity", [("title", "Otherwise")]),
    (
        "board-nulls",
        [(f"{GRAPH} fieldConfig defaults thresholds", {"steps": [{"value": None}, {"value": 1}]})],
    ),
    ("board-nulls", [(f"{GRAPH} options legend placement", "")]),
    ("panel-id", [(f"{GRAPH} id", 999_999)]),
    ("panel-text", [("panels 4 description", "")]),
    ("panel-has-unit", [(f"{GRAPH} type", "heatmap"), (f"{GRAPH} fieldConfig defaults unit", "")]),
    ("panel-source", [("templating list 1", {"type": "constant", "name": "environment", "query": "x"})]),
    ("panel-queries", [(f"{GRAPH} targets", [*panel(RATE)["targets"], SECOND])]),
    ("panel-count", [("panels", many(24))]),
    ("panel-count", [("panels", [*many(23), {"type": "row", "title": "More", "panels": many(9)}])]),
    ("grid", [(f"{GRAPH} gridPos", at(0, 0, 12, 3)), (f"{STAT} gridPos", at(0, 3, 12, 5))]),
    ("grid", [(f"{GRAPH} gridPos", at(12, 0)), (f"{STAT} gridPos", at(0, 0))]),
    ("grid", [(f"{GRAPH} gridPos", at(0, 4, 12, 4)), (f"{STAT} gridPos", at(0, 0, 12, 4))]),
    # What stands in a closed row takes no room.
    ("grid", [(f"{ROW} panels 0 gridPos y", 3)]),
    ("stat-now", [(f"{GRAPH} options reduceOptions calcs", ["mean"])]),
    ("graph-legend", [(f"{GRAPH} options legend showLegend", False)]),
    (
        "graph-legend",
        [(f"{GRAPH} targets 0 expr", BY_STATUS), (f"{GRAPH} targets 0 legendFormat", "{{status}}")],
    ),
    (
        "graph-legend",
        [(f"{GRAPH} targets 0 expr", BY_STATUS.replace('$cluster"', '$cluster",status="500"'))],
    ),
    ("table-column", [(f"{GRAPH} fieldConfig overrides", [{"matcher": {"id": "byName", "options": "x"}}])]),
    ("table-column", [("panels 2 targets 0 expr", "unparsable(")]),
    # Grafana finds it by the name that it had, too.
    ("table-column", [("panels 2 fieldConfig overrides 0 matcher options", "status")]),
    ("link-target", [("panels 4 options content", "[here](/d/small#other) https://example.org/b/nowhere")]),
    ("link-variable", [("panels 4 options content", "/d/other?var-environment=x")]),
]


@pytest.mark.parametrize(("rule", "edits"), RIGHT)
def test_a_board_that_the_check_is_not_for_is_left_alone(rule: str, edits: Edits) -> None:
    assert only(judged(edits), rule) == []


def test_too_many_panels_and_unknown_variables_of_links_warn_and_do_not_stop_a_build() -> None:
    crowded = only(judged([("panels", many(25))]), "panel-count")
    link = LINK.replace("var-cluster", "var-handler")
    linked = only(judged([("panels 4 options content", link)]), "link-variable")

    assert [each.level for each in (*crowded, *linked)] == ["warning", "warning"]
    assert {each.level for each in judged([("uid", DROP)])} == {"error"}


COVERED = {rule for rule, *_ in REFUSED}
TAKEN = {rule for rule, _ in RIGHT}
