"""By which columns a statement searches each of its tables, read from its text.

Loads sqlglot, so it is imported only where candidates are asked for. Values never reach the parser, and a
text that it does not understand is as good as none: only names of tables and columns are kept of any.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.parsers.postgres import PostgresParser

from exporters.collectors.postgres.names import fold
from exporters.collectors.postgres.searched import ELSEWHERE, Scope, Term
from exporters.collectors.postgres.statement_text import WHOLE, without_values

LONGEST = (
    8000  # characters without values; a longer one is the work of a generator, and takes a tenth of a second
)
MOST_STEPS = 10_000  # a step for each of its words is what a text takes
VALUE = "''"  # is a number, a moment or a limit to the parser, wherever one may stand
SEARCHED_BY = ("select", "update", "delete", "with", "insert", "merge")

_VALUES = re.compile(r"''(?:\s*,\s*''){9,}")  # of a list; fewer may be all that a function takes
_WORD = re.compile(r"\W*(\w+)")
_RANGES = (exp.GT, exp.GTE, exp.LT, exp.LTE)
_DIALECT = Postgres()
# It logs what it does not understand.
logging.getLogger("sqlglot").disabled = True


class _Parser(PostgresParser):
    """Gives up on a text that it reads again and again: of some the time doubles with each bracket."""

    _steps = 0

    def _advance(self, times: int = 1) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise RecursionError(f"{MOST_STEPS} steps were not enough")
        super()._advance(times)


def searches(said: str) -> tuple[Scope, ...]:
    """The scopes that search a table; none of a text that is not understood."""
    first = _WORD.match(said)
    if first is None or first[1].lower() not in WHOLE:
        return ()
    text = _VALUES.sub(VALUE, without_values(said, VALUE, VALUE))
    if len(text) > LONGEST:
        return ()
    try:
        trees = _Parser(dialect=_DIALECT).parse(_DIALECT.tokenize(text), text)
        found = [scope for tree in trees if tree for scope in _scopes(tree)]
    except Exception:  # whatever a grammar of others thinks of a text of others, also that it is too deep
        return ()
    return tuple(scope for scope in found if scope.terms)


def _scopes(tree: exp.Expr) -> Iterator[Scope]:
    # A name that WITH gives is no table.
    made = frozenset(_name(cte.args["alias"].this) for cte in tree.find_all(exp.CTE))
    return (_scope(node, made) for node in tree.find_all(exp.Select, exp.Update, exp.Delete))


def _scope(node: exp.Expr, made: frozenset[str]) -> Scope:
    scope = Scope()
    heads = [node.this] if isinstance(node, (exp.Update, exp.Delete)) else []
    if first := node.args.get("from_"):
        heads.append(first.this)
    heads += node.args.get("using") or []
    joins = [join for each in (node, *heads) for join in each.args.get("joins") or ()]
    for source in (*heads, *(join.this for join in joins)):
        _add_source(scope, source, made)
    where = node.args.get("where")
    if where:
        scope.terms += [term for part in _conjuncts(where.this) for term in _terms(part, scope)]
    for join in joins:
        scope.terms += _of_join(join, scope)
    if isinstance(node, exp.Select):
        scope.terms += _order(node)
    return scope


def _add_source(scope: Scope, source: exp.Expr, made: frozenset[str]) -> None:
    name = _alias(source)
    if not name:
        return
    scope.sources[name] = None
    if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
        schema, table = source.args.get("db"), _name(source.this)
        if schema is not None or table not in made:
            scope.sources[name] = (None if schema is None else _name(schema), table)


def _of_join(join: exp.Expr, scope: Scope) -> Iterator[Term]:
    """What ON and USING say; of an outer join they say nothing of the rows of its other side."""
    side = join.args.get("side") or ""
    if side in ("RIGHT", "FULL"):
        return
    own = _alias(join.this)
    for column in join.args.get("using") or ():
        others = [name for name in scope.sources if name != own]
        yield Term(own, _name(column), "joined", others[0] if len(others) == 1 else ELSEWHERE)
        if not side and len(others) == 1:
            yield Term(others[0], _name(column), "joined", own)
    on = join.args.get("on")
    for part in _conjuncts(on) if on else ():
        for term in _terms(part, scope):
            if not side or term.source == own:
                yield term


def _alias(source: exp.Expr) -> str:
    """What its columns are qualified by; empty if by nothing."""
    alias = source.args.get("alias")
    named = alias.this if alias is not None else source.this
    return _name(named) if isinstance(named, exp.Identifier) else ""


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    left = [condition]
    while left:
        part = left.pop().unnest()
        if isinstance(part, exp.And):
            left += [part.expression, part.this]
        else:
            yield part


def _terms(part: exp.Expr, scope: Scope) -> Iterator[Term]:
    """What an index on the column could find; a boolean by itself is one of its two values."""
    inner = part.this.unnest() if isinstance(part, exp.Not) else part
    if isinstance(inner, exp.Column):
        yield from _term(inner, "equal", (), scope)
    elif isinstance(part, exp.Is) and isinstance(part.expression, (exp.Null, exp.Boolean)):
        yield from _term(part.this, "equal", (), scope)
    elif isinstance(part, exp.In) and not part.args.get("unnest"):
        others = [part.args["query"]] if part.args.get("query") else part.expressions
        for column in _columns(part.this):
            yield from _term(column, "equal", others, scope)
    elif isinstance(part, exp.EQ):
        yield from _sides(part, "equal", scope)
    elif isinstance(part, _RANGES):
        yield from _sides(part, "range", scope)
    elif isinstance(part, exp.Between):
        yield from _term(part.this, "range", (part.args["low"], part.args["high"]), scope)


def _sides(part: exp.Expr, kind: str, scope: Scope) -> Iterator[Term]:
    """``a = b`` says something of both; of rows in a range only the first column is searched by."""
    one, other = part.this, part.expression
    for this, that in ((one, other), (other, one)):
        columns = _columns(this)
        values = _columns(that) if kind == "equal" else []
        for number, column in enumerate(columns if kind == "equal" else columns[:1]):
            against = values[number] if len(values) == len(columns) else that
            yield from _term(column, kind, (against,), scope)


def _columns(one: exp.Expr) -> list[exp.Expr]:
    return one.expressions if isinstance(one, exp.Tuple) else [one]


def _term(column: exp.Expr, kind: str, against: Iterable[exp.Expr], scope: Scope) -> Iterator[Term]:
    column = column.unnest()
    if not isinstance(column, exp.Column) or not isinstance(column.this, exp.Identifier):
        return
    source, partner = _qualifier(column), ""
    for other in against:
        if other.find(exp.Select):
            partner = ELSEWHERE
        for named in other.find_all(exp.Column):
            its = _qualifier(named)
            if its == source and (source or len(scope.sources) == 1):
                return  # two columns of one row
            partner = its if its in scope.sources else partner or ELSEWHERE
    if partner and kind == "range":
        return
    yield Term(source, _name(column.this), "joined" if partner else kind, partner)


def _order(node: exp.Select) -> Iterator[Term]:
    """The first column of the order of a page: an index spares the sort, and the rows after the page."""
    order = node.args.get("order")
    whole = any(node.args.get(key) for key in ("group", "distinct", "having")) or not node.args.get("limit")
    if order is None or whole:
        return
    for ordered in order.expressions:
        column = ordered.this
        if not isinstance(column, exp.Column) or not isinstance(column.this, exp.Identifier):
            return
        yield Term(_qualifier(column), _name(column.this), "order")


def _qualifier(column: exp.Expr) -> str:
    table = column.args.get("table")
    return _name(table) if table is not None else ""


def _name(identifier: exp.Expr) -> str:
    name: str = identifier.name
    return name if identifier.args.get("quoted") else fold(name)
