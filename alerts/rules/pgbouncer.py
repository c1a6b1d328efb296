"""Rules on PgBouncer: does it answer, and does it give a connection in time?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from alerts.rules.api import while_postgres_answers
from exporters.catalogue import pgbouncer as metrics
from exporters.catalogue.labels import INSTANCE, JOB
from signals import pgbouncer
from signals.idioms import value

# No metric of PgBouncer tells which server is behind it; of one that is down, PostgresDown speaks.
SERVER_ANSWERS = while_postgres_answers(value(metrics.UP, over="max"))

PGBOUNCER_DOWN = Alert(
    name="PgBouncerDown",
    service="postgres",
    severity=Severity.CRITICAL,
    signal=pgbouncer.UP,
    operator="<",
    by=(JOB, INSTANCE),
    hold=60,
    keep=60,
    inhibits=(JOB, INSTANCE),
    summary="PgBouncer watched as {{ $labels.instance }} has answered nothing for {hold}, "
    "or only now and then.",
    description="Whoever reaches the database through it fails, although PostgreSQL may be well.",
)
PGBOUNCER_CLIENTS_WAITING = Alert(
    name="PgBouncerClientsWaiting",
    service="postgres",
    severity=Severity.WARNING,
    signal=pgbouncer.LONGEST_WAIT,
    operator=">",
    by=(JOB, INSTANCE, metrics.DATABASE, metrics.USER),
    guards=(SERVER_ANSWERS,),
    hold=120,
    keep=120,
    summary="A client of {{ $labels.database }} as {{ $labels.user }} has waited "
    "{{ $value | humanizeDuration }} for a connection of PgBouncer ({{ $labels.instance }}), above {limit}.",
    description="The pool is empty: each request that needs the database waits for another to end.",
)
ALERTS = (PGBOUNCER_DOWN, PGBOUNCER_CLIENTS_WAITING)
