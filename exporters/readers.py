"""Readers of what stands in a YAML file: each takes a value or says what was expected in its place.

They also say so as JSON Schema, for editors. A schema takes whatever its reader takes, and may take more: it
cannot tell that no parenthesis is open, say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from exporters.dsn import did_you_mean
from exporters.errors import ConfigError
from exporters.yaml_file import HIDDEN_KEY, WrongError, read_yaml, shown_key

Document = TypeVar("Document")
Reader = Callable[[Any, str], Any]
Schema = dict[str, Any]


class Described:
    """A reader with its schema."""

    def __init__(self, read: Reader, schema: Schema) -> None:
        self._read = read
        self.schema = schema

    def __call__(self, value: Any, key: str) -> Any:
        """Read it."""
        return self._read(value, key)


def described(**schema: Any) -> Callable[[Reader], Described]:
    """Give the reader below this schema; a list of types is written with a tuple."""
    return lambda read: Described(read, schema)


def schema_of(reader: Reader) -> Schema:
    """A copy of what a reader says; anything, if it says nothing."""
    return dict(reader.schema) if isinstance(reader, Described) else {}


def of_mapping(readers: Mapping[str, Reader]) -> Schema:
    """A mapping of these keys and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: schema_of(reader) for name, reader in readers.items()},
    }


def of_names(names: re.Pattern[str], value: Schema) -> Schema:
    """A mapping whose keys are names."""
    return {"type": "object", "propertyNames": {"pattern": whole(names)}, "additionalProperties": value}


def or_nothing(schema: Schema) -> Schema:
    """The same, or a key without a value."""
    return {**schema, "type": [schema["type"], "null"]}


def whole(pattern: re.Pattern[str]) -> str:
    """A pattern that the whole text must match."""
    return f"^(?:{pattern.pattern})$"


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
        return understood(mapping({} if document is None else document, "", readers))
    except WrongError as error:
        raise ConfigError(f"{path}: {error}") from None


def mapping(value: Any, key: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """By key what its reader reads; any other key is refused."""
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
    schema = or_nothing(of_mapping(readers))
    return described(**schema)(lambda value, key: mapping({} if value is None else value, key, readers))


def _number(value: Any, key: str, low: float, high: float, unit: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise WrongError(key, value, f"{unit} from {low:g} to {high:g}")
    return value


def whole_number(low: int, high: int, unit: str = "a whole number") -> Reader:
    """What reads a number without a fraction."""

    @described(type="integer", minimum=low, maximum=high)
    def read(value: Any, key: str) -> int:
        if isinstance(value, float):
            raise WrongError(key, value, f"{unit} from {low} to {high}")
        return int(_number(value, key, low, high, unit))

    return read


def seconds(low: float, high: float) -> Reader:
    """What reads a number of seconds."""
    schema = described(type="number", minimum=low, maximum=high)
    return schema(lambda value, key: float(_number(value, key, low, high, "a number of seconds")))


@described(type="boolean")
def switch(value: Any, key: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise WrongError(key, value, "true or false")
    return value


def one_of(*words: str) -> Reader:
    """What reads one of these."""

    @described(enum=list(words))
    def read(value: Any, key: str) -> str:
        if value not in words:
            raise WrongError(key, value, f"one of {', '.join(words)}")
        return str(value)

    return read


@described(type="string", pattern=r"\S")
def a_text(value: Any, key: str) -> str:
    """One that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise WrongError(key, value, "a text in quotes" if isinstance(value, int | float) else "a text")
    return value


def list_of(item: Reader) -> Reader:
    """What reads a list of what another reads."""

    @described(type="array", items=schema_of(item))
    def read(value: Any, key: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise WrongError(key, value, "a list")
        return tuple(item(one, f"{key}[{number}]") for number, one in enumerate(value))

    return read


def matching(pattern: re.Pattern[str], expected: str) -> Reader:
    """What reads a text that matches as a whole."""

    @described(type="string", pattern=whole(pattern))
    def read(value: Any, key: str) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise WrongError(key, value, expected)
        return value

    return read


def named(names: re.Pattern[str], expected: str, item: Reader) -> Reader:
    """What reads a mapping whose keys are names."""

    @described(**or_nothing(of_names(names, schema_of(item))))
    def read(value: Any, key: str) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise WrongError(key, value, "a mapping by name")
        for name in value:
            if not isinstance(name, str) or not names.fullmatch(name):
                raise WrongError(key, HIDDEN_KEY, expected)
        return {name: item(one, f"{key}.{name}") for name, one in value.items()}

    return read
