"""No check without what it refuses and what it nearly does, and none that refuses what this project ships."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from dataclasses import replace

import pytest

from alerts.model import Engine
from dashboards import write
from dashboards.checks import RULES, Rule, alerting, boards, queries
from dashboards.checks.definitions import OFTEN
from dashboards.stack import STACK
from tests.checks import (
    test_boards,
    test_dead_rules,
    test_engines,
    test_grammar,
    test_near,
    test_order,
    test_others,
    test_quantiles,
    test_queries,
    test_reachable,
    test_routes,
    test_rules,
    test_traffic,
    test_used,
)

TABLES = (
    test_queries,
    test_quantiles,
    test_reachable,
    test_boards,
    test_grammar,
    test_rules,
    test_traffic,
    test_used,
    test_routes,
    test_engines,
    test_order,
    test_others,
    test_dead_rules,
)


def test_every_check_has_a_case_that_it_refuses() -> None:
    covered = set().union(*(table.COVERED for table in TABLES))

    assert {rule.id for rule in RULES} - covered == set(), "write a case that these checks refuse"
    assert covered - {rule.id for rule in RULES} == set(), "these checks are gone, and their cases are not"


def test_every_check_has_a_case_beside_it_that_it_takes() -> None:
    taken = set().union(*(table.TAKEN for table in (*TABLES, test_near)))

    assert {rule.id for rule in RULES} - taken == set(), "write what these checks nearly refuse"
    assert taken - {rule.id for rule in RULES} == set(), "these checks are gone, and their cases are not"


def test_every_check_says_once_what_it_proves() -> None:
    assert [name for name, count in Counter(rule.id for rule in RULES).items() if count > 1] == []
    assert [rule.id for rule in RULES if not rule.summary] == []


def test_a_file_holds_one_check() -> None:
    folders = (queries, boards, alerting)
    modules = [
        importlib.import_module(f"{folder.__name__}.{each.name}")
        for folder in folders
        for each in pkgutil.iter_modules(folder.__path__)
    ]
    held = {module.__name__: [v for v in vars(module).values() if isinstance(v, Rule)] for module in modules}
    assert [name for name, rules in held.items() if len(rules) > 1] == []
    assert sum(map(len, held.values())) == len(RULES)


@pytest.mark.parametrize("engine", ["grafana", "prometheus"])
@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_nothing_is_found_in_what_this_project_ships(engine: Engine, scale: float) -> None:
    files, found = write.checked(replace(STACK, engine=engine, time_scale=scale))

    assert len(files) > 10
    assert found == []


def test_nothing_is_found_where_scrapes_are_as_rare_as_they_may_be() -> None:
    _, found = write.checked(replace(STACK, targets=replace(STACK.targets, interval=OFTEN)))

    assert found == []
