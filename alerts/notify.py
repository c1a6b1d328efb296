"""Who hears what, as Grafana's contact points and policies, and as Alertmanager's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alerts.channels import alertmanager_config, grafana_settings
from alerts.message import ALERTMANAGER_LINKS, GRAFANA_LINKS, template
from alerts.model import Alert, RenderContext, Severity
from alerts.notifications import Channel, Notifications
from signals.promql import duration

Json = dict[str, Any]

TEMPLATE_NAME = "oncall"
TEMPLATE_FILE = "oncall.tmpl"
CRITICAL, WARNING, HEARTBEAT, NOBODY = "critical", "warning", "heartbeat", "nobody"

HOUR = 3600
GROUP_WAIT = 30
GROUP_INTERVAL = 300
# A critical alert that nobody acknowledged comes again within the night, a warning on the next day.
REPEAT = {CRITICAL: 4 * HOUR, WARNING: 24 * HOUR}
HEARTBEAT_INTERVAL = 60


def grafana(notifications: Notifications, context: RenderContext) -> Json:
    """Grafana's contact points, policy tree and template. The tree replaces whatever tree Grafana has."""
    routes: list[Json] = [
        # Rules that others made: one message for a data source, not one for each rule.
        {
            "receiver": WARNING,
            "object_matchers": [["alertname", "=~", "DatasourceError|DatasourceNoData"]],
            "group_by": ["alertname", "datasource_uid"],
        }
    ]
    for name, repeat in REPEAT.items():
        route: Json = {"receiver": name, "object_matchers": [["severity", "=", name]]}
        routes.append(route | {"repeat_interval": _time(repeat, context)})
    root = {"orgId": 1, "receiver": WARNING, **_timings(context), "routes": routes}
    return {
        "apiVersion": 1,
        "contactPoints": [
            {
                "orgId": 1,
                "name": name,
                "receivers": [_receiver(name, channel, notifications.secrets_dir) for channel in channels],
            }
            for name, channels in ((CRITICAL, notifications.critical), (WARNING, notifications.warning))
        ],
        "policies": [root],
        "templates": [
            {
                "orgId": 1,
                "name": TEMPLATE_NAME,
                "template": template(GRAFANA_LINKS, context.identity),
            }
        ],
    }


def _receiver(route: str, channel: Channel, secrets_dir: str) -> Json:
    kind, settings = grafana_settings(channel, secrets_dir)
    return {
        "uid": f"{route}-{channel.name}",
        "type": kind,
        "settings": settings,
        "disableResolveMessage": False,
    }


def alertmanager(
    notifications: Notifications, alerts: Sequence[Alert], context: RenderContext
) -> tuple[Json, str]:
    """Alertmanager's configuration, and the text of `oncall.tmpl`, which stands beside it.

    Raises:
        NotifyError: Alertmanager cannot do what a channel asks for.
    """
    heartbeat: Json = {
        "receiver": HEARTBEAT if notifications.heartbeat else NOBODY,
        "matchers": ['alertname="Watchdog"'],
        "group_wait": "0s",
        "group_interval": _time(HEARTBEAT_INTERVAL, context),
        "repeat_interval": _time(HEARTBEAT_INTERVAL, context),
    }
    routes = [heartbeat]
    for name, repeat in REPEAT.items():
        route: Json = {"receiver": name, "matchers": [f'severity="{name}"']}
        routes.append(route | {"repeat_interval": _time(repeat, context)})
    routes.append({"receiver": NOBODY, "matchers": [f'severity="{Severity.INFO}"']})
    receivers = {CRITICAL: notifications.critical, WARNING: notifications.warning}
    if notifications.heartbeat:
        receivers[HEARTBEAT] = notifications.heartbeat
    config = {
        "route": {"receiver": WARNING, **_timings(context), "routes": routes},
        "inhibit_rules": [
            _inhibition(alert, context)
            for alert in alerts
            if alert.inhibits is not None and "prometheus" in alert.engines
        ],
        "receivers": [
            *(_named(name, channels, notifications.secrets_dir) for name, channels in receivers.items()),
            {"name": NOBODY},
        ],
        "templates": [TEMPLATE_FILE],
    }
    return config, template(ALERTMANAGER_LINKS, context.identity)


def _named(name: str, channels: Sequence[Channel], secrets_dir: str) -> Json:
    receiver: Json = {"name": name}
    for channel in channels:
        key, entry = alertmanager_config(channel, secrets_dir, resolved=name != HEARTBEAT)
        receiver.setdefault(key, []).append(entry)
    return receiver


def _inhibition(alert: Alert, context: RenderContext) -> Json:
    return {
        "source_matchers": [f'alertname="{alert.name}"'],
        "target_matchers": [f'service="{alert.service}"', f'alertname!="{alert.name}"'],
        "equal": [*context.identity, *(label.name for label in alert.inhibits or ())],
    }


def _timings(context: RenderContext) -> Json:
    return {
        "group_by": [*context.identity, "alertname", "service"],
        "group_wait": _time(GROUP_WAIT, context),
        "group_interval": _time(GROUP_INTERVAL, context),
        "repeat_interval": _time(REPEAT[WARNING], context),
    }


def _time(seconds: float, context: RenderContext) -> str:
    """Whole seconds, at least one: less is refused or makes no sense."""
    return duration(max(1, round(seconds * context.time_scale)))
