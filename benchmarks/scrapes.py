"""Pages that are taken of exporters in turns, and what each took."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import watched
from benchmarks.watched import DATABASE, ROLE, Exporter
from examples.demo.databases import Postgres

SETTLED = 0.05  # after it what a scrape left to do is done


@dataclass(frozen=True)
class Scrape:
    """One page: seconds until it was there, and of processor time at the server and of the exporter."""

    wall: float
    server: float
    own: float


@dataclass(frozen=True)
class Pages:
    """What an exporter's pages hold.

    Attributes:
        series, size: how many, and how many bytes without compression.
    """

    series: int
    size: int

    @classmethod
    def of(cls, answer: bytes) -> Pages:
        """What an HTTP answer holds."""
        head, _, body = answer.partition(b"\r\n\r\n")
        if b"chunked" in head.lower():
            body = _joined(body)
        text = gzip.decompress(body) if b"gzip" in head.lower() else body
        return cls(len(re.findall(rb"^[^#\n]", text, re.MULTILINE)), len(text))


def url(port: int) -> str:
    """Of the database, for the role that may read all statistics."""
    return f"postgresql://{ROLE}@127.0.0.1:{port}/{DATABASE}?sslmode=disable"


def postgres_peer(name: str, home: Path, port: int, binary: str, *more: str) -> Exporter:
    """The peer with its defaults, and these flags."""
    command = [binary, "--web.listen-address=127.0.0.1:{port}", *more]
    return Exporter(name, home, command, {"DATA_SOURCE_NAME": url(port)})


def turns(exporters: dict[str, Exporter], number: int) -> Iterator[tuple[str, Exporter]]:
    """Each so many times, in another order every round."""
    for round_ in range(number):
        names = list(exporters)
        place = round_ % len(names)
        yield from ((name, exporters[name]) for name in names[place:] + names[:place])


def rounds(exporters: dict[str, Exporter], server: Postgres, number: int) -> dict[str, list[Scrape]]:
    """What each page took, one after the other."""
    taken: dict[str, list[Scrape]] = {name: [] for name in exporters}
    for name, exporter in turns(exporters, number):
        at_server, own = watched.spent_by(server), exporter.spent()
        wall = watched.pages(exporter.port, 1)[0]
        time.sleep(SETTLED)
        taken[name].append(Scrape(wall, watched.spent_by(server) - at_server, exporter.spent() - own))
    return taken


def _joined(body: bytes) -> bytes:
    """A body that came in chunks."""
    found = b""
    while body:
        length, _, body = body.partition(b"\r\n")
        size = int(length, 16)
        found, body = found + body[:size], body[size + 2 :]
        if not size:
            break
    return found
