"""The stack of another team: one file, shown in the README, that the command line takes as it is."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from alerts.runbooks import SECTIONS
from tests.house.test_docs import ROOT, blocks, commands

OWN = ROOT / "examples/own_stack"
FILE = "observability.py"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A command of the README, where the team has its package."""
    shutil.copytree(OWN, tmp_path / "mycompany", ignore=shutil.ignore_patterns("__pycache__"))
    env = {**os.environ, "PYTHONPATH": str(ROOT)}

    def command(line: str, *more: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, *shlex.split(line)[1:], *more]
        return subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    return command


def shown(words: str) -> str:
    (line,) = [each for each in commands("README.md") if words in each]
    return line


def test_the_readme_shows_the_file_itself_and_it_is_short() -> None:
    text = (OWN / FILE).read_text()
    assert text in blocks("README.md", "python")
    assert len(text.splitlines()) < 60


def test_one_file_brings_a_board_an_alert_and_its_test(run: Run, tmp_path: Path) -> None:
    (tmp_path / "secrets/channels").mkdir(parents=True)
    for command in ("lint --stack", "JobsFailing --mutations", "build --stack", "preflight --stack"):
        done = run(shown(command))
        assert done.returncode == 0, done.stdout + done.stderr
    output = tmp_path / "rendered/grafana"
    board = json.loads((output / "dashboards/backend-workers.json").read_text())
    drawn = {each["title"]: each for each in board["panels"]}
    assert "jobs_failed_total" in drawn["Failed jobs by queue"]["targets"][0]["expr"]
    (rule,) = [
        rule
        for group in json.loads((output / "alerting/rules.json").read_text())["groups"]
        for rule in group["rules"]
        if rule["title"] == "JobsFailing"
    ]
    assert rule["annotations"]["__dashboardUid__"] == "backend-workers"
    assert rule["annotations"]["__panelId__"] == str(drawn["Failed jobs by queue"]["id"])
    runbooks = json.loads((output / "dashboards/backend-runbooks.json").read_text())
    assert "journalctl -u worker" in json.dumps(runbooks)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("graph(FAILED_JOBS", "graph(FAILED_JOB", "name 'FAILED_JOB' is not defined"),
        ("by=(JOB, INSTANCE, QUEUE)", "by=(JOB, INSTANCE)", "queue"),
        ('/ "runbooks"', '/ "elsewhere"', "mycompany/elsewhere, which does not exist"),
    ],
)
def test_a_mistake_in_it_is_one_line(run: Run, tmp_path: Path, was: str, becomes: str, said: str) -> None:
    path = tmp_path / "mycompany" / FILE
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, becomes))
    refused = run(shown("build --stack"))
    assert (refused.returncode, refused.stdout) == (1, ""), refused.stderr
    (line,) = refused.stderr.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert not (tmp_path / "rendered").exists()


def test_a_case_that_is_wrong_is_no_proof(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mycompany" / FILE
    path.write_text(path.read_text().replace("loses 1.067", "loses 1.1"))
    refused = run(shown("test --stack mycompany.observability:STACK --junit"), "JobsFailing")
    assert refused.returncode == 1
    assert "JobsFailing  NOT firing" in refused.stdout
    assert "loses 1.067 jobs" in refused.stdout


def test_a_promise_joins_it_as_shown(run: Run, tmp_path: Path) -> None:
    (module,) = [code for code in blocks("README.md", "python") if "ServiceLevel(" in code]
    (tmp_path / "mycompany/promise.py").write_text(module)
    own = ["JobsFailing", "JobsBudgetBurnFast", "JobsBudgetBurnSlow"]  # of the others there are tests enough
    for name in own[1:]:
        runbook = "\n".join(f"## {section}\nText.\n" for section in SECTIONS)
        (tmp_path / f"mycompany/runbooks/{name}.md").write_text(runbook)
    built = run(shown("build --stack").replace("observability", "promise"))
    assert built.returncode == 0, built.stderr
    assert "JobsBudgetBurnFast" in (tmp_path / "rendered/prometheus/rules/jobs.yml").read_text()
    proven = run(shown("--junit alerts.xml").replace("observability", "promise"), *own)
    assert (proven.returncode, len(proven.stdout.splitlines())) == (0, 3), proven.stdout
    (suite,) = ElementTree.fromstring((tmp_path / "alerts.xml").read_bytes()).iter("testsuite")  # noqa: S314
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("24", "0", "0")
