"""Read prometheus-client's multiprocess files again and again, parsing only what is new in them.

A file is an int of used bytes, padding, then entries: an int of key length, a JSON key padded to 8 bytes, and
two doubles, value and timestamp. Entries are only appended, so a key's place never changes.
"""

from __future__ import annotations

import json
import os
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

FILE = re.compile(r"(?P<kind>counter|histogram|summary|gauge)(?:_(?P<mode>[a-z]+))?_(?P<owner>\w+)\.db\Z")
HEADER = 8
LENGTH = 4
NUMBERS = 16

_int = struct.Struct("i").unpack_from
_double = struct.Struct("d").unpack_from


def value_place(position: int, length: int) -> int:
    """Where the two numbers stand of an entry at a position, given the length of its key."""
    # The client pads by 8 where nothing would be needed, and counts neither in the length.
    return position + LENGTH + length + 8 - (length + LENGTH) % 8


@dataclass(frozen=True, slots=True)
class Key:
    """What one number in a file stands for."""

    kind: str
    family: str
    name: str
    labels: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class MetricFile:
    """One file, kept open so that its inode cannot be given to another one unnoticed.

    Attributes:
        kind: counter, histogram, summary or gauge.
        mode: how gauges of several processes combine, such as ``livesum``.
        owner: the slot or process id that writes it.
        keys: what has been found so far, as numbers of the directory's keys.
        places: where each key's value stands.
    """

    kind: str
    mode: str
    owner: str
    descriptor: int
    inode: int
    keys: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    parsed: int = HEADER
    data: bytes = b""

    @property
    def is_live_gauge(self) -> bool:
        """Whether its values are worth nothing once its writer is dead."""
        return self.mode.startswith("live")

    def value(self, place: int) -> float:
        """The number at a place, as of the last read."""
        return float(_double(self.data, place)[0])

    def timestamp(self, place: int) -> float:
        """When the number at a place was set, for the modes that keep it."""
        return float(_double(self.data, place + 8)[0])


class MetricFiles:
    """The files of a directory.

    Attributes:
        files: by name, as of the last `read`.
        keys: everything that ever stood in one of them; its numbers are stable until `epoch` changes.
        helps: the help text of each family.
        epoch: counts how often the directory was found to have been started anew.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files: dict[str, MetricFile] = {}
        self.keys: list[Key] = []
        self.helps: dict[str, str] = {}
        self.epoch = 0
        self._numbers: dict[Key, int] = {}
        self._parsed_keys: dict[tuple[str, bytes], int] = {}

    def read(self) -> None:
        """Take in everything that was written since; a directory that does not exist is an empty one."""
        try:
            names = {path.name for path in self.directory.iterdir() if FILE.match(path.name)}
        except FileNotFoundError:
            names = set()
        self._drop_replaced(names)
        for name in sorted(names):
            file = self.files.get(name) or self._open(name)
            if file is not None:
                self._read(file)

    def _drop_replaced(self, names: set[str]) -> None:
        gone = [
            name for name, file in self.files.items() if name not in names or self._is_replaced(name, file)
        ]
        if any(self.files[name].kind != "gauge" for name in gone):
            gone = list(self.files)  # counters never go away one by one: all of it is new
            self.keys.clear()
            self.helps.clear()
            self._numbers.clear()
            self._parsed_keys.clear()
            self.epoch += 1
        for name in gone:
            os.close(self.files.pop(name).descriptor)

    def _is_replaced(self, name: str, file: MetricFile) -> bool:
        try:
            return (self.directory / name).stat().st_ino != file.inode
        except FileNotFoundError:
            return True

    def _open(self, name: str) -> MetricFile | None:
        found = FILE.match(name)
        try:
            descriptor = os.open(self.directory / name, os.O_RDONLY)
        except FileNotFoundError:
            return None
        assert found is not None, name  # noqa: S101  # only names that match are opened
        file = MetricFile(
            kind=found["kind"],
            mode=found["mode"] or "",
            owner=found["owner"],
            descriptor=descriptor,
            inode=os.fstat(descriptor).st_ino,
        )
        self.files[name] = file
        return file

    def _read(self, file: MetricFile) -> None:
        header = os.pread(file.descriptor, HEADER, 0)
        if len(header) < HEADER:
            return  # its writer has only just made it
        used = _int(header, 0)[0]
        file.data = data = os.pread(file.descriptor, used, 0)
        position = file.parsed
        while position < len(data):
            length = _int(data, position)[0]
            start = position + LENGTH
            value = value_place(position, length)
            if length <= 0 or value + NUMBERS > len(data):
                break  # not written whole yet
            file.keys.append(self._number(file.kind, data[start : start + length]))
            file.places.append(value)
            position = value + NUMBERS
        file.parsed = position

    def _number(self, kind: str, text: bytes) -> int:
        number = self._parsed_keys.get((kind, text))
        if number is None:
            family, name, labels, help_text = json.loads(text)
            key = Key(kind, family, name, tuple(sorted(labels.items())))
            number = self._numbers.setdefault(key, len(self.keys))
            if number == len(self.keys):
                self.keys.append(key)
            self.helps[family] = help_text
            self._parsed_keys[kind, text] = number
        return number
