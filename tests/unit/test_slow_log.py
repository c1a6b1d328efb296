"""New entries of the slow log are counted as what they are: whole, and never fewer than none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from exporters.catalogue import redis
from signals.promql import Context
from signals.redis_detail import SLOW_NEW

PLACE = 'job="exporter",instance="r:1"'


@pytest.mark.parametrize(
    ("values", "new"), [("3x8", 0), ("3x5 4x3", 1), ("3x5 5x3", 2), ("128x5 0x3", 0), ("128x9", 0)]
)
def test_entries_of_the_slow_log_are_whole(tmp_path: Path, values: str, new: int) -> None:
    runs = [run.split("x") for run in values.split()]
    samples = " ".join(" ".join([value] * (int(times) + 1)) for value, times in runs)
    test = {
        "interval": "15s",
        "input_series": [{"series": f"{redis.SLOWLOG_LENGTH.name}{{{PLACE}}}", "values": samples}],
        "promql_expr_test": [
            {
                "expr": SLOW_NEW.query.fill(Context(identity=(), window="1m")),
                "eval_time": "125s",
                "exp_samples": [{"labels": f"{{{PLACE}}}", "value": new}],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"evaluation_interval": "5s", "tests": [test]}))
    done = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yml")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
