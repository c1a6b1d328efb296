"""The rules of the house that no linter knows; the layers themselves are contracts in pyproject.toml."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import alerts.rules
import signals
from alerts.model import Alert
from exporters.catalogue import CATALOGUE
from signals.model import Recording, Signal
from signals.promql import Query

ROOT = Path(__file__).parents[2]
PACKAGES = ("exporters", "signals", "dashboards", "alerts")
TREES = (*PACKAGES, "examples", "tests", "benchmarks")
LINES = 400
METRIC_NAMES = frozenset(name for metric in CATALOGUE for name in (metric.name, *metric.series))
# `up` is an English word too; a metric only where it stands alone, or before what PromQL puts after a name.
WORD = re.compile(r"(?!up\b)[A-Za-z_:][A-Za-z0-9_:]*|\bup(?=\s*(?:[{\[)]|[=!<>]=|[<>]))|\A\s*up\s*\Z")


def sources(*trees: str) -> list[Path]:
    found = [path for tree in trees for path in sorted((ROOT / tree).rglob("*.py"))]
    assert found
    return found


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> set[str]:
    """The top-level names of what a file imports, at any depth of the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).partition(".")[0])
    return names


def importers(library: str) -> set[str]:
    return {relative(path) for path in sources(*PACKAGES) if library in imported(path)}


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every string that is no docstring."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node


def metric_names_in(text: str) -> dict[int, set[str]]:
    """By line, the metrics of the catalogue that stand in strings of this source."""
    found = {
        node.lineno: set(map(str.strip, WORD.findall(node.value))) & METRIC_NAMES
        for node in strings(ast.parse(text))
    }
    return {line: names for line, names in found.items() if names}


@pytest.mark.parametrize("tree", TREES)
def test_no_file_is_longer_than_one_can_read(tree: str) -> None:
    long = {relative(path): len(path.read_text().splitlines()) for path in sources(tree)}
    assert not {name: lines for name, lines in long.items() if lines > LINES}


def test_grafanalib_stands_behind_one_adapter() -> None:
    assert importers("grafanalib") == {"dashboards/grafana.py"}


def test_drivers_are_loaded_only_where_servers_are_asked() -> None:
    for library in ("psycopg", "redis"):
        users = importers(library) - {"exporters/conninfo.py"}
        assert users
        assert all(name.startswith("exporters/collectors/") for name in users), users


def test_the_catalogue_runs_on_the_standard_library_alone() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import exporters.catalogue as c\n"
        "tops = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(len(c.CATALOGUE), *sorted(tops))"
    )
    # -I and -S: neither the environment nor site-packages can help.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(len(CATALOGUE)), "__main__", "exporters"]


def test_metric_names_are_strings_in_the_catalogue_alone() -> None:
    catalogue = ROOT / "exporters/catalogue"
    found = {
        relative(path): names
        for path in sources(*PACKAGES, "examples")
        if catalogue not in path.parents and (names := metric_names_in(path.read_text()))
    }
    # Not the metric: how Redis says that the link to a master works.
    assert list(found.pop("exporters/collectors/redis/info.py").values()) == [{"up"}]
    assert not found


def test_every_metric_name_in_a_string_is_seen() -> None:
    assert {"up", "pg_up", "redis_up", "probe_success", "ALERTS"} < METRIC_NAMES
    for name in METRIC_NAMES:
        for text in (name, f"sum({name})", f'{name}{{job="api"}}', f"rate({name}[5m])", f"1 - {name} == 1"):
            assert metric_names_in(f"x = {text!r}") == {1: {name}}, text


def test_up_in_a_sentence_is_no_metric() -> None:
    assert (
        metric_names_in('x = "postgres.up"; y = "it adds up (or not)"; z = "{up} == 1"; w = "end\\nup"') == {}
    )


def test_a_metric_name_in_prose_is_no_string() -> None:
    name = "pg_stat_activity_count"
    assert name in METRIC_NAMES
    assert metric_names_in(f'"""{name} in prose."""\nx = "sum({name}) > 0"\ny = "{name}s"\n') == {2: {name}}


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(info.name)


def queries_of(value: object) -> Iterator[Query]:
    if isinstance(value, Query):
        yield value
    elif isinstance(value, Signal | Recording):
        yield value.query
    elif isinstance(value, Alert):
        yield from value.guards


def test_no_promql_is_written_twice() -> None:
    written: dict[str, dict[int, str]] = defaultdict(dict)
    for module in (*modules(signals), *modules(alerts.rules)):
        for name, value in vars(module).items():
            for query in queries_of(value):
                written[query.text].setdefault(id(query), f"{module.__name__}.{name}")
    assert len(written) > 100
    assert not [sorted(names.values()) for names in written.values() if len(names) > 1]


def test_every_package_says_that_it_is_typed() -> None:
    assert all((ROOT / package / "py.typed").is_file() for package in PACKAGES)


def test_every_exception_from_a_lint_rule_has_its_code_and_reason() -> None:
    exception = re.compile(r"#\s*(type:\s*ignore|noqa)\b")
    reasoned = re.compile(r"#\s*(type: ignore\[[\w,-]+\]|noqa: [A-Z]+\d+(, [A-Z]+\d+)*)[ #-]+\w")
    bare = [
        f"{relative(path)}:{number}"
        for path in sources(*PACKAGES, "examples")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if exception.search(line) and not reasoned.search(line)
    ]
    assert not bare
