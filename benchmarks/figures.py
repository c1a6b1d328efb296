"""A series of measurements, and what is told of it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """The least, the middle and the greatest of several measurements, in seconds."""

    least: float
    median: float
    greatest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Figures:
        """What a series comes down to."""
        taken = sorted(values)
        return cls(taken[0], statistics.median(taken), taken[-1])

    def told(self, scale: float, digits: int) -> str:
        """As cells of a table: median, least, greatest."""
        return " | ".join(f"{value * scale:.{digits}f}" for value in (self.median, self.least, self.greatest))


@dataclass(frozen=True, slots=True)
class Times:
    """One measurement: by the clock on the wall, and by what the processor spent on it."""

    wall: float
    cpu: float

    def __add__(self, other: Times) -> Times:
        return Times(self.wall + other.wall, self.cpu + other.cpu)

    def __sub__(self, other: Times) -> Times:
        return Times(self.wall - other.wall, self.cpu - other.cpu)


CLOCKS = ("wall", "cpu")


def by_clock(series: Sequence[Times], clock: str) -> Figures:
    """The figures of a series on one of the two clocks."""
    return Figures.of(getattr(times, clock) for times in series)


def differences(series: Sequence[Times], base: Sequence[Times]) -> list[Times]:
    """What each measurement adds to the one taken beside it."""
    return [times - beside for times, beside in zip(series, base, strict=True)]
