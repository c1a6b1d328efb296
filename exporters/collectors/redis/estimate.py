"""How many keys of a pattern there are, from a few that were met by chance, and how sure that is.

SCAN goes on from any cursor, and keys lie in a hash table in no order that has to do with their names: what
it finds behind a cursor drawn by chance is a fair sample. It asks for nothing that a whole pass does not.
"""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

SAMPLE = 10_000  # keys of a database that are looked at; half the interval is 1 % of them all, or less
BATCH = 200
MOST_CALLS = 4 * SAMPLE // BATCH  # of a table that is nearly empty a call finds few
CURSOR_BITS = 32  # the low bits choose the place; those that a table has too many of are no matter
WITHIN = 1.96  # standard errors that hold 95 of 100 estimates
BEYOND = 0.025  # of 100 estimates on either side
FEW = 40  # of so few no number of standard errors is true


@dataclass(frozen=True, slots=True)
class Estimate:
    """A count, and between what the truth is in 95 of 100 cases."""

    count: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """How far the truth may be away."""
        return max(self.high - self.count, self.count - self.low)


def draw(ask: Callable[[int, int], list[bytes]], chance: random.Random) -> set[bytes]:
    """Keys of a database, each once.

    Args:
        ask: what SCAN finds from a cursor on, and for how many it is asked.
        chance: draws the cursors.
    """
    met: set[bytes] = set()
    for _ in range(MOST_CALLS):
        met.update(ask(chance.getrandbits(CURSOR_BITS), BATCH))
        if len(met) >= SAMPLE:
            break
    return met


def estimate(found: int, met: int, held: int) -> Estimate:
    """Of all keys held, from what was found among those met: Wilson's interval, the exact one of few.

    Args:
        found: how many of those met are of the kind.
        met: how many different keys were looked at.
        held: how many there are.
    """
    if not met:
        return Estimate(0, 0, held)
    if met >= held:
        return Estimate(found, found, found)
    share = found / met
    if found <= FEW:
        low, high = _exact(found, met, held)
    elif met - found <= FEW:
        low, high = (held - limit for limit in reversed(_exact(met - found, met, held)))
    else:
        low, high = _wilson(found, met, held)
    return Estimate(min(max(round(held * share), low), high), low, high)


def _wilson(found: int, met: int, held: int) -> tuple[int, int]:
    share = found / met
    # Each key is met once at most: the more of them all were met, the less is left to chance.
    size = met * (held - 1) / (held - met)
    square = WITHIN**2 / size
    middle = (share + square / 2) / (1 + square)
    reach = WITHIN / (1 + square) * math.sqrt(share * (1 - share) / size + square / size / 4)
    # What was met is there for certain.
    low = max(found, math.floor(held * (middle - reach)))
    high = min(held - (met - found), math.ceil(held * (middle + reach)))
    return low, high


def _exact(found: int, met: int, held: int) -> tuple[int, int]:
    """The least and the greatest number of which so many are met by no worse luck than 1 in 40."""
    least, most = found, held - (met - found)
    numbers = range(least, most + 1)
    low = bisect.bisect_right(numbers, BEYOND, key=lambda there: 1 - _chance(found - 1, there, met, held))
    high = bisect.bisect_left(numbers, -BEYOND, key=lambda there: -_chance(found, there, met, held))
    return numbers[low], numbers[high - 1]


def _chance(most: int, there: int, met: int, held: int) -> float:
    """That so many at most are met of those that are there: of the hypergeometric distribution."""
    least = max(0, met - (held - there))
    if least > most:
        return 0.0
    ways = _ways(there, least) + _ways(held - there, met - least) - _ways(held, met)
    one = total = math.exp(ways)
    for number in range(least, most):
        one *= (there - number) * (met - number)
        one /= (number + 1) * (held - there - met + number + 1)
        total += one
    return total


def _ways(among: int, number: int) -> float:
    """The logarithm of the number of ways to choose so many."""
    return math.lgamma(among + 1) - math.lgamma(number + 1) - math.lgamma(among - number + 1)
