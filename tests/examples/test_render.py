"""What the demo renders, and what it refuses to start with."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from alerts.notifications import Notifications, SecretRef, Slack, Webhook
from dashboards.checks import definitions
from dashboards.cli import main
from dashboards.stack import Stack
from examples.demo import __main__ as demo
from examples.demo import chain as chains
from examples.demo import render
from examples.demo.chain import Chain, Ports
from examples.demo.process import ServerError
from examples.demo.running import VARIABLE, running
from examples.demo.servers import HttpServer
from signals.limits import postgres

HOOK = Webhook(url="http://127.0.0.1:9/", token=SecretRef(file="/nowhere/token"))
SLACK = Slack(url=SecretRef(file="/nowhere/slack_url"))


@pytest.fixture
def secretive(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo with two channels whose secrets are not there."""
    told = Notifications(critical=(SLACK, HOOK), warning=(HOOK,))
    monkeypatch.setattr(render, "_told", lambda *_: told)


def test_the_stack_of_a_demo_is_one_that_a_command_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chain = Chain(tmp_path, render.renderer(), time_scale=1 / 15)
    chain.targets.save(tmp_path / "chain.json")
    found = running(str(tmp_path / "chain.json"))
    definitions.require(found)
    assert found.targets.prometheus == chain.prometheus.url
    assert found.time_scale == 1 / 15
    age = postgres.LONGEST_BLOCKED
    assert found.numbers[age.key].value == age.value / 15
    monkeypatch.delenv(VARIABLE, raising=False)
    options = ["prove", "--stack", "examples.demo.running:STACK"]
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 2
    assert (
        f"{VARIABLE} is not set; expected the file that `python -m examples.demo --stay` names"
        in result.output
    )
    monkeypatch.setenv(VARIABLE, str(tmp_path / "other.json"))
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 2
    assert "other.json: No such file" in result.output
    assert len(result.output.splitlines()) == 1


@pytest.mark.usefixtures("secretive")
def test_each_missing_secret_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ServerError) as caught:
        render.renderer()(Ports.choose(), tmp_path)
    assert str(caught.value).splitlines() == [
        "preflight",
        "channel 'slack': /nowhere/slack_url is missing; write the secret into it",
        "channel 'webhook': /nowhere/token is missing; write the secret into it",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_secret_that_only_grafana_would_trip_over_is_named_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("1e5")
    (tmp_path / "home").mkdir()
    hook = replace(HOOK, token=SecretRef(file=str(tmp_path / "token")))
    monkeypatch.setattr(render, "_told", lambda *_: Notifications(critical=(hook,), warning=(hook,)))
    with pytest.raises(ServerError, match="reads as a number"):
        render.renderer()(Ports.choose(), tmp_path / "home")


@pytest.mark.usefixtures("secretive")
def test_the_demo_ends_with_2_and_starts_no_observer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[str] = []
    monkeypatch.setattr(HttpServer, "start", lambda self: started.append(self.name))
    monkeypatch.setattr(Chain, "_start_databases", lambda _: None)
    monkeypatch.setattr(Chain, "_configure_exporter", lambda _: None)
    monkeypatch.setattr(demo, "ends_by_signals", lambda: None)
    monkeypatch.setattr(sys, "argv", ["examples.demo"])
    assert demo.main() == 2
    assert "/nowhere/slack_url is missing" in capsys.readouterr().err
    assert started == []


def test_the_demo_as_it_is_needs_no_secret(tmp_path: Path) -> None:
    render.renderer(Stack())(Ports.choose(), tmp_path)
    assert (tmp_path / chains.GRAFANA_PROVISIONING / "grafana/alerting/notifications.json").is_file()
