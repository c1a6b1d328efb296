"""One mistake is told in one line, wherever it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboards.checks.finding import Finding
from dashboards.cli.errors import report
from tests.unit.conftest import Build, line, refused
from tests.unit.test_cli_test import UNPROVEN


def test_of_an_alert_each_check_tells_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    slip = Finding(file="a.json", where="alert Slow", rule="ratio-guarded", message="too few")
    panel = replace(slip, where="panel 'Slow'", rule="no-data")
    report(
        [
            slip,
            replace(slip, message="other words"),
            replace(slip, file="b.yml"),
            replace(slip, rule="division-guarded"),
            replace(slip, where="alert Slower"),
            panel,
            replace(panel, message="other words"),
        ]
    )
    assert capsys.readouterr().err.splitlines() == [
        "a.json: alert Slow: too few. [ratio-guarded] (1 more of it, see `lint --json`)",
        "a.json: alert Slow: too few. [division-guarded]",
        "a.json: alert Slower: too few. [ratio-guarded]",
        "a.json: panel 'Slow': too few. [no-data]",
        "a.json: panel 'Slow': other words. [no-data]",
    ]


def test_a_share_without_a_guard_is_one_line_though_two_engines_have_it(build: Build) -> None:
    output = refused(build(UNPROVEN.replace("guards=(ENOUGH,), ", "")), code=1)
    (told,) = [each for each in output.splitlines() if "alert ShopOrdersLost" in each]
    assert "it judges a share or percentile of events, however few there are" in told
    assert told.endswith("[ratio-guarded]")


@pytest.mark.parametrize("second", ["ORDERS_LOST", "replace(ORDERS_LOST, hold=1)"])
def test_two_alerts_of_one_name_are_told_by_it(build: Build, second: str) -> None:
    twice = UNPROVEN.replace("(QUEUE_LONG, ORDERS_LOST)", f"(QUEUE_LONG, ORDERS_LOST, {second})")
    assert "two alerts are called 'ShopOrdersLost'; expected one" in line(build(twice))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("levels=SERVICE_LEVELS[:1]", "of the group 'latency', which alert ApiLatencyBudgetBurnFast, "),
        ("levels=()", "of the group 'availability', which alert ApiErrorBudgetBurnFast, "),
        ("recordings=()", "of the group 'recorded', which board "),
    ],
)
def test_what_is_no_longer_recorded_is_told_once_for_all_who_read_it(
    build: Build, given: str, told: str
) -> None:
    output = line(build(f"from dashboards.stack import *\nSTACK = Stack({given})\n"))
    assert told in output
    assert "expected it in Stack(levels=…) or Stack(recordings=…); keep it, or leave out what" in output
