"""What Prometheus scrapes: jobs as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from dashboards.errors import StackError
from signals.numbers import require_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A scrape job.

    Attributes:
        name: the label ``job`` of everything it scrapes.
        addresses: fixed targets, ``host:port``; empty when they stand in the stack's target file.
        path: of the metrics page; a target file may give another one per target.
        kind: ``metrics`` are scraped, ``health`` routes are probed from outside by blackbox_exporter.
        labels: added to fixed targets, in place of the stack's of the same name.
    """

    name: str
    addresses: tuple[str, ...] = ()
    path: str = "/metrics"
    kind: Literal["metrics", "health"] = "metrics"
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_fields(f"job {self.name!r}", self, StackError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Everything that is scraped, how often, and where the servers of the stack find each other.

    Attributes:
        jobs: the scrape jobs.
        file: the target file of a backend, relative to prometheus.yml; the one file a team writes.
        labels: of every target that does not bring its own: which installation it belongs to.
        interval, timeout: of a scrape, in seconds; every 30 s at least.
        blackbox: address of blackbox_exporter.
        prometheus: URL at which Grafana finds Prometheus.
        alertmanager: address of Alertmanager, used with the engine ``prometheus``.
    """

    jobs: tuple[Job, ...]
    file: str = "targets/*.yml"
    labels: Mapping[str, str] = field(
        default_factory=lambda: {"environment": "production", "cluster": "main"}
    )
    interval: float = 15
    timeout: float = 10
    blackbox: str = "blackbox:9115"
    prometheus: str = "http://prometheus:9090"
    alertmanager: str = "alertmanager:9093"

    def __post_init__(self) -> None:
        require_fields("the targets", self, StackError)

    def with_alertmanager(self) -> Targets:
        """With a job for Alertmanager, unless there is one."""
        job = Job(name="alertmanager", addresses=(self.alertmanager,))
        return (
            self
            if any(each.name == job.name for each in self.jobs)
            else replace(self, jobs=(*self.jobs, job))
        )

    def identities(self, names: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """By job, the values of these labels; a target of the file may bring others."""
        given = {job.name: {**self.labels, **(job.labels if job.addresses else {})} for job in self.jobs}
        return {
            job: {name: labels[name] for name in names if name in labels} for job, labels in given.items()
        }

    def scaled(self, factor: float) -> Targets:
        """With another clock; Prometheus scrapes once a second at most, and no longer than its interval."""
        interval = max(1.0, self.interval * factor)
        return replace(self, interval=interval, timeout=min(interval, max(1.0, self.timeout * factor)))


# The API's two jobs stand in the target file: where its metrics page is, and its health route.
TARGETS = Targets(
    jobs=(
        Job(name="api"),
        Job(name="api-health", kind="health"),
        Job(name="exporter", addresses=("exporter:10910",)),
        Job(name="blackbox", addresses=("blackbox:9115",)),
        Job(name="prometheus", addresses=("localhost:9090",)),
        Job(name="grafana", addresses=("grafana:3000",)),
    )
)
