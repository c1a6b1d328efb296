"""A variable is filled by one of the four questions that Grafana knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.expressions import variable_query
from dashboards.checks.finding import Finding, Report, excerpt, file_rule, listed, nearest
from dashboards.checks.subject import Subject

QUESTIONS = frozenset({"label_names", "label_values", "metrics", "query_result"})
CALL = re.compile(r"\s*(\w+)\s*\(.*\)\s*\Z", re.DOTALL)


@file_rule(
    "variable-query",
    "variables are filled by label_values, label_names, metrics or query_result",
    answers=("template-label-promql-rule",),
)
def query(subject: Subject, report: Report) -> Iterator[Finding]:
    """Queries that Grafana sends as names of metrics, and that find nothing."""
    for path, board in subject.boards.items():
        for variable in board.get("templating", {}).get("list", ()):
            if variable.get("type") != "query" or "logql" in variable:
                continue
            text = variable_query(variable)
            found = CALL.match(text)
            if found is None or found[1] not in QUESTIONS:
                fix = nearest(found[1] if found else text, QUESTIONS) or "Write label_values(metric, label)."
                message = f"its query is `{excerpt(text)}`; expected one of {listed(QUESTIONS)}"
                yield report(path, f"variable {variable.get('name')}", message, fix)
