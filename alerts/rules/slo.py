"""Rules on service levels: is the error budget of a month spent within days, or within weeks?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from signals.idioms import promql
from signals.levels import AVAILABILITY, LATENCY
from signals.numbers import SECONDS, spoken
from signals.slo import DAY, HOUR, ServiceLevel


def burn_alerts(level: ServiceLevel, *, name: str, service: str, what: str) -> tuple[Alert, Alert]:
    """The fast alert, which wakes someone, and the slow one, which is silent while the fast one speaks.

    Args:
        level: whose budget; its recordings must be in the stack.
        name: what the alerts' names begin with, such as ``ApiErrorBudget``.
        service: what they are about.
        what: happens to users, as a sentence without its period.
    """
    labels = " of ".join(f"{{{{ $labels.{label} }}}}" for label in reversed(level.by))
    window = spoken(level.window, SECONDS)
    summary = (
        f"{level.title} of {labels}: the error budget is spent {{{{ $value | humanize }}}} times faster "
        "than it lasts, above {limit}."
    )
    fast = Alert(
        name=f"{name}BurnFast",
        service=service,
        severity=Severity.CRITICAL,
        signal=level.fast,
        operator=">",
        by=level.by,
        guards=(
            promql(
                f"{{events}} >= <number:{level.least_1h.key}>", level.least_1h, events=level.counted(HOUR)
            ),
        ),
        hold=120,
        keep=600,
        summary=summary,
        description=f"{what}, so often that what is allowed within {window} is used up within days.",
    )
    slow = Alert(
        name=f"{name}BurnSlow",
        service=service,
        severity=Severity.WARNING,
        signal=level.slow,
        operator=">",
        by=level.by,
        guards=(
            promql(f"{{events}} >= <number:{level.least_1d.key}>", level.least_1d, events=level.counted(DAY)),
        ),
        yields_to=fast,
        hold=900,
        keep=60,
        summary=summary,
        description=f"{what}, so often that what is allowed within {window} will not last.",
    )
    return fast, slow


API_ERROR_BUDGET_BURN_FAST, API_ERROR_BUDGET_BURN_SLOW = burn_alerts(
    AVAILABILITY,
    name="ApiErrorBudget",
    service="api",
    what="Requests are answered with a 5xx status",
)
API_LATENCY_BUDGET_BURN_FAST, API_LATENCY_BUDGET_BURN_SLOW = burn_alerts(
    LATENCY,
    name="ApiLatencyBudget",
    service="api",
    what="Requests are slow",
)
ALERTS = (
    API_ERROR_BUDGET_BURN_FAST,
    API_ERROR_BUDGET_BURN_SLOW,
    API_LATENCY_BUDGET_BURN_FAST,
    API_LATENCY_BUDGET_BURN_SLOW,
)
