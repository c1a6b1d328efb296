"""Yesterday and last week as they are: a case lets a day pass in minutes, and here it takes a day."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.prometheus import rule_of
from alerts.proof.plan import CONTEXT
from alerts.rules.api_load import API_TRAFFIC_DROP
from exporters.catalogue import api, external

STEP = 60
HOUR, DAY = 60, 24 * 60
PLACE = 'environment="production",cluster="main",job="%s"'
NOW = 8 * DAY


def values(*stretches: tuple[int, int]) -> str:
    """Minutes at so many requests a minute, one stretch after the other, as promtool reads a counter."""
    total, written = 0, []
    for minutes, growth in stretches:
        written.append(f"{total + growth}+{growth}x{minutes - 1}")
        total += growth * minutes
    return " ".join(written)


def said(folder: Path, traffic: str, minute: int) -> str:
    """What promtool says where the alert is to fire for the traffic, at a minute, for production's spans."""
    labels = f'{PLACE % "api"},method="GET",handler="/a",status="200"'
    given = [
        {"series": f"{api.REQUESTS.name}{{{labels}}}", "values": traffic},
        {"series": f"{api.WORKERS.name}{{{PLACE % 'api'}}}", "values": f"4x{NOW + HOUR}"},
        {"series": f"{external.PROBE_SUCCESS.name}{{{PLACE % 'api-health'}}}", "values": f"1x{NOW + HOUR}"},
    ]
    expected: dict[str, Any] = {
        "expr": f'count(ALERTS{{alertname="{API_TRAFFIC_DROP.name}",alertstate="firing"}})',
        "eval_time": f"{minute}m",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }
    test = {"interval": f"{STEP}s", "input_series": given, "promql_expr_test": [expected]}
    # Every five minutes, or a week would take promtool a minute.
    document = {"rule_files": ["rule.yml"], "evaluation_interval": "5m", "tests": [test]}
    rules = {"groups": [{"name": "one", "rules": [rule_of(API_TRAFFIC_DROP, CONTEXT)]}]}
    (folder / "rule.yml").write_text(yaml.safe_dump(rules))
    (folder / "test.yml").write_text(yaml.safe_dump(document))
    done = subprocess.run(
        ["promtool", "test", "rules", "test.yml"], cwd=folder, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


BUSY, QUIET = 6000, 600
LATER = NOW + 30


@pytest.mark.parametrize(
    ("traffic", "minute", "fires"),
    [
        pytest.param([(NOW, BUSY), (HOUR, QUIET)], LATER, True, id="a fall against both"),
        pytest.param(
            [(2 * DAY, QUIET), (NOW - 2 * DAY, BUSY), (HOUR, QUIET)], LATER, False, id="as last week"
        ),
        pytest.param(
            [(DAY + HOUR, BUSY), (HOUR, QUIET)], DAY + HOUR + 30, False, id="a day of history, no week"
        ),
        pytest.param([(NOW - HOUR, BUSY), (DAY, QUIET)], NOW - HOUR + DAY + 30, False, id="as yesterday"),
    ],
)
def test_traffic_is_compared_with_yesterday_and_with_last_week(
    traffic: list[tuple[int, int]], minute: int, fires: bool, tmp_path: Path
) -> None:
    verdict = said(tmp_path, values(*traffic), minute)
    assert (verdict == "") is fires
    assert fires or "got: nil" in verdict
