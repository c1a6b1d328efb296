"""The past of a case in real time: blocks for a Prometheus whose rules look back over days."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.model import Alert
from alerts.proof.model import Case, ProofError
from alerts.proof.promtool import promtool
from alerts.proof.series import Series
from exporters.catalogue import Gauge
from signals.numbers import SECONDS, Seconds, spoken

# Between two samples: the longest of which a rate over five minutes is still exact.
STEP = 60
# Written before what the rule looks at, so that its ranges are full.
MARGIN = 7200
# promtool reads its whole input once for each block.
LONGEST_BLOCK = "480h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which samples are written.

    Attributes:
        now: when the fault has lasted as long as it should, in Unix time.
        until: of the last sample; it goes on as it was where that is later.
        after: no sample at this time or before.
    """

    now: int
    until: int
    after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """An alert's fault after days of health.

    Attributes:
        case: its labels, and its series: healthy as in their first phase, in trouble as in their third.
        looks_back: how much of the past decides over the alert, in seconds.
        fault: for how long there was trouble until now, in seconds.
        value: of the signal then.
        series: in place of the case's, where these do not begin at what is scraped, or are of shorter days.
    """

    case: Case
    looks_back: Seconds
    fault: Seconds
    value: float
    series: tuple[Series, ...] = ()

    @property
    def alert(self) -> Alert:
        """The rule."""
        return self.case.alert

    @property
    def reason(self) -> str:
        """Why no fault of minutes fires it, and what proves it instead."""
        return f"it looks back over {spoken(self.looks_back, SECONDS)}: proven on backfilled blocks"

    @property
    def beyond(self) -> float:
        """A limit that the fault does not cross, by a tenth."""
        return self.value * (1.1 if self.alert.operator == ">" else 0.9)

    def lines(self, place: Mapping[str, str], span: Span, *, sick: bool) -> Iterator[str]:
        """The samples of all series, a line of OpenMetrics each.

        Args:
            place: the labels of an installation.
            span: which of them.
            sick: whether there is trouble at last.
        """
        for each in self.series or self.case.series:
            name = each.named(place)
            for time, value in self._samples(each, span, self.fault if sick else 0):
                if time > span.after:
                    yield f"{name} {value!r} {time}\n"

    def _samples(self, series: Series, span: Span, fault: Seconds) -> Iterator[tuple[int, float]]:
        """All samples from the beginning, since a counter's depend on each other."""
        begin = span.now - MARGIN - int(max(self.looks_back, self.fault))
        healthy = span.now - fault if fault else math.inf
        moment = isinstance(series.metric, Gauge) and series.metric.unit == "timestamp"
        total, number, before = 0.0, -1, False
        for time in range(begin, span.until + 1, STEP):
            ill = time > healthy
            number = number + 1 if ill == before else 0
            before = ill
            level = series.levels[2 if ill else 0]
            if isinstance(level, tuple):
                level = level[number % len(level)]
            elif level is not None and series.grows:
                level *= STEP / self.case.step
            if level is None:
                continue
            total = total + level if series.grows else level
            # What goes on happening is always as long ago; what happens no more, ever longer.
            yield time, total + (span.now if ill else time) if moment else total


def make_blocks(lines: Iterable[str], folder: Path) -> None:
    """Samples as blocks in a folder that Prometheus keeps its data in.

    Args:
        lines: of OpenMetrics.
        folder: made where it is missing.

    Raises:
        ProofError: promtool is missing, or takes no such samples.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = folder.with_name("past.om")
    with text.open("w", encoding="utf-8") as file:
        file.writelines(lines)
        file.write("# EOF\n")
    longest = f"--max-block-duration={LONGEST_BLOCK}"
    done = promtool("tsdb", "create-blocks-from", "openmetrics", "--quiet", longest, str(text), str(folder))
    if done.returncode:
        said = " ".join(done.stdout.split())[-400:]
        raise ProofError(f"promtool makes no blocks of {text}: {said}; correct the series")
    text.unlink()
