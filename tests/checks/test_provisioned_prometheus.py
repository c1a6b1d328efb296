"""Rules of Prometheus that only look wrong, and those that are."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned import found, judge


def lint(folder: Path, text: str) -> list[Finding]:
    (folder / "rules.yml").write_text(text, encoding="utf-8")
    return judge(found([folder]))


def recordings(*exprs: str) -> str:
    rules = "".join(f"      - record: code:asks:rate5m\n        expr: {expr}\n" for expr in exprs)
    return f"groups:\n  - name: a\n    rules:\n{rules}"


@pytest.mark.parametrize(
    "exprs",
    [
        ("sum(asks)", "sum by () (asks{code='5'})"),
        ("sum by (code, job) (rate(asks[5m]))", "sum by (job, code) (rate(asks[1m]))"),
        ("sum by (code) (asks)", "avg by (code) (asks)"),
        ("asks", "asks"),
    ],
)
def test_recordings_of_the_same_series_are_told(exprs: tuple[str, ...], tmp_path: Path) -> None:
    assert [each.rule for each in lint(tmp_path, recordings(*exprs))] == ["rule-twice"]


@pytest.mark.parametrize(
    "exprs",
    [
        [f"sum by (code) (rate(asks{{code=~'{first}..'}}[5m]))" for first in "2345"],
        ("sum by (code) (asks)", "sum by (code) (others)"),
        ("sum by (code) (asks > 1)", "sum by (code) (asks <= 1)"),
        ("sum by (code) (a_total / b_total)", "sum by (code) (b_total / a_total)"),
        ("sum by (code) (asks)", "sum by (job) (asks)"),
        ("asks{code='1'}", "asks{code='2'}"),
    ],
)
def test_recordings_that_may_be_apart_are_not(exprs: tuple[str, ...], tmp_path: Path) -> None:
    assert lint(tmp_path, recordings(*exprs)) == []


def test_labels_of_groups_tell_rules_apart(tmp_path: Path) -> None:
    group = "  - name: {0}\n    labels: {{team: {1}}}\n    rules:\n      - {{record: all, expr: sum(asks)}}\n"
    apart = "groups:\n" + group.format("a", "a") + group.format("b", "b")
    assert lint(tmp_path, apart) == []
    same = apart.replace("{team: b}", "{team: a}")
    assert [each.rule for each in lint(tmp_path, same)] == ["rule-twice"]


@pytest.mark.parametrize(
    ("expr", "refused"),
    [("up[5m]", 1), ("\"'text'\"", 1), ("up[5m:1m]", 1), ("vector(1)", 0), ("1", 0), ("up offset 5m", 0)],
)
@pytest.mark.parametrize("kind", ["alert", "record"])
def test_a_rule_gives_series_or_a_number(kind: str, expr: str, refused: int, tmp_path: Path) -> None:
    text = f"groups:\n  - name: a\n    rules:\n      - {kind}: a\n        expr: {expr}\n"
    assert [each.rule for each in lint(tmp_path, text)] == ["rule-result"] * refused


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("record: my.metric", "warning"),
        ("record: größe", "warning"),
        ("labels: {a.b: c}", "warning"),
        ("record: up{job='a'}", "error"),
        ("labels: {__name__: c}", "error"),
        ("labels: {'': c}", "error"),
    ],
)
def test_names_that_prometheus_3_takes_are_a_warning(line: str, level: str, tmp_path: Path) -> None:
    named = "" if line.startswith("record") else "record: a\n        "
    text = (
        f"groups:\n  - name: a\n    rules:\n      - {named}{line}\n        expr: 'sum({{\"my.metric\"}})'\n"
    )
    assert [(each.rule, each.level) for each in lint(tmp_path, text)] == [("rule-names", level)]


def test_groups_under_another_word_are_found(tmp_path: Path) -> None:
    (each,) = lint(tmp_path, recordings("sum(asks)").replace("groups:", "group:"))
    assert (each.rule, each.fix) == ("field-known", "Did you mean 'groups'?")


def test_what_records_and_alerts_is_called_by_one_name(tmp_path: Path) -> None:
    text = recordings("sum(asks)").replace("        expr", "        alert: A\n        for: 1x\n        expr")
    found = lint(tmp_path, text)
    assert {each.rule for each in found} == {"rule-kind", "field-value"}
    assert {each.where for each in found} == {"alert A"}


@pytest.mark.parametrize(
    ("line", "refused"),
    [("for: ''", 1), ("for:", 0), ("for: 0s\n        record: a", 0), ("for: 1m\n        record: a", 1)],
)
def test_a_hold_of_nothing(line: str, refused: int, tmp_path: Path) -> None:
    named = "" if "record" in line else "\n        alert: A"
    text = f"groups:\n  - name: a\n    rules:\n      - {line}{named}\n        expr: up\n"
    assert len(lint(tmp_path, text)) == refused
