"""Redis' glob patterns as one regular expression, so that a key is looked at once for all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

Token = frozenset[int] | None
ANYTHING: Token = None
EVERY = frozenset(range(256))


class GlobError(ValueError):
    """A pattern that cannot mean what its author wants."""


def compile_globs(patterns: Sequence[str]) -> re.Pattern[bytes]:
    """An expression whose `match` has as ``lastindex`` the number, from 1, of the first pattern that fits.

    Raises:
        GlobError: a pattern is empty, or ends within brackets or after a backslash.
    """
    return re.compile(b"|".join(b"(%s)" % translate(pattern) for pattern in patterns), re.DOTALL)


def translate(pattern: str) -> bytes:
    """One pattern as a regular expression for `match`: ``*``, ``?``, ``[a-z]``, ``[^a]`` and a backslash.

    Raises:
        GlobError: it is empty, or ends within brackets or after a backslash.
    """
    read = tokens(pattern)
    # `match` need not read a key to its end where anything may follow.
    end = b"" if read[-1] is ANYTHING else rb"\Z"
    return b"".join(map(_expression, read[:-1] if end == b"" else read)) + end


def tokens(pattern: str) -> list[Token]:
    """What a pattern allows in turn: one of these bytes, or anything of any length.

    Raises:
        GlobError: it is empty, or ends within brackets or after a backslash.
    """
    if not pattern:
        raise GlobError("an empty pattern matches no key")
    rest = pattern.encode()
    out: list[Token] = []
    while rest:
        char, rest = rest[:1], rest[1:]
        if char == b"*":
            rest = rest.lstrip(b"*")
            out.append(ANYTHING)
        elif char == b"?":
            out.append(EVERY)
        elif char == b"[":
            members, rest = _brackets(rest)
            out.append(members)
        else:
            if char == b"\\":
                char, rest = rest[:1], rest[1:]
                if not char:
                    raise GlobError(r"it ends in a backslash; write \\ for a backslash itself")
            out.append(frozenset(char))
    return out


def _expression(token: Token) -> bytes:
    if token is ANYTHING:
        return b".*"
    if token == EVERY:
        return b"."
    if not token:
        return b"(?!)"
    return b"[%s]" % b"".join(b"\\x%02x" % member for member in sorted(token))


def _brackets(text: bytes) -> tuple[frozenset[int], bytes]:
    """The bytes that stand after ``[``, and what is left after ``]``."""
    negated = text.startswith(b"^")
    rest = text[1:] if negated else text
    members: set[int] = set()
    while not rest.startswith(b"]"):
        if rest.startswith(b"\\") and len(rest) > 1:
            members.add(rest[1])
            rest = rest[2:]
        elif rest[1:2] == b"-" and len(rest) > 2:
            low, high = sorted((rest[0], rest[2]))
            members.update(range(low, high + 1))
            rest = rest[3:]
        elif rest:
            members.add(rest[0])
            rest = rest[1:]
        else:
            raise GlobError(r"a [ is not closed; write \[ for a bracket itself")
    return (EVERY - members if negated else frozenset(members)), rest[1:]
