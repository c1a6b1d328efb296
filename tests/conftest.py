"""Real servers for the tests; each is started once, and only for tests that ask for it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.demo import process
from examples.demo.databases import Postgres, Redis

with contextlib.suppress(ImportError):  # the environment with the oldest FastAPI has no Hypothesis
    from hypothesis import settings

    # By the clock, 0.2 s an example otherwise: one that waits for a processor is no slow one.
    settings.register_profile("patient", deadline=None)
    settings.load_profile("patient")

# What runs in real time waits more than it computes; the others compute, and step aside for it. All that
# start the whole chain are of one kind, as two at once are more than a small machine carries.
KINDS = {
    "chain": ("stack/", "examples/test_demo"),
    "servers": ("api/", "examples/", "servers/", "versions/", "alerts/test_delivered", "alerts/test_storm"),
}
COMPUTES = "computes"
STEPS_ASIDE = 19
# What steps aside was seen to take 35 times as long while the others were busy.
PATIENCE = 900


def kind_of(nodeid: str) -> str:
    """What a test of this id does: `make test` runs each kind in a process of its own."""
    path = nodeid.removeprefix("tests/")
    return next((kind for kind, begins in KINDS.items() if path.startswith(begins)), COMPUTES)


def pytest_configure() -> None:
    """Let processes beside each other look for free ports in different places.

    A chain chooses all of its own before its first server starts.
    """
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        process.PORTS = process.PORTS[
            int(worker.removeprefix("gw")) :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        ]


@pytest.hookimpl(optionalhook=True)  # the environment with the oldest FastAPI has no pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A process for each kind of tests, beside each other."""
    from xdist.scheduler import LoadScopeScheduling

    class Kinds(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return kind_of(nodeid)

    return Kinds(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run what keeps real time once more: a fault fails it twice, a machine that was held up once.

    What only computes is given time instead.
    """
    for item in items:
        if kind_of(item.nodeid) == COMPUTES:
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(PATIENCE))
        elif config.pluginmanager.hasplugin("rerunfailures"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A process of its own that only computes leaves the processors to whoever keeps time."""
    alone = "PYTEST_XDIST_WORKER" in os.environ and kind_of(item.nodeid) == COMPUTES
    if alone and os.getpriority(os.PRIO_PROCESS, 0) == 0:
        step_aside()


def step_aside() -> None:
    """Give way to every other process of the machine.

    Linux shares the processors among sessions first (sched_autogroup), and each server of a chain has one: a
    niceness counts within a session only, unless the session has one too.
    """
    os.nice(STEPS_ASIDE)
    with contextlib.suppress(OSError):  # a system without such groups, or one that lets nobody set them
        if os.getsid(0) != os.getpid():
            os.setsid()
        Path("/proc/self/autogroup").write_text(str(STEPS_ASIDE))


@pytest.fixture(scope="session")
def server_root() -> Iterator[Path]:
    """A directory that the user `postgres` may enter too; pytest closes its own to others at each start.

    Its name is short: the path of a socket below it has at most 107 bytes.
    """
    with tempfile.TemporaryDirectory(prefix="obs-tests-") as name:
        root = Path(name)
        root.chmod(0o755)
        yield root


@pytest.fixture(scope="session")
def new_home(server_root: Path) -> Callable[[], Path]:
    """A directory there, another each time: what is run once more finds nothing of the first time."""

    def made() -> Path:
        home = Path(tempfile.mkdtemp(dir=server_root, prefix=""))
        home.chmod(0o755)
        return home

    return made


@pytest.fixture(scope="session")
def postgres(server_root: Path) -> Iterator[Postgres]:
    """A PostgreSQL that many tests share; one that breaks it starts its own."""
    server = Postgres(server_root / "postgres").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server(server_root: Path) -> Iterator[Redis]:
    """A Redis that many tests share; one that breaks it starts its own."""
    server = Redis(server_root / "redis").start()
    yield server
    server.stop()
