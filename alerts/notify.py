"""Who hears what, as Grafana's contact points and policies, and as Alertmanager's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from alerts.channels import alertmanager_config, grafana_settings
from alerts.message import alertmanager_template, grafana_template
from alerts.model import UID_LENGTH, Alert
from alerts.notifications import ALWAYS, Channel, Notifications
from alerts.render import RenderContext
from alerts.routing import HEARTBEAT, NOBODY, Route, receivers, time, tree

Json = dict[str, Any]

TEMPLATE_NAME = "oncall"
TEMPLATE_FILE = "oncall.tmpl"
DIGEST = 8
_ALWAYS: Json = {
    "name": ALWAYS,
    "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}],
}


def grafana(notifications: Notifications, alerts: Sequence[Alert], context: RenderContext) -> Json:
    """Grafana's contact points, policy tree, times and template. The tree replaces whatever tree Grafana has.

    Raises:
        NotifyError: an alert names a team that is not there, or nothing reaches `backup`.
    """
    root = tree(notifications, alerts, context.identity, "grafana")
    rendered: Json = {
        "apiVersion": 1,
        "contactPoints": [
            {
                "orgId": 1,
                "name": name,
                "receivers": [
                    _receiver(name, channel, notifications.secrets_dir)
                    for channel in notifications.routes[name]
                ],
            }
            for name in receivers(root)
        ],
        "policies": [{"orgId": 1, **_route(root, context, grafana=True)}],
        "templates": [{"orgId": 1, "name": TEMPLATE_NAME, "template": grafana_template(context.identity)}],
    }
    times = _times(notifications, root)
    return rendered | ({"muteTimes": [{"orgId": 1, **each} for each in times]} if times else {})


def receiver_uid(route: str, channel: str) -> str:
    """Grafana's uid of a channel on a route; of long names the beginning and a digest, the same each time."""
    uid = f"{route}-{channel}"
    if len(uid) <= UID_LENGTH:
        return uid
    digest = sha256(uid.encode()).hexdigest()[:DIGEST]
    return f"{uid[: UID_LENGTH - DIGEST - 1]}-{digest}"


def _receiver(route: str, channel: Channel, secrets_dir: str) -> Json:
    kind, settings = grafana_settings(channel, secrets_dir, route=route)
    return {
        "uid": receiver_uid(route, channel.name),
        "type": kind,
        "settings": settings,
        # A dead man's switch only ever hears that all is well.
        "disableResolveMessage": route == HEARTBEAT,
    }


def alertmanager(
    notifications: Notifications, alerts: Sequence[Alert], context: RenderContext
) -> tuple[Json, str]:
    """Alertmanager's configuration, and the text of `oncall.tmpl`, which stands beside it.

    Raises:
        NotifyError: Alertmanager cannot do what a channel asks for; an alert names a team that is not there,
            or nothing reaches `backup`.
    """
    root = tree(notifications, alerts, context.identity, "prometheus")
    config: Json = {
        "route": _route(root, context, grafana=False),
        "inhibit_rules": [
            _inhibition(alert, context)
            for alert in alerts
            if alert.inhibits is not None and "prometheus" in alert.engines
        ],
        "receivers": [
            *(
                _named(name, notifications.routes[name], notifications.secrets_dir)
                for name in receivers(root)
                if name != NOBODY
            ),
            {"name": NOBODY},
        ],
        "templates": [TEMPLATE_FILE],
    }
    if times := _times(notifications, root):
        config["time_intervals"] = times
    return config, alertmanager_template(context.identity)


def _named(name: str, channels: Sequence[Channel], secrets_dir: str) -> Json:
    receiver: Json = {"name": name}
    for channel in channels:
        key, entry = alertmanager_config(channel, secrets_dir, route=name, resolved=name != HEARTBEAT)
        receiver.setdefault(key, []).append(entry)
    return receiver


def _route(route: Route, context: RenderContext, *, grafana: bool) -> Json:
    """A route and those below it; what it has from above is left out."""
    found: Json = {"receiver": route.receiver}
    if route.matchers and grafana:
        found["object_matchers"] = [list(matcher) for matcher in route.matchers]
    elif route.matchers:
        found["matchers"] = [f'{label}{operator}"{value}"' for label, operator, value in route.matchers]
    if route.group_by:
        found["group_by"] = list(route.group_by)
    waits = {"group_wait": route.wait, "group_interval": route.interval, "repeat_interval": route.repeat}
    found |= {key: time(seconds, context) for key, seconds in waits.items() if seconds is not None}
    times = {"active_time_intervals": route.active, "mute_time_intervals": route.mute}
    found |= {key: list(names) for key, names in times.items() if names}
    if route.more:
        found["continue"] = True
    if route.routes:
        found["routes"] = [_route(each, context, grafana=grafana) for each in route.routes]
    return found


def _times(notifications: Notifications, root: Route) -> list[Json]:
    """Those that the tree names."""
    known = [*(mute.interval for mute in notifications.mutes), _ALWAYS]
    if notifications.hours:
        known.append(notifications.hours.interval)
    used = set(_named_times(root))
    return [each for each in known if each["name"] in used]


def _named_times(route: Route) -> list[str]:
    below = (name for each in route.routes for name in _named_times(each))
    return [*route.active, *route.mute, *below]


def _inhibition(alert: Alert, context: RenderContext) -> Json:
    return {
        "source_matchers": [f'alertname="{alert.name}"'],
        "target_matchers": [f'service="{alert.service}"', f'alertname!="{alert.name}"'],
        "equal": [*context.identity, *(label.name for label in alert.inhibits or ())],
    }
