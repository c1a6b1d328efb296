"""What of a statement's text may be shown: its shape, without the values that stand in it.

pg_stat_statements puts parameters in the place of constants, but not always: of utility statements before
version 16 it does not, nor where an entry was forgotten while its statement ran.
"""

from __future__ import annotations

import re

LENGTH = 200
CUT = "..."
# Whose constants are parameters. Of others, such as ALTER ROLE ... PASSWORD, two words are shown.
WHOLE = frozenset({"select", "insert", "update", "delete", "merge", "with", "values", "table"})

_PART = re.compile(
    r"""(?P<comment>--[^\n]*|/\*)
      | (?P<quoted>"(?:[^"]|"")*(?:"|\Z))
      | (?P<escaped>[eE]'(?:[^'\\]|''|\\.)*(?:'|\Z))
      | (?P<string>'(?:[^']|'')*(?:'|\Z))
      | (?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z))
      | (?P<word>[^\W\d][\w$]*|\$\d+)
      | (?P<number>(?:\d[\w.]*|\.\d[\w.]*)(?:(?<=[eE])[+-]\d+)?)
      | (?P<space>\s+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_VALUES = frozenset({"escaped", "string", "dollar", "number"})
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_LIST = re.compile(r"(\$\d+|\?)(?:\s*,\s*(?:\$\d+|\?))+")
_COLUMNS = re.compile(r"\A(select)\s.*?\s(from)\s", re.IGNORECASE | re.DOTALL)
_WORDS = re.compile(r"\A\W*([A-Za-z]+)(?:\s+([A-Za-z]+))?")


def shown(said: str) -> str:
    """The text on one line: values as ``?``, lists of them as one, comments and what is too long left out."""
    line = " ".join(without_values(said).split())
    first = _WORDS.match(line)
    if first is None:
        return CUT
    if first[1].lower() not in WHOLE:
        return f"{' '.join(filter(None, first.groups()))} {CUT}"
    line = _LIST.sub(rf"\1, {CUT}", line)
    if len(line) > LENGTH:
        line = _COLUMNS.sub(rf"\1 {CUT} \2 ", line)
    return line if len(line) <= LENGTH else line[: LENGTH - len(CUT)] + CUT


def without_values(said: str, value: str = "?", parameter: str | None = None) -> str:
    """The text with `value` for each literal, `parameter` for each parameter, and no comments."""
    parts = []
    at = 0
    while found := _PART.match(said, at):
        at = found.end()
        if found["comment"]:
            at = _after_comment(said, at) if found[0] == "/*" else at
            parts.append(" ")
        elif any(found[kind] is not None for kind in _VALUES):
            parts.append(value)
        elif parameter is not None and found[0].startswith("$"):
            parts.append(parameter)
        else:
            parts.append(found[0])
    return "".join(parts)


def _after_comment(said: str, at: int) -> int:
    """Where a comment ends, which may hold others."""
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(said, at)):
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return len(said) if depth else at
