"""Series over four phases, as promtool reads them: quiet, at the limit, in trouble, and over it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from exporters.catalogue import Counter, Gauge, Histogram, Metric

# A phase of a case that writes its levels out, sample by sample; others are as short as their rule allows.
PHASE = 180

Level = float | tuple[float | None, ...] | None
"""A gauge's value, or what a counter grows by in a step; a tuple is repeated; None is no sample at all."""

JOBS = {
    "api": "api",
    "postgres": "exporter",
    "redis": "exporter",
    "exporter": "exporter",
    "blackbox": "api-health",
    "prometheus": "prometheus",
    "alertmanager": "alertmanager",
    "grafana": "grafana",
}
INSTANCES = {
    "api": "api:9000",
    "exporter": "exporter:10910",
    "api-health": "http://api:8000/health",
    "pgbouncer": "pooler",
    "prometheus": "localhost:9090",
    "alertmanager": "alertmanager:9093",
    "grafana": "grafana:3000",
}
PLACE = {"environment": "production", "cluster": "main"}


def place_of(identity: Sequence[str]) -> dict[str, str]:
    """The installation in which a case plays."""
    return {name: PLACE.get(name, "here") for name in identity}


def twin_of(identity: Sequence[str], name: str = "staging") -> dict[str, str]:
    """Another installation of that name; there must be a label to tell it."""
    return {**place_of(identity), identity[0]: name}


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
        return self.job or JOBS.get(self.metric.source, self.metric.source)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from the others of its case."""
        return self.name, self.scraped_by, str(sorted(self.labels.items()))

    @property
    def all_labels(self) -> dict[str, str]:
        """Its labels and those that Prometheus adds."""
        job = self.scraped_by
        if self.metric.source == "rules":  # what is recorded has the labels of its query alone
            return {"job": job, **self.labels}
        return {"job": job, "instance": INSTANCES.get(job, f"{job}:9000"), **self.labels}

    @property
    def grows(self) -> bool:
        """Whether its levels are what it grows by."""
        return isinstance(self.metric, Counter | Histogram)

    def at(self, level: Level) -> Series:
        """The same series at one level throughout."""
        return self.stepped(level, level)

    def stepped(self, before: Level, level: Level) -> Series:
        """The same series at one level in the first phase, and at another in the rest."""
        return replace(self, levels=(before, level, level, level))

    def relabelled(self, values: Mapping[str, str]) -> Series:
        """The same series of another thing: with other values of its own labels."""
        return replace(self, labels={name: values.get(each, each) for name, each in self.labels.items()})

    @property
    def written_out(self) -> int:
        """How many samples its longest pattern has."""
        return max((len(level) for level in self.levels if isinstance(level, tuple)), default=1)

    def named(self, place: Mapping[str, str]) -> str:
        """Its name with all labels, for one place."""
        labels = {**self.all_labels, **place}
        pairs = ",".join(f"{name}={_quoted(value)}" for name, value in sorted(labels.items()))
        return f"{self.name}{{{pairs}}}"

    def written(self, place: Mapping[str, str], values: str) -> dict[str, str]:
        """As promtool's `input_series` have it, for one place."""
        return {"series": self.named(place), "values": values}

    def played(self, steps: Sequence[int]) -> str:
        """The values of the phases, each of so many samples."""
        tape = Tape(self.grows)
        for level, count in zip(self.levels, steps, strict=True):
            if count:
                tape.go(level, count)
        return tape.text


@dataclass(slots=True)
class Tape:
    """Values as promtool writes them, one stretch after the other.

    Attributes:
        grows: whether a level is what is added in a step.
        total: where it stands.
    """

    grows: bool
    total: float = 0.0
    parts: list[str] = field(default_factory=list)

    def go(self, level: Level, count: int) -> None:
        """So many samples at a level."""
        if level is None:
            # What was there ends, as when its target is taken away.
            self.parts.append(f"stale _x{count - 1}" if self.parts else f"_x{count}")
        elif isinstance(level, tuple):
            self.parts.extend(self._next(level[step % len(level)]) for step in range(count))
        elif self.grows:
            self.parts.append(f"{self.total + level!r}+{level!r}x{count - 1}")
            # As promtool adds them up: a total that is lower by a rounding would be a restart from zero.
            for _ in range(count):
                self.total += level
        else:
            self.parts.append(f"{level:.12g}x{count - 1}")

    def _next(self, level: float | None) -> str:
        if level is None:
            return "_"
        self.total = self.total + level if self.grows else level
        return f"{self.total!r}"

    def gap(self, count: int) -> None:
        """A target that does not answer: the series ends, and is missing."""
        self.parts.append(f"stale _x{count - 1}")

    @property
    def text(self) -> str:
        """What was written."""
        return " ".join(self.parts)


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
