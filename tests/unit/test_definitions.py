"""A team's own definitions with a slip in them: told in one line that says what, and what was expected."""

from __future__ import annotations

import re
from dataclasses import replace

import promql_parser
import pytest

from alerts.rules.telemetry import TARGET_ABSENT
from dashboards.stack import STACK
from dashboards.targets import Job
from signals.limits.telemetry import SCRAPE_SHARE, SCRAPE_SLOW
from signals.numbers import BYTES, COUNT, PER_SECOND, RATIO, REQUESTS_PER_SECOND, SECONDS, UNITS
from tests.unit.conftest import Build, line

# As in the README; each test puts one slip into it.
OURS = """\
from alerts.model import Alert, Severity
from alerts.notifications import Email, MuteTime, Notifications, PagerDuty, SecretRef, Slack, Webhook
from alerts.rules import ALERTS
from dashboards.boards import BOARDS
from dashboards.model import Board, graph, row, stat
from dashboards.stack import Stack
from dashboards.targets import Job, Targets
from exporters.catalogue import Counter, Label
from exporters.catalogue.labels import INSTANCE, JOB
from signals.idioms import rate, ratio
from signals.model import Recording, Signal
from signals.numbers import PER_SECOND, SECONDS, Limit, Unit
from signals.promql import Query

QUEUE = Label(name="queue", help="Name of the queue.", bound="the queues that the code names")
FAILED = Counter(name="jobs_failed_total", help="Jobs that failed.", labels=(QUEUE,), collector="worker.jobs")
FEW = Limit(key="failed_jobs", value=0.1, unit=PER_SECOND, why="One in ten seconds is a pattern.")
FAILED_JOBS = Signal(
    title="Failed jobs",
    why="Background jobs that failed.",
    act="Open the log.",
    query=rate(FAILED, by=(QUEUE,)),
    unit=PER_SECOND,
    objective=FEW,
    legend="{{queue}}",
)
WORKERS = Board(
    uid="backend-workers",
    title="Workers",
    description="For the owner.",
    source="worker",
    anchor=FAILED,
    rows=(
        row("Do jobs fail?", stat(FAILED_JOBS, title="Failed jobs now", zero="no job failed")),
        row("Since when?", graph(FAILED_JOBS, zero="no job failed")),
    ),
)
JOBS_FAILING = Alert(
    name="JobsFailing",
    service="worker",
    severity=Severity.WARNING,
    signal=FAILED_JOBS,
    operator=">",
    by=(JOB, INSTANCE, QUEUE),
    hold=600,
    summary="Queue {{ $labels.queue }} loses jobs, above {limit}.",
    description="Work is not done.",
)
SLACK = Slack(url=SecretRef(file="slack_url"))
STACK = Stack(
    metrics=(FAILED,),
    limits=(FEW,),
    boards=(*BOARDS, WORKERS),
    alerts=ALERTS,
    notifications=Notifications(critical=(SLACK,), warning=(SLACK,)),
)
"""
# What is written in place of what, and what is said.
SLIPS = [
    (
        "value=0.1, unit=PER_SECOND",
        "value=0.1, unit=SECONDS",
        "signal 'Failed jobs': its values are in 'per second', but 'failed_jobs' is 100 ms, in 'seconds'",
    ),
    (
        "value=0.1",
        'value="0.1"',
        "limit 'failed_jobs': value is '0.1' (str); expected a finite number; write",
    ),
    (
        "value=0.1",
        "value=float('nan')",
        "limit 'failed_jobs': value is nan (float); expected a finite number",
    ),
    ("value=0.1", "value=True", "value is True (bool); expected a finite number"),
    (
        "value=0.1",
        "value=-5",
        "the limit 'failed_jobs' is -5 per second; nothing that is measured in 'per sec",
    ),
    (
        "objective=FEW",
        "objective=0.1",
        "'Failed jobs': objective is 0.1 (float); expected Objective or Limit",
    ),
    ("    unit=PER_SECOND", '    unit="s"', "unit is 's' (str); expected a unit of signals.numbers, such as"),
    ("    unit=PER_SECOND", '    unit=Unit(name="degrees")', "expected a unit of signals.numbers, such as"),
    ("Severity.WARNING", '"warning"', "expected Severity.CRITICAL or Severity.WARNING or Severity.INFO"),
    (
        "hold=600",
        'hold="10m"',
        "alert JobsFailing: hold is '10m' (str); expected seconds, as a finite number",
    ),
    ("anchor=FAILED", 'anchor="jobs_failed"', "'Workers': anchor is 'jobs_failed' (str); expected Metric or"),
    (
        'rows=(\n        row("Do',
        'rows=row("Do jobs fail?", stat(FAILED_JOBS)),\n    tags=(\n        row("Do',
        "rows is a Row; expected a tuple of Row; a tuple of one is (it,)",
    ),
    ("graph(FAILED_JOBS,", "graph(FAILED,", "signals[0] is a Counter; expected Signal; give that"),
    ("graph(FAILED_JOBS,", "graph(", "graph panel '' shows no signal; give it at least one"),
    (
        'graph(FAILED_JOBS, zero="no job failed")',
        "FAILED_JOBS",
        "row 'Since when?': panels[0] is a Signal;",
    ),
    (
        "rate(FAILED,",
        'rate("jobs_faild",',
        "is given 'jobs_faild' (str); expected a metric of exporters.cata",
    ),
    (
        "by=(QUEUE,)",
        "by=(QUEUE)",
        "(Label); expected a tuple of labels as by=, where a tuple of one is (it,)",
    ),
    ("by=(QUEUE,)", 'by=("queue",)', "a query is given 'queue' (str); expected a label of the metric in by="),
    ("rate(FAILED,", 'rate(FAILED, "queue",', "given 'queue' (str); expected a matcher, such as LABEL.eq("),
    (
        "rate(FAILED, by=(QUEUE,))",
        "ratio(FAILED, FAILED)",
        "expected a query, such as rate(...), on both sides",
    ),
    ("by=(QUEUE,)", "by=(QUEUE,), objective=FEW", "(Limit); expected an objective, which brings a selector"),
    (
        "rate(FAILED, by=(QUEUE,))",
        'Query("1", FAILED)',
        "a query: metrics is a Counter; expected a tuple of M",
    ),
    (
        "STACK = Stack(",
        "STACK = Stack(recordings=(Recording(metric=FAILED, query=1),),",
        "a recording: metric is a Counter; expected Gauge",
    ),
    (
        "STACK = Stack(",
        'STACK = Stack(targets=Targets(jobs=(Job(name="x", addresses=("x:1")),)),',
        "job 'x': addresses is 'x:1' (str); expected a tuple of str; a tuple of one is (it,)",
    ),
    (
        "STACK = Stack(",
        'STACK = Stack(targets=Targets(jobs=Job(name="x")),',
        "the targets: jobs is a Job; expec",
    ),
    (
        "critical=(SLACK,)",
        "critical=(SLACK)",
        "notifications: critical is a Slack; expected a tuple of Webhook or",
    ),
    (
        "warning=(SLACK,)",
        'warning=(Slack(url=SecretRef(file="another")),)',
        "two channels are called 'slack'; expected one; rename the other",
    ),
    (
        "alerts=ALERTS",
        'alerts=tuple(__import__("dataclasses").replace(each, team="payrol") for each in ALERTS)',
        "is of the team 'payrol'; Notifications.teams has none; correct the name, or say there who hears",
    ),
    (
        "warning=(SLACK,)",
        'warning=(SLACK,), mutes=(MuteTime(name="night", times=("22:00-24:00",), routes=("warnin",)),)',
        "mute time 'night' names the route 'warnin'; expected one of critical, warning; correct it",
    ),
    (
        "boards=(*BOARDS, WORKERS)",
        "boards=(WORKERS,)",
        "keep *Stack.boards among the boards, put the signal on one of yours, or leave the alert out",
    ),
    (
        '"failed_jobs", value=0.1',
        '"redis_memory_high", value=0.1',
        "the key 'redis_memory_high' is that of 1 GiB, in 'bytes', and of 0.1 per second, in 'per second'",
    ),
    (
        "limits=(FEW,)",
        'limits=(FEW, Limit(key="scrape_slow", value=10, unit=SECONDS, why="x"),)',
        "the limit 'scrape_slow' is 10 s, but a scrape is given up after the stack's targets.timeout, 10 s,",
    ),
    (
        "STACK = Stack(",
        "STACK = Stack(targets=Targets(jobs=(), interval=60),",
        "the stack's targets.interval is 1 min; expected at most 30 s, as far back as boards look for what",
    ),
    (
        "limits=(FEW,)",
        'limits=(Limit(key="failed_jobs", value=5, unit=SECONDS, why="x"),)',
        "the key 'failed_jobs' is that of 0.1 per second, in 'per second', and of 5 s, in 'seconds', which",
    ),
]


@pytest.mark.parametrize(("right", "slip", "told"), SLIPS)
def test_a_slip_in_a_definition_is_told_in_a_line(build: Build, right: str, slip: str, told: str) -> None:
    assert right in OURS
    assert told in line(build(OURS.replace(right, slip)))


def test_without_a_slip_it_is_built(build: Build) -> None:
    code, output, _ = build(OURS)
    assert code == 0, output


def test_a_limit_that_the_stack_does_not_name_counts_as_it_stands(build: Build) -> None:
    text = OURS.replace("    limits=(FEW,),\n", "").replace("alerts=ALERTS", "alerts=(*ALERTS, JOBS_FAILING)")
    code, output, _ = build(text, "alerts", command="list")

    assert code == 0, output
    assert "> 0.1 per second" in output


# Addresses that give the right to post: one of words, which is short, and one that was drawn.
ADDRESSES = [
    "https://chat.example/post-here",
    "https://hooks.slack.com/services/T0/B0/0123456789abcdefABCDEF012345",
]
LEAKS = [
    ("url={!r}", "a channel of Slack: url is a str; expected a SecretRef, such as SecretRef(file="),
    ("url=SecretRef(file={!r})", "SecretRef file (not shown): expected a path of letters"),
    ("url=SecretRef(variable={!r})", "SecretRef variable (not shown): expected a name such as SLACK"),
    ('name={!r}, url=SecretRef(file="x")', "(not shown)"),
]


@pytest.mark.parametrize("address", ADDRESSES, ids=["words", "drawn"])
@pytest.mark.parametrize(("slip", "told"), LEAKS)
def test_what_may_be_a_secret_is_not_shown(build: Build, slip: str, told: str, address: str) -> None:
    output = line(build(OURS.replace('url=SecretRef(file="slack_url")', slip.format(address))))

    assert told in output
    assert address.rpartition("/")[2] not in output


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        ('PagerDuty(key="p4ss")', "a channel of PagerDuty: key is a str; expected a SecretRef, such as"),
        (
            'Webhook(url="http://host/", token="p4ss")',
            "a channel of Webhook: token is a str; expected a Secre",
        ),
        (
            'Email(to=("a@example.org",), password="p4ss")',
            "a channel of Email: password is a str; expected a",
        ),
        ('"p4ss"', "notifications: critical[0] is a str; expected Webhook or Slack or PagerDuty or Email"),
        ('SecretRef(file=b"p4ss")', "a SecretRef: file is a bytes; expected str"),
    ],
)
def test_a_password_in_the_place_of_its_reference_is_not_shown(build: Build, channel: str, told: str) -> None:
    output = line(build(OURS.replace("critical=(SLACK,)", f"critical=({channel},)")))

    assert told in output
    assert "p4ss" not in output


def test_a_key_in_the_place_of_a_file_s_name_is_not_shown(build: Build) -> None:
    output = line(build(OURS.replace('"slack_url"', '"0123456789abcdef0123456789abcdef+"')))

    assert "SecretRef file (not shown): " in output
    assert "0123" not in output


@pytest.mark.parametrize("address", ADDRESSES, ids=["words", "drawn"])
@pytest.mark.parametrize(
    ("right", "slip"),
    [
        ("critical=(SLACK,)", "critical=({!r},)"),
        ("critical=(SLACK,)", "critical={!r}"),
        ("notifications=Notifications(critical=(SLACK,), warning=(SLACK,))", "notifications={!r}"),
    ],
)
def test_an_address_in_the_place_of_channels_is_not_shown(
    build: Build, right: str, slip: str, address: str
) -> None:
    output = line(build(OURS.replace(right, slip.format(address))))

    assert "notifications" in output
    assert " is a str; expected " in output
    assert address.rpartition("/")[2] not in output


def test_only_units_of_one_dimension_agree() -> None:
    pairs = {frozenset((one.name, other.name)) for one in UNITS for other in UNITS if one.agrees(other)}

    assert {pair for pair in pairs if len(pair) > 1} == {
        frozenset((PER_SECOND.name, REQUESTS_PER_SECOND.name))
    }
    assert len([pair for pair in pairs if len(pair) == 1]) == len(UNITS) == 8
    assert not RATIO.agrees(COUNT)
    assert not SECONDS.agrees(BYTES)


def test_a_scrape_is_slow_at_a_share_of_the_time_that_the_stack_gives_it() -> None:
    slow = SCRAPE_SLOW.key
    patient = replace(STACK, targets=replace(STACK.targets, timeout=5))
    own = replace(SCRAPE_SLOW, value=3)

    assert STACK.numbers[slow].value == SCRAPE_SHARE * STACK.targets.timeout == SCRAPE_SLOW.value
    assert patient.numbers[slow].value == SCRAPE_SHARE * 5
    assert replace(STACK, time_scale=0.2).numbers[slow].value == SCRAPE_SHARE * 2
    assert replace(patient, limits=(own,)).numbers[slow].value == 3


def test_an_alert_on_absent_targets_names_the_jobs_of_its_stack() -> None:
    jobs = (
        Job(name="api"),
        Job(name="worker", addresses=("w:9000",), labels={"cluster": "east", "rack": "1"}),
    )
    own = replace(STACK, targets=replace(STACK.targets, jobs=jobs))
    text = own.rules.fill(TARGET_ABSENT.condition, TARGET_ABSENT.window)

    assert re.findall(r"absent\(up\{job=\"([^\"]+)\"\}\)", text) == ["api", "worker"]
    assert 'absent(up{job="worker"})), "environment", "production", "", ""), "cluster", "east"' in text
    assert "rack" not in text
    assert "alertmanager" in replace(own, engine="prometheus").rules.fill(TARGET_ABSENT.condition, 300)
    promql_parser.parse(
        replace(own, targets=replace(own.targets, jobs=())).rules.fill(TARGET_ABSENT.condition, 300)
    )
