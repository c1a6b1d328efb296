"""Matchers of routes, as Grafana reads them."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned import found, judge
from dashboards.checks.provisioned.sample import RULE, notifications
from examples.demo.wrong_texts import MATCHERS, NO_MATCHERS


def lint(folder: Path, text: str) -> list[Finding]:
    (folder / "file.yaml").write_text(text, encoding="utf-8")
    return judge(found([folder]))


def route(matchers: str) -> str:
    return notifications("object_matchers: [[severity, =, info]]", matchers)


@pytest.mark.parametrize("matchers", MATCHERS)
def test_what_grafana_takes(matchers: str, tmp_path: Path) -> None:
    assert lint(tmp_path, route(matchers)) == []


@pytest.mark.parametrize("matchers", NO_MATCHERS)
def test_at_what_grafana_stops(matchers: str, tmp_path: Path) -> None:
    (each,) = lint(tmp_path, route(matchers))
    assert (each.rule, "is no regular expression" in each.message) == ("matcher-form", True)


def test_grafana_records_under_any_name(tmp_path: Path) -> None:
    text = RULE.replace("condition: B\n        for: 5m", "record: {metric: a-b, from: A}")
    assert lint(tmp_path, text) == []


@pytest.mark.parametrize("expression", ["(a|" * 600 + ")" * 600, "a{99999999999}"])
def test_an_expression_that_python_cannot_read_is_left_to_grafana(expression: str, tmp_path: Path) -> None:
    assert lint(tmp_path, route(f"object_matchers: [[a, =~, '{expression}']]")) == []


@pytest.mark.parametrize("matchers", [" " * 100_000, "," * 100_000, 'a=~"' + "[" * 100_000 + '"'])
def test_a_long_matcher_takes_no_longer_than_it_is(matchers: str, tmp_path: Path) -> None:
    begun = process_time()
    lint(tmp_path, route(f"matchers: ['{matchers}']"))
    assert process_time() - begun < 5
