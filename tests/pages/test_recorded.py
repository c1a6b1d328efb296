"""The recorded pages are still what the real processes write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from exporters.catalogue import CATALOGUE
from tests.pages import record, recorded, shape
from tests.servers.exporter_support import parse

PAGES = ("api", "blackbox", "exporter", "pgbouncer", "prometheus")


@pytest.fixture(scope="module")
def fresh(server_root: Path) -> Iterator[Mapping[str, str]]:
    home = server_root / "pages"
    home.mkdir()
    with record.servers(home) as chain:
        yield record.pages(chain)


@pytest.mark.parametrize("page", PAGES)
def test_a_recorded_page_is_what_the_process_writes_today(page: str, fresh: Mapping[str, str]) -> None:
    now, then = shape(fresh[page]), recorded(page)
    moved = {
        name
        for name in now.keys() | then.keys()
        if now.get(name) != then.get(name) and not _may_be_absent(name, now.keys() & then.keys())
    }
    assert not moved, "record the pages again: python -m tests.pages.record"


def closed_labels(page: str) -> dict[tuple[str, str], set[str]]:
    """By metric and label with a closed set, the values on a page."""
    found: dict[tuple[str, str], set[str]] = {}
    for name, labels in parse(page):
        metric = CATALOGUE.find(name)
        closed = {label.name for label in metric.labels if label.values} if metric else set()
        for label, value in labels:
            if metric and label in closed:
                found.setdefault((metric.name, label), set()).add(value)
    return found


def test_a_label_with_a_closed_set_has_no_other_value(fresh: Mapping[str, str]) -> None:
    found = {key: values for page in fresh.values() for key, values in closed_labels(page).items()}
    declared = {
        (metric.name, label.name): set(label.values)
        for metric in CATALOGUE.of("api", "postgres", "pgbouncer", "redis", "exporter", "prometheus")
        for label in metric.labels
        if label.values
    }
    assert {key: values - declared[key] for key, values in found.items() if values - declared[key]} == {}
    # Each was seen, but for what no healthy backend shows.
    unseen = {key for key in declared.keys() - found.keys() if not _is_optional(key[0])}
    assert unseen == set()


@pytest.mark.parametrize("line", ['pg_locks_count{mode="wild"} 1', 'redis_instance_info{role="king"} 1'])
def test_another_value_is_seen(line: str) -> None:
    name, label, value = re.match(r'(\w+)\{(\w+)="(\w+)"', line).groups()  # type: ignore[union-attr]  # it does
    assert closed_labels(f"# TYPE {name} gauge\n{line}\n") == {(name, label): {value}}


def _is_optional(name: str) -> bool:
    metric = CATALOGUE.find(name)
    return metric is not None and bool(metric.optional)


def _may_be_absent(name: str, both: set[str]) -> bool:
    return name not in both and _is_optional(name)
