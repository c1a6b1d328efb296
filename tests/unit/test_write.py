"""Writing: deterministic bytes, only what changed, nothing that is not ours, and never by half."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from alerts.model import Engine
from dashboards import inventory, write
from dashboards.cli import main
from dashboards.stack import STACK, Stack
from dashboards.targets import Job
from exporters.catalogue import Gauge
from signals import limits, objectives
from signals.idioms import value
from signals.model import Signal
from signals.numbers import COUNT

FILES = write.render(STACK)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


class Slow(yaml.SafeDumper):
    """What stands in where PyYAML came without its part in C."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


def test_bytes_are_those_of_the_standard_library_and_of_pyyaml_without_c() -> None:
    odd = {"b": [], "a": {}, 'ü \n"\\': [None, True, 0, -1.5, 1e22, "€", {"z": [[1], ()], "y": {"x": ""}}]}
    files = [json.loads(FILES[path]) for path in FILES if path.endswith(".json")]
    for given in (odd, *files):
        told = json.dumps(given, sort_keys=True, indent=2, ensure_ascii=False)
        assert write.json_bytes(given) == f"{told}\n".encode()
    texts = {
        "plain": "a: b",
        "lines": "one\n  two\n",
        "long": "word " * 400,
        "odd": ["#", "é", "", "yes", "1e3"],
    }
    for given in (
        texts,
        *(yaml.safe_load(FILES[path]) for path in FILES if path.endswith((".yml", ".yaml"))),
    ):
        body = yaml.dump(given, Dumper=Slow, sort_keys=False, allow_unicode=True, width=10_000)
        assert write.yaml_bytes(given) == (write.HEADER + body).encode()


def panels(files: dict[str, bytes], uid: str) -> Iterator[dict[str, Any]]:
    for panel in json.loads(files[f"grafana/dashboards/{uid}.json"])["panels"]:
        yield panel
        yield from panel.get("panels", [])


def test_two_renders_are_the_same_bytes() -> None:
    assert write.render(Stack()) == FILES


def test_the_environment_does_not_reach_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "WEBHOOK_URL", "GF_SERVER_ROOT_URL", "TZ"):
        monkeypatch.setenv(name, "something-else")
    assert write.render(Stack()) == FILES


def test_a_second_build_changes_nothing(tmp_path: Path) -> None:
    write.write(FILES, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    drift = write.write(FILES, tmp_path)
    assert drift.stale == ()
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    manifest = tmp_path / write.MANIFEST
    assert {path for path in before if before[path] != after[path]} <= {manifest}


def test_build_removes_what_it_no_longer_generates_and_nothing_else(tmp_path: Path) -> None:
    write.write(
        {**FILES, "prometheus/rules/old.yml": b"x", write.MANIFEST: b"prometheus/rules/old.yml\n"}, tmp_path
    )
    (tmp_path / "prometheus/rules/mine.yml").write_text("groups: []\n")
    drift = write.write(FILES, tmp_path)
    assert drift.removed == ("prometheus/rules/old.yml",)
    assert not (tmp_path / "prometheus/rules/old.yml").exists()
    assert (tmp_path / "prometheus/rules/mine.yml").exists()


def test_build_counts_what_it_created_updated_and_removed(tmp_path: Path) -> None:
    assert (
        f"{len(FILES)} files: {len(FILES)} created, 0 updated, 0 unchanged; 0 others removed; "
        in (run("build", "--output", str(tmp_path))[1])
    )
    (tmp_path / "prometheus/prometheus.yml").unlink()
    manifest = tmp_path / write.MANIFEST
    manifest.write_text(manifest.read_text() + "old.yml\n")
    (tmp_path / "old.yml").write_text("x")

    told = f"{len(FILES)} files: 1 created, 1 updated, {len(FILES) - 2} unchanged; 1 other removed; "
    assert told in run("build", "--output", str(tmp_path))[1]


def test_a_manifest_that_is_no_text_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / write.MANIFEST).write_bytes(b"\xff\n")
    code, output = run("build", "--output", str(tmp_path))
    assert code == 2
    assert output.startswith(f"error: {tmp_path / write.MANIFEST} is no UTF-8")
    assert output.count("\n") == 1


def test_check_names_each_stale_file_and_writes_nothing(tmp_path: Path) -> None:
    write.write(FILES, tmp_path)
    board = tmp_path / "grafana/dashboards/backend-api.json"
    board.write_text("{}")
    (tmp_path / "prometheus/prometheus.yml").unlink()
    code, output = run("build", "--check", "--output", str(tmp_path))
    assert code == 1
    assert f"stale: {board}" in output
    assert f"stale: {tmp_path / 'prometheus/prometheus.yml'}" in output
    assert f"run: python -m dashboards build --output {tmp_path}\n" in output
    assert board.read_text() == "{}"


def test_a_directory_that_cannot_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    code, output = run("build", "--output", str(blocked / "below"))
    assert code == 2
    assert output.startswith("error: cannot")
    assert "Traceback" not in output
    assert blocked.read_text() == "in the way"


def test_a_failed_write_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write.write(FILES, tmp_path)
    broken = tmp_path / "grafana/dashboards/backend-api.json"
    broken.write_text("old")
    real = write._stage

    def full_disk(path: Path, content: bytes) -> str:
        if path.name == write.MANIFEST:
            raise OSError(28, os.strerror(28), str(path))
        return real(path, content)

    monkeypatch.setattr(write, "_stage", full_disk)
    code, output = run("build", "--output", str(tmp_path))
    assert code == 2
    assert "No space left on device" in output
    assert broken.read_text() == "old"
    assert not list(tmp_path.rglob(".new-*"))


def test_json_of_alerting_is_what_a_yaml_reader_takes() -> None:
    for path, content in FILES.items():
        if path.startswith("grafana/alerting/"):
            assert yaml.safe_load(content.decode()) == json.loads(content)
            assert b"\\u" not in content


def test_every_board_and_alert_reaches_the_output() -> None:
    for board in STACK.all_boards:
        titles = {panel["title"] for panel in panels(FILES, board.uid)}
        assert {panel.title for panel in board.panels} <= titles
    rules = json.loads(FILES["grafana/alerting/rules.json"])
    in_grafana = {rule["title"] for group in rules["groups"] for rule in group["rules"]}
    in_prometheus = {
        rule["alert"]
        for path, content in FILES.items()
        if path.startswith("prometheus/rules/")
        for group in yaml.safe_load(content)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert in_grafana == {alert.name for alert in STACK.loaded if "grafana" in alert.engines}
    assert in_prometheus == {alert.name for alert in STACK.loaded if "prometheus" in alert.engines}


def test_one_replaced_objective_moves_panel_alert_and_runbook() -> None:
    stricter = replace(objectives.P95, value=0.1)
    changed = write.render(Stack(objectives=(stricter,)))
    rules = changed["prometheus/rules/api.yml"].decode()
    assert "> 0.1)" in rules
    assert "> 0.15)" not in rules
    assert "100 ms" in rules
    grafana = json.loads(changed["grafana/alerting/rules.json"])
    (rule,) = [
        rule for group in grafana["groups"] for rule in group["rules"] if rule["title"] == "ApiLatencyP95High"
    ]
    assert rule["data"][1]["model"]["conditions"][0]["evaluator"]["params"] == [0.1]
    (panel,) = [panel for panel in panels(changed, "backend-api") if panel["title"] == "p95 latency"]
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] == pytest.approx(0.1)
    (runbook,) = [
        panel for panel in panels(changed, "backend-runbooks")
        if panel["title"] == "ApiLatencyP95High" and panel["type"] == "text"
    ]  # fmt: skip
    assert "100 ms" in runbook["options"]["content"]
    assert "150 ms" not in runbook["options"]["content"]


def test_a_team_adds_a_metric_of_its_own() -> None:
    ours = Gauge(name="shop_open_orders", help="Orders not yet shipped.", collector="shop.orders")
    signal = Signal(
        title="Open orders",
        why="Orders.",
        good="Few.",
        act="Ship them.",
        query=value(ours),
        unit=COUNT,
        legend="open",
    )
    from dashboards.model import Board, graph, row

    board = Board(
        uid="shop", title="Shop", description="For the shop.", source="shop", anchor=ours,
        rows=(row("How many orders wait?", graph(signal)),),
    )  # fmt: skip
    with_metric = Stack(boards=(*STACK.boards, board), metrics=(ours,))
    _, findings = write.checked(with_metric)
    assert [finding for finding in findings if finding.level == "error"] == []
    _, findings = write.checked(Stack(boards=(*STACK.boards, board)))
    assert any("shop_open_orders" in finding.message for finding in findings)


def test_exactly_one_engine_notifies() -> None:
    ours = write.render(Stack(engine="prometheus"))
    assert "alertmanager/alertmanager.yml" in ours
    assert not any(path.startswith("grafana/alerting/") for path in ours)
    assert "alerting" in yaml.safe_load(ours["prometheus/prometheus.yml"])
    assert "alerting" not in yaml.safe_load(FILES["prometheus/prometheus.yml"])
    assert not any(path.startswith("alertmanager/") for path in FILES)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("nocolon", "expected module:NAME"),
        ("no.such.module:STACK", "no module named 'no'"),
        (
            "dashboards.stack:STAKC",
            "there is no name STAKC in dashboards.stack; expected a dashboards.stack.Stack; "
            "the module has STACK",
        ),
    ],
)
def test_a_wrong_stack_is_told_in_a_line(reference: str, expected: str) -> None:
    code, output = run("build", "--stack", reference)
    assert code == 2
    assert expected in output
    assert "Traceback" not in output


def test_a_signal_on_no_board_cannot_carry_an_alert() -> None:
    code, output = run("list", "alerts")
    assert code == 0
    assert "ApiLatencyP95High" in output
    without = Stack(boards=STACK.boards[2:])
    with pytest.raises(Exception, match=r"no board shows the signal 'Application answers'") as raised:
        write.render(without)
    (advice,) = re.findall(r"\*[\w.]*", str(raised.value))
    assert f"boards=({advice}, " in Path("README.md").read_text(), "as a team is shown it"


@pytest.mark.parametrize("what", ["metrics", "signals", "boards", "alerts", "objectives", "limits"])
def test_list_prints_rows_under_their_names_and_json(what: str) -> None:
    code, output = run("list", what)
    assert code == 0
    head, *lines = output.splitlines()
    assert len(lines) >= 5
    code, output = run("list", what, "--json")
    assert code == 0
    rows = json.loads(output)
    assert head.split("  ")[0] == next(iter(rows[0]))
    assert [each for each in rows[0] if each not in head] == []
    assert len(rows) == len(lines)


def test_every_key_that_is_taken_is_listed_also_where_a_stack_brings_few() -> None:
    few = Stack(objectives=(), limits=(replace(limits.redis.EVICTIONS, value=7),))
    listed = {each["key"]: each for what in ("objectives", "limits") for each in inventory.rows(what, few)}
    assert set(listed) == set(few.numbers)
    assert listed["evictions"]["limit"] == "7 per second"


@pytest.mark.parametrize(("engine", "other"), [("grafana", "prometheus"), ("prometheus", "grafana")])
def test_only_the_engine_that_notifies_is_watched(engine: Engine, other: Engine) -> None:
    files = write.render(replace(STACK, engine=engine))
    rules = b"".join(
        files[path] for path in files if path.endswith(("/rules.json", "rules/telemetry.yml"))
    ).decode()
    told: dict[Engine | None, list[str]] = {None: [], "grafana": [], "prometheus": []}
    for alert in STACK.alerts:
        told[alert.notifier].append(alert.name)
    jobs = yaml.safe_load(files["prometheus/prometheus.yml"])["scrape_configs"]

    assert told[engine]
    assert told[other]
    assert all(name in rules for name in told[engine])
    assert not any(name in rules for name in told[other])
    assert ("alertmanager" in {job["job_name"] for job in jobs}) == (engine == "prometheus")


def test_a_job_for_alertmanager_of_ones_own_is_kept() -> None:
    own = Job(name="alertmanager", addresses=("elsewhere:9093",))
    targets = replace(STACK.targets, jobs=(*STACK.targets.jobs, own))
    assert replace(STACK, engine="prometheus", targets=targets).scraped.jobs == targets.jobs


def test_a_build_loads_nothing_that_asks_servers() -> None:
    code = (
        "import sys; from dashboards.stack import STACK; from dashboards.write import judged; judged(STACK); "
        "print(*({'requests', 'psycopg', 'redis'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
