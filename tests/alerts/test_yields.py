"""Two alerts of one thing, played side by side by promtool: one of them speaks, and never both."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from alerts.model import Alert
from alerts.prometheus import rule_of
from alerts.proof.plan import CONTEXT
from alerts.rules.postgres import POSTGRES_CONNECTIONS_CRITICAL as GRAVER
from alerts.rules.postgres import POSTGRES_CONNECTIONS_HIGH as LESSER
from exporters.catalogue import postgres as metrics
from signals.promql import duration

# Connections in use, of a hundred: in health, between the two limits, beyond both.
HEALTH, HIGH, CRITICAL = 20, 85, 97
SAMPLE, EVALUATION = 15, 30
LASTING = [(CRITICAL, 1200), (HIGH, 1200), (CRITICAL, 1200), (HEALTH, 1200)]
# Beyond both for a quarter of what the graver one is held, again and again.
SWINGING = [(CRITICAL, 30), (HIGH, 30)] * 20
# The graver one fires, and before it is over what is beyond its limit comes back for a moment.
KEPT = [(CRITICAL, 360), *[(HIGH, 210), (CRITICAL, 30)] * 12]
Levels = list[tuple[int, int]]


def series(levels: Levels) -> list[dict[str, str]]:
    """What is scraped of PostgreSQL while so many connections are used for so many seconds each."""
    own = 'job="exporter",instance="exporter:10910",environment="production",cluster="main"'
    used = " ".join(f"{level}+0x{seconds // SAMPLE - 1}" for level, seconds in levels)
    steady = {
        metrics.UP: 1,
        metrics.SETTING_MAX_CONNECTIONS: 100,
        metrics.SETTING_SUPERUSER_RESERVED: 0,
        metrics.SETTING_RESERVED: 0,
    }
    values = {metrics.ACTIVITY: used, **{metric: f"{value}+0x1000" for metric, value in steady.items()}}
    return [{"series": f"{metric.name}{{{own}}}", "values": text} for metric, text in values.items()]


def wrong(
    folder: Path,
    levels: Levels,
    asked: Iterable[tuple[str, int, int]],
    *,
    scale: float = 1,
    lesser: Alert = LESSER,
) -> str:
    """What promtool finds wrong where so many of the alerts of a name are to fire at a second."""
    context = replace(CONTEXT, time_scale=scale)
    rules = [rule_of(alert, context) for alert in (GRAVER, lesser)]
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "pair", "rules": rules}]}))
    firing = [
        {
            "expr": f'count(ALERTS{{alertstate="firing", alertname=~"{names}"}}) or vector(0)',
            "eval_time": duration(second * scale),
            "exp_samples": [{"labels": "{}", "value": count}],
        }
        for names, second, count in asked
    ]
    test = {
        "interval": duration(SAMPLE * scale), "input_series": series(levels), "promql_expr_test": firing
    }  # fmt: skip
    document = {
        "rule_files": ["rules.yml"], "evaluation_interval": duration(EVALUATION * scale), "tests": [test]
    }  # fmt: skip
    (folder / "test.yml").write_text(yaml.safe_dump(document))
    done = subprocess.run(
        ["promtool", "test", "rules", str(folder / "test.yml")], check=False, capture_output=True, text=True
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def each(names: str, count: int, begin: int, end: int) -> list[tuple[str, int, int]]:
    """The same at every evaluation from one second until before another."""
    return [(names, second, count) for second in range(begin, end, EVALUATION)]


ANY = f"{GRAVER.name}|{LESSER.name}"


@pytest.mark.parametrize("scale", [1, 0.05])
def test_what_lasts_is_told_by_one_at_a_time(tmp_path: Path, scale: float) -> None:
    asked = [
        *each(GRAVER.name, 1, 120, 1500),
        # The lesser one is held anew when the graver one, which is kept for five minutes, is over.
        *each(LESSER.name, 0, 0, 1800),
        *each(LESSER.name, 1, 1830, 2460),
        *each(ANY, 1, 120, 1500),
        # One of them, but for at most an evaluation while the graver one takes over.
        *each(ANY, 1, 1830, 2490),
        *each(ANY, 1, 2520, 3600),
        *each(GRAVER.name, 1, 2520, 3900),
        *each(ANY, 0, 3930, 4800),
    ]
    assert wrong(tmp_path, LASTING, asked, scale=scale) == ""


@pytest.mark.parametrize("scale", [1, 0.05])
def test_what_swings_across_the_graver_limit_is_told_by_the_lesser_one(tmp_path: Path, scale: float) -> None:
    asked = [*each(LESSER.name, 1, 300, 1200), *each(GRAVER.name, 0, 0, 1200)]
    assert wrong(tmp_path, SWINGING, asked, scale=scale) == ""


@pytest.mark.parametrize("scale", [1, 0.05])
def test_what_keeps_the_graver_one_firing_is_told_by_that_one(tmp_path: Path, scale: float) -> None:
    asked = [*each(GRAVER.name, 1, 120, 3000), *each(LESSER.name, 0, 0, 3000)]
    assert wrong(tmp_path, KEPT, asked, scale=scale) == ""


def test_both_would_speak_without_it(tmp_path: Path) -> None:
    loud = replace(LESSER, yields_to=None)
    assert "got:" in wrong(tmp_path, LASTING, each(ANY, 1, 300, 1200), lesser=loud)
