"""Rules on PostgreSQL's statements, tables and indexes: are they fast, and are the indexes there?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from alerts.rules.postgres import ANSWERS
from exporters.catalogue import postgres as metrics
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue.labels import INSTANCE, JOB
from signals import postgres_objects as signals

POSTGRES_SLOW_QUERIES = Alert(
    name="PostgresSlowQueries",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.STATEMENT_MEAN,
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
    signal=signals.EXPECTED_COVERED,
    operator="<",
    by=(JOB, INSTANCE, objects.INDEX, objects.TABLE),
    hold=900,
    summary="No valid index serves the columns of {{ $labels.index }} on {{ $labels.table }}.",
    description="Statements that filter by these columns read the whole table, slower with every row.",
)
ALERTS = (POSTGRES_SLOW_QUERIES, EXPECTED_INDEX_MISSING)
