"""Parts of an expression, each written in one way: what the server makes of casts, lists, rows and types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from exporters.collectors.postgres.literals import WIDTHS, literal, number, wider

COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">="})
# A literal without a type beside one of these has the type of the other side.
_ALIKE = COMPARISONS | {"@>", "<@", "&&", "is distinct from"}
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "^"})
_RESULTS = {"->>": "text", "#>>": "text", "||": "text"}
# The server turns an unknown number into one of these by itself, never into an integer.
_WIDE = frozenset({"numeric", "real", "double precision"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A part of an expression.

    Attributes:
        text: stands for itself in whatever is around it.
        type: by `type_of`; empty if it is not known.
        bare: of a literal without a type, what it says.
        uncast: what it is without a cast that the server may have added.
        joined: AND or OR, and what that joins.
        items: of a row or an array.
        is_row: the items are those of a row.
        constant: it names no column.
    """

    text: str
    type: str = ""
    bare: str | None = None
    uncast: Term | None = None
    joined: tuple[str, tuple[str, ...]] = ("", ())
    items: tuple[Term, ...] = ()
    is_row: bool = False
    constant: bool = False

    @property
    def is_number(self) -> bool:
        """It is a number as such."""
        return self.constant and self.type in WIDTHS and self.text.lstrip("-").replace(".", "").isdigit()


def number_term(text: str) -> Term:
    """A number as written; with a point it is no integer, and one that is divided by it none either.

    Raises:
        ValueError: it cannot be written out.
    """
    written = number(text)
    if text.isdigit():
        return Term(text=written, type="integer", constant=True)
    if "." not in text and "." not in written:
        return Term(text=written, type="numeric", constant=True, uncast=number_term(written))
    return Term(text=written if "." in written else f"{written}.0", type="numeric", constant=True)


def row(items: Sequence[Term]) -> Term:
    """Several values in parentheses."""
    return Term(text=f"row({_list(items)})", items=tuple(items), is_row=True, constant=_constant(items))


def array(items: Sequence[Term]) -> Term:
    """ARRAY[...]."""
    kind = ""
    for item in items:
        kind = wider(kind, item.type)
    return Term(
        text=f"array[{_list(items)}]",
        type=f"{kind}[]" if kind else "",
        items=tuple(items),
        constant=_constant(items),
    )


def joined(word: str, terms: Sequence[Term]) -> Term:
    """What AND, or OR, joins; its order says nothing, nor do parentheses around the same word."""
    if len(terms) == 1:
        return terms[0]
    parts: list[str] = []
    for term in terms:
        parts += term.joined[1] if term.joined[0] == word else [term.text]
    parts.sort()
    return Term(text=f"({f' {word} '.join(parts)})", type="boolean", joined=(word, tuple(parts)))


def negated(term: Term) -> Term:
    """NOT of it."""
    return Term(text=f"(not {term.text})", type="boolean")


def cast(term: Term, kind: str, zone: str, *, sized: bool = False) -> Term:
    """With a cast, unless that changes nothing. One that only widens a number is remembered."""
    if term.bare is not None:
        return Term(text=literal(term.bare, kind, zone), type=kind, constant=True)
    if term.text == "null" or (term.is_number and kind in WIDTHS):
        return replace(term, type=kind, uncast=term if term.is_number else None)
    if not sized and (term.type == kind or (kind in ("text", "text[]") and term.type in ("", kind))):
        return replace(term, type=kind)
    written = Term(text=f"cast({term.text} as {kind})", type=kind, constant=term.constant)
    may_be_added = wider(term.type, kind) == kind if term.type in WIDTHS else not term.type and kind in _WIDE
    return replace(written, uncast=term) if may_be_added and not sized else written


def typed(term: Term, kind: str, zone: str) -> Term:
    """A literal without a type has this one, in an array too."""
    if term.bare is not None and kind:
        return cast(term, kind, zone)
    if term.items and not term.is_row and kind:
        return array([typed(item, kind, zone) for item in term.items])
    return term


def operation(operator: str, left: Term, right: Term, zone: str, quantifier: str = "") -> Term:
    """Two terms with an operator, which may stand before ANY or ALL."""
    if left.is_row and right.is_row and operator in ("=", "<>") and not quantifier:
        return joined(
            "and" if operator == "=" else "or",
            [operation(operator, *pair, zone) for pair in zip(left.items, right.items, strict=False)],
        )
    if operator in _ALIKE:
        left, right = typed(left, _element(right, quantifier), zone), typed(right, left.type, zone)
    kind = wider(left.type, _element(right, quantifier))
    mark = operator
    if kind in WIDTHS and (operator in COMPARISONS or operator in _ARITHMETIC):
        bare_left, bare_right = _uncast(left), _uncast(right)
        # Without its casts the server would count in another kind: then somebody wrote them, unless the
        # server added them for a function of which nothing is known here.
        known = all(term.type or term.uncast for term in (left, right))
        if known and wider(bare_left.type, _element(bare_right, quantifier)) != kind:
            mark = f"{operator}[{kind}]"
        left, right = bare_left, bare_right
    result = kind if operator in _ARITHMETIC and kind in WIDTHS else _RESULTS.get(operator, "")
    return Term(
        text=f"({left.text} {mark} {f'{quantifier} ' if quantifier else ''}{right.text})",
        type="boolean" if operator in _ALIKE else result,
        constant=left.constant and right.constant,
    )


def is_in(left: Term, items: Sequence[Term], zone: str, *, negative: bool) -> Term:
    """IN as the server keeps it: one comparison with the constants, one with each of the others."""
    operator, word, quantifier = ("<>", "and", "all") if negative else ("=", "or", "any")
    constants = [item for item in items if item.constant]
    if left.is_row or len(constants) < 2:
        return joined(word, [operation(operator, left, item, zone) for item in items])
    others = [operation(operator, left, item, zone) for item in items if not item.constant]
    return joined(word, [operation(operator, left, array(constants), zone, quantifier), *others])


def between(left: Term, low: Term, high: Term, zone: str, *, negative: bool, symmetric: bool) -> Term:
    """BETWEEN as the server keeps it."""
    pairs = [(low, high), (high, low)] if symmetric else [(low, high)]
    above, below, inner, outer = ("<", ">", "or", "and") if negative else (">=", "<=", "and", "or")
    return joined(
        outer,
        [
            joined(inner, [operation(above, left, one, zone), operation(below, left, other, zone)])
            for one, other in pairs
        ],
    )


def _uncast(term: Term) -> Term:
    if term.items and not term.is_row:
        return array([_uncast(item) for item in term.items])
    return term.uncast or term


def _element(term: Term, quantifier: str) -> str:
    """What the other side is compared with: an array itself, or what stands in it."""
    return term.type.removesuffix("[]") if quantifier else term.type


def _constant(items: Sequence[Term]) -> bool:
    return all(item.constant for item in items)


def _list(items: Sequence[Term]) -> str:
    return ", ".join(item.text for item in items)
