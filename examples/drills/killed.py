"""The servers of the chain itself: who tells when one is killed, and what is silent meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.routing import HEARTBEAT_INTERVAL
from alerts.rules.telemetry import PROMETHEUS_UNREACHABLE, TARGET_DOWN
from dashboards.drill.model import Drill
from examples.drills import postgres, redis, telemetry
from examples.drills.common import RESEND
from signals.numbers import Seconds

# Prometheus says each time that what fires is over after four of these, unless it hears otherwise.
FORGOTTEN = 4 * RESEND
# As docker-compose.monitoring.yml has it: `--rules.alert.for-grace-period`, `--data.maintenance-interval`.
GRACE: Seconds = 60
REMEMBERS: Seconds = 60


@dataclass(frozen=True, kw_only=True)
class Killed:
    """A server that dies, and does not come back by itself.

    Attributes:
        server: as the demo names it.
        told: the alerts that tell of it, a message each.
        also: those that rightly may be told too, a message each.
        by_grafana: those that Grafana tells, where it notifies.
        heartbeat: seconds after which it stays away from whoever hears Alertmanager's; None if it goes on.
        silent: what nobody is told meanwhile, and what is told afterwards.
    """

    server: str
    told: tuple[str, ...] = ()
    also: frozenset[str] = frozenset()
    by_grafana: tuple[str, ...] = ()
    heartbeat: Seconds | None = None
    silent: str


def _of(drills: tuple[Drill, ...], server: str, *, silent: str) -> Killed:
    """One whose death has a drill: stopped or killed, the same is told."""
    drill = next(each for each in drills if each.fault == f"stop-{server}" and not each.options)
    return Killed(
        server=server, told=drill.alerts, also=drill.consequences, by_grafana=drill.alerts, silent=silent
    )


KILLED = (
    _of(postgres.DRILLS, "postgres", silent="All else on PostgreSQL."),
    _of(redis.DRILLS, "redis", silent="All else on Redis."),
    _of(
        telemetry.DRILLS,
        "exporter",
        silent="All on PostgreSQL and Redis, and on the application all but its health. What fired of them "
        "is told to be over, though nobody knows.",
    ),
    Killed(
        server="prometheus",
        by_grafana=(PROMETHEUS_UNREACHABLE.name,),
        heartbeat=FORGOTTEN + HEARTBEAT_INTERVAL,
        silent=f"Everything. After {FORGOTTEN:g} s Alertmanager tells of all that fired that it is over, and "
        "once more that it fires when Prometheus is back; within a shorter outage it tells nothing. Grafana "
        "keeps what it told.",
    ),
    Killed(
        server="alertmanager",
        heartbeat=HEARTBEAT_INTERVAL,
        silent="Everything. What begins or ends meanwhile is told when it is back, "
        f"{TARGET_DOWN.name} on itself if it was away for long; what was told before is not told again.",
    ),
)


def markdown() -> str:
    """The table as it stands in docs/notifications.md."""
    lines = [
        "| killed | told, a message each | may be told too, likewise | by Grafana | heartbeat | meanwhile |",
        "|---|---|---|---|---|---|",
    ]
    for each in KILLED:
        heartbeat = "goes on" if each.heartbeat is None else f"stays away within {each.heartbeat:g} s"
        cells = (
            each.server,
            _names(each.told),
            _names(sorted(each.also)),
            _names(each.by_grafana),
            heartbeat,
            each.silent,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _names(alerts: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in alerts) or "nothing"
