"""Where a click leads: to another board, with the time shown, or to the runbook and the panel of an alert."""

from __future__ import annotations

from typing import Any

from dashboards.model import Board, Panel
from dashboards.queries import column
from dashboards.visual import Json, override
from exporters.catalogue.labels import INSTANCE, JOB
from signals.components import PANEL, RUNBOOK
from signals.promql import Context

DATASOURCE_VARIABLE = "datasource"


def board_link(uid: str, title: str, context: Context) -> Json:
    """To another board, with the time shown and what means the same there: job and instance do not."""
    return {
        "type": "link",
        "title": title,
        "url": board_url(uid, context),
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


def lead_on(panel: Panel, board: Board, config: Json, context: Context) -> None:
    """Lead from a stat to the board of its causes, and from a table's row to what is chosen by its key."""
    own = panel.opens == board.uid
    name = dict(board.neighbours).get(panel.opens, panel.opens)
    title = f"Show this {column(panel.key).lower()} alone" if own else f"Open {name}"
    kept = (JOB.name, INSTANCE.name) if own and board.anchor is not None else ()
    url = board_url(panel.opens, context, *kept)
    if not panel.key:
        config["defaults"]["links"] = [{"title": title, "url": url}]
        return
    links = [{"title": title, "url": f"{url}&var-{panel.key}=${{__value.raw}}"}]
    config["overrides"].append(override("byName", column(panel.key), links=links))


def alert_links(panel: Panel, board: Board, context: Context) -> list[Json]:
    """Lead from the name of an alert to its runbook and to its panel.

    A link may read another column of its row as that is shown. So two columns repeat the name, are shown as
    the number and the address of a panel, and hidden.
    """
    found = {name for signal in panel.signals for name in signal.query.labels}
    if not {RUNBOOK, PANEL} <= found or not board.places:
        return []
    runbooks = {each.alert: str(each.runbook) for each in board.places}
    panels = {each.alert: f"{each.board}?viewPanel=panel-{each.panel}" for each in board.places}
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
            override("byName", column(label), mappings=_texts(texts), custom__hideFrom__viz=True)
            for label, texts in ((RUNBOOK, runbooks), (PANEL, panels))
        ),
    ]


def _texts(texts: dict[str, str]) -> list[Json]:
    options = {name: {"text": text, "index": index} for index, (name, text) in enumerate(texts.items())}
    return [{"type": "value", "options": options}]
