"""The schema for editors takes what the exporter takes, and refuses what a schema can refuse of the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from exporters.cli import main
from exporters.commands.config_schema import document, page
from exporters.config import read_config
from exporters.errors import ConfigError
from exporters.readers import Schema
from exporters.yaml_file import read_yaml
from tests.unit.test_config import BAD, GOOD, TARGETS
from tests.unit.test_fuzz import CONFIG, SHORT, YAML_PIECES, damaged

ROOT = Path(__file__).parents[2]
SCHEMA = Draft7Validator(document())
# What the exporter alone can tell: how names are written, what stands twice, what refers to something else.
OF_THE_READER = (
    "expected name, schema.name or", "expected a name without a schema", "expected a column with its",
    "expected what follows WHERE", "each index of a table once", "expected a glob as Redis knows it",
    "none of the labels that its metrics have", "a name under modules", ": nan;",
    "the path of a file that holds a connection string",
)  # fmt: skip
TEXTS = (
    "a",
    "a.b",
    '"a"',
    "postgres://u:p@h/d",
    "a desc nulls first",
    "a > 1",
    "(",
    "[a-z]*",
    "é",
    "\t\v",
    "redis",
)
BAD_TARGETS = [
    "targets: [a]",
    "targets: {a/b: {kind: redis, connection_env: A}}",
    "targets: {a: {}}",
    "targets: {a: {kind: mysql, connection_env: A}}",
    "targets: {a: {kind: redis}}",
    "targets: {a: {kind: redis, connection_file: /a, connection_env: A}}",
    "targets: {a: {kind: redis, connection_file: 'u:p@h/1'}}",
    "targets: {a: {kind: redis, connection_env: 'A B'}}",
    "targets: {a: {kind: redis, connection_env: A, labels: {a-b: x}}}",
    "targets: {a: {kind: redis, connection_env: A, labels: {x: 1}}}",
    "modules: {m: {redis: {top_tables: 1}}}",
    "modules: {m: {mysql: {}}}",
]


def refused(file: Path, text: str | bytes) -> str:
    """What the exporter says of it; nothing if it takes it."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        read_config(file)
    except ConfigError as error:
        return str(error)
    return ""


def test_it_is_a_schema_and_the_command_prints_it() -> None:
    Draft7Validator.check_schema(document())
    printed = CliRunner().invoke(main, ["config-schema"])

    assert printed.exit_code == 0
    assert json.loads(printed.output) == document()


def test_it_says_of_each_option_what_it_does_and_its_default() -> None:
    for name in ("postgres", "redis"):
        options = document()["properties"][name]["properties"]
        assert all(option["description"] for option in options.values())
    index = document()["properties"]["postgres"]["properties"]["expected_indexes"]["items"]["properties"]
    target = document()["properties"]["targets"]["additionalProperties"]["properties"]
    assert all(option["description"] for option in (*index.values(), *target.values()))
    assert target["kind"]["enum"] == ["postgres", "redis", "pgbouncer"]  # an editor offers these
    top = document()["properties"]["postgres"]["properties"]["top_tables"]
    assert top.pop("description").startswith("the tables that are shown, ")
    assert top == {"type": "integer", "minimum": 0, "maximum": 1000, "default": 50}


@pytest.mark.parametrize(
    "text",
    [GOOD, TARGETS, CONFIG.decode(), "", "redis:\npostgres:\ntargets:\nmodules:\n",
     (ROOT / "examples/backend/exporter.yml").read_text()],
)  # fmt: skip
def test_what_the_exporter_takes_it_takes(text: str, tmp_path: Path) -> None:
    assert refused(tmp_path / "exporter.yml", text) == ""
    assert [error.message for error in SCHEMA.iter_errors(yaml.safe_load(text))] == []


@SHORT
@given(text=damaged(CONFIG, *YAML_PIECES))
def test_what_the_exporter_still_takes_when_it_is_damaged_it_takes(
    text: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if not refused(tmp_path_factory.getbasetemp() / "damaged.yml", text):
        assert SCHEMA.is_valid(yaml.safe_load(text.decode()))


def values_of(schema: Schema) -> st.SearchStrategy[Any]:
    """What a schema takes; only what the words say that this one is made of."""
    kinds = schema.get("type", "enum")
    if isinstance(kinds, list):
        return st.one_of(*(values_of({**schema, "type": kind}) for kind in kinds))
    bounds = {"min_value": schema.get("minimum"), "max_value": schema.get("maximum")}
    made: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "enum": lambda: st.sampled_from(schema["enum"]),
        "null": st.none,
        "boolean": st.booleans,
        "integer": lambda: st.integers(**bounds),
        "number": lambda: st.floats(**bounds) | st.integers(**bounds),
        "string": lambda: texts_of(schema.get("pattern", "")) | st.sampled_from(TEXTS),
        "array": lambda: st.lists(values_of(schema["items"]), max_size=3),
        "object": lambda: mappings_of(schema),
    }
    return made[kinds]()


def texts_of(pattern: str) -> st.SearchStrategy[str]:
    """To Python, and no editor, a `$` may stand before the end of a line."""
    return st.from_regex(pattern).filter(lambda text: not text.endswith("\n"))


def mappings_of(schema: Schema) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        names = texts_of(schema["propertyNames"]["pattern"])
        return st.dictionaries(names, values_of(schema["additionalProperties"]), max_size=2)
    keys = {name: values_of(of_key) for name, of_key in schema["properties"].items()}
    always = {name: keys.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(always, optional=keys)


@settings(SHORT, max_examples=100)
@given(document=values_of(document()).filter(SCHEMA.is_valid))
def test_what_it_takes_the_exporter_takes_but_for_what_no_schema_tells(
    document: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    said = refused(tmp_path_factory.getbasetemp() / "taken.yml", yaml.safe_dump(document))
    assert not said or any(words in said for words in OF_THE_READER), said


@pytest.mark.parametrize("text", [*(text for text, _, _ in BAD), *BAD_TARGETS])
def test_what_the_exporter_refuses_it_refuses_as_far_as_a_schema_can(text: str, tmp_path: Path) -> None:
    said = refused(tmp_path / "exporter.yml", text)
    assert said
    try:
        loaded = read_yaml(tmp_path / "exporter.yml", ())
    except ConfigError:
        return  # no document at all
    assert SCHEMA.is_valid(loaded) <= any(words in said for words in OF_THE_READER)


def test_the_page_of_all_keys_is_current_and_leaves_none_out() -> None:
    printed = CliRunner().invoke(main, ["config-schema", "--markdown"]).stdout
    assert printed == (ROOT / "docs/configuration.md").read_text(), "run: make build"
    keys = document()["properties"]
    for section in ("postgres", "redis"):
        assert all(f"| `{key}` |" in page() for key in keys[section]["properties"])
