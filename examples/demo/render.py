"""A stack rendered for the demo: the same definitions, its servers on this machine, its clock scaled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from alerts.notifications import Notifications, Webhook
from dashboards.preflight import problems
from dashboards.stack import STACK, Stack
from dashboards.targets import Job
from dashboards.write import render, write
from examples.demo.chain import GRAFANA_PROVISIONING, PROVISIONING, Ports, Render
from examples.demo.process import ServerError
from signals.limits import postgres

LABELS = {"environment": "demo", "cluster": "local"}
# Limits of how long something may last; on the demo's clock they are as short as its windows.
AGES = (postgres.IDLE_IN_TRANSACTION, postgres.LONG_TRANSACTION, postgres.LONGEST_BLOCKED)


def demo_stack(stack: Stack, ports: Ports, *, time_scale: float) -> Stack:
    """The stack with the demo's addresses; Alertmanager notifies, as Grafana may not be installed."""
    targets = replace(
        stack.targets,
        jobs=tuple(_local(job, ports) for job in stack.targets.jobs if job.name != "grafana"),
        labels=LABELS,
        blackbox=ports.address("blackbox"),
        prometheus=ports.url("prometheus"),
        alertmanager=ports.address("alertmanager"),
    )
    return replace(
        stack,
        engine="prometheus",
        targets=targets,
        notifications=_told(ports.url("webhook")),
        limits=(*stack.limits, *(replace(age, value=age.value * time_scale) for age in AGES)),
        time_scale=stack.time_scale * time_scale,
        grafana_url=ports.url("grafana"),
    )


def grafana_stack(local: Stack, ports: Ports) -> Stack:
    """The demo's stack for a Grafana that notifies a receiver of its own, to be compared."""
    return replace(local, engine="grafana", notifications=_told(ports.url("grafana_webhook")))


def renderer(stack: Stack = STACK, *, time_scale: float = 1.0) -> Render:
    """What writes a stack for a chain: for Alertmanager, and for a Grafana with a receiver of its own.

    As with Docker Compose nothing starts without its secrets: a ServerError names each that is missing.
    """

    def into(ports: Ports, home: Path) -> None:
        local = demo_stack(stack, ports, time_scale=time_scale)
        grafana = grafana_stack(local, ports)
        _preflight(local, grafana)
        write(render(local), home / PROVISIONING)
        _write_targets(home / PROVISIONING / "prometheus" / local.targets.file, ports)
        write(render(grafana), home / GRAFANA_PROVISIONING)

    return into


def _preflight(*stacks: Stack) -> None:
    """Refuse secrets that would end Grafana or leave Alertmanager without a way, before either starts."""
    found = [line for each in stacks for line in problems(each.notifications, engine=each.engine)]
    if found:
        raise ServerError("\n".join(("preflight", *dict.fromkeys(found))))


def _told(receiver: str) -> Notifications:
    """One receiver with a path for each route, so that one of them can fail alone."""
    critical, warning, heartbeat = (
        (Webhook(name=name, url=f"{receiver}/{name}"),) for name in ("critical", "warning", "heartbeat")
    )
    return Notifications(critical=critical, warning=warning, heartbeat=heartbeat)


def _local(job: Job, ports: Ports) -> Job:
    """A job of this machine; those without addresses stand in the target file."""
    return replace(job, addresses=(ports.address(job.name),)) if job.addresses else job


def _write_targets(pattern: Path, ports: Ports) -> None:
    """The target file of the backend, as a team writes it."""
    metrics = {"kind": "metrics", "__metrics_path__": "/metrics/api"}
    groups = [
        {"targets": [ports.address("exporter")], "labels": metrics},
        {"targets": [ports.url("api") + "/health"], "labels": {"kind": "health"}},
    ]
    pattern.parent.mkdir(parents=True, exist_ok=True)
    pattern.with_name("backend.yml").write_text(yaml.safe_dump(groups))
