"""The message itself, rendered by Alertmanager's own tool."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from alerts.message import ALERTMANAGER_LINKS, BODY, GRAFANA_LINKS, SHOWN, TITLE, template

IDENTITY = ("environment", "cluster")
LABELS = {
    "alertname": "ApiDown", "severity": "critical", "service": "api", "environment": "production",
}  # fmt: skip


def alert(number: int, status: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {**LABELS, "instance": f"api-{number}"},
        "annotations": {
            "summary": f"api-{number} is down.",
            "description": "Users get errors.",
            "runbook_url": "http://grafana/runbook",
            "dashboard_url": "http://grafana/panel",
        },
        "startsAt": "2026-03-01T02:30:00+01:00",
        "endsAt": "2026-03-01T02:35:30.4+01:00",
    }


def rendered(folder: Path, name: str, alerts: list[dict[str, Any]]) -> str:
    (folder / "oncall.tmpl").write_text(template(ALERTMANAGER_LINKS, IDENTITY))
    data = {"alerts": alerts, "commonLabels": LABELS, "externalURL": "http://alertmanager:9093"}
    (folder / "data.json").write_text(json.dumps(data))
    done = subprocess.run(
        [
            "amtool", "template", "render", f"--template.glob={folder}/*.tmpl",
            f"--template.data={folder}/data.json", f'--template.text={{{{ template "{name}" . }}}}',
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_title_says_how_many_how_bad_what_and_where(tmp_path: Path) -> None:
    firing = [alert(1, "firing"), alert(2, "firing"), alert(3, "resolved")]
    assert rendered(tmp_path, TITLE, firing).strip() == "[FIRING 2] critical · api · ApiDown · production"
    over = [alert(1, "resolved")]
    assert rendered(tmp_path, TITLE, over).strip() == "[RESOLVED 1] critical · api · ApiDown · production"


def test_the_body_says_what_since_when_and_links_to_runbook_panel_and_silence(tmp_path: Path) -> None:
    assert rendered(tmp_path, BODY, [alert(1, "firing")]).strip().splitlines() == [
        "api-1 is down.",
        "Users get errors.",
        "Since 2026-03-01 01:30:00 UTC.",
        "Runbook: http://grafana/runbook",
        "Panel: http://grafana/panel",
        "Silence: http://alertmanager:9093/#/silences/new"
        "?filter=%7Balertname%3D%22ApiDown%22%2Cservice%3D%22api%22%2Cenvironment%3D%22production%22%7D",
    ]


def test_what_is_over_says_how_long_it_lasted(tmp_path: Path) -> None:
    assert rendered(tmp_path, BODY, [alert(1, "resolved")]).strip() == "Over after 5m30s: ApiDown api-1"


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    many = [alert(number, status) for status in ("firing", "resolved") for number in range(SHOWN + 2)]
    body = rendered(tmp_path, BODY, many)
    assert body.count("Since ") == body.count("Over after ") == SHOWN
    assert body.count("And 2 more.") == 2


@pytest.mark.parametrize("links", [GRAFANA_LINKS, ALERTMANAGER_LINKS])
def test_every_mark_of_ours_is_replaced(links: str) -> None:
    assert not re.search(r"%[A-Z]+%", template(links, IDENTITY))
    assert not re.search(r"%[A-Z]+%", template(links, ()))
    assert "environment" not in template(links, ())


def test_the_panel_opens_on_the_installation_that_the_alert_is_about() -> None:
    text = template(GRAFANA_LINKS, IDENTITY)
    assert "{{ with .Labels.cluster }}&var-cluster={{ . | urlquery }}{{ end }}" in text
