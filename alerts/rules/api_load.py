"""Rules on the application's load: does it come, can it be carried, does it pile up?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from alerts.rules.api import ANSWERS, POSTGRES_ANSWERS
from exporters.catalogue.labels import JOB
from signals import api_load

API_TRAFFIC_DROP = Alert(
    name="ApiTrafficDrop",
    service="api",
    # No pager: on a holiday nobody calls and nothing is wrong.
    severity=Severity.WARNING,
    signal=api_load.TRAFFIC_LEFT,
    operator="<",
    by=(JOB,),
    guards=(ANSWERS,),
    hold=600,
    keep=300,
    summary="{{ $labels.job }} gets {{ $value | humanizePercentage }} of the requests of yesterday and last "
    "week, below {limit}.",
    description="The application answers its health check, and those who call it no longer reach it.",
)
API_NEAR_CAPACITY = Alert(
    name="ApiNearCapacity",
    service="api",
    severity=Severity.WARNING,
    signal=api_load.CAPACITY_USED,
    operator=">",
    by=(JOB,),
    hold=900,
    keep=600,
    summary="{{ $labels.job }} carries {{ $value | humanizePercentage }} of its proven throughput, "
    "above {limit}.",
    description="Beyond it nobody has seen p95 held; a lost worker or a busier day gets there.",
)
API_IN_PROGRESS_HIGH = Alert(
    name="ApiInProgressHigh",
    service="api",
    severity=Severity.WARNING,
    signal=api_load.BUSIEST_WORKER,
    operator=">",
    by=(JOB,),
    guards=(ANSWERS, POSTGRES_ANSWERS),
    hold=300,
    keep=300,
    summary="A worker of {{ $labels.job }} answers {{ $value | humanize }} requests at once, above {limit}.",
    description="Requests wait for something and pile up; soon the health check waits with them.",
)
API_EVENT_LOOP_LAG = Alert(
    name="ApiEventLoopLag",
    service="api",
    severity=Severity.WARNING,
    signal=api_load.LASTING_LAG,
    operator=">",
    by=(JOB,),
    guards=(ANSWERS,),
    hold=300,
    keep=300,
    summary="The event loop of a worker of {{ $labels.job }} is mostly {{ $value | humanizeDuration }} late, "
    "above {limit}.",
    description="Something blocks it, again and again or for good, and meanwhile the worker answers nobody.",
)
API_WORKERS_MISSING = Alert(
    name="ApiWorkersMissing",
    service="api",
    severity=Severity.WARNING,
    signal=api_load.WORKERS_MISSING,
    operator=">",
    by=(JOB,),
    guards=(ANSWERS,),
    # Where workers come one by one in five minutes, most samples lack some for as long again.
    hold=600,
    summary="{{ $value }} of the workers that {{ $labels.job }} is configured to run are missing.",
    description="The others do their work too; with the next one that is lost requests queue.",
)
ALERTS = (
    API_TRAFFIC_DROP,
    API_NEAR_CAPACITY,
    API_IN_PROGRESS_HIGH,
    API_EVENT_LOOP_LAG,
    API_WORKERS_MISSING,
)
