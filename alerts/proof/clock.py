"""How long a case plays: as short as its rule's ranges, hold and keep allow."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

# Between two samples. Never on the boundary of a window: Prometheus 3 counts a sample there on one side,
# Prometheus 2 on both.
STEP = 15.001
GRID, FINE_GRID = 60, 30
# Time for the first evaluation that sees a change, and for one more sample where a rate must move a little.
SLACK = 90

TIME = r"((?:\d+(?:ms|[smhdwy]))+)"
RANGE = re.compile(rf"\[{TIME}\]")
SUBQUERY = re.compile(rf"\[{TIME}:[^\]]*\]")
OFFSET = re.compile(rf"\boffset {TIME}")
PART = re.compile(r"(\d+)(ms|[smhdwy])")
SIZES = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


def seconds(text: str) -> float:
    """A duration of PromQL, such as ``1h30m``."""
    return sum(int(number) * SIZES[unit] for number, unit in PART.findall(text))


def _longest(pattern: re.Pattern[str], expr: str) -> float:
    return max((seconds(found) for found in pattern.findall(expr)), default=0.0)


def reach(expr: str) -> float:
    """How far back a query looks at most, in seconds."""
    return _longest(RANGE, expr) + _longest(SUBQUERY, expr) + _longest(OFFSET, expr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """When what is seen of a case.

    Attributes:
        step: seconds between two samples.
        grid: seconds between two evaluations.
        look: the longest range that the rule looks back over, in seconds.
        settle: what a phase takes, until everything that it changes is seen and held or kept, in seconds.
        steps: samples in each of the four phases.
    """

    step: float
    grid: int
    look: float
    settle: float
    steps: tuple[int, int, int, int]

    @property
    def slack(self) -> int:
        """How late a change may be seen, in seconds."""
        return max(SLACK, self.up(6 * self.step))

    def up(self, time: float) -> int:
        """The first evaluation at or after a time."""
        return math.ceil(time / self.grid) * self.grid

    def start(self, phase: int) -> int:
        """The first evaluation, in seconds, that sees a sample of this phase."""
        return self.up(sum(self.steps[:phase]) * self.step)


def clock(
    expr: str,
    hold: float,
    keep: float,
    *,
    step: float = STEP,
    phase: int = 0,
    past: int = 0,
    fine: bool = False,
) -> Clock:
    """The clock of a rule.

    Args:
        expr: its PromQL.
        hold: as in its definition.
        keep: as in its definition.
        step: seconds between two samples.
        phase: samples in a phase; 0 for as few as the rule allows.
        past: how many phases of health went by before the first one.
        fine: whether it is evaluated twice as often, since what it reads goes up and down all the time.
    """
    look = _longest(RANGE, expr) + _longest(SUBQUERY, expr)
    back = _longest(OFFSET, expr)
    # Every hold and keep must be a moment of evaluation, and a look at `ALERTS` reaches back five minutes.
    common = math.gcd(int(hold) or 300, int(keep) or 300, 300)
    # Between two evaluations nobody can tell one hold from another.
    usual = FINE_GRID if fine or 0 < hold <= GRID or hold % GRID or keep % GRID else GRID
    grid = usual if step <= STEP else max(usual, common)
    slack = max(SLACK, math.ceil(6 * step))
    settle = look + max(hold, keep) + 2 * slack + 2 * grid
    each = phase or math.ceil(settle / step)
    # Yesterday must have been healthy too, where it is not part of what the case says of its past.
    first = phase or math.ceil((back + settle) / step)
    return Clock(
        step=step,
        grid=grid,
        look=look,
        settle=settle,
        steps=(first + past * each, each, each, each),
    )
