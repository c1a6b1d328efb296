"""The catalogue as the exporter's command line shows it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from exporters.catalogue import CATALOGUE, external, self_
from exporters.catalogue import postgres_objects as objects
from exporters.commands.metrics import SOURCES, command

EMITTED = {metric.name for metric in CATALOGUE.of(*SOURCES)}


def told(*arguments: str) -> str:
    """What the command prints."""
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("metric", [objects.EXPECTED_COVERED, self_.CACHE_AGE], ids=str)
def test_a_line_a_metric_and_none_of_other_servers(metric: objects.Gauge) -> None:
    heads, *lines = told().splitlines()
    assert heads.split() == ["name", "type", "unit", "labels", "collector", "help"]
    assert {line.split()[0] for line in lines} == EMITTED
    assert external.UP.name not in EMITTED
    (line,) = [line for line in lines if line.split()[0] == metric.name]
    labels = ",".join(label.name for label in metric.labels)
    assert line.split()[1:5] == [metric.kind, metric.unit, labels, metric.collector]
    assert f"{metric.help}{f' Missing: {metric.optional}.' if metric.optional else ''}" in line


def test_json_says_what_bounds_a_label_and_how_often_is_looked() -> None:
    found = {each["name"]: each for each in json.loads(told("--json"))}
    assert set(found) == EMITTED
    texts = found[objects.STATEMENT_TEXT.name]
    assert texts["type"] == "gauge"
    assert texts["missing"] == objects.STATEMENT_TEXT.optional
    assert texts["renewed_seconds"] == 300
    assert (texts["also_of"], found["pg_up"]["also_of"]) == ("", "postgres_exporter")
    (label,) = [label for label in texts["labels"] if label["name"] == "queryid"]
    assert label["bound"]
    assert label["help"]


def test_the_page_is_what_the_command_prints() -> None:
    page = Path("docs/metrics.md")
    assert told("--markdown") == page.read_text(), f"stale: {page}; run: make build"
    assert page.read_text().count("\n| `pg_up` | gauge |") == 1
    assert re.search(r"^\| `pg_blocked_backends` .*\| new \|$", page.read_text(), re.MULTILINE)


def test_one_form_at_a_time() -> None:
    result = CliRunner().invoke(command, ["--json", "--markdown"])
    assert result.exit_code == 2
    assert "both given; expected one" in result.stderr


def test_the_server_loads_no_command() -> None:
    code = "import sys, exporters.cli; print(*(name for name in sys.modules if 'commands' in name))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
