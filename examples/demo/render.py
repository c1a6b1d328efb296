"""A stack rendered for the demo: the same definitions, its servers on this machine, its clock scaled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from alerts.notifications import Channel, Notifications, SecretRef, Slack, Webhook
from dashboards.preflight import problems
from dashboards.stack import STACK, Stack
from dashboards.targets import Job
from dashboards.write import render, write
from examples.demo.chain import GRAFANA_PROVISIONING, POOLER, PROVISIONING, Ports, Render
from examples.demo.process import ServerError
from signals.limits import postgres

LABELS = {"environment": "demo", "cluster": "local"}
CHATS, GRAFANA_CHATS = "chats", "grafana-chats"
# Limits of how long something may last; on the demo's clock they are as short as its windows.
AGES = (postgres.IDLE_IN_TRANSACTION, postgres.LONG_TRANSACTION, postgres.LONGEST_BLOCKED)


def demo_stack(stack: Stack, ports: Ports, *, time_scale: float, home: Path | None = None) -> Stack:
    """The stack with the demo's addresses; Alertmanager notifies, as Grafana may not be installed.

    Args:
        stack: as it is built.
        ports: of the demo.
        time_scale: factor on its clock.
        home: the demo's directory; with it each route also has a chat, so that messages are seen as worded.
    """
    targets = replace(
        stack.targets,
        jobs=tuple(_local(job, ports) for job in stack.targets.jobs if job.name != "grafana"),
        labels=LABELS,
        blackbox=ports.address("blackbox"),
        prometheus=ports.url("prometheus"),
        alertmanager=ports.address("alertmanager"),
    )
    ages = tuple(replace(age, value=age.value * time_scale) for age in AGES)
    return replace(
        stack,
        engine="prometheus",
        targets=targets,
        notifications=_told(ports.url("webhook"), home and home / CHATS),
        limits=tuple({each.key: each for each in (*stack.limits, *ages)}.values()),
        time_scale=stack.time_scale * time_scale,
        grafana_url=ports.url("grafana"),
    )


def grafana_stack(local: Stack, ports: Ports, home: Path) -> Stack:
    """The demo's stack for a Grafana that notifies a receiver of its own, to be compared."""
    told = _told(ports.url("grafana_webhook"), home / GRAFANA_CHATS)
    return replace(local, engine="grafana", notifications=told)


def renderer(stack: Stack = STACK, *, time_scale: float = 1.0) -> Render:
    """What writes a stack for a chain: for Alertmanager, and for a Grafana with a receiver of its own.

    As with Docker Compose nothing starts without its secrets: a ServerError names each that is missing.
    """

    def into(ports: Ports, home: Path) -> None:
        local = demo_stack(stack, ports, time_scale=time_scale, home=home)
        _write_chats(local.notifications, ports.url("webhook"), home / CHATS)
        grafana = grafana_stack(local, ports, home)
        _write_chats(grafana.notifications, ports.url("grafana_webhook"), home / GRAFANA_CHATS)
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


def _told(receiver: str, chats: Path | None) -> Notifications:
    """One receiver with a path for each route, so that one of them can fail alone."""

    def channels(name: str) -> tuple[Channel, ...]:
        hook = Webhook(name=name, url=f"{receiver}/{name}")
        if chats is None:
            return (hook,)
        return (hook, Slack(name=f"{name}-chat", url=SecretRef(file=str(chats / name))))

    heartbeat = Webhook(name="heartbeat", url=f"{receiver}/heartbeat")
    return Notifications(critical=channels("critical"), warning=channels("warning"), heartbeat=(heartbeat,))


def _write_chats(notifications: Notifications, receiver: str, chats: Path) -> None:
    """The URL of each chat, which is a secret to whoever notifies."""
    for _, secret in notifications.secrets:
        file = Path(secret.file)
        if file.parent == chats:
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"{receiver}/chat/{file.name}")


def _local(job: Job, ports: Ports) -> Job:
    """A job of this machine; those without addresses stand in the target file."""
    return replace(job, addresses=(ports.address(job.name),)) if job.addresses else job


def _write_targets(pattern: Path, ports: Ports) -> None:
    """The target file of the backend, as a team writes it."""
    metrics = {"kind": "metrics", "__metrics_path__": "/metrics/api"}
    pooler = {"job": "pgbouncer", "instance": POOLER, "__metrics_path__": "/probe", "__param_target": POOLER}
    groups = [
        {"targets": [ports.address("exporter")], "labels": metrics},
        {"targets": [ports.address("exporter")], "labels": {"kind": "metrics", **pooler}},
        {"targets": [ports.url("api") + "/health"], "labels": {"kind": "health"}},
    ]
    pattern.parent.mkdir(parents=True, exist_ok=True)
    pattern.with_name("backend.yml").write_text(yaml.safe_dump(groups))
