"""Grafana's math expressions, as far as it judges them before it knows a value.

Its reader takes the longest run of signs for one operator, so that ``$A>-1`` is none; its functions take one
argument or none, no commas and no text.
"""

from __future__ import annotations

import re
from contextlib import suppress

from dashboards.words import counted

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<name>\$(?:\{[\w\s]+\}|\w+))|(?P<sign>[!<>=&|+\-*/%]+)"
    r"|(?P<number>(?=[0-9.])(?:0[xX][0-9a-fA-F]*(?:\.[0-9a-fA-F]*)?|[0-9]*\.?[0-9]*)(?:[eE][+-]?[0-9]*)?)"
    r"|(?P<function>[^\W\d_][^\W\d]*)|(?P<open>\()|(?P<close>\))|(?P<other>.)",
    re.DOTALL,
)
_BINARY = frozenset(("&&", "||", ">", "<", ">=", "<=", "==", "!=", "+", "-", "*", "**", "/", "%"))
_UNARY = frozenset(("!", "-"))
# How many arguments each function takes.
FUNCTIONS = {
    **dict.fromkeys(("abs", "log", "is_nan", "is_inf", "is_null", "is_number", "round", "ceil", "floor"), 1),
    **dict.fromkeys(("nan", "inf", "infn", "null"), 0),
}


def wrong(text: str) -> str:
    """Why Grafana does not take an expression; empty if it does."""
    reader = _Reader()
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "space" and (why := reader.read(str(found.lastgroup), found[0])):
            return why
    if reader.open:
        return "a parenthesis is not closed"
    return "it ends where a value is expected" if reader.wants else ""


class _Reader:
    """What was read: of each open parenthesis its function and arguments, and whether a value is wanted."""

    def __init__(self) -> None:
        self.open: list[tuple[str, int]] = []
        self.wants = True
        self.before = ""
        self.function = ""

    def read(self, kind: str, token: str) -> str:
        """What is wrong with the next token; empty for nothing."""
        if self.function and kind != "open":
            return f"{self.function} stands without its parentheses"
        why = _refused(kind, token, wants=self.wants)
        if not why and kind == "close":
            why = self._closed()
            self.wants = False
        elif not why and kind == "sign":
            self.wants = True
        elif not why:
            why = self._value(kind, token)
        self.before = kind
        return why

    def _value(self, kind: str, token: str) -> str:
        if not self.wants:
            name, count = self.open[-1] if self.open else ("", 0)
            if not name:
                return f"it has {token!r} where an operator is expected"
            self.open[-1] = name, count + 1
        if kind == "open":
            self.open.append((self.function, 0))
        self.function = token if kind == "function" else ""
        self.wants = kind in ("open", "function")
        return ""

    def _closed(self) -> str:
        if not self.open:
            return "it has a ) where nothing is open"
        function, count = self.open.pop()
        if self.wants and (self.before != "open" or not function):
            return "it has a ) where a value is expected"
        count += not self.wants
        wanted = FUNCTIONS.get(function, count)
        return "" if count == wanted else f"{function} has {counted(count, 'argument')}; expected {wanted}"


def _refused(kind: str, token: str, *, wants: bool) -> str:
    """What is wrong with a token, where a value or an operator is wanted."""
    if kind == "other":
        return f"{token!r} means nothing in it"
    if kind == "sign" and token not in _BINARY | _UNARY:
        return f"there is no operator {token!r}"
    if kind == "sign" and token not in (_UNARY if wants else _BINARY):
        return f"it has {token!r} where {'a value' if wants else 'another operator'} is expected"
    if kind == "function" and token not in FUNCTIONS:
        return f"there is no function {token!r}"
    return f"{token!r} is no number" if kind == "number" and not _is_number(token) else ""


def _is_number(text: str) -> bool:
    if text[:2] in ("0x", "0X"):
        return re.match(r"0[xX][0-9a-fA-F]{1,16}\Z", text) is not None
    with suppress(ValueError):
        float(text)
        return True
    return False
