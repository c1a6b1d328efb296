r"""Compare predicates of partial indexes as text: PostgreSQL does not keep what was written.

The server itself could only be asked by creating something, or by planning a query, and then it would run
functions of whoever owns the table. So an expression is read here as the server reads it, and written in one
way. Evened out are case, spaces, parentheses, qualified names, ``!=``, the order of what AND or OR joins,
LIKE, BETWEEN, IN, rows, spellings of one value, and casts that the server adds by itself; a cast that changes
what is compared counts. Not evened out: different words for one thing, such as ``NOT done`` and
``done = false``; then write the predicate as ``\d table`` shows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from exporters.collectors.postgres.literals import number, quoted, type_of
from exporters.collectors.postgres.names import fold
from exporters.collectors.postgres.terms import (
    COMPARISONS,
    Term,
    array,
    between,
    cast,
    is_in,
    joined,
    negated,
    number_term,
    operation,
    row,
    typed,
)
from exporters.collectors.postgres.tokens import Token, tokens

# How closely each operator binds, as in the server's documentation, chapter "Lexical Structure".
_OR, _AND, _NOT, _IS, _COMPARE, _LIKE, _OTHER, _ADD, _TIMES, _POWER, _ZONE, _COLLATE, _SIGN, _POSTFIX = range(
    14
)
_BINDING = dict.fromkeys(COMPARISONS, _COMPARE) | dict.fromkeys("+-", _ADD) | dict.fromkeys("*/%", _TIMES)
_BINDING |= {"^": _POWER, "or": _OR, "and": _AND, "is": _IS, "isnull": _IS, "notnull": _IS}
_BINDING |= dict.fromkeys(("between", "in", "like", "ilike", "similar"), _LIKE)
_BINDING |= {"operator": _OTHER, "at": _ZONE, "collate": _COLLATE, "[": _POSTFIX, "::": _POSTFIX}
_LIKES = {"like": "~~", "ilike": "~~*", "similar": "~"}
_QUANTIFIERS = {"any": "any", "some": "any", "all": "all"}
_TRIMS = {"both": "btrim", "leading": "ltrim", "trailing": "rtrim"}
_TWO_WORDS = frozenset(
    {
        ("double", "precision"),
        ("timestamp", "with"),
        ("timestamp", "without"),
        ("time", "with"),
        ("time", "without"),
    }
)
_RESERVED = frozenset(
    """
    all and any array as asc case cast check collate column default desc distinct do else end except false for
    foreign from grant group having in initially intersect into limit not null offset on or order select some
    table then to true union unique user using when where window with
    """.split()  # noqa: SIM905  a page of quotes says no more
)
# What the server takes for a value, or for the way of a function, and never for a column.
_NO_COLUMNS = frozenset(
    """
    current_catalog current_date current_role current_schema current_time current_timestamp current_user
    localtime localtimestamp session_user system_user nfc nfd nfkc nfkd
    """.split()  # noqa: SIM905  a page of quotes says no more
)
_OF_FIRST = frozenset({"abs", "coalesce", "greatest", "least", "nullif"})
_RESULTS = (
    {"date_part": "double precision"}
    | dict.fromkeys(("length", "char_length", "cardinality"), "integer")
    | dict.fromkeys(
        (
            "lower",
            "upper",
            "btrim",
            "ltrim",
            "rtrim",
            "substring",
            "replace",
            "concat",
            "md5",
            "left",
            "right",
        ),
        "text",
    )
)
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*\Z")


class _UnknownError(Exception):
    """Not the grammar that is known here."""


def normalised(predicate: str, types: Mapping[str, str] | None = None, zone: str = "UTC") -> str:
    """A text that is the same for predicates that differ in spelling alone; empty for none.

    What is not understood is compared word by word.

    Args:
        predicate: what follows WHERE.
        types: of the table's columns, as ``format_type`` names them.
        zone: the server's time zone.

    Raises:
        ValueError: a parenthesis is not closed, or closed twice.
    """
    words = tokens(predicate)
    if not words:
        return ""
    try:
        return _Reader(words, types or {}, zone).read()
    except (_UnknownError, ValueError, RecursionError):
        return " ".join(token.word or token.text for token in words)


def columns(predicate: str) -> tuple[str, ...]:
    """The columns that it names, in their order; none where it is not understood."""
    try:
        reader = _Reader(tokens(predicate), {}, "UTC")
        reader.read()
    except (_UnknownError, ValueError, RecursionError):
        return ()
    return tuple(reader.columns)


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, words: Sequence[Token], types: Mapping[str, str], zone: str) -> None:
        self._words = [*words, Token("end", "")]
        self._types = types
        self._zone = zone
        self._at = 0
        self.columns: list[str] = []

    def read(self) -> str:
        """The whole."""
        term = self._expression(_OR)
        if self._here.kind != "end":
            raise _UnknownError
        return term.text

    @property
    def _here(self) -> Token:
        return self._words[self._at]

    def _next(self) -> Token:
        if self._here.kind == "end":
            raise _UnknownError
        self._at += 1
        return self._words[self._at - 1]

    def _sees(self, *words: str) -> bool:
        """These words come next."""
        coming = self._words[self._at : self._at + len(words)]
        return [token.word for token in coming] == list(words)

    def _takes(self, *words: str) -> bool:
        """Go past these words if they come next."""
        seen = self._sees(*words)
        self._at += len(words) if seen else 0
        return seen

    def _expect(self, *words: str) -> None:
        if not self._takes(*words):
            raise _UnknownError

    def _expression(self, least: int) -> Term:
        """As far as operators bind at least so closely."""
        term = self._operand()
        while (found := self._operator()) is not None:
            operator, negative = found
            binding = _BINDING.get(operator, _OTHER)
            if binding < least:
                break
            self._at += 1 + negative
            term = self._operation(term, operator, binding, negative=negative)
        return term

    def _operator(self) -> tuple[str, bool] | None:
        """What stands after an operand, and whether NOT stands before it."""
        word = self._here.word
        if word == "not":
            later = self._words[self._at + 1].word
            return (later, True) if _BINDING.get(later) == _LIKE else None
        return (word, False) if self._here.kind == "operator" or word in _BINDING else None

    def _operation(self, left: Term, operator: str, binding: int, *, negative: bool) -> Term:
        if operator in ("or", "and"):
            return joined(operator, [left, self._expression(binding + 1)])
        if binding == _IS:
            return self._is(left, operator)
        if binding == _LIKE:
            return self._like(left, operator, negative=negative)
        if operator == "at":
            self._expect("time", "zone")
            return Term(text=f"timezone({self._expression(_ZONE + 1).text}, {left.text})")
        if operator == "collate":
            name = self._path()
            return Term(text=f"({left.text} collate {name})", type=left.type)
        if operator == "::":
            kind, sized = self._type()
            return cast(left, kind, self._zone, sized=sized)
        if operator == "[":
            place = self._expression(_OR).text
            self._expect("]")
            return Term(text=f"{left.text}[{place}]", type=left.type.removesuffix("[]"))
        if operator == "operator":
            self._expect("(")
            while not self._sees(")"):
                operator = self._next().word
            self._expect(")")
        return self._compare(left, "<>" if operator == "!=" else operator, binding)

    def _compare(self, left: Term, operator: str, binding: int) -> Term:
        if quantifier := _QUANTIFIERS.get(self._here.word, ""):
            self._at += 1
            return operation(operator, left, self._operand(), self._zone, quantifier)
        return operation(operator, left, self._expression(binding + 1), self._zone)

    def _is(self, left: Term, operator: str) -> Term:
        negative = operator == "notnull" or (operator == "is" and self._takes("not"))
        word = "null" if operator != "is" else self._next().word
        if word == "distinct":
            self._expect("from")
            term = operation("is distinct from", left, self._expression(_IS + 1), self._zone)
            return negated(term) if negative else term
        if not word.isalpha():
            raise _UnknownError
        return Term(text=f"({left.text} is {'not ' if negative else ''}{word})", type="boolean")

    def _like(self, left: Term, operator: str, *, negative: bool) -> Term:
        if operator == "in":
            self._expect("(")
            return is_in(left, self._list(")"), self._zone, negative=negative)
        if operator == "between":
            self._takes("asymmetric")
            symmetric = self._takes("symmetric")
            low = self._expression(_OTHER)
            self._expect("and")
            high = self._expression(_OTHER)
            return between(left, low, high, self._zone, negative=negative, symmetric=symmetric)
        mark = "!" * negative + _LIKES[operator]
        if operator == "similar":
            self._expect("to")
        elif self._here.word in _QUANTIFIERS:
            return self._compare(left, mark, _LIKE)
        pattern = self._expression(_OTHER)
        escape = f", {self._expression(_OTHER).text}" if self._takes("escape") else ""
        if operator == "similar" or escape:
            function = "similar_to_escape" if operator == "similar" else "like_escape"
            pattern = Term(text=f"{function}({pattern.text}{escape})", type="text")
        return operation(mark, left, pattern, self._zone)

    def _operand(self) -> Term:
        token = self._next()
        if token.is_literal:
            return Term(text=quoted(token.content), bare=token.content, constant=True)
        if token.kind == "number":
            return number_term(token.text)
        if token.kind == "operator":
            return self._prefixed(token.word)
        if token.word == "not":
            return negated(self._expression(_NOT))
        if token.word == "(":
            items = self._list(")")
            return items[0] if len(items) == 1 else row(items)
        if token.kind not in ("word", "quoted"):
            raise _UnknownError
        return self._named(token)

    def _prefixed(self, operator: str) -> Term:
        if operator not in ("+", "-"):
            return Term(text=f"({operator} {self._expression(_ADD).text})")
        term = self._expression(_SIGN)
        if operator == "+":
            return term
        if term.is_number:
            negative = term.text.removeprefix("-") if term.text.startswith("-") else f"-{term.text}"
            return Term(text=number(negative), type=term.type, constant=True)
        return Term(text=f"(- {term.text})", type=term.type, constant=term.constant)

    def _named(self, token: Token) -> Term:
        """A word in the place of a value: a construct, a column, a function, or a type before a literal."""
        constructs: dict[str, Callable[[], Term]] = {
            "case": self._case, "cast": self._cast, "array": self._array, "row": self._row,
        }  # fmt: skip
        if token.word in constructs and (token.word == "case" or self._here.word in ("(", "[")):
            return constructs[token.word]()
        if token.word in ("true", "false", "null"):
            return Term(text=token.word, type="" if token.word == "null" else "boolean", constant=True)
        if token.word in _RESERVED:
            raise _UnknownError
        self._at -= 1
        start = self._at
        name = self._path()
        called = self._takes("(")
        term = self._call(name) if called else Term(text=name, type=type_of(self._types.get(fold(name), "")))
        if not self._here.is_literal and (token.word, self._here.word) not in _TWO_WORDS:
            if not called and token.word not in _NO_COLUMNS and self._here.word != "=>":
                self.columns.append(fold(name))
            return term
        self._at = start
        kind, _ = self._type()
        return cast(Term(text="", bare=self._literal()), kind, self._zone)

    def _literal(self) -> str:
        if not self._here.is_literal:
            raise _UnknownError
        return self._next().content

    def _path(self) -> str:
        """A name; a schema or table before it says nothing that it does not."""
        token = self._next()
        while self._takes("."):
            token = self._next()
        if token.kind not in ("word", "quoted"):
            raise _UnknownError
        name = fold(token.text)
        return name if _PLAIN.match(name) else '"' + name.replace('"', '""') + '"'

    def _call(self, name: str) -> Term:
        """A function; words between the arguments of some stand for commas."""
        trims = name == "trim"
        if trims:
            name = next((function for word, function in _TRIMS.items() if self._takes(word)), "btrim")
            self._takes("from")
        items: list[Term] = []
        before = len(self.columns)
        least = _OTHER if name == "position" else _OR
        while not self._takes(")"):
            items.append(self._expression(least))
            if not (any(self._takes(word) for word in (",", "from", "for", "in")) or self._sees(")")):
                raise _UnknownError
        if trims:
            items.reverse()  # what is cut off is written first
        if name == "extract" and items:
            name = "date_part"
            del self.columns[before : before + (items[0].bare is None)]
            items[0] = Term(text=quoted((items[0].bare or items[0].text).lower()))
        kind = _RESULTS.get(name, "")
        if name in _OF_FIRST and items:
            kind = items[0].type
            items = [items[0], *(typed(item, kind, self._zone) for item in items[1:])]
        listed = ", ".join(item.text for item in items)
        return Term(text=f"{name}({listed})", type=kind, constant=all(item.constant for item in items))

    def _case(self) -> Term:
        parts = ["case"]
        while not self._takes("end"):
            word = self._next().word if self._here.word in ("when", "then", "else") else ""
            term = self._expression(_OR)
            if (word, term.text) != ("else", "null"):  # the server adds it
                parts.append(f"{word} {term.text}".strip())
        return Term(text=f"({' '.join(parts)} end)")

    def _cast(self) -> Term:
        self._expect("(")
        term = self._expression(_OR)
        self._expect("as")
        kind, sized = self._type()
        self._expect(")")
        return cast(term, kind, self._zone, sized=sized)

    def _array(self) -> Term:
        self._expect("[")
        return array(self._list("]"))

    def _row(self) -> Term:
        self._expect("(")
        return row(self._list(")"))

    def _list(self, end: str) -> list[Term]:
        items: list[Term] = []
        while not self._takes(end):
            items.append(self._expression(_OR))
            if not self._sees(end):
                self._expect(",")
        return items

    def _type(self) -> tuple[str, bool]:
        """The name of a type, and whether it has a length."""
        name = self._path()
        if (name, self._here.word) in (("double", "precision"), ("character", "varying"), ("bit", "varying")):
            name += f" {self._next().word}"
        sized = self._takes("(")
        while sized and not self._takes(")"):
            self._next()
        for zoned in ("with", "without"):
            if name in ("time", "timestamp") and self._takes(zoned, "time", "zone"):
                name += f" {zoned} time zone"
        while self._takes("["):
            name += "[]"
            while not self._takes("]"):
                self._next()
        return type_of(name), sized
