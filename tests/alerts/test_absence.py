"""What is not there at all: a job that is gone, an exporter that forgot its server, what only seems so."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.prometheus import rule_of
from alerts.proof.series import INSTANCES
from alerts.rules.telemetry import EXPORTER_SERVER_MISSING, TARGET_ABSENT
from dashboards.queries import board_context
from dashboards.stack import STACK
from exporters.catalogue import external, postgres, redis
from signals.telemetry import JOB_TARGETS

JOBS = tuple(job.name for job in STACK.scraped.jobs)
# Samples at this interval, so many as a day and an hour has; and what was there until minute 20.
INTERVAL, LONG, GONE = 15, 6000, 80
ALWAYS, ENDS = f"1x{LONG}", f"1x{GONE} stale"
UP, PG_UP, REDIS_UP = external.UP.name, postgres.UP.name, redis.UP.name

Series = dict[str, str]


def series(
    name: str, job: str, values: str, *, instance: str = "", environment: str = "production"
) -> Series:
    """One series of a target."""
    where = instance or INSTANCES.get(job, f"{job}:9000")
    labels = f'environment="{environment}",cluster="main",job="{job}",instance="{where}"'
    return {"series": f"{name}{{{labels}}}", "values": values}


def up(job: str, values: str, **where: str) -> Series:
    return series(UP, job, values, **where)


def others(*but: str) -> list[Series]:
    """All jobs but these answer."""
    return [up(job, ALWAYS) for job in JOBS if job not in but]


def watching(*, pg: str = "", rd: str = "", instance: str = "") -> list[Series]:
    """What an exporter says of its servers."""
    said = ((PG_UP, pg), (REDIS_UP, rd))
    return [series(name, "exporter", values, instance=instance) for name, values in said if values]


@dataclass(frozen=True, kw_only=True)
class Play:
    """What is scraped, and how many instances of the two alerts fire at which minute."""

    scraped: list[Series]
    absent: dict[int, int] = field(default_factory=dict)
    missing: dict[int, int] = field(default_factory=dict)
    alike: str = ""


RETURNS = f"1x{GONE} _x480 1x{LONG}"
PLAYS = {
    "a cold start": Play(
        scraped=[
            *(up(job, f"_x8 1x{LONG}") for job in JOBS),
            *watching(pg=f"_x8 1x{LONG}", rd=f"_x8 1x{LONG}"),
        ],
        absent={6: 0, 10: 0},
        missing={6: 0, 10: 0},
    ),
    "nothing is scraped, ever": Play(scraped=[], absent={4: 0, 6: len(JOBS)}),
    "a target is gone": Play(scraped=[*others("api"), up("api", ENDS)], absent={24: 0, 26: 1, 1400: 1}),
    "a job is gone while Prometheus is restarted, so that its last sample is seen for five minutes": Play(
        scraped=[*others("exporter"), up("exporter", f"1x{GONE}")], absent={29: 0, 31: 1}
    ),
    "a job is gone, then Prometheus scrapes itself no more": Play(
        scraped=[*others("api", "prometheus"), up("api", ENDS), up("prometheus", f"1x{GONE + 40} stale")],
        absent={26: 1, 34: 1, 36: 2},
        alike="api",
    ),
    "a deploy": Play(
        scraped=[
            *(up(job, f"1x{GONE} 0x4 1x{LONG}") for job in JOBS),
            *watching(pg=f"1x{GONE} stale _x4 1x{LONG}", rd=f"1x{GONE} stale _x4 1x{LONG}"),
        ],
        absent={22: 0, 25: 0, 30: 0},
        missing={22: 0, 25: 0, 30: 0},
    ),
    "a deploy under another name": Play(
        scraped=[
            *others("api"),
            up("api", ENDS, instance="old:1"),
            up("api", f"_x{GONE + 4} 1x{LONG}", instance="new:1"),
        ],
        absent={22: 0, 25: 0, 30: 0},
    ),
    "none answers": Play(scraped=[up(job, f"0x{LONG}") for job in JOBS], absent={60: 0}, missing={60: 0}),
    "the targets are another installation's": Play(
        scraped=[*others("api"), up("api", ALWAYS, environment="staging")], absent={60: 0}
    ),
    "an exporter without DATABASE_URL": Play(
        scraped=[*others(), *watching(pg=ENDS, rd=ALWAYS)],
        missing={24: 0, 26: 1, 20 * 60: 1, 24 * 60 + 30: 0},
    ),
    "the same, restarted for a moment, and mended": Play(
        scraped=[
            *others("exporter"),
            up("exporter", f"1x{GONE} 0x3 1x{LONG}"),
            *watching(pg=f"1x{GONE} stale _x80 1x{LONG}", rd=f"1x{GONE} stale _x3 1x{LONG}"),
        ],
        missing={24: 0, 26: 1, 43: 0},
    ),
    "Redis was never watched": Play(scraped=[*others(), *watching(pg=ALWAYS)], missing={10: 0, 600: 0}),
    "of two exporters one watches PostgreSQL alone": Play(
        scraped=[
            *others(),
            up("exporter", ALWAYS, instance="second:10910"),
            *watching(pg=ALWAYS, rd=ALWAYS),
            *watching(pg=ALWAYS, instance="second:10910"),
        ],
        missing={10: 0, 600: 0},
    ),
    "the exporter is down": Play(
        scraped=[*others("exporter"), up("exporter", f"1x{GONE} 0x{LONG}"), *watching(pg=ENDS, rd=ENDS)],
        absent={60: 0},
        missing={26: 0, 60: 0},
    ),
    "the exporter is no target any more": Play(
        scraped=[*others("exporter"), up("exporter", ENDS), *watching(pg=ENDS, rd=ENDS)],
        absent={26: 1},
        missing={26: 0, 60: 0},
    ),
    "PostgreSQL is down": Play(
        scraped=[*others(), *watching(pg=f"1x{GONE} 0x{LONG}", rd=ALWAYS)], missing={26: 0, 60: 0}
    ),
    "two hours without Prometheus": Play(
        scraped=[*(up(job, RETURNS) for job in JOBS), *watching(pg=RETURNS, rd=RETURNS)],
        missing={141: 0, 150: 0},
    ),
}


def firing(name: str, minute: int, wanted: int) -> dict[str, Any]:
    """How many instances of an alert fire."""
    return {
        "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)',
        "eval_time": f"{minute}m",
        "exp_samples": [{"labels": "{}", "value": wanted}],
    }


def unchanged(job: str, minute: int) -> dict[str, Any]:
    """That one instance of TargetAbsent speaks of the job, and since when has not changed."""
    since = f'{external.ALERTS_SINCE.name}{{alertname="{TARGET_ABSENT.name}",job="{job}"}}'
    return {
        "expr": f"count(changes({since}[15m]) == 0)",
        "eval_time": f"{minute}m",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


@pytest.mark.parametrize("name", PLAYS)
def test_what_is_not_there_is_told_and_nothing_else(name: str, tmp_path: Path) -> None:
    play = PLAYS[name]
    asked = [firing(TARGET_ABSENT.name, *each) for each in play.absent.items()]
    asked += [firing(EXPORTER_SERVER_MISSING.name, *each) for each in play.missing.items()]
    if play.alike:
        asked.append(unchanged(play.alike, max(play.absent)))
    holds(tmp_path, play.scraped, asked)


@pytest.mark.parametrize(
    ("chosen", "scraped", "zeros"),
    [
        ("production", [], len(JOBS)),
        ("production", [up("api", ALWAYS, environment="staging")], len(JOBS)),
        ("production", [up("api", ALWAYS)], len(JOBS) - 1),
        ("(staging|production)", [up("api", ALWAYS, environment="staging")], len(JOBS) - 1),
        (".+", [up("api", ALWAYS, environment="staging")], len(JOBS) - 1),
        ("staging", [up("api", ALWAYS, environment="staging")], 0),
        ("staging", [up("api", ALWAYS)], 0),
        ("staging", [], 0),
    ],
)
def test_a_board_shows_jobs_without_targets_where_its_reader_chose_their_installation(
    chosen: str, scraped: list[Series], zeros: int, tmp_path: Path
) -> None:
    (board,) = (each for each in STACK.boards if each.uid == "backend-telemetry")
    shown = JOB_TARGETS.query.fill(board_context(board, STACK.context, "5m"))
    asked = shown.replace("$environment", chosen).replace("$cluster", ".+")
    counted = {"expr": f"count(({asked}) == 0) or vector(0)", "eval_time": "5m"}
    holds(tmp_path, scraped, [counted | {"exp_samples": [{"labels": "{}", "value": zeros}]}])


def holds(folder: Path, scraped: list[Series], asked: list[dict[str, Any]]) -> None:
    """Ask this of what is scraped, with the two alerts beside it."""
    test = {"interval": f"{INTERVAL}s", "input_series": scraped, "promql_expr_test": asked}
    rules = [rule_of(each, STACK.rules) for each in (TARGET_ABSENT, EXPORTER_SERVER_MISSING)]
    document = {"rule_files": ["rule.yml"], "evaluation_interval": "30s", "tests": [test]}
    (folder / "rule.yml").write_text(yaml.safe_dump({"groups": [{"name": "one", "rules": rules}]}))
    (folder / "test.yml").write_text(yaml.safe_dump(document))

    done = subprocess.run(
        ["promtool", "test", "rules", "test.yml"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
