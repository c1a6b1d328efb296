"""The recorded pages are still what the real processes write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from exporters.catalogue import CATALOGUE
from tests.pages import record, recorded, shape

PAGES = ("api", "blackbox", "exporter", "prometheus")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    home = tmp_path_factory.mktemp("pages")
    for folder in (home, *home.parents[:2]):
        folder.chmod(0o755)
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


def _may_be_absent(name: str, both: set[str]) -> bool:
    metric = CATALOGUE.find(name)
    return name not in both and metric is not None and bool(metric.optional)
