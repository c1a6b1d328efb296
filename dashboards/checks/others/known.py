"""What is known of metrics that are not ours: what a server said, else what their names say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from dashboards.checks.labels import Known
from dashboards.checks.queries.rates import UNKNOWN
from exporters.catalogue import CATALOGUE, Catalogue, Histogram, Info, Metric, external
from exporters.catalogue.types import COMPAT, Unit

COLLECTOR = "others.seen"
SERVERS = ("postgres", "redis")
# What Prometheus and relabelling put on every series; a page of one exporter cannot show them.
TARGET = frozenset(
    {
        "job", "instance", "cluster", "environment", "env", "namespace", "pod", "container", "node",
        "service", "endpoint", "region", "zone", "datacenter", "dc", "host", "hostname", "app", "team",
        "prometheus", "replica", "tenant",
    }
)  # fmt: skip
# What Prometheus itself puts there is never missing.
SOMETIMES = TARGET - {"job", "instance"}
# What is counted one by one, as requests or what was processed; of anything else a total may be in any unit.
EVENTS = re.compile(r"(s|ed)\Z")
# A whole rather than a count of what happened, whatever its ending says; and an uptime is read as it is.
WHOLES = re.compile(r"(mem|memory|swap|disk|space|size|capacity|limit|pages_used|up(time)?_seconds)_total\Z")
UNITS = re.compile(
    r"_(ms|ns|us|(milli|micro|nano)?seconds|minutes|hours|(k|m|g|kilo|mega|giga|kibi|mebi|gibi)?bytes|bits|joules"
    r"|celsius|volts|watts)(_|\Z)"
)


@dataclass(frozen=True, kw_only=True)
class Seen(Metric):
    """A metric as somebody else exports it; no rule of ours binds its name."""

    kind: str = UNKNOWN  # type: ignore[misc]  # of a class of ours it is the class's

    def __post_init__(self) -> None:
        """Take it as it is."""


@dataclass(frozen=True, kw_only=True)
class SeenHistogram(Histogram):
    """A histogram as somebody else exports it, with the bounds that were seen."""

    def __post_init__(self) -> None:
        """Take it as it is."""


def seen(name: str, kind: str, help: str = "", buckets: Collection[float] = ()) -> Metric:
    """A metric of this name and kind, such as a server tells them."""
    if kind == "histogram" and buckets:
        return SeenHistogram(name=name, help=help, collector=COLLECTOR, buckets=tuple(sorted(buckets)))
    return Seen(name=name, help=help, collector=COLLECTOR, kind=kind)


@dataclass
class Exported:
    """What is exported, as far as it was asked.

    Attributes:
        metrics: by sample name.
        labels: of sample names, those that their series carry.
        sometimes: of sample names, the labels that some of their series were seen without.
        whole: whether the labels are all there are, those of targets included.
        counts: of sample names, how many series there are.
    """

    metrics: dict[str, Metric] = field(default_factory=dict)
    labels: dict[str, frozenset[str]] = field(default_factory=dict)
    sometimes: dict[str, frozenset[str]] = field(default_factory=dict)
    whole: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    def joined(self, other: Exported) -> Exported:
        """What either exports."""
        labels = {
            name: self.labels.get(name, frozenset()) | other.labels.get(name, frozenset())
            for name in self.labels.keys() | other.labels.keys()
        }
        sometimes = {
            name: frozenset().union(
                *(
                    each.sometimes.get(name, frozenset()) | (every - each.labels[name])
                    for each in (self, other)
                    if name in each.labels
                )
            )
            for name, every in labels.items()
        }
        counts = {
            name: self.counts.get(name, 0) + other.counts.get(name, 0)
            for name in self.counts.keys() | other.counts.keys()
        }
        whole = self.whole or other.whole
        return Exported({**other.metrics, **self.metrics}, labels, sometimes, whole, counts)


class Names(Catalogue):
    """The names that somebody exports, to look up those that a board asks for."""

    def __init__(self, metrics: Iterable[Metric], by_series: dict[str, Metric], recorded: bool) -> None:
        super().__init__(())
        self.metrics = tuple(dict.fromkeys(metrics))
        self._by_series = by_series
        self._recorded = recorded

    def find(self, series: str) -> Metric | None:
        """The metric of this sample name.

        Of one that no page shows, as it is recorded or may be missing in health, something.
        """
        if series in MADE:
            return seen(series, UNKNOWN)
        if not self._recorded and (":" in series or series in BUILT_IN or series.startswith("scrape_")):
            return seen(series, UNKNOWN)
        return self._by_series.get(series) or (seen(series, UNKNOWN) if may_be_missing(series) else None)


def may_be_missing(series: str) -> bool:
    """Whether a healthy emitter of this sample name, as we know it, may leave it out."""
    metric = CATALOGUE.find(series)
    # With --compat stand whatever others have, of which each has what it has.
    return metric is not None and metric.source != COMPAT and bool(metric.optional)


# What Prometheus makes of its rules, as soon as one of them is pending.
MADE = frozenset((external.ALERTS.name, external.ALERTS_SINCE.name))
BUILT_IN = MADE | {external.UP.name}


class Heard(Known):
    """What is known of series on anybody's boards."""

    holds = "exported"
    mends = "Take it out, or switch on what exports it."
    # An `or` may be between what two kinds of installation emit, of which each has one.
    whole = False

    def __init__(self, exported: Exported | None, names: Collection[str]) -> None:
        metrics = exported.metrics if exported else {}
        catalogue = Names(metrics.values(), metrics, recorded=bool(exported and exported.whole))
        super().__init__(catalogue, (), frozenset())
        self._exported = exported or Exported()
        self._names = names

    def metric(self, series: str) -> Metric | None:
        """What was heard of it, what it is in the exporters that we know, or what its name says."""
        heard = self._exported.metrics.get(series)
        if heard is not None and heard.kind != UNKNOWN:
            return heard
        return _ours(series) or self._guessed(series) or heard

    def _guessed(self, series: str) -> Metric | None:
        stem, _, ending = series.rpartition("_")
        if ":" in series:
            return None  # recorded: its name says what of, not what became of it
        if ending == "total" and not WHOLES.search(series):
            return seen(series, "counter")
        family = {f"{stem}_{each}" for each in ("bucket", "sum", "count")} & set(self._names)
        if ending in ("bucket", "sum", "count") and (ending == "bucket" or len(family) > 1):
            return seen(stem, "histogram")
        return seen(series, UNKNOWN) if unit_of(series) else None

    def unit(self, series: str) -> str | None:
        """What its name says, or what it is in the exporters that we know."""
        ours = CATALOGUE.find(series)
        # With --compat stand whatever others have, in units that only some of their names say.
        if ours is not None and (ours.unit != "count" or not ours.collector.startswith("compat.")):
            return ours.unit
        metric = self.metric(series)
        if metric is None:
            return None
        if metric.kind == UNKNOWN and series.endswith(("_count", "_bucket")):
            return None  # of what has a unit, but not in it
        stem = series.removesuffix("_total")
        plain = metric.kind == "counter" and EVENTS.search(stem) and not UNITS.search(stem)
        return unit_of(series) or ("count" if plain else None)

    def labels_of(self, series: str) -> frozenset[str] | None:
        """The labels that were seen; a page leaves open what a target brings."""
        found = self._exported.labels.get(series)
        if found is None:
            return None
        ours = CATALOGUE.find(series)
        if ours is not None and (may_be_missing(series) or isinstance(ours, Info)):
            found |= ours.label_names(
                series
            )  # the words of an information may be empty, and are then not there
        return found if self._exported.whole else found | TARGET

    def lacking(self, series: str) -> frozenset[str]:
        """What not all of them had, and what relabelling brings to one target and not to another."""
        return SOMETIMES | self._exported.sometimes.get(series, frozenset())

    def values(self, series: str, name: str) -> Collection[str]:
        """What a server itself has for it, whichever exporter asks: a state, a mode of locks, a policy."""
        ours = CATALOGUE.find(series)
        if ours is None or ours.source not in SERVERS:
            return ()
        return next((label.values for label in ours.labels if label.name == name), ())

    def counted(self, series: str) -> int | None:
        """How many series were seen."""
        return self._exported.counts.get(series, 0)


def _ours(series: str) -> Metric | None:
    """The metric in our own exporters, which bear the community's names where they mean the same."""
    metric = CATALOGUE.find(series)
    # A histogram's bounds are each installation's own.
    return seen(metric.name, "histogram") if isinstance(metric, Histogram) else metric


def unit_of(series: str) -> Unit | None:
    """The unit that a name ends in."""
    stem = series
    for suffix in ("_total", "_bucket", "_sum", "_count"):
        stem = stem.removesuffix(suffix)
    if stem.endswith(("_timestamp_seconds", "_start_time_seconds", "_boot_time_seconds", "_created")):
        return "timestamp"
    if series.endswith("_time_seconds"):
        return None  # how long something took, or when it is: a clock, the time of a change
    for ending, unit in (
        ("_seconds", "seconds"),
        ("_bytes", "bytes"),
        ("_ratio", "ratio"),
        ("_info", "info"),
    ):
        if stem.endswith(ending):
            return unit  # type: ignore[return-value]  # one of the words above
    return None
