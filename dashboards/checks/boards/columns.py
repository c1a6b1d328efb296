"""A table's columns are labels and values that its queries give."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule, listed, nearest
from dashboards.checks.subject import Subject

# What leaves columns as they are, but for the names that it gives.
KEEPING = frozenset({"merge", "organize", "sortBy", "filterByValue", "limit"})


@file_rule("table-column", "a table renames and styles columns that it has")
def columns(subject: Subject, report: Report) -> Iterator[Finding]:
    """Renames of labels or values that no query of the table gives, and styles of no column."""
    for path, where, panel in each(subject):
        fields = _fields(subject, panel) if panel.get("type") == "table" else None
        if fields is None:
            continue
        renames: dict[str, str] = {}
        for step in panel.get("transformations", ()):
            renames |= step.get("options", {}).get("renameByName", {})
        named = sorted(fields | set(renames.values()))  # Grafana finds a renamed one by either name
        for name in renames:
            # Value #B of a scorecard has no query where no target has a number for that column.
            if name not in fields and not name.startswith("Value #"):
                fix = nearest(name, fields) or f"It has: {listed(fields)}."
                yield report(path, where, f"it renames the column {name!r}, which no query gives", fix)
        for override in panel.get("fieldConfig", {}).get("overrides", ()):
            matcher = override.get("matcher", {})
            if matcher.get("id") == "byName" and matcher.get("options") not in named:
                fix = nearest(str(matcher["options"]), named) or f"It has: {listed(named)}."
                yield report(
                    path, where, f"it styles the column {matcher['options']!r}, which it has not", fix
                )


def _fields(subject: Subject, panel: Json) -> frozenset[str] | None:
    """The columns before they are renamed; None where that is unknown."""
    targets = panel.get("targets", ())
    found = {"Time", "Value"} if len(targets) == 1 else {"Time"}
    if any(step.get("id", "organize") not in KEEPING for step in panel.get("transformations", ())):
        return None
    for target in targets:
        if target.get("format", "table") != "table":
            return None  # its columns are those of an older table
        query = subject.queries.get(str(target.get("expr")))
        labels = query.labels.names(query.node) if query else None
        if labels is None:
            return None
        found |= {f"Value #{target.get('refId')}", *labels}
    return frozenset(found)
