"""What is made of times that nobody took is unknown, and no zero."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from exporters.catalogue import postgres as pg
from exporters.catalogue import postgres_objects as objects
from signals import postgres_chosen as chosen
from signals import postgres_work as work
from signals.model import Signal
from signals.promql import Context

PLACE = 'environment="production",cluster="main",job="exporter",instance="db:1"'
IDENTITY = ("environment", "cluster")
WAITS = (work.READ_WAIT, work.WRITE_WAIT, chosen.READ_TIME, chosen.WRITE_TIME)


@pytest.mark.parametrize("timed", [0, 1])
@pytest.mark.parametrize("signal", WAITS, ids=lambda each: each.title)
def test_a_wait_for_disks_is_known_only_where_it_is_timed(tmp_path: Path, signal: Signal, timed: int) -> None:
    zeros = {metric.name: "0x40" for metric in signal.query.metrics}
    values = {
        **zeros,
        objects.STATEMENT_CALLS.name: "0+15x40",
        pg.SETTING_TRACK_IO_TIMING.name: f"{timed}x40",
    }
    known = {"labels": f"{{{PLACE}}}", "value": 0}
    test = {
        "interval": "15s",
        "input_series": [{"series": f"{name}{{{PLACE}}}", "values": values[name]} for name in zeros],
        "promql_expr_test": [
            {
                "expr": signal.query.fill(Context(identity=IDENTITY, window="5m")).replace("$queryid", ".*"),
                "eval_time": "8m",
                "exp_samples": [known] if timed else [],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"tests": [test]}))
    done = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yml")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
