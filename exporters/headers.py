"""The headers of a request. http.server reads them as mail, which takes longer than all else that it does."""

from __future__ import annotations

import io

LONGEST_LINE = 65536
MOST_LINES = 100
ENDS = (b"\r\n", b"\n", b"")
NEVER = ("q=0", "q=0.0", "q=0.00", "q=0.000")


class TooLargeError(Exception):
    """There are more of them, or they are longer, than anybody needs."""


class Headers(dict[str, str]):
    """By name in small letters its first value."""

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # a name in any letters
        """What a header says."""
        return super().get(name.lower(), default)


def read_headers(head: io.BufferedIOBase) -> Headers:
    """What stands before the empty line; a line that is no header is left out.

    Raises:
        TooLargeError: it is not there after 100 lines, or within 65536 bytes of one.
    """
    found = Headers()
    for _ in range(MOST_LINES + 1):
        line = head.readline(LONGEST_LINE + 1)
        if line in ENDS:
            return found
        if len(line) > LONGEST_LINE:
            break
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            found.setdefault(name.lower(), value.strip())
    raise TooLargeError


def accepts_gzip(header: str) -> bool:
    """Whether ``Accept-Encoding`` names gzip, or else anything, and not with ``q=0``."""
    items = (item.partition(";") for item in header.lower().replace(" ", "").split(","))
    qualities = {name: quality for name, _, quality in items}
    quality = qualities.get("gzip", qualities.get("*", NEVER[0]))
    return quality not in NEVER
