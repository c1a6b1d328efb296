"""Rules on PostgreSQL's statements, tables and indexes: are they fast, and are the indexes there?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from alerts.rules.postgres import ANSWERS, PRIMARY, SAME_SERVER
from exporters.catalogue import postgres as metrics
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue.labels import INSTANCE, JOB
from signals import postgres_objects as signals
from signals.idioms import increase, promql, rate, span, value
from signals.limits import postgres as limits

DAY = 86_400

OF_TABLE = (JOB, INSTANCE, *signals.TABLE)
OF_INDEX = (JOB, INSTANCE, *signals.EXPECTED)

OFTEN_READ_WHOLE = promql(
    "{scans} > <number:minimum_sequential_scans>",
    limits.MINIMUM_SEQUENTIAL_SCANS,
    scans=rate(objects.TABLE_SEQ_SCAN, by=signals.TABLE),
)
LARGE = promql(
    "{rows} > <number:large_table>",
    limits.LARGE_TABLE,
    rows=value(objects.TABLE_LIVE, by=signals.TABLE),
)
ENOUGH_SCANS = promql("{scans} > <number:minimum_scans>", limits.MINIMUM_SCANS, scans=signals.SCANS)
# An index that is being built is invalid until it is done, however long that takes.
NO_BUILD = promql("{builds} == 0", builds=value(objects.INDEX_BUILDS))
NAMED = promql("{present} == 1", present=signals.EXPECTED_PRESENT.query)
VALID = promql("{valid} == 1", valid=signals.EXPECTED_VALID.query)
# Known two weeks ago, give or take a day in which nobody may have looked, and there ever since.
SERVED = promql(
    f"min by (<by:job,instance,index,table>) (min_over_time({{covered}}[{span(signals.TWO_WEEKS)}])) == 1",
    covered=objects.EXPECTED_COVERED,
)
KNOWN = promql(
    "max by (<by:job,instance,index,table>) "
    f"(last_over_time({{covered}}[{span(DAY)}] offset {span(signals.TWO_WEEKS - DAY)}))",
    covered=objects.EXPECTED_COVERED,
)
# A backend that nobody uses needs no index.
IN_USE = promql("{scans} > 0", scans=increase(objects.EXPECTED_SCANS, window=span(signals.TWO_WEEKS)))

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
    summary="Statement {{ $labels.queryid }} in {{ $labels.datname }} ({{ $labels.instance }}) takes "
    "{{ $value | humanizeDuration }} "
    "on average, above {limit}.",
    description="It runs often, so users wait for it, and it keeps connections and processors busy.",
)
EXPECTED_INDEX_MISSING = Alert(
    name="ExpectedIndexMissing",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.EXPECTED_COVERED,
    operator="<",
    by=OF_INDEX,
    # A replica's indexes are its primary's: one message for both.
    guards=(PRIMARY, ANSWERS),
    hold=900,
    summary="No valid index serves the columns of {{ $labels.index }} on {{ $labels.table }} "
    "({{ $labels.instance }}).",
    description="Statements that filter by these columns read the whole table, slower with every row.",
)
EXPECTED_INDEX_INVALID = Alert(
    name="ExpectedIndexInvalid",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.EXPECTED_VALID,
    operator="<",
    by=OF_INDEX,
    guards=(NAMED, NO_BUILD, PRIMARY, ANSWERS),
    # Where no other index does its work, that is what to tell.
    yields_to=EXPECTED_INDEX_MISSING,
    hold=900,
    summary="{{ $labels.index }} on {{ $labels.table }} ({{ $labels.instance }}) is invalid; another index "
    "does its work.",
    description="It costs every write, and serves no statement.",
)
EXPECTED_INDEX_WRONG_COLUMNS = Alert(
    name="ExpectedIndexWrongColumns",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.EXPECTED_COLUMNS,
    operator="<",
    by=OF_INDEX,
    guards=(VALID, PRIMARY, ANSWERS),
    yields_to=EXPECTED_INDEX_MISSING,
    hold=900,
    summary="{{ $labels.index }} on {{ $labels.table }} ({{ $labels.instance }}) has other columns than "
    "expected; an index with these "
    "serves them.",
    description="A migration and the exporter's list disagree; one of the two is not as somebody thinks.",
)
EXPECTED_INDEX_UNUSED = Alert(
    name="ExpectedIndexUnused",
    service="postgres",
    severity=Severity.INFO,
    signal=signals.EXPECTED_SCANS_LONG,
    operator="<",
    by=OF_INDEX,
    guards=(SERVED, KNOWN, IN_USE, PRIMARY, ANSWERS),
    hold=900,
    engines=("prometheus",),
    summary="No statement has used {{ $labels.index }} on {{ $labels.table }} ({{ $labels.instance }}) for "
    "two weeks.",
    description="It costs every write, and nobody is slower without it.",
)
POSTGRES_INDEX_INVALID = Alert(
    name="PostgresIndexInvalid",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.INDEXES_INVALID,
    operator=">",
    by=(JOB, INSTANCE),
    guards=(NO_BUILD, PRIMARY, ANSWERS),
    hold=1800,
    summary="PostgreSQL watched by {{ $labels.instance }} has {{ $value | humanize }} invalid indexes, and "
    "builds none.",
    description="They cost every write and serve no statement; who created them may believe that they do.",
)
POSTGRES_SEQ_SCAN_ON_LARGE_TABLE = Alert(
    name="PostgresSeqScanOnLargeTable",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.SEQUENTIAL_ROWS,
    operator=">",
    by=OF_TABLE,
    guards=(OFTEN_READ_WHOLE, LARGE, ANSWERS),
    window=900,
    hold=900,
    keep=600,
    summary="{{ $value | humanize }} rows per second of {{ $labels.schemaname }}.{{ $labels.relname }} "
    "({{ $labels.instance }}) are "
    "read without an index, above {limit}.",
    description="The statements that do so take longer with every row, and all others share their processor.",
)
POSTGRES_INDEX_USE_LOW = Alert(
    name="PostgresIndexUseLow",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.INDEX_USE,
    operator="<",
    by=OF_TABLE,
    guards=(ENOUGH_SCANS, LARGE, ANSWERS),
    # One message for one missing index.
    yields_to=POSTGRES_SEQ_SCAN_ON_LARGE_TABLE,
    window=900,
    hold=1800,
    keep=600,
    summary="{{ $value | humanizePercentage }} of the scans of {{ $labels.schemaname }}."
    "{{ $labels.relname }} ({{ $labels.instance }}) use an index, below {limit}.",
    description="Some statement reads a large table from its beginning each time.",
)
POSTGRES_STATEMENTS_EVICTED = Alert(
    name="PostgresStatementsEvicted",
    service="postgres",
    severity=Severity.WARNING,
    signal=signals.STATEMENTS_FORGOTTEN,
    operator=">",
    by=(JOB, INSTANCE),
    guards=(SAME_SERVER, ANSWERS),
    window=3600,
    hold=900,
    summary="PostgreSQL watched by {{ $labels.instance }} forgot statements about {{ $value | humanize }} "
    "times within {window}.",
    description="Slow statements may be missing from boards and alerts; their counters begin anew.",
)
ALERTS = (
    POSTGRES_SLOW_QUERIES,
    POSTGRES_STATEMENTS_EVICTED,
    POSTGRES_SEQ_SCAN_ON_LARGE_TABLE,
    POSTGRES_INDEX_USE_LOW,
    POSTGRES_INDEX_INVALID,
    EXPECTED_INDEX_MISSING,
    EXPECTED_INDEX_INVALID,
    EXPECTED_INDEX_WRONG_COLUMNS,
    EXPECTED_INDEX_UNUSED,
)
