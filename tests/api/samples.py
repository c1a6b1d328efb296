"""Read a metrics page back with a parser that is not ours."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families


class Samples:
    """The samples of a page."""

    def __init__(self, page: bytes) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(page.decode())}
        self.values: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        for family in self.families.values():
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in self.values, f"{key} stands twice"
                self.values[key] = sample.value

    def get(self, name: str, /, **labels: str) -> float | None:
        """The sample with exactly these labels."""
        return self.values.get((name, frozenset(labels.items())))

    def matching(self, name: str, /, **labels: str) -> dict[frozenset[tuple[str, str]], float]:
        """All samples of a name whose labels include these."""
        wanted = set(labels.items())
        return {key: value for (found, key), value in self.values.items() if found == name and wanted <= key}

    def total(self, name: str, /, **labels: str) -> float:
        """The sum of these samples."""
        return sum(self.matching(name, **labels).values())

    def label_values(self, name: str, label: str, /, **labels: str) -> set[str]:
        """All values of a label."""
        return {dict(key)[label] for key in self.matching(name, **labels)}

    def nonzero(self, name: str, /, **labels: str) -> list[Mapping[str, str]]:
        """The labels of the samples that are not 0."""
        return [dict(key) for key, value in self.matching(name, **labels).items() if value]
