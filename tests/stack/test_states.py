"""Over all states of the backend each panel has been seen with data, and no reason for being empty is idle.

After all others of this folder: the backend is brought back to what the audit found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import ExitStack

import psycopg
import pytest
import yaml
from redis import Redis as Client

from dashboards.model import Panel
from dashboards.prove import Proof
from dashboards.stack import STACK
from examples.demo.chain import EXPORTER_CONFIG, MAX_CONNECTIONS, MAX_MEMORY
from examples.demo.states import BASELINE, FAULTED, LONG, STATES
from examples.faults import FAULTS, injected, make
from tests.stack.conftest import Running, wrong

# Full windows of five minutes on the demo's clock, and what the exporter remembers for a minute.
SETTLED = 26.0
# Shown, so that a chain that is up for a minute has been for longer than twice that.
SHORT = 25.0
OTHERS = {"test_backfilled.py", "test_boards.py", "test_drills.py"}
MOVED = {panel.moves for board in STACK.boards for panel in board.panels}
# The other faults are on in test_drills.py.
BRING = sorted({name for each in STATES.lacking for name in each.shown_in} & FAULTS.keys() - MOVED)
# Any log that is kept is shown; an alert wants more of it.
SMALL = {"inactive-slot": {"segments": 2}}


def about(names: Collection[str]) -> Callable[[Panel], bool]:
    """Whether a panel shows what one of these states or faults brings."""
    lacking = [each for each in STATES.lacking if set(names) & set(each.shown_in)]
    queries = {signal.query for each in lacking for signal in each.signals}
    return lambda panel: not queries.isdisjoint(signal.query for signal in panel.shown)


def left(look: Callable[[], list[Proof]], within: float) -> list[str]:
    """What is still wrong after so many seconds."""
    deadline = time.monotonic() + within
    while (found := wrong(look())) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def test_faults_bring_what_is_lacking_without_them(running: Running) -> None:
    with ExitStack() as on:
        for name in BRING:
            on.enter_context(injected(make(name, running.chain.targets, **SMALL.get(name, {}))))
        assert left(lambda: running.look(FAULTED, on=BRING, seconds=SHORT, wanted=about(BRING)), 40) == []
    assert len(BRING) >= 3


def test_what_was_before_is_shown_beside_what_is(running: Running) -> None:
    assert left(lambda: running.look(LONG, seconds=SHORT, wanted=about([LONG])), 3 * SHORT) == []


@pytest.fixture(scope="module")
def baseline(running: Running) -> list[Proof]:
    """The backend as the audit found it, under the same load."""
    chain = running.chain
    running.load.stop()
    indexes = yaml.safe_load(EXPORTER_CONFIG.read_text())["postgres"]["expected_indexes"]
    with psycopg.connect(chain.postgres.superuser_dsn, dbname="backend", autocommit=True) as connection:
        for index in indexes:
            connection.execute(f"DROP INDEX IF EXISTS {index['name']}".encode())
    chain.api.stop()
    chain.postgres.stop()
    chain.postgres.settings["max_connections"] = MAX_CONNECTIONS[BASELINE]
    chain.postgres.start()
    with Client.from_url(chain.redis.url) as client:
        client.config_set("maxmemory", MAX_MEMORY[BASELINE])
    chain.api.env["BACKEND_STATE"] = BASELINE
    chain.api.start()
    running.start_load()
    time.sleep(SETTLED)
    return running.look(BASELINE, seconds=SETTLED)


def test_the_backend_as_audited_shows_everything(baseline: list[Proof]) -> None:
    assert wrong(baseline) == []


def test_each_panel_has_been_seen_with_data_and_no_reason_is_idle(
    running: Running, baseline: list[Proof], request: pytest.FixtureRequest
) -> None:
    if not {item.path.name for item in request.session.items} >= OTHERS:
        pytest.skip("the other states are looked at by the other files of this folder")
    assert list(STATES.disproved({name: running.looks[name] for name in STATES.names}, STACK)) == []
