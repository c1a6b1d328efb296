"""What Grafana puts for a board's variables: every value of one that allows it, or a single one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dashboards.checks.finding import listed, nearest
from dashboards.errors import RefusedError, StackError
from dashboards.grafana import render_board
from dashboards.prove.model import Answer, Source
from dashboards.prove.times import Span
from dashboards.queries import variables
from dashboards.stack import Stack
from signals.promql import duration

LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), (?P<label>\w+)\)\Z")
# What Grafana escapes in a value that stands in a regular expression.
SPECIAL = re.compile(r"[$^*{}\[\]+?.()|]")
# So many of the values that there are stand in a message.
SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable, asked.

    Attributes:
        name: without the ``$``.
        value: what is put for it.
        options: what there is to choose.
        others: what else could be chosen where one is, as it would be put.
        answer: what its query returned.
    """

    name: str
    value: str
    options: tuple[str, ...]
    others: tuple[str, ...]
    answer: Answer


def asked(
    rendered: Mapping[str, Any],
    source: Source,
    span: Span,
    *,
    one: bool = False,
    given: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Variable]:
    """Each variable that Prometheus fills, in their order, as each may narrow the next.

    Args:
        rendered: the board's JSON.
        source: that is asked.
        span: the range shown.
        one: whether one value is chosen where all could be: the one that changed most, as who chooses a
            statement or an endpoint chooses one that is called.
        given: values that are chosen in any case, by the variable's name.
    """
    values: dict[str, str] = {}
    for variable in rendered["templating"]["list"]:
        if variable["type"] != "query":
            continue
        query = filled(variable["query"]["query"], values)
        match = LABEL_VALUES.match(query)
        if match is None:
            raise StackError(
                f"variable {variable['name']}: {query!r}; expected label_values(SELECTOR, LABEL), the only "
                "question that is known here; change it"
            )
        began = time.perf_counter()
        try:
            options = sorted(source.label_values(match["selector"], match["label"], span.start, span.end))
            if one and variable["multi"] and len(options) > 1:
                options.sort(key=_liveliness(match, variable, source, span))
            error = ""
        except RefusedError as refused:
            options, error = [], str(refused)
        answer = Answer(
            ref=variable["name"],
            expr=query,
            choice="one" if one else "all",
            series=len(options),
            low=float(len(options)) if options else None,
            high=float(len(options)) if options else None,
            seconds=time.perf_counter() - began,
            error=error,
        )
        name = variable["name"]
        wanted = [given[name]] if name in given else options
        escaped = [_escaped(each, within_regex=variable["multi"]) for each in wanted]
        every = variable["multi"] and wanted and not one and name not in given
        # Without anything to choose, a board shows nothing; so must its proof.
        values[name] = value = str(variable["allValue"]) if every else "".join(escaped[:1])
        others = tuple(escaped[1:]) if one else ()
        yield Variable(name=name, value=value, options=tuple(options), others=others, answer=answer)


def _liveliness(
    match: re.Match[str], variable: Mapping[str, Any], source: Source, span: Span
) -> Callable[[str], float]:
    """An order of values: first those that are there now, by how often they changed within the range."""
    window = duration(span.end - span.start)
    label = match["label"]
    selector = match["selector"]
    expr = f"sum by ({label}) (changes({selector}[{window}]) and {selector})"
    target = {
        "refId": "A",
        "datasource": variable["datasource"],
        "instant": True,
        "range": False,
        "format": "time_series",
    }
    found = source.answer(target, expr, span.start, span.end, span.end - span.start)
    changes = {labels.get(label, ""): values[-1] for labels, values in found if values}
    return lambda value: -changes.get(value, -1.0)


def _escaped(value: str, *, within_regex: bool) -> str:
    """As Grafana puts it between quotes."""
    if not within_regex:
        return value.replace("\\", "\\\\").replace("'", "\\\\'")
    return SPECIAL.sub(r"\\\\\g<0>", value.replace("\\", "\\\\\\\\"))


def require(given: Iterable[str], stack: Stack) -> None:
    """Let names pass that a variable of a board has: a value for another one would choose nothing.

    Raises:
        StackError: one is unknown.
    """
    known = {each.name for board in stack.all_boards for each in variables(board, stack.context)}
    for name in given:
        if name not in known:
            hint = nearest(name, known) or f"They are {listed(known)}."
            raise StackError(
                f"--var {name!r}: no board has such a variable; expected the name of one. {hint}"
            )


def require_values(given: Mapping[str, str], stack: Stack, source: Source, span: Span) -> None:
    """Let values pass that a board offers: of another one every panel is empty, each for this one reason.

    Where nothing can be chosen, nothing is known of the value.

    Raises:
        StackError: none of the values there are is it, or the source does not answer.
    """
    offered: dict[str, set[str]] = {}
    for board in stack.all_boards if given else ():
        for each in asked(render_board(board, stack.context), source, span, given=given):
            offered.setdefault(each.name, set()).update(each.options)
    for name, value in given.items():
        if (known := offered.get(name)) and value not in known:
            some = listed(sorted(known)[:SHOWN]) + (" and more" if len(known) > SHOWN else "")
            hint = nearest(value, known) or f"There are {some}."
            raise StackError(
                f"--var {name}={value!r}: no board has it to choose in the time shown; expected a value "
                f"that is there. {hint}"
            )


def variable_values(
    rendered: Mapping[str, Any], source: Source, span: Span, *, one: bool = False
) -> dict[str, str]:
    """What Grafana puts for each variable: all values of one that allows it, else the first.

    Raises:
        StackError: the source does not answer, or a variable asks something else.
    """
    found = list(asked(rendered, source, span, one=one))
    for each in found:
        if each.answer.error:
            raise StackError(each.answer.error)
    return {each.name: each.value for each in found}


def filled(expr: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced, longest names first."""
    for name in sorted(values, key=len, reverse=True):
        expr = expr.replace("${" + name + "}", values[name]).replace("$" + name, values[name])
    return expr
