"""Rules that were given up: build remembers each, tells Grafana, and lets no other rule bear its uid."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from click.testing import CliRunner

from dashboards import cli, tombstones, write
from dashboards.errors import StackError
from dashboards.stack import STACK, Stack

DOWN, *REST = STACK.alerts
FEWER = replace(STACK, alerts=tuple(REST))
SWITCHED = replace(STACK, engine="prometheus")
RENDERED = {"grafana": write.render(STACK), "prometheus": write.render(SWITCHED)}


def build(stack: Stack, output: Path) -> write.Drift:
    return write.write(write.remembering(write.render(stack), output), output)


def deleted(output: Path) -> list[str]:
    path = output / tombstones.FILE
    return [each["uid"] for each in json.loads(path.read_text())["deleteRules"]] if path.exists() else []


def test_nothing_is_given_up_at_first(tmp_path: Path) -> None:
    build(STACK, tmp_path)
    build(STACK, tmp_path)
    assert not (tmp_path / tombstones.FILE).exists()


def test_a_rule_that_is_no_longer_built_is_deleted_for_good(tmp_path: Path) -> None:
    build(STACK, tmp_path)
    drift = build(FEWER, tmp_path)
    assert tombstones.FILE in drift.created
    assert deleted(tmp_path) == [DOWN.uid]
    build(replace(FEWER, alerts=tuple(REST[1:])), tmp_path)
    build(replace(FEWER, alerts=tuple(REST[1:])), tmp_path)
    assert deleted(tmp_path) == sorted([DOWN.uid, REST[0].uid])


def test_a_renamed_rule_leaves_its_old_uid_behind(tmp_path: Path) -> None:
    build(STACK, tmp_path)
    renamed = {**json.loads(write.render(STACK)[tombstones.RULES])}
    renamed["groups"][0]["rules"][0]["uid"] = "api-gone"
    files = {**write.render(STACK), tombstones.RULES: json.dumps(renamed).encode()}
    write.write(write.remembering(files, tmp_path), tmp_path)
    assert deleted(tmp_path) == [DOWN.uid]


def test_the_uid_of_a_rule_that_was_given_up_is_refused(tmp_path: Path) -> None:
    build(STACK, tmp_path)
    build(FEWER, tmp_path)
    with pytest.raises(StackError, match=rf"alert {DOWN.name}: its uid '{DOWN.uid}' belonged to a rule"):
        build(STACK, tmp_path)
    assert deleted(tmp_path) == [DOWN.uid], "what is on disk stays as it was"


def test_the_command_refuses_it_too_and_check_sees_a_record_that_is_missing(tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.main, ["build", "--output", str(tmp_path), *arguments])
        return result.exit_code, result.output

    assert run()[0] == 0
    path = tmp_path / tombstones.RULES
    rules = json.loads(path.read_text())
    rules["groups"][0]["rules"][0]["uid"] = "api-gone"
    path.write_text(json.dumps(rules))
    code, output = run("--check")
    assert (code, f"stale: {tmp_path / tombstones.FILE}" in output) == (1, True)
    assert run()[0] == 0
    assert deleted(tmp_path) == ["api-gone"]
    (tmp_path / tombstones.FILE).write_text(json.dumps({"deleteRules": [{"orgId": 1, "uid": DOWN.uid}]}))
    code, output = run()
    assert (code, output.count("\n")) == (1, 1)
    assert output.startswith(f"error: alert {DOWN.name}: its uid")


def test_what_grafana_had_is_deleted_while_prometheus_notifies_and_comes_back(tmp_path: Path) -> None:
    build(SWITCHED, tmp_path)
    assert not (tmp_path / tombstones.FILE).exists(), "it never had any"
    build(STACK, tmp_path)
    for _ in range(2):
        build(SWITCHED, tmp_path)
        assert deleted(tmp_path) == sorted(alert.uid for alert in STACK.loaded if "grafana" in alert.engines)
    assert build(SWITCHED, tmp_path).stale == ()
    build(STACK, tmp_path)
    assert deleted(tmp_path) == []


def test_a_rule_that_is_given_up_while_prometheus_notifies_is_deleted_for_good(tmp_path: Path) -> None:
    build(STACK, tmp_path)
    build(FEWER, tmp_path)
    fewest = replace(FEWER, alerts=tuple(REST[1:]))
    build(replace(fewest, engine="prometheus"), tmp_path)
    build(fewest, tmp_path)
    assert deleted(tmp_path) == sorted([DOWN.uid, REST[0].uid])
    for given_up in (STACK, FEWER):
        with pytest.raises(StackError, match="belonged to a rule that was given up"):
            build(given_up, tmp_path)


def test_a_rule_that_was_given_up_before_stays_so_through_a_switch(tmp_path: Path) -> None:
    build(STACK, tmp_path)
    build(FEWER, tmp_path)
    build(SWITCHED, tmp_path)
    assert DOWN.uid in deleted(tmp_path)
    with pytest.raises(StackError, match=rf"its uid '{DOWN.uid}' belonged to a rule that was given up"):
        build(STACK, tmp_path)
    build(FEWER, tmp_path)
    assert deleted(tmp_path) == [DOWN.uid]


RECORDS = [
    "",
    "[]",
    "{",
    '{"deleteRules": 1}',
    '{"deleteRules": null}',
    '{"deleteRules": [{}]}',
    '{"deleteRules": [{"rules": []}]}',
    '{"deleteRules": [{"uid": 5}]}',
    '{"deleteRules": [{"uid": ""}]}',
    '{"deleteRules": [5]}',
    '{"deleteRules": [], "whilePrometheusNotifies": "redis-down"}',
    '{"deleteRules": [], "whilePrometheusNotifies": [{}]}',
]
EARLIER = [
    "[]",
    '{"groups": 5}',
    '{"groups": [5]}',
    '{"groups": [{}]}',
    '{"groups": [{"rules": 5}]}',
    '{"groups": [{"rules": [{}]}]}',
    '{"groups": [{"rules": [{"uid": 5}]}]}',
]


@pytest.mark.parametrize("engine", ["grafana", "prometheus"])
@pytest.mark.parametrize(
    ("file", "content"),
    [*((tombstones.FILE, each) for each in RECORDS), *((tombstones.RULES, each) for each in EARLIER)],
)
def test_a_file_of_another_shape_is_told_in_a_line(
    tmp_path: Path, file: str, content: str, engine: Literal["grafana", "prometheus"]
) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(StackError, match=rf"\A[^\n]*{path.name} is not as `build` wrote it[^\n]*\Z"):
        write.remembering(RENDERED[engine], tmp_path)
