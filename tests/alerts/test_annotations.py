"""What is drawn over the graphs, played by promtool: told once, at its time, and never on a cold start."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from dashboards.annotations import Annotation, events
from dashboards.boards import BOARDS
from dashboards.grafana import render_board
from dashboards.stack import STACK
from exporters.catalogue import api, postgres, postgres_upkeep, redis, self_

PLACE = 'environment="production",cluster="main",job="api",instance="a:1"'
# Of variables, one value.
EVENTS = {
    each.name: re.sub(r'=~"\$\w+"', '=~".+"', each.expr)
    for each in events(STACK.context)
}  # fmt: skip
SAMPLE = 15
MINUTE = 60 // SAMPLE


def held(value: float, minutes: int) -> str:
    """A value for so many minutes."""
    return f"{value}x{minutes * MINUTE - 1}"


def gone(minutes: int) -> str:
    """A target that does not answer."""
    return f"stale _x{minutes * MINUTE - 1}"


def series(metric: object, values: str, labels: str = "") -> dict[str, str]:
    return {"series": f"{metric}{{{PLACE}{',' * bool(labels)}{labels}}}", "values": values}


def told(folder: Path, name: str, given: list[dict[str, str]], wanted: dict[float, int]) -> str:
    """What promtool says where the event is to be drawn so many times at each of these minutes."""
    asked = [
        {
            "expr": f"count({EVENTS[name]})",
            "eval_time": f"{int(minute * 60)}s",
            "exp_samples": [{"labels": "{}", "value": count}] if count else [],
        }
        for minute, count in wanted.items()
    ]
    test = {"interval": f"{SAMPLE}s", "input_series": given, "promql_expr_test": asked}
    (folder / "test.yml").write_text(yaml.safe_dump({"tests": [test]}))
    done = subprocess.run(
        ["promtool", "test", "rules", str(folder / "test.yml")], check=False, capture_output=True, text=True
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def version(minutes: str, name: str) -> dict[str, str]:
    return series(api.APP_INFO, minutes, f'version="{name}"')


def test_a_deploy_is_drawn_with_its_version_and_so_is_the_way_back(tmp_path: Path) -> None:
    given = [
        version(f"{held(1, 10)} {gone(10)} {held(1, 5)}", "1.0"),
        version(f"_x{12 * MINUTE} {held(1, 8)} {gone(5)}", "1.1"),
    ]
    wanted = {0: 0, 0.5: 0, 5: 0, 11: 0, 12: 1, 12.75: 1, 14: 0, 19: 0, 20.5: 1, 22: 0}
    assert told(tmp_path, "Deploys", given, wanted) == ""


def test_a_restart_of_the_same_version_is_no_deploy_but_a_start(tmp_path: Path) -> None:
    same = [version(f"{held(1, 10)} {gone(2)} {held(1, 5)}", "1.0")]
    start = [series(api.START_TIME, f"{held(1000, 10)} {gone(2)} {held(1720, 5)}")]
    assert told(tmp_path, "Deploys", same, {0.5: 0, 12.5: 0, 13: 0}) == ""
    assert told(tmp_path, "Application started", start, {0.5: 0, 9: 0, 12: 1, 12.75: 1, 14: 0}) == ""


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("PostgreSQL started", postgres.START_TIME),
        ("Redis started", redis.START_TIME),
        ("Exporter started", self_.START_TIME),
    ],
)
def test_a_restart_is_drawn_once_however_long_it_took(tmp_path: Path, name: str, metric: object) -> None:
    given = [series(metric, f"{held(1000, 5)} {gone(10)} {held(1900, 10)}")]
    assert told(tmp_path, name, given, {0: 0, 4: 0, 10: 0, 15.5: 1, 17: 0, 24: 0}) == ""


@pytest.mark.parametrize("name", ["PostgreSQL started", "Application started"])
def test_a_start_after_a_long_absence_is_drawn_and_a_long_blindness_is_none(
    tmp_path: Path, name: str
) -> None:
    metric = postgres.START_TIME if name == "PostgreSQL started" else api.START_TIME
    up = series("up", f"{held(1, 5)} {held(0, 40)} {held(1, 5)}")
    once = {0: 0, 0.5: 0, 4: 0, 20: 0, 44: 0, 45: 1, 45.75: 1, 46: 0, 48: 0}
    away = series(metric, f"{held(-9000, 5)} {gone(40)} {held(44 * 60 + 55, 5)}")
    assert told(tmp_path, name, [up, away], once) == ""
    # Nobody could ask it, though it ran on; or its server was watched and it was not, as where it is new.
    blind = series(metric, f"{held(-9000, 5)} {gone(40)} {held(-9000, 5)}")
    assert told(tmp_path, name, [up, blind], dict.fromkeys(once, 0)) == ""
    # With its first target comes its first sample: a cold start tells nothing.
    first = [series("up", f"_x{45 * MINUTE} {held(1, 5)}"), away]
    first[1] = series(metric, f"_x{45 * MINUTE} {held(44 * 60 + 55, 5)}")
    assert told(tmp_path, name, first, dict.fromkeys(once, 0)) == ""


def test_a_setting_that_changes_comes_or_goes_is_drawn_by_its_name(tmp_path: Path) -> None:
    every, one = postgres_upkeep.FINGERPRINT, postgres_upkeep.CONFIGURED
    given = [
        series(every, f"{held(1, 5)} {held(2, 5)} {held(3, 5)} {held(4, 5)}"),
        series(one, f"{held(4, 5)} {held(8, 15)}", 'name="work_mem"'),
        series(one, f"_x{10 * MINUTE} {held(1, 10)}", 'name="jit"'),
        series(one, f"{held(7, 15)} {gone(5)}", 'name="port"'),
    ]
    assert told(tmp_path, "PostgreSQL configured", given, {0: 0, 4: 0, 5.5: 1, 7: 0, 10.5: 1, 12: 0}) == ""
    assert told(tmp_path, "PostgreSQL configured", given, {15.5: 1, 17: 0}) == ""
    # The collector that fails for a while changes nothing.
    silent = [each | {"values": f"{held(1, 5)} {gone(3)} {held(1, 5)}"} for each in given]
    assert told(tmp_path, "PostgreSQL configured", silent, {4: 0, 6: 0, 8.5: 0, 12: 0}) == ""


def test_another_policy_or_limit_of_redis_is_drawn(tmp_path: Path) -> None:
    policies = [
        series(redis.INFO, f"{held(1, 5)} {gone(5)}", 'maxmemory_policy="noeviction"'),
        series(redis.INFO, f"_x{5 * MINUTE} {held(1, 5)}", 'maxmemory_policy="allkeys-lru"'),
    ]
    limit = [series(redis.MEMORY_MAX, f"{held(0, 5)} {held(100, 5)}")]
    assert told(tmp_path, "Redis policy", policies, {0: 0, 4: 0, 5.5: 1, 7: 0}) == ""
    assert told(tmp_path, "Redis memory limit", limit, {0: 0, 4: 0, 5.5: 1, 7: 0}) == ""


def test_an_alert_is_drawn_where_it_began_to_fire(tmp_path: Path) -> None:
    given = [
        series("ALERTS", f"{held(1, 5)} {gone(5)} {held(1, 3)}", labels)
        for labels in (
            'alertname="ApiDown",alertstate="firing",severity="critical"',
            'alertname="ApiDown",alertstate="pending",severity="critical"',
            'alertname="Watchdog",alertstate="firing",severity="info"',
        )
    ]
    assert told(tmp_path, "Alerts", given, {0.5: 1, 2: 0, 7: 0, 10.5: 1, 12: 0}) == ""


def test_every_board_draws_every_event() -> None:
    wanted = [each.name for each in events(STACK.context)]
    assert len(set(wanted)) == len(wanted) == len(EVENTS)
    for board in BOARDS:
        built_in, *found = render_board(board, STACK.context)["annotations"]["list"]
        assert built_in["builtIn"] == 1
        assert [each["name"] for each in found] == wanted
        # What stands beside the target is lost where Grafana makes schema version 2 of a board.
        assert {tuple(each["target"]) for each in found} == {("refId", "expr", "interval")}
        assert not any({"expr", "step"} & set(each) for each in found)


def test_red_is_for_alerts_alone() -> None:
    found: list[Annotation] = events(STACK.context)
    assert [each.name for each in found if each.colour == "red"] == ["Alerts"]
