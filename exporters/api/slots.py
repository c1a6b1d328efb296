"""A numbered slot for each worker process, held by a file lock that the kernel frees on any death.

The slot names the worker's metric files. A worker that replaces a dead one continues its counters, so totals
never shrink and files never pile up; gauges of a slot that nobody holds are known to be stale.
Needs a local directory (no NFS) on Linux or another Unix with flock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from exporters.api.errors import InstrumentationError

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
GATE = "slots.lock"
SLOT_LOCK = re.compile(r"slot(\d+)\.lock\Z")
SLOT_FILE = re.compile(r"(?:counter|histogram|summary|gauge_[a-z]+)_w\d+\.db\Z")
# Readable by an exporter that runs as somebody else; whoever may read can test the locks.
LOCK_MODE = 0o644
READER_PATIENCE = 0.25


def multiprocess_directory() -> Path | None:
    """The directory that all workers share, or None where one process stands alone."""
    value = os.environ.get(DIRECTORY_VARIABLE, "")
    return Path(value) if value else None


def slot_identity(directory: Path) -> Callable[[], str]:
    """A function that names this process's slot, such as ``w0``; it takes the lowest free one when asked.

    A forked child asks anew, so a master that loads the application first (`--preload`) shares nothing.
    When no slot is held, the metric files of an earlier life are deleted before the first is taken.

    Raises:
        InstrumentationError: the directory cannot be made or written.
    """
    name = ""
    lock = -1

    def identity() -> str:
        nonlocal name, lock
        if not name:
            name, lock = _take(directory)
        return name

    def forget() -> None:
        nonlocal name, lock
        if lock >= 0:
            os.close(lock)  # the parent's own descriptor keeps its lock
        name, lock = "", -1

    os.register_at_fork(after_in_child=forget)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        identity()
    except OSError as error:
        raise unusable(directory, error) from None
    return identity


def unusable(directory: Path, error: OSError) -> InstrumentationError:
    """What to raise when the directory cannot be made or written."""
    return InstrumentationError(
        f"{DIRECTORY_VARIABLE}={str(directory)!r}: {error.strerror or error}; "
        "expected a local directory with free space that every worker may write"
    )


def live_slots(directory: Path) -> frozenset[str] | None:
    """The names of the slots that running processes hold; None if a frozen process stands in the way."""
    try:
        with _gate(directory, patience=READER_PATIENCE):
            return frozenset(f"w{slot}" for slot in _slots(directory) if _is_held(directory, slot))
    except FileNotFoundError:
        return frozenset()
    except TimeoutError:
        return None


def _take(directory: Path) -> tuple[str, int]:
    with _gate(directory):
        held = {slot for slot in _slots(directory) if _is_held(directory, slot)}
        if not held:
            _delete(directory, SLOT_FILE)
        slot = next(number for number in range(len(held) + 1) if number not in held)
        lock = os.open(_lock_path(directory, slot), os.O_RDWR | os.O_CREAT, LOCK_MODE)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _delete(directory, re.compile(rf"gauge_live[a-z]*_w{slot}\.db\Z"))
    return f"w{slot}", lock


@contextlib.contextmanager
def _gate(directory: Path, *, patience: float | None = None) -> Iterator[None]:
    """Only one process at a time looks at the slots; a reader gives up after `patience` seconds."""
    flags = os.O_RDONLY if patience is not None else os.O_RDWR | os.O_CREAT
    gate = os.open(directory / GATE, flags, LOCK_MODE)
    try:
        if patience is None:
            fcntl.flock(gate, fcntl.LOCK_EX)
        else:
            _lock_patiently(gate, patience)
        yield
    finally:
        os.close(gate)


def _lock_patiently(gate: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError from None
            time.sleep(0.002)


def _slots(directory: Path) -> list[int]:
    return [int(found[1]) for path in directory.iterdir() if (found := SLOT_LOCK.match(path.name))]


def _is_held(directory: Path, slot: int) -> bool:
    lock = os.open(_lock_path(directory, slot), os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _lock_path(directory: Path, slot: int) -> Path:
    return directory / f"slot{slot}.lock"


def _delete(directory: Path, pattern: re.Pattern[str]) -> None:
    for path in list(directory.iterdir()):
        if pattern.match(path.name):
            path.unlink(missing_ok=True)
