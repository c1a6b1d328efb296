"""Several globs at once: for which of them a key counts, which is the first that fits.

Keys sort like words in a book. The literal beginnings of all patterns cut that order into stretches, and in
most of them the answer is the same for every key: so a key is looked up, and seldom compared.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import NamedTuple

from exporters.globs import compile_globs

NOTHING = 0  # the number of no pattern
Match = Callable[[bytes], int]


class Head(NamedTuple):
    """The literal beginning of a pattern.

    Attributes:
        text: that every key of it begins with.
        whole: every key that begins so fits.
        alone: the pattern is this one key.
    """

    text: bytes
    whole: bool
    alone: bool

    @classmethod
    def of(cls, pattern: str) -> Head:
        """What stands before the first special character."""
        rest, text = pattern.encode(), b""
        while rest and rest[:1] not in b"*?[":
            rest = rest.removeprefix(b"\\")
            text, rest = text + rest[:1], rest[1:]
        return cls(text, whole=bool(rest) and not rest.strip(b"*"), alone=not rest)

    @property
    def end(self) -> bytes | None:
        """The first text beyond every key that begins so; None if there is no such text."""
        if self.alone:
            return self.text + b"\0"
        text = self.text.rstrip(b"\xff")
        return text[:-1] + bytes([text[-1] + 1]) if text else None


class Patterns:
    """Numbers, from 1, of the patterns that keys count for.

    Raises:
        GlobError: a pattern is empty, or ends within brackets or after a backslash.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        compile_globs(patterns)  # each is one
        heads = [Head.of(pattern) for pattern in patterns]
        edges = {head.text for head in heads} | {head.end for head in heads}
        self._edges = sorted(edge for edge in edges if edge is not None)
        chosen = [self._answer(patterns, heads, begin) for begin in [b"", *self._edges]]
        self._answers = [answer if isinstance(answer, int) else NOTHING for answer in chosen]
        self._open = {place: answer for place, answer in enumerate(chosen) if not isinstance(answer, int)}

    @staticmethod
    def _answer(patterns: Sequence[str], heads: Sequence[Head], begin: bytes) -> int | Match:
        """For the keys from here to the next edge: the number, or how to find it."""
        numbers = []
        for number, head in enumerate(heads, start=1):
            if head.text <= begin and (head.end is None or begin < head.end):
                numbers.append(number)
                if head.whole or head.alone:
                    break
        if not numbers or heads[numbers[0] - 1].whole or heads[numbers[0] - 1].alone:
            return numbers[0] if numbers else NOTHING
        match = compile_globs([patterns[number - 1] for number in numbers]).match

        def find(key: bytes) -> int:
            found = match(key)
            return numbers[(found.lastindex or 0) - 1] if found else NOTHING

        return find

    def find(self, keys: Sequence[bytes]) -> list[int]:
        """The number for each key; `NOTHING` where no pattern fits."""
        places = map(bisect_right, repeat(self._edges), keys)
        if not self._open:
            return list(map(self._answers.__getitem__, places))
        answers, unsure = self._answers, self._open
        return [
            unsure[place](key) if place in unsure else answers[place]
            for place, key in zip(places, keys, strict=True)
        ]
