"""The real Alertmanager on rendered notifications, and alerts as Prometheus posts them to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests
import yaml

from alerts import notify
from alerts.notifications import Notifications
from alerts.proof.plan import CONTEXT
from alerts.proof.templates import filled
from alerts.rules import ALERTS
from alerts.rules.slo import API_ERROR_BUDGET_BURN_FAST
from examples.demo.servers import Alertmanager

Json = dict[str, Any]

BEGAN, ENDED = "2026-03-01T02:30:00+01:00", "2026-03-01T02:35:30+01:00"
NEVER = "2100-01-01T00:00:00Z"
# The shortest that is rendered: a second to gather a group, a second until its next message.
SCALE = 0.001
# Of the first the words are its own; those of others have what a channel could take for markup.
GENUINE = API_ERROR_BUDGET_BURN_FAST
HOSTILE = "Users get errors & <retry>, *now*."
ACTION = "Began with a deploy: go back to the one before. Find the reason afterwards."


def alert(name: str, instance: str, *, over: bool = False, **labels: str) -> Json:
    """An alert as Prometheus posts it."""
    summary, description = f"5.3% of requests to {instance} fail, above 1 %.", HOSTILE
    if name == GENUINE.name:
        summary = filled(CONTEXT.says(GENUINE, GENUINE.summary), {"job": "api"}, 15)
        description = CONTEXT.says(GENUINE, GENUINE.description)
    return {
        "labels": {
            "alertname": name, "severity": "critical", "service": "api", "environment": "production",
            "cluster": "main", "job": "api", "instance": instance, **labels,
        },
        "annotations": {
            "summary": summary,
            "description": description,
            "action": ACTION,
            "runbook_url": "http://grafana.example.org/d/backend-runbooks?viewPanel=panel-9",
            "dashboard_url": "http://grafana.example.org/d/backend-api?viewPanel=panel-7"
            "&var-environment=production&var-cluster=main&var-job=api",
        },
        "startsAt": BEGAN,
        "endsAt": ENDED if over else NEVER,
        "generatorURL": "http://prometheus.example.org/graph",
    }  # fmt: skip


def foreign(**labels: str) -> Json:
    """An alert of others, without our annotations, whose words a channel could take for markup."""
    return {
        "labels": {"job": "batch", **labels},
        "annotations": {"runbook_url": "javascript:alert(1)|x> <!channel>"},
        "startsAt": BEGAN,
        "endsAt": NEVER,
        "generatorURL": "http://prometheus.example.org/graph",
    }


def rendered(notifications: Notifications, folder: Path, *, scale: float = SCALE, patience: str = "") -> Path:
    """Alertmanager's configuration on a fast clock.

    With a patience it gathers a group for that long, so that a busy machine does not part one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config, template = notify.alertmanager(notifications, ALERTS, replace(CONTEXT, time_scale=scale))
    if patience:
        config["route"] |= {"group_wait": patience, "group_interval": patience}
    (folder / "oncall.tmpl").write_text(template)
    path = folder / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True))
    return path


@contextmanager
def alertmanager(
    notifications: Notifications, folder: Path, *, scale: float = SCALE, patience: str = ""
) -> Iterator[Alertmanager]:
    """It runs on these notifications."""
    config = rendered(notifications, folder / "config", scale=scale, patience=patience)
    server = Alertmanager(folder / "alertmanager", config)
    try:
        yield server.start()
    finally:
        server.stop()


def post(server: Alertmanager, *alerts: Json) -> None:
    """As Prometheus does."""
    answer = requests.post(f"{server.url}/api/v2/alerts", json=list(alerts), timeout=5)
    assert answer.ok, answer.text
