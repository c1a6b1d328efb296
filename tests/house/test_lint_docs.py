"""The page about lint says what the checks are, and the checks answer what they were asked for."""

from __future__ import annotations

import re
from pathlib import Path

from dashboards.checks import RULES, Rule

PAGE = (Path(__file__).parents[2] / "docs/lint.md").read_text()
ABOUT = {"every": "every", "own": "ours", "others": "others'"}
# What a generated dashboard should satisfy, as this project wrote it down before it began.
DEMANDS = {
    *(f"E{number}" for number in (*range(1, 13), *range(15, 25), *range(26, 32))), "W13", "W14", "W25"
}  # fmt: skip
LINTER = {
    "template-datasource-rule", "template-job-rule", "template-instance-rule", "template-label-promql-rule",
    "template-on-time-change-reload-rule", "panel-datasource-rule", "panel-title-description-rule",
    "panel-units-rule", "panel-no-targets-rule", "target-promql-rule", "target-rate-interval-rule",
    "target-job-rule", "target-instance-rule", "target-counter-agg-rule", "target-logql-rule",
    "target-logql-auto-rule", "uneditable-dashboard",
}  # fmt: skip


def row(rule: Rule) -> str:
    known = ", ".join(f"`{name}`" if "-" in name else name for name in rule.answers)
    summary = rule.summary.replace("|", r"\|")
    return f"| `{rule.id}` | {summary} | {ABOUT[rule.about]} | {known} |"


def between(mark: str) -> list[str]:
    found = re.search(rf"<!-- {mark} -->\n(.*?)\n<!-- end of {mark} -->", PAGE, re.DOTALL)
    assert found
    return found[1].splitlines()


def test_the_table_of_checks_is_the_checks() -> None:
    assert between("checks")[2:] == [row(rule) for rule in RULES]


def test_every_demand_is_answered_by_a_check() -> None:
    answered = {name for rule in RULES for name in rule.answers}
    assert answered == DEMANDS | LINTER


def test_the_counts_name_checks_that_there_are_and_add_up() -> None:
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in between("counts")[2:]]
    known = {rule.id for rule in RULES}
    assert {name.partition("`")[0] for name, *_ in rows} - {"all"} <= known
    for name, *counts in rows:
        *each, total = (int(count or 0) for count in counts)
        assert sum(each) == total, name
    checks = [row for row in rows if row[0] in known]
    (all_,) = [row for row in rows if row[0] == "all"]
    columns = list(zip(*(counts for _, *counts in checks), strict=True))
    assert [sum(int(count or 0) for count in column) for column in columns] == list(map(int, all_[1:]))
