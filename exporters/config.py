"""Read the YAML file: what to count, and how many of it. Each mistake is one line, before anything starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from exporters.dsn import did_you_mean
from exporters.errors import ConfigError
from exporters.globs import GlobError, translate

Reader = Callable[[Any, str], Any]

SHOWN_CHARACTERS = 60
MOST_PATTERNS = 100
MAY_BE_SECRET = re.compile(r"://|passw|secret|token|dsn", re.IGNORECASE)
PLAIN_KEY = re.compile(r"\w{1,40}")
HIDDEN_KEY = "(a key not shown)"
# What follows in a message of PyYAML is of the file, and may be a password that stands alone in it.
OF_THE_FILE = re.compile(r"(alias|anchor|tag|handle) ['\"].*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig:
    """An index that must exist.

    Attributes:
        columns: in order, each with its direction where that is not ascending: ``created_at DESC``.
        include: the columns of INCLUDE, in any order; None if it is no matter which there are.
        where: the predicate of a partial index; empty for a whole one.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    include: tuple[str, ...] | None = None
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
        problem = OF_THE_FILE.sub(r"\1", error.problem or "")
        raise ConfigError(f"{place}: {problem}; expected YAML with the keys {', '.join(SECTIONS)}") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply; expected YAML of a few levels") from None
    except yaml.YAMLError:
        raise ConfigError(f"{path}: a character that YAML does not allow; expected YAML text") from None
    try:
        return Config(file=path, **_mapping({} if document is None else document, "", SECTIONS))
    except _WrongError as error:
        raise ConfigError(f"{path}: {error}") from None


class _WrongError(Exception):
    def __init__(self, key: str, value: object, expected: str) -> None:
        shown = repr(value)
        # Without a key the file may hold nothing but a password.
        if not key or HIDDEN_KEY in key or MAY_BE_SECRET.search(f"{key} {shown}"):
            shown = "(a value not shown)"
        if len(shown) > SHOWN_CHARACTERS:
            shown = f"{shown[:SHOWN_CHARACTERS]}…"
        super().__init__(f"{key or 'the file'}: {shown}; expected {expected}")


class _Loader(yaml.SafeLoader):
    """YAML as its readers mean it: a key stands once in a mapping, and 1:30 is not the number 90."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            # PyYAML itself has no message for a number or date that is none.
            kind = str(node.tag).rpartition(":")[2]
            problem = f"what stands here is no {kind}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode):
                if key_node.value in seen:
                    problem = f"the key {_shown_key(key_node.value)} stands twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
                seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)

    def construct_number(self, node: yaml.ScalarNode) -> Any:
        """A number; to YAML 1.1 a text with colons is one too, to base 60."""
        if ":" in node.value:
            return node.value
        return self.construct_yaml_int(node) if node.tag.endswith("int") else self.construct_yaml_float(node)


for _kind in ("int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _Loader.construct_number)


def _shown_key(key: object) -> str:
    """A key that is a plain word; another one may be a connection string in the wrong place."""
    return str(key) if PLAIN_KEY.fullmatch(str(key)) else HIDDEN_KEY


def _mapping(value: Any, key: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _WrongError(key, value, f"a mapping of {', '.join(readers)}")
    read: dict[str, Any] = {}
    for name, item in value.items():
        where = f"{key}.{_shown_key(name)}" if key else _shown_key(name)
        if name not in readers:
            hint = did_you_mean(str(name), readers)
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


def _switch(value: Any, key: str) -> bool:
    if not isinstance(value, bool):
        raise _WrongError(key, value, "true or false")
    return value


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
    if len(patterns) > MOST_PATTERNS:
        raise _WrongError(f"{key}[{MOST_PATTERNS}]", patterns[MOST_PATTERNS], f"{MOST_PATTERNS} at most")
    for number, pattern in enumerate(patterns):
        if pattern in patterns[:number]:
            raise _WrongError(f"{key}[{number}]", pattern, "each pattern once")
    return patterns


def _sql(read: str, expected: str) -> Reader:
    """A text that a function of the collectors can read; which one, since loading them loads psycopg."""

    def reader(value: Any, key: str) -> str:
        text = _text(value, key)
        try:
            from exporters.collectors.postgres import names, options, predicate  # noqa: PLC0415  loads psycopg
        except ModuleNotFoundError:  # without the driver nobody asks for it
            return text
        functions: dict[str, Callable[[str], object]] = {
            "name": names.read_name,
            "path": names.read_path,
            "column": options.KeyColumn.read,
            "predicate": predicate.normalised,
        }
        try:
            functions[read](text)
        except ValueError:
            raise _WrongError(key, value, expected) from None
        return text

    return reader


_NAME = _sql("name", 'a name without a schema, or a "Quoted name"')
_TABLE = _sql("path", 'name, schema.name or "Quoted name"')
_COLUMN = _sql("column", "a column with its direction, such as 'created_at DESC'")
_PREDICATE = _sql("predicate", "what follows WHERE, each parenthesis closed once")

INDEX: dict[str, Reader] = {
    "name": _NAME,
    "table": _TABLE,
    "columns": _list(_COLUMN),
    "include": _list(_NAME),
    "where": _PREDICATE,
}


def _index(value: Any, key: str) -> IndexConfig:
    read = _mapping(value, key, INDEX)
    for name in ("name", "table", "columns"):
        if not read.get(name):
            raise _WrongError(
                f"{key}.{name}", read.get(name), "the name, the table and the columns of an index"
            )
    return IndexConfig(**read)


def _indexes(value: Any, key: str) -> tuple[IndexConfig, ...]:
    indexes: tuple[IndexConfig, ...] = _list(_index)(value, key)
    named = [(index.name, index.table) for index in indexes]
    for number, one in enumerate(named):
        if one in named[:number]:
            raise _WrongError(f"{key}[{number}]", " of ".join(one), "each index of a table once")
    return indexes


POSTGRES: dict[str, Reader] = {
    "expected_indexes": _indexes,
    "tables": _list(_TABLE),
    "top_tables": _whole(0, 1000),
    "top_indexes": _whole(0, 1000),
    "top_statements": _whole(0, 200),
    "statement_texts": _switch,
    "cap_roles": _whole(1, 200),
    "cap_applications": _whole(1, 200),
    "cap_databases": _whole(1, 1000),
    "heavy_ttl": _seconds(0, 3600),
    "sizes_ttl": _seconds(0, 86400),
    "statement_timeout_ms": _whole(10, 60_000, "a whole number of milliseconds"),
    "lock_timeout_ms": _whole(10, 60_000, "a whole number of milliseconds"),
}
REDIS: dict[str, Reader] = {
    "key_patterns": _patterns,
    "scan_interval": _seconds(1, 86400),
    "sample_keys": _whole(0, 1000),
}
SECTIONS: dict[str, Reader] = {"postgres": _section(POSTGRES), "redis": _section(REDIS)}
