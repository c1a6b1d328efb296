"""A group of rules is late by its own interval, and not since 1970 before its first evaluation."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from exporters.catalogue import external
from signals.promql import Context
from signals.watchers import RULES_LATE

PLACE = 'job="prometheus",instance="p:1"'


def test_a_group_is_late_by_its_own_interval_from_its_first_evaluation_on(tmp_path: Path) -> None:
    evaluated = {"fast": "0 15 30 30 30 30", "hourly": "0 0 30 30 30 30"}
    interval = {"fast": "15+0x5", "hourly": "3600+0x5"}
    test = {
        "interval": "15s",
        "input_series": [
            {"series": f'{metric.name}{{{PLACE},rule_group="{name}"}}', "values": values}
            for metric, groups in ((external.RULES_EVALUATED, evaluated), (external.RULES_INTERVAL, interval))
            for name, values in groups.items()
        ],
        "promql_expr_test": [
            {
                "expr": RULES_LATE.query.fill(Context(identity=(), window="5m")),
                "eval_time": at,
                "exp_samples": [{"labels": f"{{{PLACE}}}", "value": each} for each in late],
            }
            for at, late in (("0s", []), ("15s", [0]), ("40s", [0]), ("75s", [30]))
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"evaluation_interval": "5s", "tests": [test]}))
    done = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yml")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
