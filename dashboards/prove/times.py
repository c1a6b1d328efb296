"""When and how finely a panel asks: Grafana's own arithmetic of intervals, which it has in two places.

The browser divides the range shown by the panel's width and rounds; the plugin of the data source does so
again, and derives ``$__rate_interval`` from the first.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from signals.promql import duration

# Prometheus answers no more points than this for a series.
MOST_POINTS = 11_000
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
# What lies up to the first number becomes the second.
ROUNDED = (
    (0.01, 0.001),
    (0.015, 0.01),
    (0.035, 0.02),
    (0.075, 0.05),
    (0.15, 0.1),
    (0.35, 0.2),
    (0.75, 0.5),
    (1.5, 1),
    (3.5, 2),
    (7.5, 5),
    (12.5, 10),
    (17.5, 15),
    (25, 20),
    (45, 30),
    (1.5 * MINUTE, MINUTE),
    (3.5 * MINUTE, 2 * MINUTE),
    (7.5 * MINUTE, 5 * MINUTE),
    (12.5 * MINUTE, 10 * MINUTE),
    (17.5 * MINUTE, 15 * MINUTE),
    (25 * MINUTE, 20 * MINUTE),
    (45 * MINUTE, 30 * MINUTE),
    (1.5 * HOUR, HOUR),
    (2.5 * HOUR, 2 * HOUR),
    (4.5 * HOUR, 3 * HOUR),
    (9 * HOUR, 6 * HOUR),
    (DAY, 12 * HOUR),
    (7 * DAY, DAY),
    (21 * DAY, 7 * DAY),
    (42 * DAY, 30 * DAY),
)
LONGEST = 365 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The range of time shown, in Unix time."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start

    def aligned(self, step: float) -> Span:
        """Both ends moved back to a multiple of the step, as Grafana does before it asks."""
        return Span(start=math.floor(self.start / step) * step, end=math.floor(self.end / step) * step)


def last(seconds: float) -> Span:
    """The range that ends now."""
    now = time.time()
    return Span(start=now - seconds, end=now)


def rounded(interval: float, *, browser: bool = False) -> float:
    """The interval that people would choose; the browser takes the next one already at the bound."""
    return next(
        (chosen for most, chosen in ROUNDED if interval < most or (interval == most and not browser)), LONGEST
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How finely a range is asked for.

    Attributes:
        span: the range.
        interval: seconds that the browser found for each point.
        step: seconds between two points, as the plugin asks.
        scrape: the data source's `timeInterval`, or the query's own least step, in seconds.
    """

    span: Span
    interval: float
    step: float
    scrape: float

    @property
    def rate_interval(self) -> float:
        """The seconds of ``$__rate_interval``: four scrapes at least; none between two steps is lost."""
        return max(self.interval + self.scrape, 4 * self.scrape)

    @property
    def values(self) -> dict[str, str]:
        """The variables that Grafana fills by itself."""
        whole = round(self.span.seconds)
        return {
            "__interval": duration(self.step),
            "__interval_ms": str(round(self.step * 1000)),
            "__range": f"{whole}s",
            "__range_s": str(whole),
            "__range_ms": str(round(self.span.seconds * 1000)),
            "__rate_interval": duration(self.rate_interval),
            "__rate_interval_ms": str(round(self.rate_interval * 1000)),
        }


def resolution(span: Span, *, points: int, scrape: float, least: float = 0, query: float = 0) -> Resolution:
    """What Grafana makes of a panel.

    Args:
        span: the range shown.
        points: the panel's width in pixels, or its own most data points.
        scrape: the data source's `timeInterval`.
        least: the panel's least interval, in place of the data source's; 0 if it has none.
        query: the query's own least step, in place of both; 0 if it has none.
    """
    exact = span.seconds / points
    interval = max(rounded(exact, browser=True), least or scrape)
    lowest = query or interval
    step = lowest if exact < lowest else rounded(exact)
    step = max(step, rounded(span.seconds / MOST_POINTS))
    return Resolution(span=span, interval=interval, step=step, scrape=query or scrape)
