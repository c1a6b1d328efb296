"""PromQL as plain values. The only module that imports the parser, which knows no variables of Grafana.

Variables in strings stay as they are; elsewhere they are replaced before parsing and put back in the result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import promql_parser as parser

# The name of a selector that takes each metric there is, and says so: `__name__!=""`.
EVERY = "*"
VARIABLE = re.compile(r"\$\{(\w+)(?::[^}]*)?\}|\$(\w+)")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"' r"|'(?:\\.|[^'\\])*'" r"|`[^`]*`")
_COMMENT = r"#[^\n]*"
_TOKEN = re.compile(rf"{_STRING.pattern}|{_COMMENT}|{VARIABLE.pattern}")
_HIDDEN = re.compile(r'"string_(\d+)_"')
# A variable here is a name, of which nothing is known.
_NAMES = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*\Z")
_BESIDE = re.compile(r"[\w:{(\[]")
_BRACKET = re.compile(r"[][(){}]")
_OPERATOR = re.compile(r"[-+*/%^<>=!]|\b(?:and|or|unless|atan2)\b")
# More than anybody writes; the parser ends the process on some thousands.
MOST = 1000
DEPTH = 100
# Nobody writes a range of this many milliseconds; each further variable of a query takes the next one.
_PLACEHOLDER = 97_000_001


class ParseError(ValueError):
    """Text that is no PromQL; says what the parser says."""


class OpenError(ParseError):
    """Text in which a variable stands for a name, so that nothing can be said of it."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """``label op "value"``; the operator is one of ``= != =~ !~``."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'


@dataclass(frozen=True, slots=True)
class Window:
    """The range of a selector or subquery: seconds, or a variable without its ``$``."""

    seconds: float
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Selector:
    """Series by name and matchers; with a window, a range of them; with an offset, so many seconds ago.

    Pinned (``@``), they are looked at at one time, whenever the query is evaluated.
    """

    name: str
    matchers: tuple[Matcher, ...] = ()
    window: Window | None = None
    offset: float = 0.0
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Subquery:
    """An expression evaluated over a range, every so many seconds; 0 where the text leaves that open.

    With an offset, the range ends so many seconds ago.
    """

    expression: Node
    window: Window
    pinned: bool = False
    step: float = 0.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """A function."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An aggregation; ``by`` and ``without`` are None where they are not written."""

    operator: str
    expression: Node
    by: tuple[str, ...] | None = None
    without: tuple[str, ...] | None = None
    parameter: Node | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two expressions, with how their series find each other."""

    operator: str
    left: Node
    right: Node
    on: tuple[str, ...] | None = None
    ignoring: tuple[str, ...] | None = None
    group: Literal["", "left", "right"] = ""
    include: tuple[str, ...] = ()
    bool: bool = False


@dataclass(frozen=True, slots=True)
class Negation:
    """A sign before an expression."""

    expression: Node


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class String:
    """A string."""

    value: str


Node = Selector | Subquery | Call | Aggregation | Binary | Negation | Number | String

COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})
SET_OPERATORS = frozenset({"and", "or", "unless"})
# The parser's enumerations have no hash; their names do.
OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
GROUPS: dict[str, Literal["left", "right"]] = {
    "VectorMatchCardinality.ManyToOne": "left",
    "VectorMatchCardinality.OneToMany": "right",
}


# Prometheus 3 renamed it; the parser knows the newer name alone.
SMOOTHED = "double_exponential_smoothing"
_RENAMED = re.compile(r"\bholt_winters(?=\s*\()")


def parse(text: str) -> Node:
    """The expression as values, parentheses dropped.

    Raises:
        ParseError: it is no PromQL that Prometheus 2 and 3 both read.
        OpenError: a variable is the name of a metric, label or function in it.
    """
    if len(_OPERATOR.findall(text)) > MOST:
        raise ParseError(f"more than {MOST} operators")
    if _nested(text) > DEPTH:
        raise ParseError(f"parentheses nested more than {DEPTH} deep")
    if _open(text):
        raise OpenError("a variable is the name of something in it")
    windows: dict[timedelta, str] = {}
    try:
        parsed = parser.parse(_RENAMED.sub(SMOOTHED, _without_variables(text, windows)))
    except ValueError as error:
        raise ParseError(str(error)) from None
    return _Reader(windows).node(parsed)


def _nested(text: str) -> int:
    deepest = depth = 0
    for bracket in _BRACKET.findall(text):
        depth += 1 if bracket in "([{" else -1
        deepest = max(deepest, depth)
    return deepest


def _open(text: str) -> bool:
    """Whether a variable is a name or a part of one."""
    for token in _TOKEN.finditer(text):
        if token[1] is None and token[2] is None:
            continue
        before, after = text[: token.start()], text[token.end() :]
        if before.rstrip()[-1:] in ("[", ":"):
            continue
        beside = re.search(r"[\w:]\Z", before) or _BESIDE.match(after.lstrip() if after[:1] == " " else after)
        if beside or _NAMES.search(before):
            return True
    return False


def _without_variables(text: str, windows: dict[timedelta, str]) -> str:
    def replaced(token: re.Match[str]) -> str:
        name: str | None = token[1] or token[2]
        if name is None:
            return _string(token[0])
        read = text[: token.start()].rstrip()
        if read.endswith(" offset"):
            return "1ms"
        if read[-1:] not in ("[", ":"):
            return "1"
        milliseconds = _PLACEHOLDER + len(windows)
        windows[timedelta(milliseconds=milliseconds)] = name
        return f"{milliseconds}ms"

    return _TOKEN.sub(replaced, text)


def _string(token: str) -> str:
    """A string or comment for the parser, which looks for escapes between backticks, where there are none."""
    return json.dumps(token[1:-1], ensure_ascii=False) if token[0] == "`" else token


class _Reader:
    """The parser's tree as ours."""

    def __init__(self, windows: dict[timedelta, str]) -> None:
        self.windows = windows
        self.depth = 0

    def node(self, found: Any) -> Node:
        """One node with all below it."""
        self.depth += 1
        if self.depth > DEPTH:
            raise ParseError(f"nested more than {DEPTH} deep")
        while isinstance(found, parser.ParenExpr):
            found = found.expr
        read: Node = READERS[type(found)](self, found)
        self.depth -= 1
        return read

    def window(self, length: timedelta | None) -> Window:
        length = length or timedelta()
        return Window(length.total_seconds(), self.windows.get(length, ""))

    def binary(self, found: parser.BinaryExpr) -> Binary:
        left, right, modifier = self.node(found.lhs), self.node(found.rhs), found.modifier
        if modifier is None:
            return Binary(str(found.op), left, right)
        matching = modifier.matching
        labels = tuple(matching.labels) if matching else None
        on = matching is not None and matching.type == parser.LabelModifierType.Include
        return Binary(
            str(found.op),
            left,
            right,
            on=labels if on else None,
            ignoring=None if on else labels,
            group=GROUPS.get(str(modifier.card), ""),
            include=tuple(modifier.group_labels or ()),
            bool=modifier.return_bool,
        )

    def aggregation(self, found: parser.AggregateExpr) -> Aggregation:
        modifier = found.modifier
        labels = tuple(modifier.labels) if modifier else None
        by = modifier is not None and modifier.type == parser.AggModifierType.By
        parameter = None if found.param is None else self.node(found.param)
        return Aggregation(
            str(found.op), self.node(found.expr), labels if by else None, None if by else labels, parameter
        )

    def call(self, found: parser.Call) -> Call:
        return Call(found.func.name, tuple(self.node(each) for each in found.args))

    def selector(self, found: parser.VectorSelector, window: Window | None = None) -> Selector:
        if found.matchers.or_matchers:
            raise ParseError("Prometheus knows no `or` between matchers")
        matchers = tuple(
            Matcher(each.name, OPERATORS[str(each.op)], each.value) for each in found.matchers.matchers
        )
        named = [each.value for each in matchers if each.label == "__name__" and each.operator == "="]
        every = any(each == Matcher("__name__", "!=", "") for each in matchers)
        name = found.name or (named[0] if named else EVERY if every else "")
        bare = tuple(each for each in matchers if each.label != "__name__")
        offset = found.offset.total_seconds() if found.offset else 0.0
        return Selector(name, bare, window, offset, found.at is not None)

    def matrix(self, found: parser.MatrixSelector) -> Selector:
        return self.selector(found.vector_selector, self.window(found.range))

    def subquery(self, found: parser.SubqueryExpr) -> Subquery:
        step = found.step.total_seconds() if found.step else 0.0
        offset = found.offset.total_seconds() if found.offset else 0.0
        return Subquery(self.node(found.expr), self.window(found.range), found.at is not None, step, offset)


READERS: dict[type, Any] = {
    parser.BinaryExpr: _Reader.binary,
    parser.AggregateExpr: _Reader.aggregation,
    parser.Call: _Reader.call,
    parser.VectorSelector: _Reader.selector,
    parser.MatrixSelector: _Reader.matrix,
    parser.SubqueryExpr: _Reader.subquery,
    parser.UnaryExpr: lambda self, found: Negation(self.node(found.expr)),
    parser.NumberLiteral: lambda _, found: Number(found.val),
    parser.StringLiteral: lambda _, found: String(found.val),
}


@dataclass(frozen=True, slots=True)
class Part:
    """An expression without variables as it can be asked by itself, and those that stand directly in it."""

    text: str
    node: Node
    parts: tuple[Part, ...]


def parted(text: str) -> Part:
    """The expression with each that stands in it.

    Raises:
        ParseError: it is no PromQL that Prometheus 2 and 3 both read.
    """
    strings: list[str] = []

    def hidden(token: re.Match[str]) -> str:
        strings.append(token[0])
        return f'"string_{len(strings) - 1}_"'

    # The parser writes strings without the backslashes that it read.
    try:
        parsed = parser.parse(_STRING.sub(hidden, text))
    except ValueError as error:
        raise ParseError(str(error)) from None
    return _part(parsed, lambda shown: _HIDDEN.sub(lambda found: strings[int(found[1])], shown))


def _part(found: Any, told: Callable[[str], str]) -> Part:
    while isinstance(found, parser.ParenExpr):
        found = found.expr
    inner: list[Any] = []
    match found:
        case parser.BinaryExpr():
            inner = [found.lhs, found.rhs]
        case parser.Call():
            inner = list(found.args)
        case parser.AggregateExpr() | parser.SubqueryExpr() | parser.UnaryExpr():
            inner = [found.expr]
    text = told(str(found))
    return Part(text, parse(text), tuple(_part(each, told) for each in inner))


def children(node: Node) -> tuple[Node, ...]:
    """The expressions that stand directly in this one."""
    match node:
        case Call():
            return node.arguments
        case Aggregation():
            return (node.expression,) if node.parameter is None else (node.parameter, node.expression)
        case Binary():
            return (node.left, node.right)
        case Subquery() | Negation():
            return (node.expression,)
    return ()


def walk(node: Node, parent: Node | None = None) -> Iterator[tuple[Node, Node | None]]:
    """Every node with the one that it stands in, from the outside inwards."""
    left: list[tuple[Node, Node | None]] = [(node, parent)]
    while left:
        found = left.pop()
        yield found
        left += [(child, found[0]) for child in reversed(children(found[0]))]


def selectors(node: Node) -> Iterator[Selector]:
    """Every selector in the expression."""
    return (each for each, _ in walk(node) if isinstance(each, Selector))
