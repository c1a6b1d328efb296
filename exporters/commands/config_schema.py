"""``python -m exporters config-schema``: what an editor needs to know of the configuration."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from typing import Any

import click

from exporters.commands.markdown import table
from exporters.config import SECTIONS, IndexConfig, TargetConfig
from exporters.manual import Manual
from exporters.readers import Schema, of_mapping, or_nothing

HEAD = """\
# The exporter's file

What may stand in the YAML of `--config.file`; the file is optional, and so is each key but those of an
expected index (`name`, `table`, `columns`) and of a target (`kind`, and one of both connections). Written by
`python -m exporters config-schema --markdown`; without `--markdown` it prints the JSON Schema for an editor.
An unknown key, a wrong type or a number out of bounds ends the exporter before it listens, with one line.

`modules.NAME` holds sections `postgres` and `redis` with the same keys, for targets:
[targets.md](targets.md). How keys are counted: [keys.md](keys.md).
"""
DRAFT = "http://json-schema.org/draft-07/schema#"  # which every editor knows


@click.command(
    "config-schema",
    short_help="Print the configuration's JSON Schema, for an editor.",
    cls=Manual,
    exit_codes={0: "It is printed."},
    examples=("python -m exporters config-schema > exporter.schema.json",),
)
@click.option("--markdown", is_flag=True, help="As the page of tables that docs/configuration.md is.")
def command(*, markdown: bool) -> None:
    """Print what may stand in the file of --config.file, as JSON Schema of draft 7.

    With `# yaml-language-server: $schema=exporter.schema.json` as the first line of that file, an editor
    completes its keys and marks what the exporter would refuse.
    """
    click.echo(page() if markdown else json.dumps(document(), indent=2, ensure_ascii=False), nl=not markdown)


def document() -> Schema:
    """The schema, with what the settings say of themselves."""
    from exporters.collectors.postgres import PostgresSettings  # noqa: PLC0415  loads psycopg
    from exporters.collectors.redis import RedisSettings  # noqa: PLC0415  loads redis-py

    schema = json.loads(json.dumps(of_mapping(SECTIONS)))  # nothing in it stands at two places
    options = [schema["properties"], schema["properties"]["modules"]["additionalProperties"]["properties"]]
    for each in options:
        explain(each["postgres"], PostgresSettings)
        explain(each["postgres"]["properties"]["expected_indexes"]["items"], IndexConfig)
        explain(each["redis"], RedisSettings)
    explain(schema["properties"]["targets"]["additionalProperties"], TargetConfig)
    return {"$schema": DRAFT, "title": "Configuration of obs-exporter", **or_nothing(schema)}


def page() -> str:
    """What may stand in the file, a table for each part of it."""
    whole = document()["properties"]
    postgres, redis = whole["postgres"]["properties"], whole["redis"]["properties"]
    parts = {
        "postgres": postgres,
        "postgres.expected_indexes[]": postgres["expected_indexes"]["items"]["properties"],
        "redis": redis,
        "targets.NAME": whole["targets"]["additionalProperties"]["properties"],
    }
    heads = ("key", "what may stand there", "default", "meaning")
    tables = [f"## {name}\n\n{table(heads, map(_row, keys.items()))}" for name, keys in parts.items()]
    return "\n".join([HEAD, *tables])


def _row(key: tuple[str, Schema]) -> tuple[str, ...]:
    name, schema = key
    default = schema.get("default", "")
    told = f"`{json.dumps(default)}`" if default != "" else ""
    return f"`{name}`", _kind(schema), told, schema.get("description", "").replace("``", "`")


def _kind(schema: Schema) -> str:
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "minimum" in schema:
        return f"{schema['type']}, {schema['minimum']} to {schema['maximum']}"
    if schema["type"] == "array":
        return f"list of {schema['items']['type']}s"
    return str(schema["type"])


def explain(schema: Schema, settings: Any) -> None:
    """Add to each key what the class that holds it says of it, and its default."""
    said = attributes(inspect.getdoc(settings) or "")
    defaults = {field.name: field.default for field in dataclasses.fields(settings)}
    for name, of_key in schema["properties"].items():
        if name in said:
            of_key["description"] = said[name]
        if isinstance(defaults.get(name), bool | int | float | str) and defaults[name] != "":
            of_key["default"] = defaults[name]


def attributes(documentation: str) -> dict[str, str]:
    """By name what stands under ``Attributes`` in a docstring."""
    _, _, part = documentation.partition("\nAttributes:\n")
    found = re.findall(r"^    (\w+): (.*(?:\n {5,}.*)*)", part.partition("\n\n")[0], flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}
