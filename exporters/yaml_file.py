"""Read a YAML file that a person wrote: a mistake is one line, which shows nothing that may be a password."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from exporters.errors import ConfigError

SHOWN_CHARACTERS = 60
LONGEST_NUMBER = 4096  # bits
MAY_BE_SECRET = re.compile(r"://|//.*@|passw|secret|token|dsn|connection", re.IGNORECASE)
PLAIN_KEY = re.compile(r"\w{1,40}")
HIDDEN_KEY = "(a key not shown)"
# What follows in a message of PyYAML is of the file, and may be a password that stands alone in it.
OF_THE_FILE = re.compile(r"(alias|anchor|tag|handle) ['\"].*", re.DOTALL)


def read_yaml(path: Path, keys: Iterable[str]) -> Any:
    """What the file holds; None if nothing.

    Args:
        path: of the file.
        keys: that may stand in it, for messages.

    Raises:
        ConfigError: it is unreadable or no YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError(f"{path}: {reason}; expected a YAML file") from None
    try:
        return yaml.load(text, _Loader)  # noqa: S506  a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        problem = OF_THE_FILE.sub(r"\1", error.problem or "")
        raise ConfigError(f"{place}: {problem}; expected YAML with the keys {', '.join(keys)}") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply; expected YAML of a few levels") from None
    except yaml.YAMLError:
        raise ConfigError(f"{path}: a character that YAML does not allow; expected YAML text") from None


class Hidden:
    """In place of a value that no message may show."""

    def __repr__(self) -> str:
        return "(a value not shown)"


class _Shown(reprlib.Repr):
    """As `repr`, of as much as fits: what names itself again and again may be endless."""

    def __init__(self) -> None:
        super().__init__()
        # Far more than is shown: at its end may stand what makes a secret of its beginning.
        self.maxlevel, self.maxlist, self.maxdict = 3, 40, 40
        self.maxstring = self.maxother = self.maxlong = 10_000

    def repr_int(self, x: int, level: int) -> str:
        """A number; one of thousands of digits Python does not write."""
        return super().repr_int(x, level) if x.bit_length() < LONGEST_NUMBER else "a number of many digits"


_shown = _Shown().repr


class WrongError(Exception):
    """A value is not what is expected at its place; the message says so, and hides what may be a secret."""

    def __init__(self, key: str, value: object, expected: str) -> None:
        shown = _shown(value)
        # Without a key the file may hold nothing but a password.
        if not key or HIDDEN_KEY in key or MAY_BE_SECRET.search(f"{key} {shown}"):
            shown = repr(Hidden())
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
                    problem = f"the key {shown_key(key_node.value)} stands twice"
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


def shown_key(key: object) -> str:
    """A key that is a plain word; another one may be a connection string in the wrong place."""
    return str(key) if PLAIN_KEY.fullmatch(str(key)) else HIDDEN_KEY
