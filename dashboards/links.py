"""Where a click leads: to another board, with the time shown, or to the runbook and the panel of an alert."""

from __future__ import annotations

from typing import Any

from dashboards.model import TARGET, Board, Panel
from dashboards.queries import carried, column
from dashboards.visual import Json, override
from signals.components import PANEL, REPEATED, RUNBOOK
from signals.promql import Context

DATASOURCE_VARIABLE = "datasource"


def board_link(board: Board, there: Board, context: Context) -> Json:
    """To another board, with the time shown and what means the same there."""
    return {
        "type": "link",
        "title": there.title,
        "url": board_url(there.uid, context, *_kept(board, there)),
        "tags": [],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
        "targetBlank": False,
        "icon": "dashboard",
        "tooltip": "",
    }


def board_url(uid: str, context: Context, *more: str) -> str:
    """The address of a board, with the time shown, and these variables beside those that every board has."""
    kept = "".join(f"&${{{name}:queryparam}}" for name in (DATASOURCE_VARIABLE, *context.identity, *more))
    return f"/d/{uid}?${{__url_time_range}}{kept}"


def _kept(board: Board, there: Board) -> tuple[str, ...]:
    """The variables that mean the same there: job and instance of the same kind of server."""
    same = board.anchor is not None and there.anchor == board.anchor
    return tuple(each.name for each in TARGET) if same else ()


def lead_on(panel: Panel, board: Board, config: Json, context: Context) -> None:
    """Lead from a stat to the board of its causes, and from a table's row to what is chosen by its key."""
    there = next((each for each in (board, *board.neighbours) if each.uid == panel.opens), None)
    own = there is board
    title = (
        f"Show this {column(panel.key).lower()} alone"
        if own
        else f"Open {there.title if there else panel.opens}"
    )
    url = board_url(panel.opens, context, *(_kept(board, there) if there else ()))
    targets = carried(panel, board)
    if not panel.key:
        url += "".join(f"&var-{name}=${{__field.labels.{name}}}" for name in targets)
        config["defaults"]["links"] = [{"title": title, "url": url}]
        return
    url += "".join(f"&var-{name}=${{__data.fields.{column(name)}}}" for name in targets)
    links = [{"title": title, "url": f"{url}&var-{panel.key}=${{__value.raw}}"}]
    config["overrides"].append(override("byName", column(panel.key), links=links))
    config["overrides"] += [override("byName", column(name), custom__hideFrom__viz=True) for name in targets]


def alert_links(panel: Panel, board: Board, context: Context) -> list[Json]:
    """Lead from the name of an alert to its runbook and to its panel.

    A link may read another column of its row as that is shown. So two columns repeat the name, one of them
    with job and instance; they are shown as the number and the address of a panel, and hidden.
    """
    found = {name for signal in panel.signals for name in signal.query.labels}
    if not {RUNBOOK, PANEL} <= found or not board.places:
        return []
    runbooks = {each.alert: str(each.runbook) for each in board.places}
    panels = [
        {
            "type": "regex",
            "options": {
                "pattern": f"{each.alert};(.*);(.*)",
                "result": {
                    "text": f"{each.board}?viewPanel=panel-{each.panel}"
                    + "".join(f"&var-{name}=${1 + REPEATED.index(name)}" for name in each.targets),
                    "index": index,
                },
            },
        }
        for index, each in enumerate(board.places)
    ]
    kept = board_url("", context).partition("?")[2]
    links: list[dict[str, Any]] = [
        {
            "title": "Open the runbook",
            "url": f"{board_url(board.places[0].book, context)}&viewPanel=panel-${{__data.fields.{RUNBOOK}}}",
        },
        {"title": "Open the panel", "url": f"/d/${{__data.fields.{PANEL}}}&{kept}"},
    ]
    return [
        override("byName", column(panel.key), links=links),
        *(
            override("byName", column(label), mappings=mappings, custom__hideFrom__viz=True)
            for label, mappings in ((RUNBOOK, _texts(runbooks)), (PANEL, panels))
        ),
    ]


def _texts(texts: dict[str, str]) -> list[Json]:
    options = {name: {"text": text, "index": index} for index, (name, text) in enumerate(texts.items())}
    return [{"type": "value", "options": options}]
