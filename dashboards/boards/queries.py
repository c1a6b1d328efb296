"""One statement's story: what a call costs, what it became, and whether it is an N+1."""

from __future__ import annotations

from dashboards.model import Board, Choice, Panel, graph, row, stat, table
from exporters.catalogue import postgres as metrics
from exporters.catalogue import postgres_objects as objects
from signals import postgres_chosen as chosen
from signals import postgres_objects, postgres_statements
from signals.model import Signal

UID = "backend-queries"
NO_STATEMENTS = "no pg_stat_statements in this database, or the statement is not called now"
NOT_CALLED = "Blank without pg_stat_statements in this database, and where the statement is not called now."
SINCE_14 = f"{NO_STATEMENTS}; before version 14 PostgreSQL does not tell it"
NO_BEFORE = "nothing is known of the time before the one shown"
NO_TEXT = "texts are not shown: `statement_texts: true` under `postgres` in the exporter's file shows them"


def cost(signal: Signal, title: str, *, zero: str, trend: bool = False, note: str = NOT_CALLED) -> Panel:
    """A stat of the statements chosen; of one that is not called nothing is known."""
    return stat(signal, title=title, trend=trend, zero=zero, no_value="not called", note=note)


BOARD = Board(
    uid=UID,
    title="Queries",
    description="For whoever wrote a statement, or is to make it faster. Open it from a row of the "
    "PostgreSQL board, choose a statement, and let the time range begin with the deploy in question.",
    source="postgres",
    anchor=metrics.UP,
    choices=(Choice(label=objects.QUERYID, metric=objects.STATEMENT_CALLS),),
    rows=(
        row(
            "What does it cost now?",
            cost(chosen.CALLS, "Calls", zero="not called now", trend=True),
            cost(chosen.MEAN, "Mean time", zero="it takes no time", trend=True),
            cost(
                chosen.SHARE,
                "Share of time",
                zero="not called now",
                trend=True,
                note=f"{NOT_CALLED} Before version 14 PostgreSQL does not tell it.",
            ),
            cost(chosen.ROWS, "Rows / call", zero="no call returns a row"),
            cost(chosen.READS, "Reads / call", zero="all was in memory"),
            cost(chosen.HIT_RATIO, "From memory", zero="nothing was in memory"),
            cost(chosen.TEMP, "Temp / call", zero="everything fits into work_mem"),
            cost(chosen.PER_REQUEST, "Calls/request", zero="not called now"),
        ),
        row(
            "What did it become?",
            graph(
                chosen.MEAN,
                chosen.MEAN_BEFORE,
                title="Mean time, now and before",
                no_value=NO_BEFORE,
            ),
            graph(
                chosen.CALLS,
                chosen.CALLS_BEFORE,
                title="Calls, now and before",
                zero="not called now",
                no_value=NO_BEFORE,
            ),
            table(
                "Which became slower?",
                postgres_statements.TIMES,
                postgres_statements.CALL_MEAN,
                postgres_statements.CALL_MEAN_BEFORE,
                postgres_statements.CALL_RATE,
                postgres_statements.CALL_RATE_BEFORE,
                postgres_statements.CALL_ROWS,
                postgres_statements.CALL_ROWS_BEFORE,
                postgres_statements.CALLED_TEXT,
                key="queryid",
                opens=UID,
                zero="no call, or no row",
                no_value=f"{NO_BEFORE}, or texts are not shown",
            ),
        ),
        row(
            "Where does its time go?",
            graph(
                chosen.HITS,
                chosen.READS,
                chosen.TEMP,
                title="Blocks of a call",
                stacked=True,
                zero="none of this kind",
                no_value=NO_STATEMENTS,
            ),
            graph(
                chosen.MEAN,
                chosen.READ_TIME,
                chosen.WRITE_TIME,
                title="Time of a call, and of it waiting for disks",
                zero="nobody waited",
                no_value=NO_STATEMENTS,
            ),
            graph(chosen.SHARES, zero="not called now", no_value=SINCE_14),
            graph(chosen.ROWS, title="Rows of a call over time", zero="no row", no_value=NO_STATEMENTS),
        ),
        row(
            "Is it an N+1?",
            table(
                "Many calls, one row each",
                postgres_statements.LOOP,
                postgres_statements.LOOP_CALLS,
                postgres_statements.LOOP_MEAN,
                postgres_statements.LOOP_SHARE,
                postgres_statements.LOOP_TEXT,
                key="queryid",
                opens=UID,
                no_value="no statement of one row is called steadily, or texts are not shown",
                moves="nplusone",
            ),
        ),
        row(
            "What does it say?",
            table("Text", postgres_statements.TEXT, key="query", no_value=NO_TEXT),
            collapsed=True,
        ),
        row(
            "What does it write?",
            graph(chosen.WAL, zero="it writes nothing", no_value=NO_STATEMENTS),
            graph(
                chosen.HIT_RATIO, title="Found in memory over time", zero="nothing", no_value=NO_STATEMENTS
            ),
            collapsed=True,
        ),
        row(
            "Can the list be believed?",
            graph(postgres_statements.NOT_SHOWN, zero="all is shown", no_value=SINCE_14),
            graph(
                postgres_statements.ENTRIES,
                title="Statements remembered, and room",
                limits=(postgres_statements.ROOM,),
                no_value=NO_STATEMENTS,
            ),
            graph(
                postgres_objects.STATEMENTS_FORGOTTEN,
                zero="all are remembered",
                no_value=SINCE_14,
            ),
            graph(postgres_statements.COUNTED_SINCE, no_value=SINCE_14),
            collapsed=True,
        ),
    ),
)
