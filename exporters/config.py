"""Read the YAML file: what to count, and how many of it. Each mistake is one line, before anything starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporters.catalogue import CATALOGUE
from exporters.catalogue.redis_compat import WIDER
from exporters.catalogue.types import RESERVED_LABELS
from exporters.dsn import WITHOUT_SCHEME, holds_connection_string
from exporters.globs import GlobError, translate
from exporters.readers import (
    Reader,
    a_text,
    described,
    list_of,
    mapping,
    matching,
    named,
    of_mapping,
    of_names,
    one_of,
    read_document,
    schema_of,
    seconds,
    section,
    switch,
    whole_number,
)
from exporters.yaml_file import WrongError, shown_key

MOST_PATTERNS = 100
NAME = re.compile(
    r"[A-Za-z0-9_]([A-Za-z0-9_-]|\.(?!\.)){0,99}"
)  # nothing that may be taken for a place elsewhere
NAMES = "names of letters, digits and '-._'"
LABEL = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]{0,99}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LONGEST_LABEL_VALUE = 200
WHERE = re.compile(r"\s*WHERE\b", re.IGNORECASE)
WAYS = ("paced", "active", "estimated")  # to count keys


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig:
    """An index that must exist.

    Attributes:
        name: of the index, without a schema.
        table: with schema if it is not on the search path.
        columns: in order, each with its direction where that is not ascending: ``created_at DESC``.
        include: the columns of INCLUDE, in any order; left out where it is no matter which there are.
        where: what follows WHERE in a partial index, as psql shows it; empty for a whole one.
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
        kind: of the server.
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


def _glob(value: Any, key: str) -> str:
    pattern: str = a_text(value, key)
    try:
        translate(pattern)
    except GlobError as error:
        raise WrongError(key, value, f"a glob as Redis knows it; {error}") from None
    return pattern


@described(type="array", items=schema_of(a_text), maxItems=MOST_PATTERNS, uniqueItems=True)
def _patterns(value: Any, key: str) -> tuple[str, ...]:
    patterns: tuple[str, ...] = list_of(_glob)(value, key)
    if len(patterns) > MOST_PATTERNS:
        raise WrongError(f"{key}[{MOST_PATTERNS}]", patterns[MOST_PATTERNS], f"{MOST_PATTERNS} at most")
    for number, pattern in enumerate(patterns):
        if pattern in patterns[:number]:
            raise WrongError(f"{key}[{number}]", pattern, "each pattern once")
    return patterns


def _sql(read: str, expected: str) -> Reader:
    """A text that a function of the collectors can read; which one, since loading them loads psycopg."""

    @described(**schema_of(a_text))
    def reader(value: Any, key: str) -> str:
        text: str = a_text(value, key)
        if read == "predicate" and WHERE.match(text):
            raise WrongError(key, value, expected)
        try:
            from exporters.collectors.postgres import names, options  # noqa: PLC0415  loads psycopg
        except ModuleNotFoundError:  # without the driver nobody asks for it
            return text
        functions: dict[str, Callable[[str], object]] = {
            "name": names.read_name,
            "path": names.read_path,
            "column": options.KeyColumn.read,
            "predicate": options.read_predicate,
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
_PREDICATE = _sql(
    "predicate", "what follows WHERE, each parenthesis closed once, each quote too, no comment or semicolon"
)

INDEX: dict[str, Reader] = {
    "name": _NAME,
    "table": _TABLE,
    "columns": list_of(_COLUMN),
    "include": list_of(_NAME),
    "where": _PREDICATE,
}


_INDEX = of_mapping(INDEX)
_INDEX["properties"]["columns"]["minItems"] = 1


@described(**_INDEX, required=["name", "table", "columns"])
def _index(value: Any, key: str) -> IndexConfig:
    read = mapping(value, key, INDEX)
    for name in ("name", "table", "columns"):
        if not read.get(name):
            raise WrongError(
                f"{key}.{name}", read.get(name), "the name, the table and the columns of an index"
            )
    return IndexConfig(**read)


@described(type="array", items=schema_of(_index))
def _indexes(value: Any, key: str) -> tuple[IndexConfig, ...]:
    indexes: tuple[IndexConfig, ...] = list_of(_index)(value, key)
    named = [(index.name, index.table) for index in indexes]
    for number, one in enumerate(named):
        if one in named[:number]:
            raise WrongError(f"{key}[{number}]", " of ".join(one), "each index of a table once")
    return indexes


POSTGRES: dict[str, Reader] = {
    "expected_indexes": _indexes,
    "tables": list_of(_TABLE),
    "top_tables": whole_number(0, 1000),
    "top_indexes": whole_number(0, 1000),
    "top_statements": whole_number(0, 200),
    "statement_texts": switch,
    "top_index_candidates": whole_number(0, 100),
    "cap_roles": whole_number(1, 200),
    "cap_applications": whole_number(1, 200),
    "own_database_only": switch,
    "cap_databases": whole_number(1, 1000),
    "compat": switch,
    "exact_sizes": switch,
    "heavy_ttl": seconds(0, 3600),
    "sizes_ttl": seconds(0, 86400),
    "statement_timeout_ms": whole_number(10, 60_000, "a whole number of milliseconds"),
    "lock_timeout_ms": whole_number(10, 60_000, "a whole number of milliseconds"),
}
REDIS: dict[str, Reader] = {
    "key_patterns": _patterns,
    "keys": one_of(*WAYS),
    "scan_interval": seconds(1, 86400),
    "top_prefixes": whole_number(0, 100),
    "sample_keys": whole_number(0, 1000),
    "sample_ages": whole_number(0, 1000),
    "compat": switch,
}
OPTIONS: dict[str, Reader] = {"postgres": section(POSTGRES), "redis": section(REDIS)}
KINDS = (*OPTIONS, "pgbouncer")


@described(type="string", pattern=rf"^(?![\s\S]*://)(?!{WITHOUT_SCHEME.pattern})[\s\S]*\S")
def _path(value: Any, key: str) -> str:
    path: str = a_text(value, key)
    if holds_connection_string(path):
        raise WrongError(key, value, "the path of a file that holds a connection string")
    return path


@described(**of_names(LABEL, {"type": "string", "minLength": 1, "maxLength": LONGEST_LABEL_VALUE}))
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
    "kind": one_of(*KINDS),
    "connection_file": _path,
    "connection_env": matching(VARIABLE, "the name of a variable that holds a connection string"),
    "labels": _labels,
    "module": matching(NAME, "the name of a module"),
}


@described(
    **of_mapping(TARGET),
    required=["kind"],
    oneOf=[{"required": ["connection_file"]}, {"required": ["connection_env"]}],
)
def _target(value: Any, key: str) -> TargetConfig:
    read = mapping(value, key, TARGET)
    if "kind" not in read:
        raise WrongError(f"{key}.kind", None, f"one of {', '.join(KINDS)}")
    if ("connection_file" in read) == ("connection_env" in read):
        raise WrongError(key, sorted(read), "either connection_file or connection_env")
    taken = RESERVED_LABELS.union(
        WIDER if read["kind"] == "redis" else (),
        *(metric.label_names() for metric in CATALOGUE.of(read["kind"], "compat", "exporter")),
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
    "targets": named(NAME, NAMES, _target),
    "modules": named(NAME, NAMES, section(OPTIONS)),
}
