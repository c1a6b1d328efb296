"""A page of metrics, read for names, kinds, labels and bounds; values are nobody's concern here.

Prometheus' own reader for Python gives counters an ending that they may not have: no use for names.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field

from dashboards.checks.others.known import Exported, seen
from dashboards.checks.queries.rates import UNKNOWN
from exporters.catalogue import Metric

DECLARED = re.compile(r"#\s+(TYPE|HELP)\s+(\S+)\s+(.*)\Z")
SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(\{.*\})?\s+(\S+)")
LABEL = re.compile(r'([a-zA-Z_]\w*)\s*=\s*"((?:\\.|[^"\\])*)"')
KINDS = frozenset({"counter", "gauge", "histogram", "summary", "info", "stateset", "gaugehistogram"})
# Series beside the family's own name.
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count"), "info": ("_info", "")}
ENDINGS = ("", "_total", "_info", "_bucket", "_sum", "_count", "_created")


@dataclass
class _Family:
    kind: str = UNKNOWN
    help: str = ""
    bounds: set[float] = field(default_factory=set)


def read(text: str) -> Exported:
    """What a page exports.

    Raises:
        ValueError: a line is none of a page's, or there is no metric on it.
    """
    families: dict[str, _Family] = {}
    labels: dict[str, set[str]] = {}
    always: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if declared := DECLARED.match(line):
            family = families.setdefault(declared[2], _Family())
            if declared[1] == "HELP":
                family.help = declared[3]
            elif declared[3] in KINDS:
                family.kind = declared[3]
        elif line and not line.startswith("#"):
            found = SAMPLE.match(line)
            if found is None:
                raise ValueError(f"line {number} is no sample: {line!r:.60}")
            pairs = dict(LABEL.findall(found[2] or ""))
            labels.setdefault(found[1], set()).update(pairs)
            filled = {label for label, value in pairs.items() if value}
            always.setdefault(found[1], filled).intersection_update(filled)
            counts[found[1]] += 1
            if "le" in pairs:
                families.setdefault(found[1].removesuffix("_bucket"), _Family()).bounds |= _bound(pairs["le"])
    if not families and not counts:
        raise ValueError("no metric on it")
    found_labels = {name: frozenset(each) for name, each in labels.items()}
    sometimes = {name: each - always[name] for name, each in found_labels.items()}
    return Exported(_metrics(families, counts), found_labels, sometimes, counts=dict(counts))


def _bound(text: str) -> set[float]:
    try:
        bound = float(text)
    except ValueError:
        return set()
    return {bound} if math.isfinite(bound) else set()


def _metrics(families: dict[str, _Family], counts: Counter[str]) -> dict[str, Metric]:
    """Each sample name with its family: as declared, or by what is left without an ending."""
    found: dict[str, Metric] = {}
    for name, family in families.items():
        metric = seen(name, family.kind, family.help, family.bounds)
        found |= {name + part: metric for part in PARTS.get(family.kind, ("",))}
    for name in counts:
        ended = [name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)]
        stem = next((each for each in ended if each in families), None)
        family = families.get(stem or "", _Family())
        found[name] = seen(stem or name, family.kind, family.help, family.bounds)
    return found
