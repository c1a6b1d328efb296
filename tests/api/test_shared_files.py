"""The files that workers share: full disks, forks, and others who write to them."""

from __future__ import annotations

import errno
import gc
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
from fastapi import FastAPI
from prometheus_client import values

from exporters.api import InstrumentationError, instrument
from exporters.api.cells import FIRST_SIZE, CellFile, cell_class
from exporters.api.page import ApiPage
from tests.api.asgi import get
from tests.api.samples import Samples

ROOT = Path(__file__).parents[2]
DEADLINE = 20
COUNTER = ("counter", "jobs_total", "jobs_total", (), (), "Jobs.")


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory of a process that shares its numbers."""
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)  # to have it back
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return tmp_path


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_file_has_room_for_all_that_it_shows(tmp_path: Path) -> None:
    path = tmp_path / "counter_w0.db"
    file = CellFile(path)
    numbers = 0
    while path.stat().st_size == FIRST_SIZE:
        file.place(b"key %d" % numbers)
        numbers += 1
    file.close()
    taken = path.stat()
    assert taken.st_size == 2 * FIRST_SIZE
    assert taken.st_blocks * 512 >= taken.st_size, "a page without room would be a SIGBUS"


def test_a_full_disk_fails_no_request(
    shared: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()
    paths = [f"/a/rather/long/name/for/a/route/{number}" for number in range(60)]
    for path in paths:
        app.get(path)(lambda: 1)
    instrument(app)
    get(app, paths[0])
    monkeypatch.setattr(os, "posix_fallocate", no_space)
    before = descriptors()
    made = []
    for _ in range(3):
        assert {get(app, path).status for path in paths} == {200}
        made.append(len(_cells()))
    assert "No space left on device" in caplog.text
    assert descriptors() == before
    assert made[1] == made[2], "what cannot be made whole is not kept"
    page = Samples(ApiPage(shared).render())
    assert page.get("http_requests_total", method="GET", handler=paths[0], status="200") == 4
    assert page.get("http_requests_in_progress") == 0


def _cells() -> list[Any]:
    gc.collect()
    return [each for each in gc.get_objects() if type(each).__name__ == "OfThisProcess"]


def test_a_disk_that_is_full_at_the_start_is_said_in_a_line(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "posix_fallocate", no_space)
    before = descriptors()
    with pytest.raises(InstrumentationError, match=r"No space left on device; expected a local directory"):
        instrument(FastAPI())
    assert descriptors() <= before + 1, "the lock of the slot stays, the file does not"


def test_what_the_garbage_collector_ends_while_a_number_is_made_may_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = cell_class(tmp_path, lambda: "w0")
    counter = cells(*COUNTER)
    place = CellFile.place

    class Leaked:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            counter.inc(1)

    def collect_first(self: CellFile, key: bytes) -> int:
        gc.collect()
        return place(self, key)

    monkeypatch.setattr(CellFile, "place", collect_first)
    gc.disable()
    try:
        Leaked()
        thread = threading.Thread(
            target=lambda: cells("gauge", "g", "g", (), (), "G.", "livesum"), daemon=True
        )
        thread.start()
        thread.join(DEADLINE)
    finally:
        gc.enable()
    assert not thread.is_alive(), "it waits for itself"
    assert counter.get() == 1


FORKS = """
import os, signal, sys, threading
from pathlib import Path
from sqlalchemy import create_engine, text
from sqlalchemy.pool import QueuePool
from fastapi import FastAPI
from exporters.api import instrument
from exporters.api.metrics import http_metrics
from exporters.api.page import ApiPage
from tests.api.asgi import get

engine = create_engine(
    "sqlite://", poolclass=QueuePool, pool_size=2, max_overflow=1, connect_args={"check_same_thread": False}
)
app = FastAPI()
instrument(app, engine=engine)

def statement():
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))

def fork(work):
    ready, done = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        signal.alarm(20)  # one that hangs ends
        work()
        os.write(ready[1], b"x")
        os.close(done[1])
        os.read(done[0], 1)
        os._exit(0)
    os.close(ready[1])
    assert os.read(ready[0], 1) == b"x", "a child hangs or failed"
    return pid, done[1]

def shown():
    page = ApiPage(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])).render().decode()
    return [line.rpartition(" ")[2] for line in page.splitlines() if line.startswith(sys.argv[1])]
"""


def forked(code: str, name: str, directory: Path) -> str:
    """Run it in a process of its own, for what is forked here would hold all that pytest holds."""
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", FORKS + code, name],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_master_that_uses_its_engine_has_no_pool_that_counts(tmp_path: Path) -> None:
    code = """
statement()
engine.dispose(close=False)
print(shown())
workers = [fork(lambda: get(app, "/health")) for _ in range(2)]
print(shown())
"""
    assert forked(code, "db_client_connection_max", tmp_path) == "[]\n['6']"


def test_a_child_of_a_worker_is_no_worker(tmp_path: Path) -> None:
    code = """
get(app, "/health")
fork(statement)
print(shown())
"""
    assert forked(code, 'db_client_connection_count{pool="default",state="idle"}', tmp_path) == "['0']"


def test_a_child_counts_although_a_thread_of_its_parent_held_the_lock(tmp_path: Path) -> None:
    code = """
counter = http_metrics().requests.labels("GET", "/x", "200")
home = type(counter._value).home
held, release = threading.Event(), threading.Event()

def hold():
    with home.lock:
        held.set()
        release.wait(60)

thread = threading.Thread(target=hold)
thread.start()
held.wait()
pid, done = fork(lambda: counter.inc())
release.set()
thread.join()
print(shown())
"""
    assert forked(code, "http_requests_total{", tmp_path) == "['1']"


@pytest.fixture
def namesake() -> Iterator[prometheus_client.Counter]:
    """What another instrumentation registers for itself."""
    counter = prometheus_client.Counter("http_requests_total", "Theirs.", ["method"])
    yield counter
    prometheus_client.REGISTRY.unregister(counter)


def test_another_instrumentation_in_the_same_files_is_told_once(
    shared: Path, namesake: object, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        app = FastAPI()
        instrument(app)
        get(app, "/health")
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "http_requests_total" in record.getMessage()
    assert "counted twice" in record.getMessage()


def test_another_instrumentation_in_a_process_of_its_own_numbers_is_let_be(
    namesake: object, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()
    instrument(app)
    get(app, "/health")
    assert "counted twice" not in caplog.text
