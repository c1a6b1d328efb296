"""Pages recorded from the real processes: which names, labels and types there are to write a rule on.

`python -m tests.pages.record` records them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.servers.exporter_support import kinds

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sample name: the type of its family, and the sets of labels it was seen with."""

    type: str
    labels: frozenset[frozenset[str]]
    bounds: frozenset[str]


def shape(text: str) -> Mapping[str, Sample]:
    """What a page in text format writes, by sample name."""
    found: dict[str, Sample] = {}
    known = kinds(text)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            # The parser gives every counter the ending that names kept for compatibility lack.
            name = sample.name if sample.name in known else sample.name.removesuffix("_total")
            name = name if name in known else sample.name
            before = found.get(name)
            bound = frozenset({sample.labels["le"]} if "le" in sample.labels else ())
            found[name] = Sample(
                type=family.type,
                labels=frozenset({frozenset(sample.labels)}) | (before.labels if before else frozenset()),
                bounds=bound | (before.bounds if before else frozenset()),
            )
    return found


@cache
def recorded(page: str) -> Mapping[str, Sample]:
    """The recorded page of this name, such as `exporter`."""
    return shape((FOLDER / f"{page}.prom").read_text())
