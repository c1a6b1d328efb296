"""Where PromQL stands in the rendered files: panels, variables, annotations, alerts, recordings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["panel", "variable", "annotation", "alert", "record"]

LABEL_VALUES = re.compile(r"\s*label_values\(\s*(?:(.+),)?\s*([a-zA-Z_]\w*)\s*\)\s*\Z", re.DOTALL)
QUERY_RESULT = re.compile(r"\s*query_result\((.+)\)\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One query where it stands.

    Attributes:
        file: the path of its file.
        where: the panel with the query's letter, the rule, the variable.
        kind: what sort of place.
        text: the PromQL; of a variable, its selector.
        thing: the panel, rule, variable or annotation as rendered.
        target: the panel's query as rendered.
        label: of a variable, the label whose values it lists.
    """

    file: str
    where: str
    kind: Kind
    text: str
    thing: Json
    target: Json = field(default_factory=dict)
    label: str = ""


def panels(board: Json) -> Iterator[Json]:
    """Every panel and row heading, those in collapsed rows too."""
    for panel in board.get("panels", ()):
        yield panel
        yield from panel.get("panels", ())


def texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every text below a value, with the panel in which it stands."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        inside = f"panel {value['title']!r}" if "gridPos" in value and "title" in value else where
        for each in value.values():
            yield from texts(each, inside)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each, where)


def of_board(path: str, board: Json) -> Iterator[Place]:
    """The queries of a dashboard."""
    for panel in panels(board):
        for target in panel.get("targets", ()):
            if "expr" not in target:
                continue  # of another source
            yield Place(
                file=path,
                where=f"panel {panel.get('title')!r}, query {target.get('refId')}",
                kind="panel",
                text=str(target["expr"]),
                thing=panel,
                target=target,
            )
    for variable in board.get("templating", {}).get("list", ()):
        yield from _of_variable(path, variable)
    for annotation in board.get("annotations", {}).get("list", ()):
        if "expr" in annotation.get("target", ()):
            where = f"annotation {annotation.get('name')!r}"
            text = str(annotation["target"]["expr"])
            yield Place(file=path, where=where, kind="annotation", text=text, thing=annotation)


def variable_query(variable: Json) -> str:
    """The query of a variable, which Grafana keeps as a text or in an object."""
    query = variable.get("query", "")
    return str(query.get("query", "") if isinstance(query, dict) else query)


def _of_variable(path: str, variable: Json) -> Iterator[Place]:
    if variable.get("type") != "query" or "logql" in variable:
        return
    text = variable_query(variable)
    found = LABEL_VALUES.match(text)
    result = QUERY_RESULT.match(text)
    if found and not found[1]:
        return
    yield Place(
        file=path,
        where=f"variable {variable.get('name')}",
        kind="variable",
        text=found[1].strip() if found else result[1] if result else text,
        thing=variable,
        label=found[2] if found else "",
    )


def grafana_rules(document: Json) -> Iterator[tuple[Json, Json]]:
    """Each group with each of its rules."""
    for group in document.get("groups", ()):
        for rule in group.get("rules", ()):
            yield group, rule


def of_alerting(path: str, document: Json) -> Iterator[Place]:
    """The queries of Grafana's rules; expressions of its own are none."""
    for _, rule in grafana_rules(document):
        for query in rule.get("data", ()):
            if "expr" in query.get("model", {}):
                yield Place(
                    file=path,
                    where=f"alert {rule.get('title')}",
                    kind="alert",
                    text=query["model"]["expr"],
                    thing=rule,
                    target=query,
                )


def of_rules(path: str, document: Json) -> Iterator[Place]:
    """The queries of Prometheus' rules."""
    for _, rule in grafana_rules(document):
        text = str(rule.get("expr", ""))
        if "record" in rule:
            yield Place(file=path, where=f"record {rule['record']}", kind="record", text=text, thing=rule)
        else:
            yield Place(file=path, where=f"alert {rule.get('alert')}", kind="alert", text=text, thing=rule)
