"""How fast an error budget may be spent, and how many errors it takes to say so.

The factors are those of chapter 5 of the SRE workbook for a promise over 30 days: in one hour 2 % of the
budget, in six hours 5 %, in a day 10 %, in three days 10 %.
"""

from __future__ import annotations

from signals.numbers import COUNT, RATIO, Limit

AVAILABILITY_TARGET = Limit(
    key="availability_target",
    value=0.999,
    unit=RATIO,
    better="higher",
    why="Of a thousand requests one may fail: 43 minutes of a month, if all fail at once.",
)
LATENCY_TARGET = Limit(
    key="latency_target",
    value=0.95,
    unit=RATIO,
    better="higher",
    why="The p95's objective as a promise over a month: 19 of 20 requests are as fast as it says.",
)
BURN_1H = Limit(key="burn_1h", value=14.4, unit=COUNT, why="2 % of a month's budget is spent in one hour.")
BURN_6H = Limit(key="burn_6h", value=6, unit=COUNT, why="5 % of a month's budget is spent in six hours.")
BURN_1D = Limit(key="burn_1d", value=3, unit=COUNT, why="10 % of a month's budget is spent in a day.")
BURN_3D = Limit(key="burn_3d", value=1, unit=COUNT, why="The budget is spent faster than it comes back.")
ERRORS_1H = Limit(
    key="errors_1h",
    value=10,
    unit=COUNT,
    better="higher",
    why="Fewer in an hour are an accident, however large a share of little traffic they are.",
)
ERRORS_1D = Limit(
    key="errors_1d",
    value=20,
    unit=COUNT,
    better="higher",
    why="Fewer in a day are an accident, however large a share of little traffic they are.",
)
SLOW_1H = Limit(
    key="slow_1h",
    value=1000,
    unit=COUNT,
    better="higher",
    why="What one request per second makes where 30 % are slow; below that a share of slow ones is noise.",
)
SLOW_1D = Limit(
    key="slow_1d",
    value=4000,
    unit=COUNT,
    better="higher",
    why="What one request per second makes where 5 % are slow; below that a share of slow ones is noise.",
)
BUDGET_LEFT = Limit(
    key="budget_left", value=0, unit=RATIO, better="higher", why="Below it the promise is broken."
)
