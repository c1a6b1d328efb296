"""How the parts of an action of Go's templates follow each other: commands, each given to the next."""

from __future__ import annotations

from typing import NamedTuple


class Token(NamedTuple):
    """A part of an action, and whether a blank is before it."""

    kind: str
    text: str
    spaced: bool


Tokens = list[Token]
# What stands for itself, and is no command that something is given to.
_NO_COMMANDS = (".", "true", "false", "nil")


def wrong(tokens: Tokens) -> str:
    """What is wrong in what an action computes; empty for nothing."""
    reader = _Reader()
    for token in tokens:
        if why := reader.read(token):
            return why
    return "its parentheses do not match" if len(reader.open) > 1 else ""


class _Reader:
    """Of each open parenthesis, and around them, the parts of its command and how many are before it."""

    def __init__(self) -> None:
        self.open = [(0, 0)]
        self.before = Token("sign", "(", spaced=True)

    def read(self, token: Token) -> str:
        """What is wrong with the next part; empty for nothing."""
        if token.text in ("|", ")"):
            why = self._ended(token.text)
        elif token.kind == "sign" and token.text not in "(.":
            why = f"{token.text!r} means nothing there"
        elif not token.spaced and self.before.text not in "|(":
            why = (
                "" if self._goes_on(token) else f"{token.text!r} follows {self.before.text!r} without a blank"
            )
        else:
            why = self._part(token)
        self.before = token
        return why

    def _goes_on(self, token: Token) -> bool:
        """Whether a field belongs to what is before it."""
        before = self.before
        return (
            token.kind == "field"
            and before.text not in _NO_COMMANDS
            and (before.kind in ("variable", "word", "field") or before.text == ")")
        )

    def _part(self, token: Token) -> str:
        parts, stage = self.open[-1]
        if stage and not parts and (token.kind in ("string", "number") or token.text in _NO_COMMANDS):
            return f"{token.text!r} takes nothing from the command before it"
        self.open[-1] = parts + 1, stage
        if token.text == "(":
            self.open.append((0, 0))
        return ""

    def _ended(self, sign: str) -> str:
        parts, stage = self.open[-1]
        if sign == ")" and len(self.open) == 1:
            return "its parentheses do not match"
        if not parts and not (stage and sign == ")"):  # a pipe to nothing is taken at the end
            return f"there is nothing before {sign!r}"
        if sign == ")":
            self.open.pop()
        else:
            self.open[-1] = 0, stage + 1
        return ""
