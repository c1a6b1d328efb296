"""What every panel has: an address, a title, an explanation, a unit, and a source that the reader chose."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.expressions import Json
from dashboards.checks.expressions import panels as panels_of
from dashboards.checks.finding import Finding, Report, file_rule, nearest
from dashboards.checks.subject import Subject

# Built into Grafana 12 and 13. Others are plugins, or went with Angular.
TYPES = frozenset(
    {
        "alertlist", "annolist", "barchart", "bargauge", "candlestick", "canvas", "dashlist", "datagrid",
        "flamegraph", "gauge", "geomap", "heatmap", "histogram", "logs", "news", "nodeGraph", "piechart",
        "row", "stat", "state-timeline", "status-history", "table", "text", "timeseries", "traces",
        "trend", "xychart",
    }
)  # fmt: skip
# What became of Angular's.
GONE = {
    "graph": "timeseries",
    "singlestat": "stat",
    "table-old": "table",
    "grafana-piechart-panel": "piechart",
    "grafana-worldmap-panel": "geomap",
}
SILENT = frozenset({"row", "text"})
UNITLESS = SILENT | {"alertlist", "annolist", "dashlist", "heatmap", "logs", "news", "nodeGraph", "traces"}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
OPEN_PANELS = 24


def each(subject: Subject) -> Iterator[tuple[str, str, Json]]:
    """Every panel with its file and how to call it."""
    for path, board in subject.boards.items():
        for panel in panels_of(board):
            yield path, f"panel {panel.get('title')!r}", panel


@file_rule("panel-id", "panel ids are whole, positive and unique on their board", answers=("E6",))
def ids(subject: Subject, report: Report) -> Iterator[Finding]:
    """Grafana 13 keeps one of two panels with the same id."""
    seen: dict[tuple[str, object], str] = {}
    for path, where, panel in each(subject):
        number = panel.get("id")
        if type(number) is not int or number < 1:
            yield report(
                path, where, f"its id is {number!r}; expected a whole number from 1", "Derive it anew."
            )
        elif (path, number) in seen:
            yield report(
                path, where, f"its id {number} is also that of {seen[path, number]}", "Rename one of the two."
            )
        seen.setdefault((path, number), where)


@file_rule(
    "panel-text",
    "every panel says what it is, what good looks like and what to do",
    answers=(
        "E7",
        "panel-title-description-rule",
    ),
)
def texts(subject: Subject, report: Report) -> Iterator[Finding]:
    """Titles and descriptions."""
    for path, where, panel in each(subject):
        if not str(panel.get("title", "")).strip():
            yield report(path, f"panel {panel.get('id')}", "it has no title", "Give it one.")
        if panel.get("type") not in SILENT and not str(panel.get("description", "")).strip():
            yield report(path, where, "it has no description", "Say what it is, what is good, what to do.")


@file_rule(
    "panel-has-unit",
    "every panel with numbers has a unit",
    answers=(
        "E8",
        "panel-units-rule",
    ),
)
def units(subject: Subject, report: Report) -> Iterator[Finding]:
    """A number without a unit is a riddle."""
    for path, where, panel in each(subject):
        if panel.get("type") not in UNITLESS and not panel.get("fieldConfig", {}).get("defaults", {}).get(
            "unit"
        ):
            yield report(path, where, "it has no unit", "Give it one; a plain number is `short`.")


@file_rule("panel-type", "every panel is of a kind that Grafana 12 and 13 have", answers=("E11",))
def kinds(subject: Subject, report: Report) -> Iterator[Finding]:
    """Kinds that are gone, or never were."""
    for path, where, panel in each(subject):
        kind = panel.get("type")
        if kind not in TYPES:
            now = GONE.get(str(kind), "")
            fix = f"Make it a {now}." if now else nearest(str(kind), TYPES) or "Use a kind that is built in."
            yield report(path, where, f"Grafana has no panel type {kind!r}", fix)


@file_rule(
    "panel-source",
    "panels, queries and variables ask the data source that the reader chose",
    answers=(
        "E30",
        "panel-datasource-rule",
    ),
    about="own",
)
def sources(subject: Subject, report: Report) -> Iterator[Finding]:
    """Data sources as objects; Grafana 13 ignores texts."""
    for path, where, panel in each(subject):
        if panel.get("type") in SILENT:
            continue
        asked = [(where, panel)]
        asked += [(f"{where}, query {each.get('refId')}", each) for each in panel.get("targets", ())]
        for place, thing in asked:
            if thing.get("datasource") != SOURCE:
                message = f"its data source is {thing.get('datasource')!r}; expected {SOURCE}"
                yield report(path, place, message, "Use the board's variable.")
    for path, board in subject.boards.items():
        for variable in board.get("templating", {}).get("list", ()):
            if variable.get("type") == "query" and variable.get("datasource") != SOURCE:
                message = f"its data source is {variable.get('datasource')!r}; expected {SOURCE}"
                yield report(path, f"variable {variable.get('name')}", message, "Use the board's variable.")


@file_rule(
    "panel-queries",
    "queries of a panel have letters of their own",
    answers=(
        "E10",
        "panel-no-targets-rule",
    ),
)
def queries(subject: Subject, report: Report) -> Iterator[Finding]:
    """Of two queries with one refId, Grafana asks one."""
    for path, where, panel in each(subject):
        refs = [str(target.get("refId", "")) for target in panel.get("targets", ())]
        for ref in sorted({ref for ref in refs if refs.count(ref) > 1 or not ref}):
            message = f"{refs.count(ref)} queries have the refId {ref!r}"
            yield report(path, where, message, "Give each a letter.")
        if panel.get("type") not in SILENT and not refs:
            yield report(path, where, "it asks nothing", "Give it a query.")


@file_rule("panel-count", "a board opens with at most 24 panels", level="warning", answers=("W13",))
def open_panels(subject: Subject, report: Report) -> Iterator[Finding]:
    """Panels outside collapsed rows are all asked for at once."""
    for path, board in subject.boards.items():
        asking = [panel for panel in board.get("panels", ()) if panel.get("type") not in SILENT]
        if len(asking) > OPEN_PANELS:
            message = f"{len(asking)} panels ask when it opens; expected at most {OPEN_PANELS}"
            yield report(path, "board", message, "Collapse the rows of detail.")
