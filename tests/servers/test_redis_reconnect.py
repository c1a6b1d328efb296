"""A connection is not kept for ever, so that a lost permission shows while someone looks at it."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from examples.demo.databases import Redis
from exporters.catalogue import redis as catalogue
from exporters.catalogue import self_
from exporters.collectors import redis as collectors
from tests.servers.exporter_support import add_user, admin, collect, watch

AGE = 0.3


def test_a_connection_that_is_old_is_replaced_and_no_other_is_left(
    redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert collectors.CONNECTION_SECONDS == 300
    monkeypatch.setattr(collectors, "CONNECTION_SECONDS", AGE)
    add_user(redis_server)
    with closing(watch(redis_server)) as backend:
        young = [collect(backend) for _ in range(2)]
        time.sleep(AGE)
        old = collect(backend)
        with admin(redis_server) as client:
            names = [one["name"] for one in client.client_list()]

    opened = [page.of(self_.CONNECTS, backend="redis", result="ok") for page in (*young, old)]
    assert opened == [1, 1, 2]
    assert old.of(catalogue.UP) == 1
    assert names.count("obs-exporter") == 1
