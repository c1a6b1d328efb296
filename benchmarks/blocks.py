"""A block of Prometheus' database, written at once: for what a server would take hours to scrape.

The format is that of prometheus/tsdb/docs/format. Series that go the same way share the bytes of their
chunks, which is why it takes seconds; on disk and for whoever reads it each has its own.
"""

from __future__ import annotations

import itertools
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# As Prometheus cuts them, and as large as it lets a file of chunks become.
SAMPLES_IN_CHUNK = 120
MOST_IN_FILE = 512 << 20
CHUNKS_MAGIC = struct.pack(">IBxxx", 0x85BD40DD, 1)
INDEX_MAGIC = struct.pack(">IB", 0xBAAAD700, 2)
XOR = b"\x01"
# Of a change of the distance between two samples: the bits that hold it, and what announces them.
CHANGES = ((14, "10"), (17, "110"), (20, "1110"), (64, "1111"))
# Any name will do that is 26 characters of this alphabet.
ULID = "01BENCH000000000000000{:04d}"

Labels = tuple[tuple[str, str], ...]


def _castagnoli() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)  # noqa: PLW2901 - shifted out bit by bit
        table.append(value)
    return tuple(table)


TABLE = _castagnoli()


def checksum(content: bytes) -> bytes:
    """CRC-32C, as it stands behind each part of a block."""
    value, table = 0xFFFFFFFF, TABLE
    for byte in content:
        value = table[(value ^ byte) & 255] ^ value >> 8
    return struct.pack(">I", value ^ 0xFFFFFFFF)


def uvarint(value: int) -> bytes:
    """A number in groups of seven bits, the lowest first."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def varint(value: int) -> bytes:
    """The same with a sign, zigzag."""
    return uvarint(value << 1 if value >= 0 else (-value << 1) - 1)


def xor_chunk(times: Sequence[int], values: Sequence[float]) -> bytes:
    """Samples as Prometheus packs them: how distances change, and which bits of a value did."""
    words = [struct.unpack(">Q", struct.pack(">d", value))[0] for value in values]
    head = struct.pack(">H", len(times)) + varint(times[0]) + struct.pack(">Q", words[0])
    bits: list[str] = []
    distance, leading, trailing = 0, -1, 0
    for place in range(1, len(times)):
        last, distance = distance, times[place] - times[place - 1]
        if place == 1:
            bits.extend(f"{byte:08b}" for byte in uvarint(distance))
        else:
            bits.append(_change(distance - last))
        delta = words[place] ^ words[place - 1]
        if not delta:
            bits.append("0")
            continue
        zeros = min(31, 64 - delta.bit_length())
        after = (delta & -delta).bit_length() - 1
        if leading >= 0 and zeros >= leading and after >= trailing:
            bits.append(f"10{delta >> trailing:0{64 - leading - trailing}b}")
        else:
            leading, trailing = zeros, after
            held = 64 - leading - trailing
            bits.append(f"11{leading:05b}{held & 63:06b}{delta >> trailing:0{held}b}")
    packed = "".join(bits)
    length = -(-len(packed) // 8)
    return head + (int(packed.ljust(length * 8, "0"), 2).to_bytes(length, "big") if length else b"")


def _change(value: int) -> str:
    if not value:
        return "0"
    for width, mark in CHANGES:
        if -(1 << width - 1) + 1 <= value <= 1 << width - 1 or width == CHANGES[-1][0]:
            return f"{mark}{value & (1 << width) - 1:0{width}b}"
    raise AssertionError


@dataclass(frozen=True, slots=True)
class Chunk:
    """Packed samples with their first and last time, in milliseconds."""

    first: int
    last: int
    content: bytes

    @classmethod
    def of(cls, times: Sequence[int], values: Sequence[float]) -> Chunk:
        """As it stands in a file: its length, its encoding, the samples, their checksum."""
        packed = xor_chunk(times, values)
        content = uvarint(len(packed)) + XOR + packed + checksum(XOR + packed)
        return cls(times[0], times[-1], content)


def chunks(times: Sequence[int], values: Sequence[float]) -> tuple[Chunk, ...]:
    """A series cut into chunks."""
    starts = range(0, len(times), SAMPLES_IN_CHUNK)
    return tuple(
        Chunk.of(times[start : start + SAMPLES_IN_CHUNK], values[start : start + SAMPLES_IN_CHUNK])
        for start in starts
    )


def write(folder: Path, series: Mapping[Labels, Sequence[Chunk]], *, number: int = 1) -> int:
    """Write one block into a data directory, which no Prometheus may be running on.

    Args:
        folder: the data directory.
        series: by their labels, which are sorted by name, the name of the metric among them.
        number: of the block within the directory.

    Returns:
        How many samples it holds.
    """
    block = folder / ULID.format(number)
    (block / "chunks").mkdir(parents=True)
    ordered = sorted(series)
    places = _chunks(block / "chunks", (series[labels] for labels in ordered))
    (block / "index").write_bytes(_index(ordered, [series[labels] for labels in ordered], places))
    every = [chunk for found in series.values() for chunk in found]
    samples = sum(_held(chunk) for chunk in every)
    compaction = {"level": 1, "sources": [block.name]}
    meta = {"version": 1, "ulid": block.name, "compaction": compaction}
    meta |= {"minTime": min(each.first for each in every), "maxTime": max(each.last for each in every) + 1}
    meta |= {"stats": {"numSamples": samples, "numSeries": len(series), "numChunks": len(every)}}
    (block / "meta.json").write_text(json.dumps(meta))
    return samples


def _held(chunk: Chunk) -> int:
    start = len(uvarint(len(chunk.content))) + len(XOR)
    return int.from_bytes(chunk.content[start : start + 2], "big")


def _chunks(folder: Path, series: Iterable[Sequence[Chunk]]) -> list[list[int]]:
    """Write them, and say where each is: the file in the upper four bytes, the place in the lower."""
    places: list[list[int]] = []
    number, written, parts = 0, len(CHUNKS_MAGIC), [CHUNKS_MAGIC]
    for found in series:
        mine = []
        for chunk in found:
            if written + len(chunk.content) > MOST_IN_FILE:
                (folder / f"{number + 1:06d}").write_bytes(b"".join(parts))
                number, written, parts = number + 1, len(CHUNKS_MAGIC), [CHUNKS_MAGIC]
            mine.append(number << 32 | written)
            parts.append(chunk.content)
            written += len(chunk.content)
        places.append(mine)
    (folder / f"{number + 1:06d}").write_bytes(b"".join(parts))
    return places


def _index(ordered: Sequence[Labels], held: Sequence[Sequence[Chunk]], places: Sequence[list[int]]) -> bytes:
    symbols = sorted({"", *itertools.chain.from_iterable(itertools.chain.from_iterable(ordered))})
    number = {text: uvarint(place) for place, text in enumerate(symbols)}
    parts, starts = bytearray(INDEX_MAGIC), []
    starts.append(len(parts))
    encoded = (text.encode() for text in symbols)
    parts += _counted(len(symbols), b"".join(uvarint(len(each)) + each for each in encoded))
    starts.append(len(parts))
    having: dict[tuple[str, str], list[int]] = {("", ""): []}
    for labels, found, where in zip(ordered, held, places, strict=True):
        parts += bytes(-len(parts) % 16)
        reference = len(parts) // 16
        having["", ""].append(reference)
        entry = bytearray(uvarint(len(labels)))
        for pair in labels:
            having.setdefault(pair, []).append(reference)
            entry += number[pair[0]] + number[pair[1]]
        entry += _placed(found, where)
        parts += uvarint(len(entry)) + entry + checksum(bytes(entry))
    offsets = []
    starts += [0, len(parts), 0]
    for (name, value), references in sorted(having.items()):
        parts += bytes(-len(parts) % 4)
        key = b"".join(uvarint(len(each)) + each for each in (name.encode(), value.encode()))
        offsets.append(b"\x02" + key + uvarint(len(parts)))
        parts += _counted(len(references), struct.pack(f">{len(references)}I", *references))
    starts += [len(parts)]
    parts += _counted(len(offsets), b"".join(offsets))
    symbol, entries, _, lists, labels_table, table = starts
    # Two of the six are of older versions, and nobody reads them.
    contents = struct.pack(">6Q", symbol, entries, 0, labels_table, lists, table)
    return bytes(parts) + contents + checksum(contents)


def _placed(found: Sequence[Chunk], where: Sequence[int]) -> bytes:
    entry, before, last = bytearray(uvarint(len(found))), 0, 0
    for place, (chunk, reference) in enumerate(zip(found, where, strict=True)):
        since = varint(chunk.first) if not place else uvarint(chunk.first - before)
        entry += since + uvarint(chunk.last - chunk.first)
        entry += varint(reference - last) if place else uvarint(reference)
        before, last = chunk.last, reference
    return bytes(entry)


def _counted(number: int, content: bytes) -> bytes:
    """Length, number of entries, entries, checksum."""
    body = struct.pack(">I", number) + content
    return struct.pack(">I", len(body)) + body + checksum(body)
