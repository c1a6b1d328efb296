"""Predicates as people write them, given to a real server and read back as it keeps them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from itertools import combinations

import pytest

from examples.demo.databases import Postgres
from exporters.collectors.postgres.expected import SQL
from exporters.collectors.postgres.predicate import columns, normalised
from tests.servers.postgres_support import Session, admin

DATABASE = "predicates"
TABLE = """
CREATE TYPE mood AS ENUM ('fine', 'bad');
CREATE DOMAIN email AS text;
CREATE FUNCTION f(int) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 3.0';
CREATE TABLE things (
  s text, v varchar(20), c char(3), i int, k smallint, l bigint, n numeric(10, 2), f double precision, r real,
  b bool, d date, t timestamp, z timestamptz, m mood, e email, j jsonb, a text[], g int[], u uuid,
  "Odd Name" int, w time, p interval
);
"""

# One on each line; all mean something else.
PREDICATES = [
    line.strip()
    for line in r"""
    s = 'active'
    s <> 'active'
    s != 'other'
    s IS NULL
    s IS NOT NULL
    s IN ('a', 'b')
    s NOT IN ('a', 'b')
    s IN ('only')
    s LIKE 'a%'
    s NOT LIKE 'a%'
    s ILIKE 'a%'
    s NOT ILIKE 'a%'
    s LIKE 'a\_%'
    s LIKE 'a!%%' ESCAPE '!'
    s LIKE ANY (ARRAY['a%', 'b%'])
    s SIMILAR TO 'a|b'
    s ~ '^a'
    s !~* '^a'
    s || 'x' = 'ax'
    s COLLATE "C" > 'a'
    s = 'it''s'
    s BETWEEN 'a' AND 'b'
    s IS DISTINCT FROM 'a'
    s IS NOT DISTINCT FROM 'b'
    lower(s) = 'x'
    length(s) > 5
    substring(s from 1 for 3) = 'abc'
    trim(s) = 'x'
    trim(leading 'x' from s) = 'x'
    position('x' in s) > 0
    coalesce(s, '') = ''
    coalesce(n, 0) > 0
    nullif(i, 0) IS NOT NULL
    CASE WHEN b THEN i > 1 END
    CASE s WHEN 'x' THEN true ELSE false END
    v = 'active'
    v IN ('active', 'new')
    v LIKE 'a%'
    lower(v) = 'x'
    v COLLATE "C" = 'x'
    v::text = 'cast in vain'
    c = 'abc'
    c IN ('abc', 'abd')
    e = 'x'
    e LIKE '%@example.org'
    m = 'fine'
    m IN ('fine', 'bad')
    i::text = '5'
    1e3 < n
    f(i) > 5
    f(i)::int > 5
    i = 1
    i > -5
    i <> ALL (ARRAY[1, 2])
    i IN (1, 2, 3)
    i IN (1, k)
    i IN (1, 2, k)
    i BETWEEN 1 AND 5
    i NOT BETWEEN 1 AND 5
    i BETWEEN SYMMETRIC 5 AND 1
    i % 2 = 0
    i + 1 > 3
    i - 1 > 3
    i * 2 + 1 > 3
    i * (2 + 1) > 3
    -i > 3
    i / 2 > 1
    i::numeric / 2 > 1
    i / 2.0 > 1
    i > 1.5
    i & 1 = 1
    i IS NOT NULL AND s = 'x'
    (i, k) = (1, 2)
    (i, k) <> (1, 2)
    (i, k) > (1, 2)
    (i, k) IN ((1, 2), (3, 4))
    k = 1
    l > 1
    l = 10000000000
    n > 5
    n > 5.5
    n = 1.50
    n > i
    n::int = 5
    f > 1.5
    f > 2
    r > 1.5
    abs(i) > 2
    b
    NOT b
    b IS TRUE
    b IS NOT TRUE
    b = true
    NOT (b AND i = 1)
    i = 1 OR s = 'x' AND b
    (i = 1 OR s = 'x') AND b
    d > '2020-01-01'
    d BETWEEN '2020-01-01' AND '2020-12-31'
    t > '2020-01-01'
    t >= '2020-01-01 10:30'
    t > '2020-01-01'::timestamp + interval '1 day'
    t::date = '2020-01-01'
    t = '2020-01-01'
    date_trunc('day', t) = '2020-01-01'
    extract(year from t) = 2020
    z > '2020-01-01'
    z > '2020-01-01 12:00+02'
    z IS NULL OR z > timestamptz '2021-01-01'
    (z AT TIME ZONE 'UTC') > '2020-01-01'
    z < 'infinity'
    w > '10:00'
    p > '1 day'
    j->>'k' = 'v'
    j->'a'->>'b' = 'v'
    j#>>'{a,b}' = 'v'
    (j->>'k')::int > 5
    j @> '{"a":1}'
    j ? 'k'
    a @> ARRAY['x']
    a @> '{x, y}'
    a[1] = 'x'
    'x' = ANY (a)
    g = '{1, 2}'
    cardinality(g) > 1
    u = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'
    "Odd Name" = 1
    things.i = 7
    public.things.s = 'q'
    i = '9'
    cast(s as int) = 4
    i = 5 AND (s = 'b' OR s = 'a') AND b
    """.splitlines()
    if line.strip()
]
# The same in other words that the server keeps alike; right of the bar what is expected.
SPELLINGS = [
    ("s IN ('a', 'b')", "s = ANY (ARRAY['a', 'b'])"),
    ("s LIKE 'a%'", "s ~~ 'a%'"),
    ("i BETWEEN 1 AND 5", "i <= 5 AND i >= 1"),
    ("i IN (1, 2)", "(((i)) in (1,2))"),
    ("s IS NOT NULL", "s NOTNULL"),
    ("s IS NULL", "s isnull"),
    ("i = 1", "I=1"),
    ("i > -1", "i>-1"),
    ("n = 1.50", "n = 1.5"),
    ("d > '2020-01-01'", "d > DATE '2020-01-01'"),
    ("d > '2020-01-01'", "d > '2020-01-01 10:30'"),
    ("t > '2020-01-01'", "t > '2020-01-01 00:00:00'::timestamp"),
    ("t > timestamp without time zone '2020-01-01'", "t > '2020-01-01'"),
    ("z > '2020-01-01'", "z > '2020-01-01 00:00:00'"),
    ("z > '2020-01-01 00:00+00'", "z > '2020-01-01 02:00+02'"),
    ("v = 'x'", "v::text = 'x'"),
    ("v = 'x'", "(v)::text = 'x'::text"),
    ("i = 5", "i = 5::bigint"),
    ("b = 't'", "b = true"),
    ("s = E'a\\\\b'", r"s = 'a\b'"),
    ("cast(i as numeric) / 2 > 1", "i::numeric / 2 > 1"),
    ("s ILIKE 'x'", "s ~~* 'x'"),
    ("f > '1.5'", "f > 1.5"),
    ("s = 'x' AND (b AND i = 1)", "i = 1 AND b AND s = 'x'"),
    ("m = 'fine'::mood", "m = 'fine'"),
    ("(i, k) = (1, 2)", "i = 1 AND k = 2"),
    ("ROW(i, k) = ROW(1, 2)", "(i, k) = (1, 2)"),
    ("ltrim(s, 'x') = 'y'", "trim(leading 'x' from s) = 'y'"),
    ("j->>'k' = 'v'", "(j ->> 'k'::text) = 'v'::text"),
    ("double precision '1.5' < f", "1.5::float8 < f"),
]
# Each looks like the other and is not.
DIFFERENT = [
    ("t::date = '2020-01-01'", "t = '2020-01-01'"),
    ("i::numeric / 2 > 1", "i / 2 > 1"),
    ("i / 2.0 > 1", "i / 2 > 1"),
    ("n::int = 5", "n = 5"),
    ("i::text = '5'", "i = '5'"),
    ("f(i)::int > 5", "f(i) > 5"),
    ("f(i) / 2.0 > 1", "f(i) / 2 > 1"),
    ("c::text = 'abc'", "c = 'abc'"),
    ("v::varchar(2) = 'ab'", "v = 'ab'"),
    ("s = '2020-01-01'", "s = '2020-01-01 00:00:00'"),
    ("s COLLATE \"C\" = 'x'", "s = 'x'"),
    ("s LIKE 'a%'", "s ILIKE 'a%'"),
    ("s LIKE 'a%'", "s = 'a%'"),
    ("s NOT LIKE 'a%'", "s LIKE 'a%'"),
    ("i BETWEEN 1 AND 5", "i NOT BETWEEN 1 AND 5"),
    ("i - 1 - 1 > 0", "i - (1 - 1) > 0"),
    ("i + 1 * 2 > 0", "(i + 1) * 2 > 0"),
    ("NOT b AND i = 1", "NOT (b AND i = 1)"),
    ("(j->>'k')::int > 5", "j->>'k' > '5'"),
    ("i IN (1, 2)", "i NOT IN (1, 2)"),
    ("(i, k) = (1, 2)", "(i, k) = (2, 1)"),
    ("z > '2020-01-01'", "z > '2020-01-01 00:00+02'"),
    ("d > timestamp '2020-01-01 10:30'", "d > '2020-01-01 10:30'"),
    ("s = 'null'", "s IS NULL"),
]


@pytest.fixture(scope="module")
def session(postgres: Postgres) -> Iterator[Session]:
    with admin(postgres) as session:
        session.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        session.execute(f"CREATE DATABASE {DATABASE}")
    with admin(postgres, DATABASE) as session:
        session.execute("SET TimeZone = 'UTC'")
        session.execute(TABLE)
        yield session


@pytest.fixture(scope="module")
def types(session: Session) -> dict[str, str]:
    """The types of the columns as the exporter asks for them."""
    row = session.execute(
        SQL.replace("$1", "%s"), [json.dumps([{"schema": None, "name": "things"}])]
    ).fetchone()
    assert row is not None
    found: dict[str, str] = row[3]
    assert found["v"] == "character varying"
    assert found["e"] == "text"
    return found


@pytest.fixture(scope="module")
def kept(session: Session) -> Callable[[str], str]:
    """What the server keeps of a predicate."""
    known: dict[str, str] = {}

    def ask(predicate: str) -> str:
        if predicate not in known:
            session.execute(f"CREATE INDEX one ON things (i) WHERE {predicate}")
            row = session.execute(
                "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = 'one'::regclass"
            ).fetchone()
            session.execute("DROP INDEX one")
            assert row is not None
            known[predicate] = str(row[0])
        return known[predicate]

    return ask


@pytest.mark.parametrize("predicate", PREDICATES)
def test_what_was_written_is_recognised_in_what_the_server_keeps(
    predicate: str, kept: Callable[[str], str], types: dict[str, str]
) -> None:
    assert normalised(predicate, types) == normalised(kept(predicate), types), kept(predicate)


@pytest.mark.parametrize(("written", "expected"), SPELLINGS)
def test_another_spelling_is_recognised_too(
    written: str, expected: str, kept: Callable[[str], str], types: dict[str, str]
) -> None:
    assert normalised(expected, types) == normalised(kept(written), types), kept(written)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_means_something_else_is_not_taken_for_it(
    one: str, other: str, kept: Callable[[str], str], types: dict[str, str]
) -> None:
    for written, expected in ((one, other), (other, one)):
        assert normalised(expected, types) != normalised(kept(written), types), kept(written)


@pytest.mark.parametrize(
    "predicate",
    [
        *PREDICATES,
        "things IS NOT NULL AND i > 5",
        "normalize(s, NFC) = 'x'",
        "make_interval(days => 5) > p",
        "(things).s = 'x'",
    ],
)
def test_the_columns_that_it_names_are_those_of_the_table(
    predicate: str, kept: Callable[[str], str], types: dict[str, str]
) -> None:
    for text in (predicate, kept(predicate)):
        assert set(columns(text)) <= {*types, "things"}


def test_the_columns_that_it_names_stand_in_their_order() -> None:
    assert columns("extract(day from gone) = 1 AND \"Odd\" > date '2020-01-01' OR not things.b") == (
        "gone",
        "Odd",
        "b",
    )
    assert columns("day > current_date") == ("day",)
    assert columns("(address).town = 'x'") == columns("") == ()  # not understood


def test_no_two_of_them_are_alike(kept: Callable[[str], str], types: dict[str, str]) -> None:
    texts = {predicate: normalised(kept(predicate), types) for predicate in PREDICATES}
    assert [pair for pair in combinations(PREDICATES, 2) if texts[pair[0]] == texts[pair[1]]] == []


def test_they_are_recognised_in_each_others_company(
    kept: Callable[[str], str], types: dict[str, str]
) -> None:
    chance = random.Random(3)  # noqa: S311  no secret
    for _ in range(100):
        one, two, three = (f"({predicate})" for predicate in chance.sample(PREDICATES, 3))
        written = f"{one} OR NOT {two} AND {three}"
        assert normalised(written, types) == normalised(kept(written), types), kept(written)


def test_a_time_without_a_zone_is_meant_in_that_of_the_server(
    session: Session, kept: Callable[[str], str], types: dict[str, str]
) -> None:
    session.execute("SET TimeZone = 'Europe/Berlin'")
    try:
        text = kept("z > '2019-07-01'")
    finally:
        session.execute("SET TimeZone = 'UTC'")
    assert normalised(text, types, "Europe/Berlin") == normalised("z > '2019-07-01'", types, "Europe/Berlin")
    assert normalised(text, types, "Europe/Berlin") != normalised("z > '2019-07-01'", types, "UTC")
    assert normalised("z > '2019-07-01'", types, "No/Zone") == normalised("z > '2019-07-01'", types, "UTC")
