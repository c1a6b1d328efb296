"""A graph draws each line once."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.graphs import GRAPHS
from dashboards.checks.boards.panels import each
from dashboards.checks.finding import Finding, Report, excerpt, file_rule, listed
from dashboards.checks.subject import Subject


@file_rule("query-twice", "no graph asks one thing twice")
def twice(subject: Subject, report: Report) -> Iterator[Finding]:
    """One line on top of another, which hides it and doubles a stack."""
    for path, where, panel in each(subject):
        if panel.get("type") not in GRAPHS:
            continue  # each query of a table is a column
        seen: dict[tuple[str, bool], list[str]] = {}
        for target in panel.get("targets", ()):
            text = " ".join(str(target.get("expr", "")).split())
            seen.setdefault((text, bool(target.get("range"))), []).append(str(target.get("refId")))
        for (text, _), refs in seen.items():
            if text and len(refs) > 1:
                message = f"its queries {listed(refs)} are one, `{excerpt(text)}`"
                yield report(path, where, message, "Take one of them out.")
