"""Read the YAML file: what to count, and how many of it. Each mistake is one line, before anything starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from exporters.catalogue import CATALOGUE
from exporters.catalogue.types import RESERVED_LABELS
from exporters.dsn import did_you_mean, holds_connection_string
from exporters.errors import ConfigError
from exporters.globs import GlobError, translate
from exporters.yaml_file import HIDDEN_KEY, WrongError, read_yaml, shown_key

Reader = Callable[[Any, str], Any]
Document = TypeVar("Document")

MOST_PATTERNS = 100
NAME = re.compile(r"\w([\w-]|\.(?!\.)){0,99}", re.ASCII)  # nothing that may be taken for a place elsewhere
LABEL = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]{0,99}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LONGEST_LABEL_VALUE = 200
WAYS = ("paced", "active", "estimated")  # to count keys


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
class TargetConfig:
    """A server that a scrape may ask for by its name. One of `connection_file` and `connection_env` is given.

    Attributes:
        kind: such as ``postgres``.
        connection_file: holds its connection string; read again at every connect.
        connection_env: the variable that holds it.
        labels: put on every series of it.
        module: the options that hold where a scrape names none; empty for those of the section of its kind.
    """

    kind: str
    connection_file: str = ""
    connection_env: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    module: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the file says: only the keys that stand in it, since defaults are the backends' own.

    Attributes:
        file: that it was read from, for messages; None if there is none.
        compat: whether what the sections do not say of ``compat`` is yes.
        postgres: options by name; ``expected_indexes`` holds `IndexConfig`.
        redis: options by name.
        targets: by name the servers that may be asked for.
        modules: by name and kind of server, options that hold in place of those above.
    """

    file: Path | None = None
    compat: bool = False
    postgres: Mapping[str, Any] = field(default_factory=dict)
    redis: Mapping[str, Any] = field(default_factory=dict)
    targets: Mapping[str, TargetConfig] = field(default_factory=dict)
    modules: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    def options(self, target: TargetConfig, module: str) -> Mapping[str, Any]:
        """What holds for a target where a scrape names this module, or none."""
        return self.section(target.kind, module or target.module)

    def section(self, kind: str, module: str = "") -> Mapping[str, Any]:
        """The options of a kind of server."""
        if kind not in OPTIONS:
            return {}
        options: Mapping[str, Any] = self.modules[module][kind] if module else getattr(self, kind)
        return {"compat": True, **options} if self.compat else options


def read_config(path: Path) -> Config:
    """The configuration in a file.

    Raises:
        ConfigError: see `read_document`.
    """

    def understood(read: dict[str, Any]) -> Config:
        config = Config(file=path, **read)
        _check_modules(config)
        return config

    return read_document(path, SECTIONS, understood)


def read_document(
    path: Path, readers: Mapping[str, Reader], understood: Callable[[dict[str, Any]], Document]
) -> Document:
    """What a file says.

    Args:
        path: of the file.
        readers: of each key that may stand in it.
        understood: makes one thing of what they read, or raises WrongError.

    Raises:
        ConfigError: it is unreadable, no YAML, or says something that nobody understands.
    """
    document = read_yaml(path, readers)
    try:
        return understood(_mapping({} if document is None else document, "", readers))
    except WrongError as error:
        raise ConfigError(f"{path}: {error}") from None


def _mapping(value: Any, key: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WrongError(key, value, f"a mapping of {', '.join(readers)}")
    read: dict[str, Any] = {}
    for name, item in value.items():
        where = f"{key}.{shown_key(name)}" if key else shown_key(name)
        if name not in readers:
            hint = did_you_mean(str(name), readers)
            raise WrongError(where, item, f"one of the keys {', '.join(readers)}{hint}")
        read[name] = readers[name](item, where)
    return read


def section(readers: Mapping[str, Reader]) -> Reader:
    """What reads a mapping; one whose keys are all commented out is read as nothing."""
    return lambda value, key: _mapping({} if value is None else value, key, readers)


def _number(value: Any, key: str, low: float, high: float, unit: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise WrongError(key, value, f"{unit} from {low:g} to {high:g}")
    return value


def _whole(low: int, high: int, unit: str = "a whole number") -> Reader:
    def read(value: Any, key: str) -> int:
        if isinstance(value, float):
            raise WrongError(key, value, f"{unit} from {low} to {high}")
        return int(_number(value, key, low, high, unit))

    return read


def _seconds(low: float, high: float) -> Reader:
    return lambda value, key: float(_number(value, key, low, high, "a number of seconds"))


def _switch(value: Any, key: str) -> bool:
    if not isinstance(value, bool):
        raise WrongError(key, value, "true or false")
    return value


def _one_of(*words: str) -> Reader:
    def read(value: Any, key: str) -> str:
        if value not in words:
            raise WrongError(key, value, f"one of {', '.join(words)}")
        return str(value)

    return read


def a_text(value: Any, key: str) -> str:
    """One that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise WrongError(key, value, "a text in quotes" if isinstance(value, int | float) else "a text")
    return value


def _list(item: Reader) -> Reader:
    def read(value: Any, key: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise WrongError(key, value, "a list")
        return tuple(item(one, f"{key}[{number}]") for number, one in enumerate(value))

    return read


def _glob(value: Any, key: str) -> str:
    pattern = a_text(value, key)
    try:
        translate(pattern)
    except GlobError as error:
        raise WrongError(key, value, f"a glob as Redis knows it; {error}") from None
    return pattern


def _patterns(value: Any, key: str) -> tuple[str, ...]:
    patterns: tuple[str, ...] = _list(_glob)(value, key)
    if len(patterns) > MOST_PATTERNS:
        raise WrongError(f"{key}[{MOST_PATTERNS}]", patterns[MOST_PATTERNS], f"{MOST_PATTERNS} at most")
    for number, pattern in enumerate(patterns):
        if pattern in patterns[:number]:
            raise WrongError(f"{key}[{number}]", pattern, "each pattern once")
    return patterns


def _sql(read: str, expected: str) -> Reader:
    """A text that a function of the collectors can read; which one, since loading them loads psycopg."""

    def reader(value: Any, key: str) -> str:
        text = a_text(value, key)
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
            raise WrongError(key, value, expected) from None
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
            raise WrongError(
                f"{key}.{name}", read.get(name), "the name, the table and the columns of an index"
            )
    return IndexConfig(**read)


def _indexes(value: Any, key: str) -> tuple[IndexConfig, ...]:
    indexes: tuple[IndexConfig, ...] = _list(_index)(value, key)
    named = [(index.name, index.table) for index in indexes]
    for number, one in enumerate(named):
        if one in named[:number]:
            raise WrongError(f"{key}[{number}]", " of ".join(one), "each index of a table once")
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
    "own_database_only": _switch,
    "cap_databases": _whole(1, 1000),
    "compat": _switch,
    "exact_sizes": _switch,
    "heavy_ttl": _seconds(0, 3600),
    "sizes_ttl": _seconds(0, 86400),
    "statement_timeout_ms": _whole(10, 60_000, "a whole number of milliseconds"),
    "lock_timeout_ms": _whole(10, 60_000, "a whole number of milliseconds"),
}
REDIS: dict[str, Reader] = {
    "key_patterns": _patterns,
    "keys": _one_of(*WAYS),
    "scan_interval": _seconds(1, 86400),
    "top_prefixes": _whole(0, 100),
    "sample_keys": _whole(0, 1000),
    "sample_ages": _whole(0, 1000),
    "compat": _switch,
}
OPTIONS: dict[str, Reader] = {"postgres": section(POSTGRES), "redis": section(REDIS)}
KINDS = (*OPTIONS, "pgbouncer")


def _matching(pattern: re.Pattern[str], expected: str) -> Reader:
    def read(value: Any, key: str) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise WrongError(key, value, expected)
        return value

    return read


def _path(value: Any, key: str) -> str:
    path = a_text(value, key)
    if holds_connection_string(path):
        raise WrongError(key, value, "the path of a file that holds a connection string")
    return path


def _named(item: Reader) -> Reader:
    """A mapping whose keys are names."""

    def read(value: Any, key: str) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise WrongError(key, value, "a mapping by name")
        for name in value:
            if not isinstance(name, str) or not NAME.fullmatch(name):
                raise WrongError(key, HIDDEN_KEY, "names of letters, digits and '-._'")
        return {name: item(one, f"{key}.{name}") for name, one in value.items()}

    return read


def _labels(value: Any, key: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise WrongError(key, value, "a mapping of labels")
    for name, one in value.items():
        where = f"{key}.{shown_key(name)}"
        if not isinstance(name, str) or not LABEL.fullmatch(name):
            raise WrongError(where, one, "the name of a label")
        if not isinstance(one, str) or not 0 < len(one) <= LONGEST_LABEL_VALUE:
            raise WrongError(where, one, f"a text of {LONGEST_LABEL_VALUE} characters at most")
    return dict(value)


TARGET: dict[str, Reader] = {
    "kind": _matching(re.compile("|".join(KINDS)), f"one of {', '.join(KINDS)}"),
    "connection_file": _path,
    "connection_env": _matching(VARIABLE, "the name of a variable that holds a connection string"),
    "labels": _labels,
    "module": _matching(NAME, "the name of a module"),
}


def _target(value: Any, key: str) -> TargetConfig:
    read = _mapping(value, key, TARGET)
    if "kind" not in read:
        raise WrongError(f"{key}.kind", None, f"one of {', '.join(KINDS)}")
    if ("connection_file" in read) == ("connection_env" in read):
        raise WrongError(key, sorted(read), "either connection_file or connection_env")
    taken = RESERVED_LABELS.union(
        *(metric.label_names() for metric in CATALOGUE.of(read["kind"], "compat", "exporter"))
    )
    for name, text in read.get("labels", {}).items():
        if name in taken:
            raise WrongError(f"{key}.labels.{name}", text, "none of the labels that its metrics have")
    return TargetConfig(**read)


def _check_modules(config: Config) -> None:
    """Targets name modules that are there, and say something of their kind of server."""
    for name, target in config.targets.items():
        if target.module and target.kind not in config.modules.get(target.module, {}):
            raise WrongError(
                f"targets.{name}.module",
                target.module,
                f"a name under modules that has a section {target.kind}",
            )


SECTIONS: dict[str, Reader] = {
    **OPTIONS,
    "targets": _named(_target),
    "modules": _named(section(OPTIONS)),
}
