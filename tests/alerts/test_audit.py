"""The scorecard's harder rows, played by promtool: what is remembered, and what is unknown, not missed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.stack import STACK
from dashboards.write import render
from exporters.catalogue import api
from signals import audit
from signals.promql import Query

PLACE = {"environment": "production", "cluster": "main", "job": "api"}
PAYROLL = "/api/payroll/batch"
DAY = 24 * 60


def series(name: str, values: str, **labels: str) -> dict[str, str]:
    """An input series of promtool."""
    inside = ",".join(f'{key}="{value}"' for key, value in {**PLACE, **labels}.items())
    return {"series": f"{name}{{{inside}}}", "values": values}


def judged(folder: Path, given: list[dict[str, str]], asked: dict[tuple[str, int], float | None]) -> str:
    """What promtool says where each query is to give one value, or none, at a time in minutes."""
    (folder / "recorded.yml").write_bytes(render(STACK)["prometheus/rules/recorded.yml"])
    wanted = [
        {
            "expr": f"max({query})",
            "eval_time": f"{minute}m",
            "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
        }
        for (query, minute), value in asked.items()
    ]
    test: dict[str, Any] = {"interval": "1m", "input_series": given, "promql_expr_test": wanted}
    document = {"rule_files": ["recorded.yml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "test.yml").write_text(yaml.safe_dump(document))
    done = subprocess.run(
        ["promtool", "test", "rules", str(folder / "test.yml")], check=False, capture_output=True, text=True
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def filled(query: Query | None) -> str:
    assert query is not None
    return query.fill(STACK.context)


def payroll(
    seconds_before: float, seconds_after: float, minutes_before: int, minutes: int
) -> list[dict[str, str]]:
    """One payroll a minute, slower before than after."""
    labels = {"handler": PAYROLL, "method": "POST"}
    spent = seconds_before * minutes_before + seconds_after
    before = f"0+{seconds_before}x{minutes_before}"
    after = f"{spent}+{seconds_after}x{minutes - minutes_before}"
    return [
        series(f"{api.REQUEST_DURATION}_count", f"0+1x{minutes}", **labels),
        series(f"{api.REQUEST_DURATION}_sum", f"{before} {after}", **labels),
    ]


def test_a_reduction_is_remembered_for_longer_than_prometheus_keeps_data(tmp_path: Path) -> None:
    reduced = filled(audit.PAYROLL.query)
    given = payroll(2.0, 0.5, 60, 3 * DAY)
    assert (
        judged(tmp_path, given, {(reduced, 55): 0, (reduced, 90): 0.75, (reduced, 3 * DAY - 1): 0.75}) == ""
    )
    (rule,) = [
        rule for rule in yaml.safe_load((tmp_path / "recorded.yml").read_text())["groups"][0]["rules"]
        if rule["record"] == str(audit.WORST_SECONDS.metric)
    ]  # fmt: skip
    assert "[30d]" not in rule["expr"], "it reads itself, not a month"


def test_one_slow_request_after_a_start_is_no_baseline(tmp_path: Path) -> None:
    reduced = filled(audit.PAYROLL.query)
    given = payroll(30.0, 1.0, 2, 240)
    worst = f"max by (job) ({audit.WORST_SECONDS.metric})"
    assert judged(tmp_path, given, {(worst, 4): None, (reduced, 3): None}) == ""


@pytest.mark.parametrize(
    ("best", "offered", "verdict"),
    [(600, 600, 1), (300, 600, 0), (None, 600, 0), (300, 300, None), (None, 300, None)],
    ids=["held", "broke above", "never held", "not offered", "not offered, never held"],
)
def test_throughput_is_unknown_until_it_is_offered(
    tmp_path: Path, best: float | None, offered: float, verdict: float | None
) -> None:
    given = [series(str(audit.REQUESTS.metric), f"{offered}x30")]
    if best is not None:
        given.append(series(str(audit.REQUESTS_WITHIN_P95.metric), f"{best}x30"))
    assert judged(tmp_path, given, {(filled(audit.THROUGHPUT.reached), 20): verdict}) == ""
