"""Series over four phases, as promtool reads them: quiet, at the limit, in trouble, and over it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from exporters.catalogue import Counter, Gauge, Histogram, Metric

# Never on the boundary of a window: Prometheus 3 counts a sample there on one side, Prometheus 2 on both.
STEP = 15.001
PHASE = 180
GRID = 30

Level = float | tuple[float | None, ...] | None
"""A gauge's value, or what a counter grows by in a step; a tuple is repeated; None is no sample at all."""

JOBS = {"api": "api", "postgres": "exporter", "redis": "exporter", "blackbox": "api-health"}
INSTANCES = {
    "api": "api:9000",
    "exporter": "exporter:10910",
    "api-health": "http://api:8000/health",
    "prometheus": "localhost:9090",
}
PLACE = {"environment": "production", "cluster": "main"}
# The same backend once more, always healthy: a rule that merged the two would give other values.
TWIN = {"environment": "staging", "cluster": "main"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series.

    Attributes:
        metric: what it is a sample of.
        suffix: of a histogram's sample.
        labels: as the emitter writes them.
        job: where it is not the one that emits the metric.
        levels: one for each phase.
    """

    metric: Metric
    suffix: str = ""
    labels: Mapping[str, str]
    job: str = ""
    levels: tuple[Level, Level, Level, Level]

    @property
    def name(self) -> str:
        """The sample's name."""
        return self.metric.name + self.suffix

    @property
    def scraped_by(self) -> str:
        """The job."""
        return self.job or JOBS[self.metric.source]

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from the others of its case."""
        return self.name, self.scraped_by, str(sorted(self.labels.items()))

    @property
    def grows(self) -> bool:
        """Whether its levels are what it grows by."""
        return isinstance(self.metric, Counter | Histogram)

    def constant(self, level: Level) -> Series:
        """The same series at one level throughout."""
        return self.stepped(level, level)

    def stepped(self, before: Level, level: Level) -> Series:
        """The same series at one level in the first phase, and at another in the rest."""
        return replace(self, levels=(before, level, level, level))

    def written(self, place: Mapping[str, str], *, phases: tuple[int, ...] = (0, 1, 2, 3)) -> dict[str, str]:
        """As promtool's `input_series` have it, for one environment."""
        job = self.scraped_by
        labels = {**self.labels, "job": job, "instance": INSTANCES[job], **place}
        pairs = ",".join(f"{name}={_quoted(value)}" for name, value in sorted(labels.items()))
        values: list[str] = []
        total = 0.0
        for phase in phases:
            for step in range(PHASE):
                level = self.levels[phase]
                here = level[step % len(level)] if isinstance(level, tuple) else level
                if here is None:
                    values.append("_")
                    continue
                total = total + here if self.grows else here
                values.append(f"{total:.12g}")
        return {"series": f"{self.name}{{{pairs}}}", "values": " ".join(values)}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def gauge(metric: Gauge | Metric, *levels: Level, job: str = "", **labels: str) -> Series:
    """A gauge: four levels."""
    quiet, edge, fault, after = levels
    return Series(metric=metric, labels=labels, job=job, levels=(quiet, edge, fault, after))


def counter(metric: Counter, *levels: Level, **labels: str) -> Series:
    """A counter: what it grows by in a step, four times."""
    quiet, edge, fault, after = levels
    return Series(metric=metric, labels=labels, levels=(quiet, edge, fault, after))


def histogram(
    metric: Histogram,
    labels: Mapping[str, str],
    *phases: Mapping[float, float],
    total: tuple[float, ...] = (),
) -> tuple[Series, ...]:
    """A histogram's series.

    Args:
        metric: with the bounds.
        labels: as the emitter writes them.
        phases: for each, how many fall into the bucket of a bound in a step.
        total: for each, what the observations of a step add up to; by default each is its bound.
    """
    sums = total or tuple(sum(bound * count for bound, count in phase.items()) for phase in phases)
    bounds = [*metric.buckets, math.inf]
    series = []
    for bound in bounds:
        below = [float(sum(count for each, count in phase.items() if each <= bound)) for phase in phases]
        le = "+Inf" if bound == math.inf else repr(float(bound))
        series.append(_series(metric, "_bucket", below, {**labels, "le": le}))
    counts = [float(sum(phase.values())) for phase in phases]
    series.append(_series(metric, "_count", counts, labels))
    series.append(_series(metric, "_sum", list(sums), labels))
    return tuple(series)


def _series(metric: Metric, suffix: str, levels: list[float], labels: Mapping[str, str]) -> Series:
    quiet, edge, fault, after = levels
    return Series(metric=metric, suffix=suffix, labels=dict(labels), levels=(quiet, edge, fault, after))


def phase_start(phase: int) -> int:
    """The first evaluation, in seconds, that sees a sample of this phase."""
    return math.ceil(phase * PHASE * STEP / GRID) * GRID
