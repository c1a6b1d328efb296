"""What runbooks say of boards, containers, ports and metrics is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from alerts import runbooks
from alerts.model import Alert
from alerts.proof.plan import CONTEXT
from alerts.rules import ALERTS
from dashboards.stack import STACK
from examples.demo.prepare import MEASURES_KEYS

COMPOSE = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.monitoring.yml").read_text())
TITLES = {
    board.title: {
        title for panel in board.panels for title in (panel.title, *(s.title for s in panel.signals))
    }
    for board in STACK.boards
}
# "A" and "B" on the API board; "C" on the overview.
PLACED = re.compile(r'("[A-Z][^"]*"(?:\s+and\s+"[^"]*")*)\s+on\s+the\s+(\w+)(\s+board)?')
QUOTED = re.compile(r'"([A-Z][^"]*)"')


def text(alert: Alert) -> str:
    return runbooks.runbook(alert, CONTEXT)


def placed(told: str) -> dict[str, str]:
    """The board of each panel that a text names."""
    return {
        name: match[2].capitalize() if match[2] == "overview" else match[2]
        for match in PLACED.finditer(told)
        for name in QUOTED.findall(match[1])
    }


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_panels_are_on_the_board_that_is_named(alert: Alert) -> None:
    for title, board in placed(text(alert)).items():
        assert title in TITLES[board], f"{title} is not on {board}"


def test_the_runbooks_name_panels_at_all() -> None:
    assert sum(len(placed(text(alert))) for alert in ALERTS) >= 10
    assert placed('See "A" and\n"B" on the API board, "C" on the overview.') == {
        "A": "API",
        "B": "API",
        "C": "Overview",
    }


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_commands_work_from_any_folder_and_name_what_there_is(alert: Alert) -> None:
    """Compose would need its file and SECRETS_GID; the names of the containers follow from it."""
    told = text(alert)
    assert "docker compose" not in told
    named = set(re.findall(rf"{COMPOSE['name']}-([a-z]+)-1", told))
    assert named <= set(COMPOSE["services"])
    ports = re.findall(r":-(\d+)\}:", str([each.get("ports") for each in COMPOSE["services"].values()]))
    assert set(re.findall(r"localhost:(\d+)", told)) <= set(ports)
    assert all(map(STACK.catalogue.find, re.findall(r"\b(?:pg|redis)_scrape_\w+", told)))


def test_the_right_that_a_collector_lacks_is_named() -> None:
    told = " ".join((runbooks.folder() / "ExporterCollectorFailing.md").read_text().split())
    assert "`redis.sample` needs one more" in told
    assert f"`ACL SETUSER obs_exporter {' '.join(MEASURES_KEYS)}`" in told


def test_logs_are_shown_with_docker_and_without() -> None:
    ours = [alert.name for alert in ALERTS if "docker logs" in text(alert)]
    assert len(ours) >= 5
    assert all(re.search(r"journalctl|tail -\d+ /var/log", text(a)) for a in ALERTS if a.name in ours)
