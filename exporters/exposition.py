"""Write families as Prometheus text format 0.0.4; ten times cheaper than objects per sample, and never a 500.

A series that would break the page (written twice, not a number, past the cap) is left out and counted.
"""

from __future__ import annotations

import gzip
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exporters.collectors.base import Family

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MAX_SERIES = 20_000  # a net under a runaway label; 1,500 series are usual

KINDS = frozenset({"gauge", "counter"})
EXACT_INTEGERS = 1e15  # below it a whole number is written without exponent and read back the same
LABEL_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A rendered page.

    Attributes:
        body: UTF-8 text.
        series: how many samples it holds.
        dropped: how many samples were left out, by reason: ``cap``, ``duplicate``, ``invalid``.
    """

    body: bytes
    series: int
    dropped: Counter[str] = field(default_factory=Counter)


def render(families: Iterable[Family], *, max_series: int = MAX_SERIES) -> Page:
    """Write gauges and counters; families of one metric are joined under one HELP and TYPE.

    A sample of a histogram or summary is counted as invalid: a family has one value for a set of labels.
    """
    writer = _Writer(max_series)
    by_metric: dict[str, list[Family]] = {}
    for family in families:
        by_metric.setdefault(family.metric.name, []).append(family)
    for group in by_metric.values():
        writer.write(group)
    body = "".join(writer.lines).encode("utf-8", "replace")
    return Page(body=body, series=writer.series, dropped=writer.dropped)


def compress(body: bytes) -> bytes:
    """Gzip at level 1: a tenth of the time of level 9, and nearly as small."""
    return gzip.compress(body, compresslevel=1, mtime=0)


def number(value: float) -> str:
    """A sample value as Prometheus reads it.

    Raises:
        TypeError: it is no number.
        ValueError: it is a text that is no number.
    """
    value = float(value)
    if value.is_integer() and -EXACT_INTEGERS < value < EXACT_INTEGERS:
        return str(int(value))
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value)


class _Writer:
    def __init__(self, max_series: int) -> None:
        self.max_series = max_series
        self.lines: list[str] = []
        self.series = 0
        self.dropped: Counter[str] = Counter()
        # Keyed by identity: the families hold their lists until the page is written.
        self.label_texts: dict[tuple[int, tuple[str, ...]], list[str | None]] = {}

    def write(self, families: Sequence[Family]) -> None:
        """All samples of one metric."""
        metric = families[0].metric
        if metric.kind not in KINDS:
            self.dropped["invalid"] += sum(len(family.values) for family in families)
            return
        lines: list[str] = []
        seen: set[str] = set()
        for family in families:
            self._write_samples(family, lines, seen)
        if lines:
            self.lines.append(f"# HELP {metric.name} {metric.help.translate(HELP_ESCAPES)}\n")
            self.lines.append(f"# TYPE {metric.name} {metric.kind}\n")
            self.lines += lines

    def _write_samples(self, family: Family, lines: list[str], seen: set[str]) -> None:
        name = family.metric.name
        texts = self._texts(family)
        self.dropped["invalid"] += abs(len(texts) - len(family.values))
        for text, value in zip(texts, family.values, strict=False):
            if text is None:
                self.dropped["invalid"] += 1
            elif text in seen:
                self.dropped["duplicate"] += 1
            elif self.series >= self.max_series:
                self.dropped["cap"] += 1
            else:
                try:
                    lines.append(f"{name}{text} {number(value)}\n")
                except (TypeError, ValueError, OverflowError):
                    self.dropped["invalid"] += 1
                    continue
                seen.add(text)
                self.series += 1

    def _texts(self, family: Family) -> list[str | None]:
        names = tuple(label.name for label in family.metric.labels)
        key = (id(family.labels), names)
        texts = self.label_texts.get(key)
        if texts is None:
            texts = self.label_texts[key] = [_label_text(names, row) for row in family.labels]
        return texts


def _label_text(names: tuple[str, ...], values: Sequence[str]) -> str | None:
    """The labels between braces, or None if their number is wrong or one is no text."""
    if not names and not values:
        return ""
    try:
        pairs = [f'{name}="{_escape(value)}"' for name, value in zip(names, values, strict=True)]
    except (TypeError, ValueError):
        return None
    return "{" + ",".join(pairs) + "}"


def _escape(value: str) -> str:
    if '"' in value or "\\" in value or "\n" in value:
        return value.translate(LABEL_ESCAPES)
    return value
