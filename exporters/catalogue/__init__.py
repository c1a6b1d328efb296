"""What exists: every metric that the stack emits or reads, as typed constants.

Standard library only. Importing it proves the naming rules; a broken definition raises `CatalogueError`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from types import ModuleType

from exporters.catalogue import (
    api,
    external,
    pgbouncer,
    postgres,
    postgres_candidates,
    postgres_compat,
    postgres_objects,
    postgres_replication,
    postgres_upkeep,
    redis,
    redis_compat,
    redis_detail,
    self_,
)
from exporters.catalogue.labels import INSTANCE, JOB
from exporters.catalogue.types import (
    CatalogueError,
    Counter,
    Gauge,
    Histogram,
    Info,
    Label,
    Matcher,
    Metric,
    Summary,
)

__all__ = [
    "CATALOGUE",
    "INSTANCE",
    "JOB",
    "Catalogue",
    "CatalogueError",
    "Counter",
    "Gauge",
    "Histogram",
    "Info",
    "Label",
    "Matcher",
    "Metric",
    "Summary",
    "metrics_of",
]

# A message must stay short for a typo of any length.
HINT_CUTOFF = 0.6


def metrics_of(module: ModuleType) -> tuple[Metric, ...]:
    """The metrics that a module defines as constants, in their order."""
    return tuple(value for value in vars(module).values() if isinstance(value, Metric))


class Catalogue:
    """A set of metrics, looked up by the name of a family or of a sample.

    Raises:
        CatalogueError: two metrics claim one name.
    """

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self.metrics: tuple[Metric, ...] = tuple(metrics)
        self._by_series: dict[str, Metric] = {}
        for metric in self.metrics:
            for name in metric.series:
                other = self._by_series.setdefault(name, metric)
                if other is not metric:
                    raise CatalogueError(
                        f"metric {metric.name!r} ({metric.collector}): the name {name!r} is already taken "
                        f"by {other.name!r} ({other.collector}); a name stands for one thing"
                    )

    def find(self, series: str) -> Metric | None:
        """The metric that writes this sample name, or None."""
        return self._by_series.get(series)

    def nearest(self, series: str, cutoff: float = HINT_CUTOFF) -> str:
        """The known sample name closest to an unknown one, or an empty string."""
        close = difflib.get_close_matches(series, self._by_series, n=1, cutoff=cutoff)
        return close[0] if close else ""

    def of(self, *sources: str) -> tuple[Metric, ...]:
        """The metrics that these sources emit."""
        return tuple(metric for metric in self.metrics if metric.source in sources)

    def joined(self, more: Iterable[Metric]) -> Catalogue:
        """A catalogue that also holds these metrics."""
        return Catalogue((*self.metrics, *more))

    def __iter__(self) -> Iterator[Metric]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)


MODULES = (
    api,
    postgres,
    postgres_objects,
    postgres_candidates,
    postgres_replication,
    postgres_upkeep,
    redis,
    redis_detail,
    pgbouncer,
    self_,
    external,
)
COMPATIBLE = (postgres_compat, redis_compat)
CATALOGUE = Catalogue(
    [metric for module in (*MODULES, *COMPATIBLE) for metric in metrics_of(module)]
    + [metric for module in COMPATIBLE for metric in module.METRICS]
)
