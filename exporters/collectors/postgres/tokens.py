"""The words of an SQL expression, as the server's lexer parts them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<escaped>E'(?:[^'\\]|''|\\.)*') | (?P<string>'(?:[^']|'')*') | (?P<quoted>"(?:[^"]|"")+")
      | (?P<word>[^\W\d][\w$]*) | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)
      | (?P<mark>::|[\[\](),.]) | (?P<operator>[<>=!~*/+\-%^&|\#@?`]+) | (?P<other>\S)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_QUOTED = re.compile(
    r"""E'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | "(?:[^"]|"")+\"""", re.VERBOSE | re.IGNORECASE | re.DOTALL
)
_BEYOND = re.compile(r"--|/\*|[;'\"]")
_CLOSING = {"(": ")", "[": "]"}
_ENDS_WITH_SIGN = frozenset("~!@#%^&|`?")  # an operator with one of these may
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word.

    Attributes:
        kind: ``string``, ``escaped`` (E''), ``quoted``, ``word``, ``number``, ``mark``, ``operator``,
            ``other``, and ``end`` after the last.
        text: as written.
    """

    kind: str
    text: str

    @property
    def word(self) -> str:
        """What a keyword, a mark or an operator says; empty for a value or a quoted name."""
        return self.text.lower() if self.kind in ("word", "mark", "operator", "other") else ""

    @property
    def is_literal(self) -> bool:
        """It is a literal in quotes."""
        return self.kind in ("string", "escaped")

    @property
    def content(self) -> str:
        """What a literal in quotes says."""
        content = self.text[self.text.index("'") + 1 : -1].replace("''", "'")
        if self.kind == "escaped":
            content = re.sub(r"(?s)\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), content)
        return content


def require_expression(text: str) -> None:
    """Refuse what would not end where it ends once it stands within a statement.

    Raises:
        ValueError: a quote is not closed, a comment or a second statement begins.
    """
    if found := _BEYOND.search(_QUOTED.sub(" ", text)):
        raise ValueError(f"predicate {text!r}: {found[0]!r} is no part of an expression")


def tokens(text: str) -> list[Token]:
    """The words, in order.

    Raises:
        ValueError: a parenthesis is not closed, or closed twice.
    """
    found: list[Token] = []
    opened: list[str] = []
    at = 0
    while match := _TOKEN.search(text, at):
        token, at = Token(str(match.lastgroup), match[0]), match.end()
        if token.kind == "operator":
            # `>-1` is `>` and `-1`.
            while len(token.text) > 1 and token.text[-1] in "+-" and not _ENDS_WITH_SIGN & set(token.text):
                token, at = Token("operator", token.text[:-1]), at - 1
        elif token.text in _CLOSING:
            opened.append(_CLOSING[token.text])
        elif token.text in (")", "]") and (not opened or opened.pop() != token.text):
            raise ValueError(f"predicate {text!r}: {token.text!r} closes nothing")
        found.append(token)
    if opened:
        raise ValueError(f"predicate {text!r}: a parenthesis is not closed")
    return found
