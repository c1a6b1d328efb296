"""Workers that come late, are replaced, or come back for a moment only: which of it is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from alerts.prometheus import rule_of
from alerts.proof.plan import CONTEXT
from alerts.rules.api_load import API_WORKERS_MISSING
from exporters.catalogue import api

OWN = 'job="api",instance="api:9000",environment="production",cluster="main"'
# Samples every quarter of a minute: there are forty before what happens, and as many hours after it.
STEADY, MINUTES = "4x39 ", 60
COME = " ".join(f"{alive}x4" for alive in (1, 1, 2, 2, 3, 3))  # a quarter of a minute for each sample
PLAYS = {
    "they come one by one within eight minutes of a start": ("4x400", f"{COME} 4x300", 0),
    "twice as many are configured, and come four minutes later": ("4x39 8x300", "4x55 8x300", 0),
    "a deploy replaces one after the other": ("4x400", STEADY + "3 4 4 4 " * 40 + "4x200", 0),
    "one is gone for good": ("4x400", STEADY + "3x300", 1),
    "they end again and again": ("4x400", STEADY + ("1x12 4 4 " * 20), 1),
}


@pytest.mark.parametrize(("configured", "alive", "fires"), PLAYS.values(), ids=PLAYS)
def test_workers_are_missing_where_most_samples_lack_them(
    tmp_path: Path, configured: str, alive: str, fires: int
) -> None:
    rules = [rule_of(API_WORKERS_MISSING, CONTEXT)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "workers", "rules": rules}]}))
    values = {api.WORKERS_CONFIGURED: configured, api.WORKERS: alive}
    series = [{"series": f"{metric.name}{{{OWN}}}", "values": text} for metric, text in values.items()]
    ever = 'max_over_time(count(ALERTS{alertstate="firing"})[1h:30s]) or vector(0)'
    asked = {"expr": ever, "eval_time": f"{MINUTES}m", "exp_samples": [{"labels": "{}", "value": fires}]}
    test = {"interval": "15s", "input_series": series, "promql_expr_test": [asked]}
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "30s", "tests": [test]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(document))
    done = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yml")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
