"""The JSON of boards against Grafana's own models, and what Grafana 13 makes of it: nothing may be lost."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from dashboards import write
from dashboards.grafana import PANEL_TYPES, render_board
from dashboards.model import Kind
from dashboards.stack import STACK
from tests.unit.foundation import misfits, models
from tests.unit.test_panels import BOARD as EVERY_KIND

Json = dict[str, Any]
BOARDS = {board.uid: render_board(board, STACK.context) for board in (*STACK.all_boards, EVERY_KIND)}
OURS = BOARDS[EVERY_KIND.uid]
# What grafanalib writes by itself, and a board of schema 42 has not, or would be read wrongly with.
DEFECTS = {
    "__inputs", "rows", "hideControls", "sharedCrosshair", "style", "gnetId", "time_options", "maxDataPoints",
    "intervalFactor", "metric", "repeatIteration", "span", "nullPointMode", "fieldOptions", "useTags",
    "tagsQuery", "tagValuesQuery", "valueMaps", "rangeMaps", "cards", "mappingType", "error", "isNew",
    "fontSize", "columns", "op", "yaxis", "line",
}  # fmt: skip


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its place."""
    yield path, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from walk(each, f"{path}.{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from walk(each, f"{path}[{index}]")


def flat(panels: list[Json]) -> Iterator[Json]:
    for panel in panels:
        yield panel
        yield from flat(panel.get("panels", []))


@pytest.mark.parametrize("uid", BOARDS)
def test_grafanas_models_lose_nothing_of_a_board_and_take_every_value(uid: str) -> None:
    assert misfits(BOARDS[uid]) == []


def test_every_kind_of_panel_is_among_them() -> None:
    drawn = {panel["type"] for board in BOARDS.values() for panel in flat(board["panels"])}
    assert drawn == {
        *("row", "stat", "timeseries", "table", "heatmap", "state-timeline", "bargauge", "text"),
    }
    assert set(PANEL_TYPES) == set(Kind.__args__)  # type: ignore[attr-defined]


def place(board: Json, way: str) -> tuple[Any, str | int]:
    """The holder of a place such as ``panels 1 options legend``, and its key; panels have titles."""
    *steps, last = [int(word) if word.isdigit() else word for word in way.split()]
    holder: Any = board
    for step in steps:
        if isinstance(holder, list) and isinstance(step, str):
            (holder,) = [each for each in holder if each.get("title", each.get("name")) == step]
        else:
            holder = holder[step]
    return holder, last


FULL, HEAT, STAT, TABLE = "panels Full", "panels Heat", "panels 1", "panels Endpoints"
GRAPH = "panels 5"
# What is written where, and what is said of it.
MUTANTS: list[tuple[str, Any, str]] = [
    ("hideControls", False, ".hideControls is unknown"),
    ("schemaVersion", "42", "schema_version is '42'; expected"),
    ("time form", "now-1h", ".time.form is unknown"),
    ("tags", "backend", "tags is 'backend'; expected"),
    ("graphTooltip", 3, "graph_tooltip is 3; expected"),
    ("refresh", None, ".refresh is null"),
    ("templating list 1 useTags", False, ".templating.list[1].useTags is unknown"),
    ("templating list 1 refresh", 7, "refresh is 7; expected"),
    ("templating list 1 multi", "yes", "multi is 'yes'; expected"),
    ("annotations list 1 colour", "red", ".annotations.list[1].colour is unknown"),
    ("annotations list 1 enable", 1, "enable is 1; expected"),
    ("links 0 blank", True, "blank"),
    ("links 0 type", "href", "type_val is 'href'; expected"),
    (f"{GRAPH} spam", 6, "spam is unknown"),
    (f"{GRAPH} id", "5", "id_val is '5'; expected"),
    (f"{GRAPH} gridPos w", "12", "w is '12'; expected"),
    (f"{GRAPH} description", None, "description is null"),
    (f"{GRAPH} datasource", "Prometheus", ""),
    (f"{GRAPH} targets 0 step", 10, "step is unknown"),
    (f"{GRAPH} targets 0 instant", "no", "instant is 'no'; expected"),
    (f"{GRAPH} targets 0 format", "graph", "format_val is 'graph'; expected"),
    (f"{GRAPH} options legend sort", "Last *", "sort is unknown"),
    (f"{GRAPH} options legend displayMode", "grid", "display_mode is 'grid'; expected"),
    (f"{GRAPH} options tooltip mode", "all", "mode is 'all'; expected"),
    (f"{GRAPH} fieldConfig defaults valueMaps", [], "valueMaps is unknown"),
    (f"{GRAPH} fieldConfig defaults min", "0", "min_val is '0'; expected"),
    (f"{GRAPH} fieldConfig defaults unit", 5, "unit is 5; expected"),
    (f"{GRAPH} fieldConfig defaults thresholds steps", "", "steps"),
    (f"{GRAPH} fieldConfig defaults thresholds steps 0 line", True, "line is unknown"),
    (f"{GRAPH} fieldConfig defaults thresholds mode", "relative", "mode is 'relative'; expected"),
    (f"{GRAPH} fieldConfig defaults custom lineColour", "red", "lineColour is unknown"),
    (f"{GRAPH} fieldConfig defaults custom stacking mode", "sum", "mode is 'sum'; expected"),
    (f"{GRAPH} fieldConfig defaults custom showPoints", "maybe", "show_points is 'maybe'; expected"),
    (f"{GRAPH} fieldConfig defaults custom spanNulls", "no", "span_nulls is 'no'; expected"),
    (f"{GRAPH} fieldConfig overrides 0 properties 0 id", "colour", "sets 'colour', which its fields"),
    (f"{GRAPH} fieldConfig overrides 0 properties 0 value mode", "fix", "mode is 'fix'; expected"),
    (f"{GRAPH} fieldConfig overrides 0 matcher id", "named", "matches nothing"),
    (f"{STAT} options reduceOptions calc", "mean", "calc is unknown"),
    (f"{STAT} options graphMode", "spark", "graph_mode is 'spark'; expected"),
    (f"{STAT} transformations 0 options by", "Time", "'joinByField' has no option ['by']"),
    (f"{STAT} transformations 0 id", "join", "there is no transformation 'join'"),
    (f"{STAT} fieldConfig defaults mappings 0 options result colour", "red", "colour is unknown"),
    (f"{FULL} options fieldOptions", {}, "fieldOptions is unknown"),
    (f"{FULL} options displayMode", "retro", "display_mode is 'retro'; expected"),
    (f"{HEAT} options cards", {}, "cards is unknown"),
    (f"{HEAT} options color mode", "hot", "mode is 'hot'; expected"),
    (f"{TABLE} options fontSize", "100%", "fontSize is unknown"),
    (f"{TABLE} fieldConfig defaults custom widht", 80, "widht is unknown"),
    (f"{TABLE} fieldConfig defaults custom cellOptions type", "colour", "'colour'"),
]


@pytest.mark.parametrize(("way", "value", "told"), MUTANTS, ids=[way for way, *_ in MUTANTS])
def test_what_grafana_would_lose_or_misread_is_noticed(way: str, value: Any, told: str) -> None:
    mutant = copy.deepcopy(OURS)
    mutant["links"] = copy.deepcopy(BOARDS["backend-api"]["links"])
    assert misfits(mutant) == []
    holder, key = place(mutant, way)
    holder[key] = value
    try:
        found = misfits(mutant)
    except (AttributeError, KeyError, TypeError) as error:  # what the models cannot even read
        found = [f"{way}: {error}"]
    assert [each for each in found if told in each], found


# Here stand names of columns.
NAMES = re.compile(r"\.(excludeByName|indexByName|renameByName)\Z")


def test_no_object_of_any_kind_of_panel_takes_a_key_that_grafana_does_not_know() -> None:
    places: dict[tuple[str, str], tuple[Json, Json]] = {}
    boards = copy.deepcopy(list(BOARDS.values()))
    for panel in (each for board in boards for each in flat(board["panels"])):
        panel.pop("panels", None)
        for path, value in walk(panel):
            if isinstance(value, dict) and not NAMES.search(path):
                places.setdefault((panel["type"], re.sub(r"\[\d+\]", "[]", path)), (panel, value))
    assert len(places) > 200
    for (kind, path), (panel, value) in places.items():
        value["notOfGrafana"] = 1
        with contextlib.suppress(AttributeError, KeyError, TypeError):  # the models cannot even read it
            assert misfits(OURS | {"panels": [panel]}), f"{kind}: {path}"
        del value["notOfGrafana"]


@pytest.mark.parametrize("uid", BOARDS)
def test_nothing_is_there_that_grafanalib_writes_by_itself(uid: str) -> None:
    places = ((path, *path.rpartition(".")) for path, _ in walk(BOARDS[uid]))
    found = {path for path, within, _, key in places if key in DEFECTS and not NAMES.search(within)}
    assert found == set()


@pytest.mark.parametrize("uid", BOARDS)
def test_each_panel_survives_the_conversion_of_grafana_13(uid: str) -> None:
    # It names panels by their ids, reads data sources that are objects, and rows by their place.
    panels = list(flat(BOARDS[uid]["panels"]))
    ids = [panel["id"] for panel in panels]
    assert len(set(ids)) == len(ids)
    for path, value in walk(BOARDS[uid]):
        if path.endswith(".datasource"):
            assert isinstance(value, dict), path
            assert value.keys() == {"type", "uid"}
    for panel in panels:
        assert type(panel["id"]) is int
        assert panel["gridPos"].keys() == {"x", "y", "w", "h"}
        if panel["type"] == "row":
            assert models.RowPanel.from_json(panel).title == panel["title"]
            assert bool(panel["panels"]) == panel["collapsed"]
    tops = [panel["gridPos"]["y"] for panel in BOARDS[uid]["panels"]]
    assert tops == sorted(tops), "rows take what follows them"


# What it reads of a panel: any other key makes it take the panel for one of Angular, and convert it anew.
PANEL = {
    "id", "type", "title", "description", "gridPos", "datasource", "targets", "transformations", "options",
    "fieldConfig", "interval", "maxDataPoints", "links", "transparent",
}  # fmt: skip
# What it reads one by one, and drops the rest; what stands in `custom` and in options it takes as it is.
READ = {
    "transformations": {"id", "options"},
    "links": {"title", "url", "targetBlank"},
    "overrides": {"matcher", "properties"},
    "defaults": {"unit", "decimals", "min", "max", "noValue", "displayName", "color", "custom", "links"}
    | {"mappings", "thresholds"},
    "color": {"mode", "fixedColor", "seriesBy"},
    "steps": {"color", "value"},
    "result": {"text", "color", "index"},
}


@pytest.mark.parametrize("uid", BOARDS)
def test_the_conversion_of_grafana_13_reads_all_that_a_panel_has(uid: str) -> None:
    for row, panel in placed(BOARDS[uid]["panels"]):
        assert set(panel) <= PANEL, panel["title"]
        assert panel["gridPos"]["y"] > row, f"{panel['title']} stands above its row"
        # Where a query has another one than its panel, the panel's is put.
        assert {json.dumps(each["datasource"]) for each in panel.get("targets", ())} <= {
            json.dumps(panel.get("datasource"))
        }
        config = panel.get("fieldConfig", {})
        defaults = config.get("defaults", {})
        mappings = [each["options"] for each in defaults.get("mappings", ())]
        found = {
            "transformations": panel.get("transformations", []),
            "links": panel.get("links", []),
            "overrides": config.get("overrides", []),
            "defaults": [defaults],
            "color": [defaults.get("color", {})],
            "steps": defaults.get("thresholds", {}).get("steps", []),
            "result": [one for each in mappings for one in results(each)],
        }
        for name, values in found.items():
            assert set().union(*values) <= READ[name], f"{panel['title']}: {name}"


def placed(panels: list[Json]) -> Iterator[tuple[int, Json]]:
    """Each panel with the place of its row, or of nothing above it."""
    row = -1
    for panel in panels:
        if panel["type"] == "row":
            row = panel["gridPos"]["y"]
            yield from ((row, each) for each in panel["panels"])
        else:
            yield row, panel


def results(options: Json) -> list[Json]:
    """What a mapping shows, of one value or of each."""
    return [options["result"]] if "match" in options else list(options.values())


def test_the_bytes_are_the_same_whoever_builds_them_and_utf_8() -> None:
    board = {"title": "Größe ≤ 5 ✓", "panels": []}
    assert write.json_bytes(board).decode() == ('{\n  "panels": [],\n  "title": "Größe ≤ 5 ✓"\n}\n')
    assert not re.search(rb"\\u", write.json_bytes(board))
    for uid, each in BOARDS.items():
        assert json.loads(write.json_bytes(each)) == each, uid
