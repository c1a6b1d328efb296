"""What a backend hands to the page: families of samples, bound to the catalogue's metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from exporters.catalogue import Metric


@dataclass(frozen=True, slots=True)
class Family:
    """The samples of one metric.

    Attributes:
        metric: the catalogue's constant.
        labels: one tuple of label values a sample, in the order of ``metric.labels``. Families that share
            one list object are written with their label text rendered once.
        values: one number a sample; a text is one as the server wrote it.
        dropped: how many samples a cap left out of it.
    """

    metric: Metric
    labels: Sequence[tuple[str, ...]]
    values: Sequence[float | str]
    dropped: int = 0


class Backend(Protocol):
    """A kind of server that the exporter watches, over one persistent connection."""

    name: str

    def collect(self, deadline: float) -> list[Family]:
        """Everything known now, at the latest at `deadline` (``time.monotonic()``); never raises.

        The families include ``*_up`` and the backend's own ``*_scrape_collector_*``.
        """

    def close(self) -> None:
        """End background work, and hang up; a collection under way does that at its end."""


@runtime_checkable
class Partial(Protocol):
    """A backend whose answers come one by one, for a scraper that cannot wait for the last.

    Attributes:
        found: is given the families of each answer while the server works on the next.
    """

    found: Callable[[Sequence[Family]], None]

    def so_far(self, since: float) -> list[Family]:
        """What a collection has found that began since then, from any thread; it may have ended just now.

        Args:
            since: by ``time.monotonic()``; of a collection before it nothing is told.
        """
