"""Read the YAML file: what to count, and how many of it. Each mistake is one line, before anything starts."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from exporters.errors import ConfigError
from exporters.globs import GlobError, translate

Reader = Callable[[Any, str], Any]

SHOWN_CHARACTERS = 60
MAY_BE_SECRET = re.compile(r"://|passw|secret|token|dsn", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig:
    """An index that must exist.

    Attributes:
        columns: in order, each with its direction where that is not ascending: ``created_at DESC``.
        where: the predicate of a partial index; empty for a whole one.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the file says: only the keys that stand in it, since defaults are the backends' own.

    Attributes:
        file: that it was read from, for messages; None if there is none.
        postgres: options by name; ``expected_indexes`` holds `IndexConfig`.
        redis: options by name.
    """

    file: Path | None = None
    postgres: Mapping[str, Any] = field(default_factory=dict)
    redis: Mapping[str, Any] = field(default_factory=dict)


def read_config(path: Path) -> Config:
    """The configuration in a file.

    Raises:
        ConfigError: it is unreadable, no YAML, or says something that nobody understands.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError(f"{path}: {reason}; expected a YAML file") from None
    try:
        document = yaml.load(text, _Loader)  # noqa: S506  a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ConfigError(
            f"{place}: {error.problem}; expected YAML with the keys {', '.join(SECTIONS)}"
        ) from None
    except yaml.YAMLError:
        raise ConfigError(f"{path}: a character that YAML does not allow; expected YAML text") from None
    try:
        return Config(file=path, **_mapping(document or {}, "", SECTIONS))
    except _WrongError as error:
        raise ConfigError(f"{path}: {error}") from None


class _WrongError(Exception):
    def __init__(self, key: str, value: object, expected: str) -> None:
        shown = repr(value)
        if MAY_BE_SECRET.search(f"{key} {shown}"):
            shown = "(a value not shown)"
        if len(shown) > SHOWN_CHARACTERS:
            shown = f"{shown[:SHOWN_CHARACTERS]}…"
        super().__init__(f"{key or 'the file'}: {shown}; expected {expected}")


class _Loader(yaml.SafeLoader):
    """YAML's own rule that a key stands once in a mapping; PyYAML silently takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key_node.value!r} stands twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)


def _mapping(value: Any, key: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _WrongError(key, value, f"a mapping of {', '.join(readers)}")
    read: dict[str, Any] = {}
    for name, item in value.items():
        where = f"{key}.{name}" if key else str(name)
        if name not in readers:
            close = difflib.get_close_matches(str(name), readers, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise _WrongError(where, item, f"one of the keys {', '.join(readers)}{hint}")
        read[name] = readers[name](item, where)
    return read


def _section(readers: Mapping[str, Reader]) -> Reader:
    # A section whose keys are all commented out is read as nothing.
    return lambda value, key: _mapping({} if value is None else value, key, readers)


def _number(value: Any, key: str, low: float, high: float, unit: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _WrongError(key, value, f"{unit} from {low:g} to {high:g}")
    return value


def _whole(low: int, high: int, unit: str = "a whole number") -> Reader:
    def read(value: Any, key: str) -> int:
        if isinstance(value, float):
            raise _WrongError(key, value, f"{unit} from {low} to {high}")
        return int(_number(value, key, low, high, unit))

    return read


def _seconds(low: float, high: float) -> Reader:
    return lambda value, key: float(_number(value, key, low, high, "a number of seconds"))


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _WrongError(key, value, "a text in quotes" if isinstance(value, int | float) else "a text")
    return value


def _list(item: Reader) -> Reader:
    def read(value: Any, key: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _WrongError(key, value, "a list")
        return tuple(item(one, f"{key}[{number}]") for number, one in enumerate(value))

    return read


def _glob(value: Any, key: str) -> str:
    pattern = _text(value, key)
    try:
        translate(pattern)
    except GlobError as error:
        raise _WrongError(key, value, f"a glob as Redis knows it; {error}") from None
    return pattern


def _patterns(value: Any, key: str) -> tuple[str, ...]:
    patterns: tuple[str, ...] = _list(_glob)(value, key)
    for number, pattern in enumerate(patterns):
        if pattern in patterns[:number]:
            raise _WrongError(f"{key}[{number}]", pattern, "each pattern once")
    return patterns


INDEX: dict[str, Reader] = {"name": _text, "table": _text, "columns": _list(_text), "where": _text}


def _index(value: Any, key: str) -> IndexConfig:
    read = _mapping(value, key, INDEX)
    for name in ("name", "table", "columns"):
        if not read.get(name):
            raise _WrongError(
                f"{key}.{name}", read.get(name), "the name, the table and the columns of an index"
            )
    return IndexConfig(**read)


POSTGRES: dict[str, Reader] = {
    "expected_indexes": _list(_index),
    "tables": _list(_text),
    "top_tables": _whole(0, 1000),
    "top_indexes": _whole(0, 1000),
    "top_statements": _whole(0, 200),
    "cap_roles": _whole(1, 200),
    "cap_applications": _whole(1, 200),
    "heavy_ttl": _seconds(0, 3600),
    "sizes_ttl": _seconds(0, 86400),
    "statement_timeout_ms": _whole(10, 60_000, "a whole number of milliseconds"),
    "lock_timeout_ms": _whole(10, 60_000, "a whole number of milliseconds"),
}
REDIS: dict[str, Reader] = {
    "key_patterns": _patterns,
    "scan_interval": _seconds(1, 86400),
}
SECTIONS: dict[str, Reader] = {"postgres": _section(POSTGRES), "redis": _section(REDIS)}
