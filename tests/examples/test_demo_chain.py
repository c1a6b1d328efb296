"""The demo as the audit found the backend: a fix brings what it asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from examples.demo.chain import Chain
from examples.demo.process import wait_until
from examples.demo.render import renderer
from examples.load import Load
from exporters.catalogue import postgres, postgres_objects, redis
from tests.servers.exporter_support import Samples, parse

pytestmark = pytest.mark.stack
SCALE = 1 / 15


def page(chain: Chain) -> Samples:
    return parse(requests.get(f"{chain.exporter.url}/metrics", timeout=10).text)


def expected_indexes(chain: Chain, metric: object) -> set[float]:
    return {value for (name, _), value in page(chain).items() if name == str(metric)}


def test_a_fix_brings_the_indexes_and_the_limits_that_the_audit_asks_for(
    new_home: Callable[[], Path],
) -> None:
    present, right = postgres_objects.EXPECTED_PRESENT, postgres_objects.EXPECTED_COLUMNS
    with Chain(new_home(), renderer(time_scale=SCALE), state="baseline", time_scale=SCALE) as chain:
        assert expected_indexes(chain, present) == {0}
        assert page(chain).of(postgres.SETTING_MAX_CONNECTIONS) == 100
        assert page(chain).of(redis.MEMORY_MAX) == 256 * 1024 * 1024
        before = chain.targets.processes["api"]

        chain.fix()

        wait_until(lambda: expected_indexes(chain, right) == {1}, "all five indexes as expected")
        assert page(chain).of(postgres.SETTING_MAX_CONNECTIONS) == 200
        assert page(chain).of(redis.MEMORY_MAX) == 512 * 1024 * 1024
        assert chain.targets.processes["api"] != before
        result = Load(chain.api.url, rate=40, seconds=2).run()
        assert not result.errors
        assert all(status < 500 for _, _, status in result.answers)
