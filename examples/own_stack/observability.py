"""Background jobs, of another team: a metric, its board, an alert with a runbook, and the alert's test."""

from pathlib import Path

from alerts.model import Alert, Severity
from alerts.proof import Case, counter
from dashboards.model import Board, graph, row, stat
from dashboards.stack import Stack
from exporters.catalogue import INSTANCE, JOB, Counter, Label
from signals import PER_SECOND, Limit, Signal, rate

QUEUE = Label(name="queue", help="Name of the queue.", bound="the queues that the code names")
FAILED = Counter(name="jobs_failed_total", help="Jobs that failed.", labels=(QUEUE,), collector="worker.jobs")
FEW = Limit(key="failed_jobs", value=1, unit=PER_SECOND, why="Single ones are retried.")
FAILED_JOBS = Signal(
    title="Failed jobs",
    why="Background jobs that failed, per second.",
    act="Open the worker's log for the queue in the legend.",
    query=rate(FAILED, by=(QUEUE,)),
    unit=PER_SECOND,
    objective=FEW,
    legend="{{queue}}",
)
WORKERS = Board(
    uid="backend-workers",
    title="Workers",
    description="For whoever owns the background jobs, when mails or reports do not come.",
    source="worker",
    anchor=FAILED,
    rows=(
        row("Do jobs fail?", stat(FAILED_JOBS, zero="no job failed")),
        row("Of which queue?", graph(FAILED_JOBS, title="Failed jobs by queue", zero="no job failed")),
    ),
)
JOBS_FAILING = Alert(
    name="JobsFailing",
    service="worker",
    severity=Severity.WARNING,
    signal=FAILED_JOBS,
    operator=">",
    by=(JOB, INSTANCE, QUEUE),
    hold=600,
    summary="Queue {{ $labels.queue }} loses {{ $value | humanize }} jobs per second, above {limit}.",
    description="Work that users asked for is not done.",
)
CASE = Case(
    alert=JOBS_FAILING,
    series=(counter(FAILED, 0, 15, 16, 0, queue="mail"),),  # per 15 s: health, at the limit, beyond, health
    labels={"job": "worker", "instance": "worker:9000", "queue": "mail"},
    summary="Queue mail loses 1.067 jobs per second, above 1 per second.",
)
STACK = Stack(
    metrics=(FAILED,),
    limits=(FEW,),
    boards=(*Stack.boards, WORKERS),
    alerts=(*Stack.alerts, JOBS_FAILING),
    cases=(*Stack.cases, CASE),
    runbooks=(Path(__file__).parent / "runbooks",),
)
