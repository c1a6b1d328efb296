"""Who hears what: one tree of routes, which each engine writes in its own words; and a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.model import HEARTBEAT as HEARTBEAT_ALERT
from alerts.model import Alert, Engine, Severity
from alerts.notifications import ALWAYS, Notifications, receiver_of
from alerts.render import RenderContext
from alerts.secret import NotifyError
from alerts.times import WORKING_HOURS
from signals.promql import duration

CRITICAL, WARNING, HEARTBEAT, BACKUP, NOBODY = "critical", "warning", "heartbeat", "backup", "nobody"
# Grafana's own alerts on a data source that gives no answer or no data.
SOURCE_TROUBLE = ("DatasourceError", "DatasourceNoData")
# They tell that messages do not arrive, so that they go another way too.
DELIVERY_TROUBLE = ("AlertmanagerNotificationsFailing", "GrafanaNotificationsFailing")

HOUR = 3600
GROUP_WAIT = 30
GROUP_INTERVAL = 300
# A critical alert that nobody acknowledged comes again within the night, a warning on the next day.
REPEAT = {CRITICAL: 4 * HOUR, WARNING: 24 * HOUR}
HEARTBEAT_INTERVAL = 60
# Both engines look at a group each interval, and then whether it is time to repeat: just under it, or every
# other beat would be left out.
HEARTBEAT_REPEAT = 50

Matcher = tuple[str, str, str]
"""Label, operator (``=`` or ``=~``), value."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One route with those below it.

    Attributes:
        receiver: who hears what no route below takes.
        matchers: what it takes, all of them; none at the root.
        group_by: labels of which each combination is one message; empty for those of the route above.
        wait, interval, repeat: seconds before the first message of a group, between changes of it, and
            until it comes again unchanged; None for those of the route above.
        active, mute: names of times in which alone it speaks, and in which it does not.
        more: whether the routes after it are asked too.
        routes: below it; the first that matches takes an alert.
    """

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] = ()
    wait: float | None = None
    interval: float | None = None
    repeat: float | None = None
    active: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()
    more: bool = False
    routes: tuple[Route, ...] = ()


def tree(
    notifications: Notifications, alerts: Sequence[Alert], identity: Sequence[str], engine: Engine
) -> Route:
    """The routes of one engine: those of what it never has are left out.

    Raises:
        NotifyError: an alert names a team that is not there, or nothing could ever reach `backup`.
    """
    _check_teams(notifications, alerts)
    return Route(
        receiver=WARNING,
        group_by=one_message(identity),
        wait=GROUP_WAIT,
        interval=GROUP_INTERVAL,
        repeat=REPEAT[WARNING],
        routes=(
            _heartbeat(notifications, engine),
            *_source_trouble(engine),
            *_delivery_trouble(notifications, alerts, engine),
            *(_team(notifications, name, engine) for name in notifications.teams),
            *_by_severity(notifications, "", engine),
        ),
    )


def one_message(identity: Sequence[str]) -> tuple[str, ...]:
    """Labels of which each combination is one message."""
    return (*identity, "alertname", "service")


def _heartbeat(notifications: Notifications, engine: Engine) -> Route:
    """Also where nobody hears it, so that nothing tells of it again and again."""
    matchers: tuple[Matcher, ...] = (("alertname", "=", HEARTBEAT_ALERT),)
    if not notifications.heartbeat:
        return _silent(matchers, engine)
    return Route(
        receiver=HEARTBEAT, matchers=matchers, wait=0, interval=HEARTBEAT_INTERVAL, repeat=HEARTBEAT_REPEAT
    )


def _silent(matchers: tuple[Matcher, ...], engine: Engine) -> Route:
    """Alertmanager has an empty receiver; Grafana has none, but a route can be mute for ever."""
    if engine == "prometheus":
        return Route(receiver=NOBODY, matchers=matchers)
    return Route(receiver=WARNING, matchers=matchers, mute=(ALWAYS,))


def _source_trouble(engine: Engine) -> Iterator[Route]:
    """Of rules that others made: one message for a data source, not one for each rule."""
    if engine == "grafana":
        yield Route(
            receiver=WARNING,
            matchers=(("alertname", "=~", "|".join(SOURCE_TROUBLE)),),
            group_by=("alertname", "datasource_uid"),
        )


def _delivery_trouble(
    notifications: Notifications, alerts: Sequence[Alert], engine: Engine
) -> Iterator[Route]:
    if not notifications.backup:
        return
    named = [alert.name for alert in alerts if alert.name in DELIVERY_TROUBLE and engine in alert.engines]
    if not named:
        raise NotifyError(
            f"backup hears nothing: the stack has none of the alerts {', '.join(DELIVERY_TROUBLE)} for "
            f"{engine}; keep *Stack.alerts among the alerts, or leave backup out"
        )
    yield Route(
        receiver=BACKUP,
        matchers=(("alertname", "=" if len(named) == 1 else "=~", "|".join(named)),),
        repeat=REPEAT[CRITICAL],
        more=True,
    )


def _team(notifications: Notifications, name: str, engine: Engine) -> Route:
    return Route(
        receiver=receiver_of(WARNING, name),
        matchers=(("team", "=", name),),
        routes=tuple(_by_severity(notifications, name, engine)),
    )


def _by_severity(notifications: Notifications, team: str, engine: Engine) -> Iterator[Route]:
    for severity, repeat in REPEAT.items():
        receiver = receiver_of(severity, team)
        yield Route(
            receiver=receiver,
            matchers=(("severity", "=", severity),),
            repeat=repeat,
            active=(WORKING_HOURS,) if severity == WARNING and notifications.hours else (),
            mute=notifications.muted_by(receiver),
        )
    yield _silent((("severity", "=", Severity.INFO.value),), engine)


def _check_teams(notifications: Notifications, alerts: Sequence[Alert]) -> None:
    for alert in alerts:
        if alert.team and alert.team not in notifications.teams:
            known = ", ".join(notifications.teams) or "none"
            raise NotifyError(
                f"alert {alert.name} is of the team {alert.team!r}; Notifications.teams has {known}; correct "
                "the name, or say there who hears that team's alerts"
            )


def heard_by(alert: Alert) -> str:
    """The receiver of an alert's messages."""
    if alert.name == HEARTBEAT_ALERT:
        return HEARTBEAT
    if alert.severity is Severity.INFO:
        return NOBODY
    return receiver_of(alert.severity.value, alert.team)


def receivers(route: Route) -> tuple[str, ...]:
    """The name of each receiver in the tree, once."""
    below = (name for each in route.routes for name in receivers(each))
    return tuple(dict.fromkeys((route.receiver, *below)))


def time(seconds: float, context: RenderContext) -> str:
    """Whole seconds on the stack's clock, at least one but for zero: less is refused or makes no sense."""
    return duration(max(1, round(seconds * context.time_scale))) if seconds else "0s"


@dataclass(frozen=True, kw_only=True)
class Row:
    """An alert by example, and who hears it.

    Attributes:
        labels: of the alert.
        receivers: who hears it, by engine; empty for nobody. Engines that never have such an alert are
            left out.
        why: in words.
    """

    labels: Mapping[str, str]
    receivers: Mapping[Engine, tuple[str, ...]]
    why: str


BOTH: tuple[Engine, Engine] = ("grafana", "prometheus")


def table(notifications: Notifications) -> list[Row]:
    """One row for each way through the tree, by what the definition says rather than by the tree."""

    def both(*receivers: str) -> dict[Engine, tuple[str, ...]]:
        return dict.fromkeys(BOTH, receivers)

    hours = f"in working hours, {notifications.hours.location}" if notifications.hours else "at any time"
    heard = (HEARTBEAT,) if notifications.heartbeat else ()
    rows = [Row(labels={"alertname": HEARTBEAT_ALERT, "severity": "info"}, receivers=both(*heard),
                why=f"every {HEARTBEAT_INTERVAL} s; its silence is the alarm")]  # fmt: skip
    rows += [
        Row(
            labels={"alertname": name, "datasource_uid": "prometheus", "severity": "critical"},
            receivers={"grafana": (WARNING,)},
            why="one message for a data source, not one for each rule",
        )
        for name in SOURCE_TROUBLE
    ]
    if notifications.backup:
        rows += [
            Row(
                labels={"alertname": name, "severity": "critical", "service": "telemetry"},
                receivers={engine: (BACKUP, CRITICAL)},
                why="a channel fails: another one tells it too",
            )
            for name, engine in zip(DELIVERY_TROUBLE, reversed(BOTH), strict=True)
        ]
    for team in ("", *notifications.teams):
        own = {"team": team} if team else {}
        for severity, when in ((CRITICAL, "at once"), (WARNING, hours)):
            labels = {"alertname": "Any", "severity": severity, **own}
            rows.append(Row(labels=labels, receivers=both(receiver_of(severity, team)), why=when))
        labels = {"alertname": "Any", "severity": "info", **own}
        rows.append(Row(labels=labels, receivers={"grafana": (), "prometheus": ()}, why="on boards alone"))
        lost = {"alertname": "Any", **own}
        rows.append(
            Row(
                labels=lost,
                receivers=both(receiver_of(WARNING, team)),
                why="without a severity: at any time, never lost",
            )
        )
    rows.append(
        Row(
            labels={"alertname": "Any", "severity": "page", "team": "nobody-knows"},
            receivers=both(WARNING),
            why="of others, with labels that nobody knows",
        )
    )
    return rows


def markdown(notifications: Notifications) -> str:
    """The table as it stands in docs/notifications.md."""
    lines = ["| an alert with | is heard by | when |", "|---|---|---|"]
    for row in table(notifications):
        labels = ", ".join(f"`{name}={value}`" for name, value in row.labels.items())
        heard = {", ".join(f"`{each}`" for each in found) or "nobody" for found in row.receivers.values()}
        alone = "" if len(row.receivers) == len(BOTH) else f" (engine {next(iter(row.receivers))})"
        lines.append(f"| {labels} | {' / '.join(sorted(heard))}{alone} | {row.why} |")
    return "\n".join(lines) + "\n"
