"""A team's own service level: built in a few lines, and refused in one where it could be no promise."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml

from dashboards.boards import BOARDS
from dashboards.model import row, stat
from dashboards.queries import targets
from dashboards.stack import STACK
from exporters.catalogue import Counter
from signals.idioms import rate
from signals.levels import AVAILABILITY, LATENCY, SERVICE_LEVELS
from signals.model import SignalError
from signals.slo import ServiceLevel, Sli
from tests.unit.conftest import Build, line

# Each test puts one slip into it.
OURS = """\
from dataclasses import replace
from pathlib import Path

from alerts.rules import ALERTS
from alerts.rules.slo import burn_alerts
from dashboards.boards import BOARDS
from dashboards.model import Board, graph, row, stat
from dashboards.stack import Stack
from exporters.catalogue import Counter
from signals.idioms import rate
from signals.levels import SERVICE_LEVELS
from signals.limits import slo as limits
from signals.numbers import RATIO, Limit
from signals.objectives import P95
from signals.slo import DAY, ServiceLevel, Sli

DONE = Counter(name="jobs_total", help="Jobs that ended.", collector="worker.jobs")
FAILED = Counter(name="jobs_failed_total", help="Jobs that failed.", collector="worker.jobs")
TARGET = Limit(key="jobs_target", value=0.99, unit=RATIO, better="higher", why="One in a hundred is retried.")
JOBS = ServiceLevel(
    key="jobs",
    title="Jobs",
    sli=Sli(bad=rate(FAILED), total=rate(DONE)),
    target=TARGET,
    act="Open the worker's log.",
)
BURNING = burn_alerts(JOBS, name="JobsBudget", service="worker", what="Jobs fail")
WORKERS = Board(
    uid="backend-workers",
    title="Workers",
    description="For the owner.",
    source="",
    anchor=None,
    rows=(
        row(
            "Do jobs fail?",
            stat(JOBS.left, zero="all of it is spent"),
        ),
        row(
            "Since when?",
            graph(JOBS.fast, zero="no job failed"),
            graph(JOBS.slow, zero="no job failed"),
        ),
    ),
)
STACK = Stack(
    metrics=(DONE, FAILED),
    levels=(*SERVICE_LEVELS, JOBS),
    boards=(*BOARDS, WORKERS),
    alerts=(*ALERTS, *BURNING),
    runbooks=(Path(__file__).parent,),
)
"""
SECTIONS = "".join(f"## {name}\nText.\n" for name in ("Meaning", "Impact", "Check", "Fix", "False causes"))


def test_a_team_adds_a_service_level_in_a_few_lines(build: Build) -> None:
    code, said, output = build(OURS)
    assert code == 1
    assert "JobsBudgetBurnFast.md" in said
    for name in ("Fast", "Slow"):
        (output.parent / f"JobsBudgetBurn{name}.md").write_text(SECTIONS)

    code, said, output = build(OURS)

    assert code == 0, said
    (group,) = yaml.safe_load((output / "prometheus/rules/jobs.yml").read_text())["groups"]
    names = [rule.get("record", rule.get("alert")) for rule in group["rules"]]
    assert names[0] == "job_instance:jobs_bad:rate5m"
    assert names[-2:] == ["JobsBudgetBurnFast", "JobsBudgetBurnSlow"]
    rules = json.loads((output / "grafana/alerting/rules.json").read_text())
    assert "JobsBudgetBurnFast" in [rule["title"] for each in rules["groups"] for rule in each["rules"]]


# What is written in place of what, and what is said.
SLIPS = [
    (
        "value=0.99",
        "value=0.9",
        "service level 'jobs': its target 'jobs_target', 90 %, allows 10 % to be bad, and 14.4 times that "
        "('burn_1h') is all or more, so its alert could never fire; expected a target above 0.9306; raise it",
    ),
    (
        "value=0.99",
        "value=1",
        "its target is 'jobs_target', 1 in 'share'; expected a share above 0 and below",
    ),
    (
        "value=0.99",
        "value=0",
        "its target is 'jobs_target', 0 in 'share'; expected a share above 0 and below",
    ),
    ("value=0.99", "value=99", "its target is 'jobs_target', 99 in 'share'; expected a share above 0"),
    ("total=rate(DONE)", "total=rate(DONE, window='5m')", "without a hole for the window; expected a rate"),
    ("total=rate(DONE)", "total=DONE", "total is "),
    (
        "    metrics=",
        "    retention=20, metrics=",
        "service level 'availability' promises over 30 d, and Prometheus keeps 20 d; expected at least",
    ),
    (
        "    act=",
        "    window=90 * DAY, act=",
        "'jobs' promises over 90 d, and Prometheus keeps 35 d; expected",
    ),
    (
        "    act=",
        "    window=61, act=",
        "'jobs' promises over 61 s, less than its alerts look back over; expected at least 3 d; promise over",
    ),
    ("    act=", "    window=2 * DAY, act=", "'jobs' promises over 2 d, less than its alerts"),
    ("(*SERVICE_LEVELS, JOBS)", "(JOBS, JOBS)", "two service levels have the key 'jobs'; expected one"),
    (
        "    metrics=",
        "    objectives=(replace(P95, value=0.123),), metrics=",
        "service level 'latency': its limit 'p95' is 123 ms, which is no bound of http_request_duration_s",
    ),
    (
        "    metrics=",
        "    limits=(replace(limits.LATENCY_TARGET, value=0.92),), metrics=",
        "service level 'latency': its target 'latency_target', 92 %, allows 8 % to be bad, and 14.4 times",
    ),
    (
        "    metrics=",
        "    limits=(replace(limits.BURN_1H, value=5),), metrics=",
        "'burn_1h' is 5, less than 'burn_6h', 6; the shorter window needs the higher factor",
    ),
    *(
        (
            "    metrics=",
            f"    limits=(replace(limits.{name.upper()}, value={value}),), metrics=",
            f"{name!r} is {value}, and its alert would fire while the promise is kept",
        )
        for name, value in (("burn_6h", 0), ("burn_3d", 0.99))
    ),
]


@pytest.mark.parametrize("window", ["3 * DAY", "7 * DAY"])
def test_a_promise_over_less_than_a_month_is_built(build: Build, window: str) -> None:
    own = OURS.replace("    act=", f"    window={window}, act=").replace("*ALERTS, *BURNING", "*ALERTS,")
    code, said, _ = build(own)
    assert code == 0, said


@pytest.mark.parametrize(("right", "slip", "told"), SLIPS, ids=[slip[1][:40].strip() for slip in SLIPS])
def test_a_promise_that_can_be_none_is_told_in_one_line(
    build: Build, right: str, slip: str, told: str
) -> None:
    assert right in OURS

    assert told in line(build(OURS.replace(right, slip)))


def test_a_budget_is_that_of_the_target_chosen_on_a_board_of_its_kind_and_of_no_other() -> None:
    done = Counter(name="jobs_total", help="Jobs that ended.", collector="worker.jobs")
    failed = Counter(name="jobs_failed_total", help="Jobs that failed.", collector="worker.jobs")
    jobs = replace(AVAILABILITY, key="jobs", sli=Sli(bad=rate(failed), total=rate(done)))
    panel = stat(jobs.left, zero="all of it is spent")
    for source, chosen in (("worker", ',job="$job",instance="$instance"'), ("redis", "")):
        board = replace(BOARDS[0], source=source, anchor=done, rows=(row("Do jobs fail?", panel),))
        (target,) = targets(panel, board, STACK.context)
        place = 'environment=~"$environment",cluster=~"$cluster"'
        assert target.expr == f"1 - job_instance:jobs_bad:ratio30d{{{place}{chosen}}} / 0.001"


def test_bad_and_all_events_have_the_same_labels() -> None:
    with pytest.raises(SignalError, match=r"counts bad events by \['job'\], and all by \['instance'\]"):
        Sli(bad=AVAILABILITY.sli.bad, total=replace(AVAILABILITY.sli.total, labels=("instance",)))


def test_a_factor_that_just_can_be_reached_is_taken() -> None:
    target = replace(LATENCY.target, value=0.931)
    assert list(LATENCY.problems({target.key: target})) == []


@pytest.mark.parametrize("level", SERVICE_LEVELS, ids=lambda level: level.key)
def test_a_board_shows_what_was_kept_of_each_promise_and_what_is_left(level: ServiceLevel) -> None:
    (board,) = [each for each in BOARDS if each.uid == "backend-api"]
    shown = [signal for panel in board.panels if panel.kind == "stat" for signal in panel.signals]
    assert level.kept in shown
    assert level.left in shown
