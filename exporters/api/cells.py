"""The numbers in a worker's metric files, as prometheus-client writes them, at a fraction of the cost.

A request writes about ten numbers. For each of them the client's own value asks who the process is, looks up
where the number stands and packs its bytes. Here a number remembers its place, and the interpreter tells of
forks. The files are the same, so whatever reads the client's files reads these.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar
from weakref import WeakSet

from exporters.api.reader import HEADER, LENGTH, NUMBERS, value_place
from exporters.api.slots import unusable

FIRST_SIZE = 1 << 16
MODE = 0o666  # less the umask, as the client has it
DOUBLE = 8

_int = struct.Struct("i")


class CellFile:
    """One file of numbers, mapped into memory.

    Attributes:
        numbers: the file as doubles. Those of before the file grew stay valid: they show the same pages.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, MODE)
        self._places: dict[bytes, int] = {}
        try:
            self._show(os.fstat(self._descriptor).st_size or FIRST_SIZE)
        except OSError:
            os.close(self._descriptor)
            raise
        self._used = _int.unpack_from(self._map, 0)[0] or HEADER
        position = HEADER
        while position < self._used:
            (length,) = _int.unpack_from(self._map, position)
            start, place = position + LENGTH, value_place(position, length)
            self._places[self._map[start : start + length]] = place
            position = place + NUMBERS

    def place(self, key: bytes) -> int:
        """Which of `numbers` is a key's; that of a new key is 0."""
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = self._append(key)
        return place // DOUBLE

    def close(self) -> None:
        """Grow no more; the pages go with the last who holds `numbers`."""
        os.close(self._descriptor)

    def _append(self, key: bytes) -> int:
        place = value_place(self._used, len(key))
        end = place + NUMBERS
        size = len(self._map)
        while end > size:
            size *= 2
        if size > len(self._map):
            self._show(size)
        padded = key.ljust(place - self._used - LENGTH)
        self._map[self._used : end] = _int.pack(len(key)) + padded + bytes(NUMBERS)
        # Last, so that a reader, or the heir of a killed worker, finds an entry whole or not at all.
        self._map[0:LENGTH] = _int.pack(end)
        self._used = end
        return place

    def _show(self, size: int) -> None:
        if hasattr(os, "posix_fallocate"):
            # All of it now: a page for which the disk has no room later is a signal that ends the process.
            os.posix_fallocate(self._descriptor, 0, size)
        else:  # macOS
            os.ftruncate(self._descriptor, size)
        self._map = mmap.mmap(self._descriptor, size)
        self.numbers = memoryview(self._map).cast("d")


class Home:
    """The files of one process.

    Attributes:
        lock: held by whoever touches a number; threads share them all. One thread may take it twice, as the
            garbage collector may run while it is held, and what it finalises may count.
        forked: this is a child by now, and the files are still those of its parent.
    """

    def __init__(self, directory: Path, identity: Callable[[], str]) -> None:
        self.lock = RLock()
        self.forked = False
        self._directory = directory
        self._identity = identity
        self._owner = identity()
        self._files: dict[str, CellFile] = {}
        self._cells: WeakSet[Cell] = WeakSet()
        os.register_at_fork(after_in_child=self._forget)

    def file(self, kind: str) -> CellFile:
        """The file of a kind of numbers, such as ``gauge_livesum``.

        Raises:
            InstrumentationError: it cannot be made, or there is no room for it.
        """
        file = self._files.get(kind)
        if file is None:
            path = self._directory / f"{kind}_{self._owner}.db"
            try:
                file = self._files[kind] = CellFile(path)
            except OSError as error:
                raise unusable(self._directory, error) from None
        return file

    def take_in(self, cell: Cell) -> None:
        """A number that will move with the others."""
        if self.forked:
            self.move()
        cell.bind()
        self._cells.add(cell)

    def move(self) -> None:
        """Leave the files of the parent; only now, since a child that measures nothing is no worker."""
        self._owner = self._identity()
        while self._files:
            self._files.popitem()[1].close()
        for cell in self._cells:
            cell.bind()
        self.forked = False

    def _forget(self) -> None:
        self.lock = RLock()  # a thread that held it in the parent does not exist here
        self.forked = True


class Cell:
    """One number, as prometheus-client wants it: it makes them, and calls `inc`, `set` and `get`."""

    __slots__ = ("__weakref__", "_key", "_kind", "_numbers", "_place", "_value")

    home: ClassVar[Home]
    _multiprocess = True  # the client's own classes say so too

    def __init__(
        self,
        typ: str,
        metric_name: str,
        name: str,
        labelnames: Sequence[str],
        labelvalues: Sequence[str],
        help_text: str,
        multiprocess_mode: str = "",
        **_options: Any,
    ) -> None:
        labels = dict(zip(labelnames, labelvalues, strict=True))
        self._kind = f"{typ}_{multiprocess_mode}" if typ == "gauge" else typ
        self._key = json.dumps([metric_name, name, labels, help_text], sort_keys=True).encode()
        with self.home.lock:
            self.home.take_in(self)

    def bind(self) -> None:
        """Find its place, and go on from the number that stands there."""
        file = self.home.file(self._kind)
        self._place = file.place(self._key)
        self._numbers = file.numbers
        self._value = self._numbers[self._place]

    def inc(self, amount: float) -> None:
        """Add to it."""
        home = self.home
        with home.lock:
            if home.forked:
                home.move()
            # One aligned double: a reader sees the number before or the one after, never half of each.
            self._numbers[self._place] = self._value = self._value + amount

    def inc_with(self, amount: float, other: Cell, more: float) -> None:
        """Add to it and to another one; taking the lock costs as much as adding."""
        home = self.home
        with home.lock:
            if home.forked:
                home.move()
            self._numbers[self._place] = self._value = self._value + amount
            other._numbers[other._place] = other._value = other._value + more

    def set(self, value: float, timestamp: float | None = None) -> None:
        """Replace it."""
        home = self.home
        with home.lock:
            if home.forked:
                home.move()
            self._numbers[self._place] = self._value = value
            self._numbers[self._place + 1] = timestamp or 0.0

    def get(self) -> float:
        """What it is now."""
        home = self.home
        with home.lock:
            if home.forked:
                home.move()
            return self._value

    def set_exemplar(self, _exemplar: object) -> None:
        """The files have no room for one."""

    def get_exemplar(self) -> None:
        """There is none."""


def cell_class(directory: Path, identity: Callable[[], str]) -> type[Cell]:
    """What prometheus-client takes as the class of its values, bound to the files of this process.

    Args:
        directory: where the files are.
        identity: names this process in them; asked again after a fork, and only when a number is needed.
    """

    class OfThisProcess(Cell):
        __slots__ = ()
        home = Home(directory, identity)

    return OfThisProcess
