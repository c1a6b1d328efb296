"""What a file of YAML or JSON holds, with the place of everything in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Kind = Literal["map", "list", "text"]

NULLS = frozenset(("", "~", "null", "Null", "NULL"))
BOOLEANS = frozenset(("true", "True", "TRUE", "false", "False", "FALSE"))
_WHOLE = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[0-9][0-9_]*)\Z")
_FLOAT = re.compile(
    r"[-+]?((\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|\.(inf|Inf|INF))\Z|\.(nan|NaN|NAN)\Z"
)


@dataclass(slots=True, eq=False)
class Node:
    """A mapping, a list or a scalar.

    Attributes:
        kind: which of the three.
        line: where it begins, from 1.
        column: of that line, from 1.
        text: of a scalar, as its reader gets it when it wants text.
        plain: a scalar without quotation marks, whose text decides its type.
        pairs: of a mapping, in order; an alias is the node that it stands for.
        items: of a list.
        size: how many nodes it is, with every alias written out.
    """

    kind: Kind
    line: int
    column: int
    text: str = ""
    plain: bool = False
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    size: int = 1

    @property
    def is_null(self) -> bool:
        """Whether it is nothing, which Go's readers leave as it was."""
        return self.kind == "text" and self.plain and self.text in NULLS

    @property
    def type(self) -> str:
        """What it is to a reader that lets the text decide, as YAML 1.2 does."""
        if self.kind != "text":
            return "a mapping" if self.kind == "map" else "a list"
        if not self.plain:
            return "text"
        if self.text in NULLS:
            return "nothing"
        if self.text in BOOLEANS:
            return "true or false"
        if _WHOLE.match(self.text):
            return "a whole number"
        return "a number" if _FLOAT.match(self.text) else "text"

    def get(self, *names: str) -> Node | None:
        """The value of the first of these keys that has one which is not null."""
        for name in names:
            for key, value in self.pairs:
                if key.text == name and (not value.plain or value.text not in NULLS):
                    return value
        return None

    def written(self, name: str) -> Node | None:
        """The value under a key, also one that is null."""
        return next((value for key, value in self.pairs if key.text == name), None)

    def spelt(self, names: Iterable[str]) -> Node:
        """The same mapping, these keys so written: Go's reader of JSON takes them in any case."""
        known = {name.lower(): name for name in names}
        pairs = [(key, known.get(key.text.lower(), key.text), each) for key, each in self.pairs]
        return replace(self, pairs=[(replace(key, text=text), each) for key, text, each in pairs])

    def each(self, name: str) -> Iterator[Node]:
        """The items of the list under a key."""
        found = self.get(name)
        yield from found.items if found is not None else ()

    def said(self, *names: str) -> str:
        """The text under a key; empty if there is none."""
        found = self.get(*names)
        return found.text if found is not None and found.kind == "text" else ""

    def fixed(self, *names: str) -> str | None:
        """The text under a key after Grafana has read it; None if a variable decides it."""
        text = self.said(*names)
        return None if "$" in text.replace("$$", "") else text.replace("$$", "$")

    def plainly(self) -> Any:
        """It as dicts, lists and texts, without places and types."""
        if self.kind == "map":
            return {key.text: value.plainly() for key, value in self.pairs}
        return [each.plainly() for each in self.items] if self.kind == "list" else self.text

    def near(self, *names: str) -> Node:
        """The value under a key, or else the mapping itself: where a finding points to."""
        for name in names:
            for key, value in self.pairs:
                if key.text == name:
                    return value if value.kind == "text" else key
        return self
