"""Queries that ask nobody, or for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned.check import ERRS, Report, check
from dashboards.checks.provisioned.files import Files
from dashboards.checks.provisioned.sample import rule


@check(
    "query-asks",
    summary="a query names its data source and says what it asks",
    cause="`datasourceUid` or `expr` left out, or `expr` as a number.",
    effect=ERRS,
    fix="Name the data source by its uid, and write the query as text.",
    wrong=rule("            datasourceUid: prom\n", ""),
    right=rule(),
)
def asks(files: Files, report: Report) -> Iterator[Finding]:
    """Of the text only where the model is one of Prometheus or Loki."""
    for query in files.queries:
        if not query.source:
            message = "it names no data source in datasourceUid"
            yield report(query.rule.file, query.node.near("datasourceUid"), query.where, message)
        if query.is_expression or query.model.kind != "map":
            continue
        node = query.model.get("expr")
        if node is not None and node.type != "text" and "$" not in node.text:
            message = f"its expr is {node.type}; expected text"
            yield report(query.rule.file, node, query.where, message, "Put it into quotation marks.")
        for key in ("instant", "range") if node is not None else ():
            flag = query.model.get(key)
            if flag is not None and flag.type != "true or false" and "$" not in flag.text:
                message = f"its {key} is {flag.text!r}, {flag.type}; expected true or false"
                yield report(query.rule.file, flag, query.where, message, "Leave the quotation marks out.")
        if node is None and "true" in (query.model.said("instant"), query.model.said("range")):
            yield report(query.rule.file, query.model, query.where, "its model has no expr")
