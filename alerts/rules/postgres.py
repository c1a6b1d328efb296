"""Rules on PostgreSQL: does it answer, has it room, are statements fast, are the indexes there?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from exporters.catalogue import postgres as metrics
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue.labels import INSTANCE, JOB
from signals import postgres, postgres_objects
from signals.idioms import promql

# The rates of a server that is down outlive it by a window.
ANSWERS = promql("{up} == 1", up=postgres.UP.query)

POSTGRES_DOWN = Alert(
    name="PostgresDown",
    service="postgres",
    severity=Severity.CRITICAL,
    signal=postgres.UP,
    operator="<",
    by=(JOB, INSTANCE),
    hold=60,
    keep=60,
    inhibits=(JOB, INSTANCE),
    summary="PostgreSQL watched by {{ $labels.instance }} has not answered for {hold}.",
    description="Every request that needs the database fails.",
)
POSTGRES_CONNECTIONS_HIGH = Alert(
    name="PostgresConnectionsHigh",
    service="postgres",
    severity=Severity.WARNING,
    signal=postgres.CONNECTIONS_SHARE,
    operator=">",
    by=(JOB, INSTANCE),
    hold=300,
    keep=300,
    summary="PostgreSQL watched by {{ $labels.instance }} has {{ $value | humanizePercentage }} of its "
    "connections in use, above {limit}.",
    description="When the rest is gone, new connections are refused with 'too many clients already'.",
)
POSTGRES_SLOW_QUERIES = Alert(
    name="PostgresSlowQueries",
    service="postgres",
    severity=Severity.WARNING,
    signal=postgres_objects.STATEMENT_MEAN,
    operator=">",
    by=(JOB, INSTANCE, metrics.DATNAME, objects.QUERYID),
    guards=(ANSWERS,),
    window=600,
    hold=900,
    keep=600,
    summary="Statement {{ $labels.queryid }} in {{ $labels.datname }} takes {{ $value | humanizeDuration }} "
    "on average, above {limit}.",
    description="It runs often, so users wait for it, and it keeps connections and processors busy.",
)
EXPECTED_INDEX_MISSING = Alert(
    name="ExpectedIndexMissing",
    service="postgres",
    severity=Severity.WARNING,
    signal=postgres_objects.EXPECTED_COVERED,
    operator="<",
    by=(JOB, INSTANCE, objects.INDEX, objects.TABLE),
    hold=900,
    summary="No valid index serves the columns of {{ $labels.index }} on {{ $labels.table }}.",
    description="Statements that filter by these columns read the whole table, slower with every row.",
)
ALERTS = (POSTGRES_DOWN, POSTGRES_CONNECTIONS_HIGH, POSTGRES_SLOW_QUERIES, EXPECTED_INDEX_MISSING)
