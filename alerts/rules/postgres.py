"""Rules on PostgreSQL: does it answer, and do its sessions get on with their work?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from exporters.catalogue.labels import INSTANCE, JOB
from signals import postgres
from signals.idioms import promql
from signals.limits import postgres as limits

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
POSTGRES_CONNECTIONS_CRITICAL = Alert(
    name="PostgresConnectionsCritical",
    service="postgres",
    severity=Severity.CRITICAL,
    signal=postgres.CONNECTIONS_SHARE,
    operator=">",
    limit=limits.CONNECTIONS_SHARE_CRITICAL,
    by=(JOB, INSTANCE),
    guards=(ANSWERS,),
    hold=120,
    keep=300,
    summary="PostgreSQL watched by {{ $labels.instance }} has {{ $value | humanizePercentage }} of its "
    "connections in use, above {limit}.",
    description="The next ones are refused with 'too many clients already', and their requests fail.",
)
POSTGRES_CONNECTIONS_HIGH = Alert(
    name="PostgresConnectionsHigh",
    service="postgres",
    severity=Severity.WARNING,
    signal=postgres.CONNECTIONS_SHARE,
    operator=">",
    by=(JOB, INSTANCE),
    guards=(ANSWERS,),
    yields_to=POSTGRES_CONNECTIONS_CRITICAL,
    hold=300,
    keep=120,
    summary="PostgreSQL watched by {{ $labels.instance }} has {{ $value | humanizePercentage }} of its "
    "connections in use, above {limit}.",
    description="When the rest is gone, new connections are refused with 'too many clients already'.",
)
ALERTS = (POSTGRES_DOWN, POSTGRES_CONNECTIONS_CRITICAL, POSTGRES_CONNECTIONS_HIGH)
