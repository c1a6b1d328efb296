"""Nothing stands in a board or panel that Grafana does not read."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.finding import Finding, Report, file_rule, nearest
from dashboards.checks.subject import Subject

BOARD = frozenset(
    {
        "annotations", "description", "editable", "fiscalYearStartMonth", "graphTooltip", "links", "liveNow",
        "panels", "preload", "refresh", "schemaVersion", "snapshot", "tags", "templating", "time",
        "timepicker", "timezone", "title", "uid", "version", "weekStart",
    }
)  # fmt: skip
PANEL = frozenset(
    {
        "cacheTimeout", "collapsed", "datasource", "description", "fieldConfig", "gridPos",
        "hideTimeOverride", "id", "interval", "libraryPanel", "links", "maxDataPoints", "maxPerRow",
        "options", "panels", "pluginVersion", "queryCachingTTL", "repeat", "repeatDirection", "targets",
        "timeFrom", "timeShift", "title", "transformations", "transparent", "type",
    }
)  # fmt: skip
TARGET = frozenset(
    {
        "adhocFilters", "datasource", "editorMode", "exemplar", "expr", "format", "hide", "instant",
        "interval", "intervalFactor", "legendFormat", "queryType", "range", "refId", "scope",
    }
)  # fmt: skip


@file_rule(
    "board-keys", "boards, panels and queries have the keys of schema 42 only", answers=("E3",), about="own"
)
def keys(subject: Subject, report: Report) -> Iterator[Finding]:
    """Keys with a slip in them, which Grafana drops without a word."""
    for path, board in subject.boards.items():
        for key in sorted(board.keys() - BOARD - {"id", "gnetId", "rows", "style"}):
            if not key.startswith("__"):  # of exports, which have a check of their own
                yield report(path, "board", f"Grafana knows no key {key!r} here", _fix(key, BOARD))
    for path, where, panel in each(subject):
        for key in sorted(panel.keys() - PANEL):
            yield report(path, where, f"Grafana knows no key {key!r} here", _fix(key, PANEL))
        for target in panel.get("targets", ()):
            for key in sorted(target.keys() - TARGET):
                place = f"{where}, query {target.get('refId')}"
                yield report(path, place, f"Grafana knows no key {key!r} here", _fix(key, TARGET))


def _fix(key: str, known: frozenset[str]) -> str:
    return nearest(key, known) or "Take it out."
