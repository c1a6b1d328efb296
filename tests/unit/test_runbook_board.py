"""Whoever opens the runbooks finds each alert by its name, and reads one runbook at a time."""

from __future__ import annotations

import re
from dataclasses import replace

from dashboards.runbook_board import UID
from dashboards.stack import STACK

BOARD = STACK.all_boards[-1]
LINK = re.compile(r"\[(\w+)\]\(http://localhost:3000/d/backend-runbooks\?viewPanel=panel-(\d+)\)")


def test_each_alert_is_listed_once_and_leads_to_its_runbook() -> None:
    _, lists, *books = BOARD.rows
    listed = [found for panel in lists.panels for found in LINK.findall(panel.text)]
    assert BOARD.uid == UID
    assert sorted(listed) == sorted((alert.name, str(BOARD.panel_id(alert.name))) for alert in STACK.alerts)
    assert [panel.title for row in books for panel in row.panels] == [alert.name for alert in STACK.alerts]


def test_a_runbook_stands_in_a_closed_row_of_its_service() -> None:
    _, lists, *books = BOARD.rows
    assert not lists.collapsed
    assert all(row.collapsed for row in books)
    services = {alert.name: alert.service for alert in STACK.alerts}
    of_service = {row.title: {services[panel.title] for panel in row.panels} for row in books}
    assert of_service == {f"Runbooks of {service}": {service} for service in services.values()}


def test_what_an_alert_means_is_said_with_its_limit() -> None:
    (alert,) = (each for each in STACK.alerts if each.name == "RedisDown")
    told = replace(alert, description="Silent for {hold}.")
    board = replace(STACK, alerts=(told,), cases=()).all_boards[-1]
    assert "| Silent for 1 min. |" in board.rows[1].panels[0].text


def test_without_alerts_there_is_nothing_to_read() -> None:
    assert replace(STACK, alerts=(), cases=()).all_boards[-1].rows == ()
