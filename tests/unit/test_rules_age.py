"""A group of rules that Prometheus has not evaluated yet, as after a start, was not evaluated in 1970."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from exporters.catalogue import external
from signals.promql import Context
from signals.watchers import RULES_AGE

PLACE = 'job="prometheus",instance="p:1"'


def test_a_group_counts_from_its_first_evaluation_on(tmp_path: Path) -> None:
    groups = {"fast": "0 15 30 45", "hourly": "0 0 0 45"}
    test = {
        "interval": "15s",
        "input_series": [
            {"series": f'{external.RULES_EVALUATED.name}{{{PLACE},rule_group="{name}"}}', "values": values}
            for name, values in groups.items()
        ],
        "promql_expr_test": [
            {
                "expr": RULES_AGE.query.fill(Context(identity=(), window="5m")),
                "eval_time": at,
                "exp_samples": [{"labels": f"{{{PLACE}}}", "value": age} for age in ages],
            }
            for at, ages in (("0s", []), ("40s", [10]), ("50s", [5]))
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"evaluation_interval": "5s", "tests": [test]}))
    done = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yml")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
