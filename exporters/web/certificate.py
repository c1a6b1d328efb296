"""When a certificate ends, which the standard library tells of a peer's alone."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime

NAME = r"(?:X509 |TRUSTED )?CERTIFICATE-----"
PEM = re.compile(rf"-----BEGIN {NAME}([\sA-Za-z0-9+/=]+)-----END {NAME}")
VERSION = 0xA0  # the tag of an element that one of the first version lacks
VALIDITY = 3  # elements stand before it
FORMS = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}


def ends(pem: str) -> float | None:
    """In Unix time when the first of the certificates ends; None if that cannot be told."""
    try:
        return min(_end(base64.b64decode(body)) for body in PEM.findall(pem))
    except (ValueError, IndexError, KeyError):
        return None


def _end(der: bytes) -> float:
    (_, certificate), *_ = _elements(der)
    (_, signed), *_ = _elements(certificate)
    parts = [content for tag, content in _elements(signed) if tag != VERSION]
    _, (tag, text) = _elements(parts[VALIDITY])
    return datetime.strptime(text.decode(), FORMS[tag]).replace(tzinfo=UTC).timestamp()


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each."""
    while data:
        length, start = data[1], 2
        if length > 0x7F:  # so many bytes hold it
            start += length & 0x7F
            length = int.from_bytes(data[2:start])
        yield data[0], data[start : start + length]
        data = data[start + length :]
