"""Files that a user names: read with a bound, and never a pipe or a device, which has no end."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from dashboards.errors import StackError

# Bytes of what Grafana or Prometheus reads: the largest public dashboards have 2 MB, a thousand rules too.
LARGEST = 20_000_000
WANTED = "expected a dashboard as Grafana's classic JSON, or an alerting file of Grafana or Prometheus"


class LargerError(StackError):
    """A file is larger than what is read."""


def real(path: Path) -> Path:
    """Where a path leads, also one of links that lead in a circle."""
    return Path(os.path.realpath(path))


def content_of(path: Path, largest: int, told: str, advice: str) -> bytes:
    """What is in a file.

    Args:
        path: where it is.
        largest: more bytes are not read.
        told: how an error calls it.
        advice: what to give instead.

    Raises:
        LargerError: it is larger.
        StackError: it is not there, is no file, or cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise StackError(f"{told}: it is a device or a pipe; save it to a file; {advice}")
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except FileNotFoundError:
        raise StackError(f"{told}: there is no such file; {advice}") from None
    except OSError as error:
        raise StackError(f"{told}: cannot be read: {error.strerror}; {advice}") from None
    if len(content) > largest:
        raise LargerError(f"{told}: it has more than {largest} bytes; {advice}")
    return content


def text_of(path: Path, largest: int, told: str, advice: str) -> str:
    """The text in a file; see ``content_of``.

    Raises:
        StackError: as there, or it is no UTF-8.
    """
    try:
        return content_of(path, largest, told, advice).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StackError(f"{told}: no UTF-8 ({error.reason} at byte {error.start}); {advice}") from None
