"""On anybody's board, panels and queries ask a data source by a variable of the board, as an object."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from dashboards.checks.boards.panels import SILENT, each
from dashboards.checks.boards.source_variable import chosen
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

REFERENCE = re.compile(r"\$(\w+)\Z|\$\{(\w+)\}\Z")
# Grafana's own, such as the one that mixes others.
OWN = "-- "


@file_rule(
    "source-chosen",
    "panels and queries ask the data source that a variable of their board names",
    answers=("E30", "panel-datasource-rule"),
    about="others",
)
def sources(subject: Subject, report: Report) -> Iterator[Finding]:
    """Uids of one installation, and data sources as text, which Grafana 13 does not read."""
    names = {path: chosen(board) for path, board in subject.boards.items()}
    for path, where, panel in each(subject):
        if panel.get("type") in SILENT or "libraryPanel" in panel:
            continue
        wrong = dict.fromkeys(filter(None, (_wrong(thing, names[path]) for thing in _asked(panel))))
        if wrong:
            message = f"its data source is {'; '.join(wrong)}"
            yield report(path, where, message, 'Write {"type": ..., "uid": "${datasource}"}.')
        elif panel.get("targets") and not panel.get("datasource"):
            named = any(thing.get("datasource") for thing in _asked(panel))
            message = "only its queries name a data source" if named else "it names no data source"
            yield report(path, where, message, 'Write {"uid": "${datasource}"}.')


def _asked(panel: Json) -> list[Json]:
    return [panel, *panel.get("targets", ())]


def _wrong(thing: Json, names: Collection[str]) -> str:
    source: Any = thing.get("datasource")
    if source is None or (isinstance(source, dict) and str(source.get("uid", "")).startswith(OWN)):
        return ""
    if not isinstance(source, dict):
        return f"the text {source!r}, where an object is expected"
    found = REFERENCE.match(str(source.get("uid", "")))
    if found is None:
        return f"the one of uid {source.get('uid')!r}"
    name = found[1] or found[2]
    return "" if name in names else f"chosen by ${name}, which the board does not declare"
