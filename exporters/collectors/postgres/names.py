"""Names of tables, indexes and columns as SQL writes them, read without asking a server."""

from __future__ import annotations

import re
from collections.abc import Collection
from string import ascii_lowercase, ascii_uppercase

_PART = r'"(?:[^"]|"")+"|[^\W\d][\w$]*'
NAME_BYTES = 63  # the server cuts off what is longer
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_PATH = re.compile(rf"\s*(?:({_PART})\s*\.\s*)?({_PART})\s*\Z")


def read_path(text: str) -> tuple[str | None, str]:
    """Schema (None if it is not given) and name, each as `fold` makes it.

    Raises:
        ValueError: it is no name.
    """
    found = _PATH.match(text)
    if found is None:
        raise ValueError(f'{text!r} is no name; expected name, schema.name or "Quoted name"')
    schema, name = found.groups()
    return (None if schema is None else fold(schema)), fold(name)


def read_name(text: str) -> str:
    """A name without a schema, folded as in SQL.

    Raises:
        ValueError: it is no such name.
    """
    schema, name = read_path(text)
    if schema is not None:
        raise ValueError(f"{text!r} has a schema; expected a plain name")
    return name


def quoted(text: str, reserved: Collection[str], *, most: int = 0) -> str:
    """The same with those words in quotes that SQL takes for no name: ``order``, ``user``.

    Args:
        text: names with what stands between them, as in ``public.order``.
        reserved: these words, in lower case.
        most: how many names there are, where other words follow; 0 if all are names.
    """
    return re.sub(
        _PART, lambda part: f'"{fold(part[0])}"' if part[0].lower() in reserved else part[0], text, count=most
    )


def fold(part: str) -> str:
    """One identifier as the catalogue stores it: unless it is quoted, its ASCII letters in lower case.

    Where the server cuts off a name in other letters depends on the database's encoding: it is left whole.
    """
    name = part[1:-1].replace('""', '"') if part.startswith('"') else part.translate(_LOWER)
    return name[:NAME_BYTES] if name.isascii() else name
