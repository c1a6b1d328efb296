"""Signals of statements side by side: what each costs and became, which are an N+1, what is not shown."""

from __future__ import annotations

from dataclasses import replace

from exporters.catalogue import Counter, Label, Matcher, api
from exporters.catalogue import postgres as pg
from exporters.catalogue import postgres_objects as objects
from signals.idioms import promql, rate, value
from signals.limits import postgres as limits
from signals.model import Signal
from signals.numbers import COUNT, PER_SECOND, RATIO, SECONDS, STATE
from signals.postgres_objects import STATEMENT, STATEMENT_NAME
from signals.promql import RANGE, Query

NO_LOOP = "no statement of one row is called steadily"


def per_call(metric: Counter, by: tuple[Label, ...] = (), *, where: tuple[Matcher, ...] = ()) -> Query:
    """What one call took of something; without a call no sample."""
    return promql(
        "{part} / ({calls} > 0)",
        part=rate(metric, *where, by=by),
        calls=rate(objects.STATEMENT_CALLS, *where, by=by),
    )


def before(query: Query) -> Query:
    """The same of the time right before the one shown, which is as long."""
    return replace(query, text=query.text.replace("[<window>]", f"[<window>] offset {RANGE}"), shape=None)


def per_request(*where: Matcher, by: tuple[Label, ...] = ()) -> Query:
    """Calls for each request that the application answered, whichever it was."""
    return promql(
        "{calls} / on (<by:>) group_left () (sum by (<by:>) ({requests}) > 0)",
        calls=rate(objects.STATEMENT_CALLS, *where, by=by),
        requests=rate(api.REQUESTS),
    )


def of_all_time(*where: Matcher, by: tuple[Label, ...] = ()) -> Query:
    """Seconds of execution as a share of the time that sessions executed anything in their database."""
    whole = (pg.DATNAME,) if by else ()
    labels = ",".join(("job", "instance", *(label.name for label in whole)))
    return promql(
        f"{{part}} / on (<by:{labels}>) group_left () ({{whole}} > 0)",
        part=rate(objects.STATEMENT_SECONDS, *where, by=by),
        whole=rate(pg.ACTIVE_SECONDS, by=whole),
    )


TEXT = Signal(
    title="Text",
    why="What the statement says, without literals, and cut.",
    good="One that you know.",
    act="Search the application for its tables and columns.",
    query=value(objects.STATEMENT_TEXT, over="max", by=(*STATEMENT, objects.QUERY)),
    unit=STATE,
    legend="{{query}}",
)
CALLED_TEXT = replace(
    TEXT,
    query=promql(
        "{text} and on (<by:job,instance,datname,queryid>) ({calls} > 0)",
        text=TEXT.query,
        calls=rate(objects.STATEMENT_CALLS, by=STATEMENT),
    ),
)
SPENT = Signal(
    title="Time spent",
    why="Seconds of execution within the time shown.",
    good="Spread over many statements.",
    act="Start with the first row: halving it frees most.",
    query=rate(objects.STATEMENT_SECONDS, by=STATEMENT, function="increase"),
    unit=SECONDS,
    legend=STATEMENT_NAME,
)
OF_ALL = Signal(
    title="Of all time",
    why="Its share of the time in which sessions executed anything in this database.",
    good="No statement has most of it.",
    act="See its story: click on the statement.",
    query=of_all_time(by=STATEMENT),
    unit=RATIO,
    legend=STATEMENT_NAME,
)
CALL_MEAN = Signal(
    title="Mean",
    why="Mean time of one call.",
    act="explain (analyze, buffers) of it, with the values of a slow call.",
    query=per_call(objects.STATEMENT_SECONDS, STATEMENT),
    unit=SECONDS,
    objective=limits.SLOW_STATEMENT,
    legend=STATEMENT_NAME,
)
CALL_READS = Signal(
    title="Read / call",
    why="Blocks of 8 KiB that one call did not find in shared buffers.",
    good="Close to none.",
    act="Many: it reads a whole table, or more than fits into memory.",
    query=per_call(objects.STATEMENT_BLOCKS_READ, STATEMENT),
    unit=COUNT,
    legend=STATEMENT_NAME,
)
CALL_TEMP = Signal(
    title="Temp / call",
    why="Blocks of 8 KiB that one call wrote to temporary files.",
    good="None.",
    act="Read fewer rows, order by an index, or give the role more work_mem.",
    query=per_call(objects.STATEMENT_TEMP_BLOCKS, STATEMENT),
    unit=COUNT,
    legend=STATEMENT_NAME,
)
TIMES = Signal(
    title="Times",
    why="Mean time of a call in the time shown by that in the time right before, which is as long. The first "
    "rows became slower. What was not called before, or was not among the statements shown, has none.",
    act="See its story at the time of the change: click on the statement.",
    query=promql("{now} / ({then} > 0)", now=CALL_MEAN.query, then=before(CALL_MEAN.query)),
    unit=COUNT,
    objective=limits.TIMES_AS_LONG,
    legend=STATEMENT_NAME,
)
CALL_MEAN_BEFORE = Signal(
    title="Mean before",
    why="Mean time of one call, before.",
    good="As now.",
    act="Lower: it became slower. Did its blocks per call grow too?",
    query=before(CALL_MEAN.query),
    unit=SECONDS,
    legend=STATEMENT_NAME,
)
CALL_RATE = Signal(
    title="Calls",
    why="Calls per second.",
    good="In proportion to the request rate.",
    act="More calls and no more requests: a loop, or a cache that no longer answers.",
    query=rate(objects.STATEMENT_CALLS, by=STATEMENT),
    unit=PER_SECOND,
    legend=STATEMENT_NAME,
)
CALL_RATE_BEFORE = Signal(
    title="Calls before",
    why="Calls per second, before.",
    good="As now.",
    act="Fewer: traffic, or a new loop.",
    query=before(CALL_RATE.query),
    unit=PER_SECOND,
    legend=STATEMENT_NAME,
)
CALL_ROWS = Signal(
    title="Rows / call",
    why="Rows returned or changed by one call.",
    good="What a page shows.",
    act="Thousands: page the list.",
    query=per_call(objects.STATEMENT_ROWS, STATEMENT),
    unit=COUNT,
    legend=STATEMENT_NAME,
)
CALL_ROWS_BEFORE = Signal(
    title="Rows before",
    why="Rows returned or changed by one call, before.",
    good="As now.",
    act="Fewer: the table or the list grew, or a filter was lost.",
    query=before(CALL_ROWS.query),
    unit=COUNT,
    legend=STATEMENT_NAME,
)


def _one_row(query: Query) -> Query:
    """Of statements that are called steadily and return or change at most one row a call, and some do."""
    return promql(
        "{asked} and ({rows} > 0 and {rows} <= {calls} and {calls} > <number:minimum_calls>)",
        limits.MINIMUM_CALLS,
        asked=query,
        rows=rate(objects.STATEMENT_ROWS, by=STATEMENT),
        calls=rate(objects.STATEMENT_CALLS, by=STATEMENT),
    )


LOOP = Signal(
    title="Calls per request",
    why="Calls by requests that the application answered, of whichever endpoint. At most once for each "
    "request is what a statement of one row needs, such as who is signed in.",
    act="The API board says which endpoint has many queries per request. Load the related rows with the "
    "first statement: joinedload for one row, selectinload for many.",
    query=_one_row(per_request(by=STATEMENT)),
    unit=COUNT,
    objective=limits.CALLS_PER_REQUEST,
    legend=STATEMENT_NAME,
    empty=NO_LOOP,
)
LOOP_CALLS = Signal(
    title="Calls of one row",
    why="Calls per second.",
    good="In proportion to the request rate.",
    act="Each is a round trip: a hundred of a millisecond are a tenth of a second that a user waits.",
    query=_one_row(CALL_RATE.query),
    unit=PER_SECOND,
    legend=STATEMENT_NAME,
    empty=NO_LOOP,
)
LOOP_TEXT = replace(
    TEXT,
    empty=NO_LOOP,
    query=promql(
        "{text} and on (<by:job,instance,datname,queryid>) {looped}", text=TEXT.query, looped=LOOP_CALLS.query
    ),
)
LOOP_MEAN = Signal(
    title="Mean of one row",
    why="Mean time of a call at the server. The way there and back is not in it, and often longer.",
    good="Below a millisecond.",
    act="That each is fast is why a slow log never shows them: count them instead.",
    query=_one_row(CALL_MEAN.query),
    unit=SECONDS,
    legend=STATEMENT_NAME,
    empty=NO_LOOP,
)
LOOP_SHARE = Signal(
    title="Of all time, one row",
    why="Share of the time in which sessions executed anything in this database.",
    good="Small.",
    act="Large: one statement that joins is cheaper for the server too.",
    query=_one_row(of_all_time(by=STATEMENT)),
    unit=RATIO,
    legend=STATEMENT_NAME,
    empty=NO_LOOP,
)
NOT_SHOWN = Signal(
    title="Time of what is not shown",
    why="Of the time in which sessions executed anything, the share that no statement shown accounts for: "
    "rarer statements, planning, and sending the answer.",
    good="Below a half.",
    act="Most of it: show more statements (top_statements in the exporter's file), or look for values that "
    "are written into statements instead of parameters.",
    query=promql(
        "clamp_min(1 - {shown} / ({whole} > 0), 0)",
        shown=rate(objects.STATEMENT_SECONDS),
        whole=rate(pg.ACTIVE_SECONDS),
    ),
    unit=RATIO,
    legend="not shown",
)
ENTRIES = Signal(
    title="Statements remembered",
    why="Kinds of statements that pg_stat_statements holds.",
    good="Well below pg_stat_statements.max.",
    act="At the maximum the rarest are forgotten: raise it, or find who writes values into statements.",
    query=value(objects.STATEMENTS_ENTRIES, over="max"),
    unit=COUNT,
    legend="remembered",
)
ROOM = Signal(
    title="Room for statements",
    why="pg_stat_statements.max.",
    good="Above what is remembered.",
    act="Raise it in postgresql.conf; it needs a restart and a few hundred bytes for each.",
    query=value(pg.SETTING_STATEMENTS_MAX, over="max"),
    unit=COUNT,
    legend="room",
)
COUNTED_SINCE = Signal(
    title="Statements counted for",
    why="Time since pg_stat_statements was last reset.",
    good="Longer than the time shown.",
    act="Shorter: somebody called pg_stat_statements_reset(); comparisons over it are of two parts.",
    query=promql("time() - {reset}", reset=value(objects.STATEMENTS_RESET, over="max")),
    unit=SECONDS,
    legend="counted for",
)
