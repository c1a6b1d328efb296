r"""Compare predicates of partial indexes as text: PostgreSQL adds casts and parentheses to what was written.

The server itself could only be asked by creating something. What is evened out here: case, spaces,
parentheses, casts, ``!=``, ``IN (...)``, and the order of what AND or OR joins. Not evened out: different
words for one thing, such as ``NOT done`` and ``done = false``, BETWEEN, or arithmetic without its
parentheses; then write the predicate as ``\d table`` shows it. Since casts are dropped, predicates that
differ in nothing but a cast count as equal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

Item: TypeAlias = "str | list[Item]"
_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")+" | [^\W\d][\w$]* | \d+(?:\.\d*)?(?:e[+-]?\d+)?
      | :: | [<>=!~*/+\-%^&|\#@?`]+ | \S""",
    re.VERBOSE | re.IGNORECASE,
)
_PLAIN = re.compile(r'"(?!(?:and|or|not|in)")[a-z_][a-z0-9_$]*"\Z')
_NUMBER = re.compile(r"'(-?\d+(?:\.\d+)?)'\Z")
_SECOND_WORDS = {"character": "varying", "bit": "varying", "double": "precision"}
_NUMERIC = frozenset({"smallint", "integer", "int", "bigint", "numeric", "real", "double"})


def normalised(predicate: str) -> str:
    """A text that is the same for predicates that differ in spelling alone; empty for none.

    Raises:
        ValueError: a parenthesis is not closed, or closed twice.
    """
    items = _nested(predicate)
    return _canonical(items) if items else ""


def _nested(predicate: str) -> list[Item]:
    """The words; what stands in parentheses is a list, what stands in brackets a list that begins with [."""
    stack: list[list[Item]] = [[]]
    for word in _TOKEN.findall(predicate):
        if word in "([":
            stack.append(["["] if word == "[" else [])
        elif word in ")]":
            group = stack.pop()
            if not stack or (group[:1] == ["["]) != (word == "]"):
                raise ValueError(f"predicate {predicate!r}: {word!r} closes nothing")
            stack[-1].append(group)
        else:
            stack[-1].append(_word(word))
    if len(stack) > 1:
        raise ValueError(f"predicate {predicate!r}: a parenthesis is not closed")
    return stack[0]


def _word(word: str) -> str:
    if word[0] == "'":
        return word
    if word[0] == '"':
        return word[1:-1] if _PLAIN.match(word) else word
    return "<>" if word == "!=" else word.lower()


def _canonical(items: Sequence[Item]) -> str:
    """Every operation in parentheses of its own, a single word bare."""
    items = _unwrapped(items)
    for word in ("or", "and"):
        if word in items:
            return f"({f' {word} '.join(sorted(_operands(items, word)))})"
    if items and items[0] == "not":
        return f"(not {_canonical(items[1:])})"
    words = _words(_without_in(items))
    return words[0] if len(words) == 1 else f"({' '.join(words)})"


def _operands(items: Sequence[Item], word: str) -> list[str]:
    """What AND, or OR, joins, also through parentheses around the same word."""
    items = _unwrapped(items)
    if word not in items or (word == "and" and "or" in items):
        return [_canonical(items)]
    return [operand for part in _split(items, word) for operand in _operands(part, word)]


def _split(items: Sequence[Item], word: str) -> list[list[Item]]:
    parts: list[list[Item]] = [[]]
    for item in items:
        if item == word:
            parts.append([])
        else:
            parts[-1].append(item)
    return parts


def _unwrapped(items: Sequence[Item]) -> list[Item]:
    """Without parentheses around the whole, and without casts."""
    items = _without_casts(items)
    while len(items) == 1 and isinstance(items[0], list) and items[0][:1] != ["["]:
        items = _without_casts(items[0])
    return items


def _without_casts(items: Sequence[Item]) -> list[Item]:
    kept: list[Item] = []
    at = 0
    while at < len(items):
        if items[at] != "::":
            kept.append(items[at])
            at += 1
            continue
        end = _end_of_type(items, at + 1)
        number = _NUMBER.match(kept[-1]) if kept and isinstance(kept[-1], str) else None
        if number and items[at + 1 : at + 2] and items[at + 1] in _NUMERIC:
            kept[-1] = number[1]
        at = end
    return kept


def _end_of_type(items: Sequence[Item], at: int) -> int:
    """Where what follows a type begins: ``character varying(20)[]``, ``public.mood``."""

    def word() -> Item:
        return items[at] if at < len(items) else ""

    first = word()
    at += 1
    if word() == ".":
        at += 2
    if isinstance(first, str) and word() == _SECOND_WORDS.get(first):
        at += 1
    if isinstance(word(), list) and word() != ["["]:
        at += 1
    if first in ("time", "timestamp") and word() in ("with", "without"):
        at += 3
    while word() == ["["]:
        at += 1
    return at


def _without_in(items: Sequence[Item]) -> list[Item]:
    """``x IN (a, b)`` as the server keeps it: ``x = ANY (ARRAY[a, b])``."""
    for at, item in enumerate(items):
        choice = items[at + 1] if at + 1 < len(items) else ""
        if item != "in" or not isinstance(choice, list):
            continue
        negated = at > 0 and items[at - 1] == "not"
        before, operator, quantifier = (at - 1, "<>", "all") if negated else (at, "=", "any")
        one = "," not in choice
        right: list[Item] = [choice] if one else [quantifier, ["array", ["[", *choice]]]
        return [*items[:before], operator, *right, *items[at + 2 :]]
    return list(items)


def _words(items: Sequence[Item]) -> list[str]:
    """The words of an operation, each group in it canonical, a sign joined with its number."""
    words: list[str] = []
    for at, item in enumerate(items):
        if isinstance(item, list):
            words.append(_group(item))
        elif words and words[-1] == "-" and item[0].isdigit() and (at == 1 or not _is_value(items[at - 2])):
            words[-1] = f"-{item}"
        else:
            words.append(item)
    return words


def _group(items: Sequence[Item]) -> str:
    if items[:1] == ["["]:
        return f"[{_list(items[1:])}]"
    return f"({_list(items)})" if "," in items or not items else _canonical(items)


def _list(items: Sequence[Item]) -> str:
    return ", ".join(_canonical(part) for part in _split(items, ",")) if items else ""


def _is_value(item: Item) -> bool:
    return isinstance(item, list) or item[0].isalnum() or item[0] in "'\"_])"
