"""The templates by themselves, rendered by Alertmanager's own tool: what the snapshots do not reach."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from alerts.message import (
    HTML,
    SHOWN,
    SLACK,
    TEXT,
    TITLE,
    alertmanager_template,
    grafana_template,
)
from tests.alerts.delivery import alert

IDENTITY = ("environment", "cluster")
COMMON = {"alertname": "ApiDown", "severity": "critical", "service": "api", "environment": "production"}
HOSTILE = '<!channel> *all* [x](http://evil) & "quoted" {{ .Labels }}'


def rendered(folder: Path, name: str, alerts: list[dict[str, Any]], *, kind: str = "text") -> str:
    (folder / "oncall.tmpl").write_text(alertmanager_template(IDENTITY))
    shared = [set(each["annotations"].items()) for each in alerts]
    common = dict(set.intersection(*shared))
    data = {
        "alerts": alerts,
        "commonLabels": COMMON,
        "commonAnnotations": common,
        "externalURL": "http://alertmanager:9093",
    }
    (folder / "data.json").write_text(json.dumps(data))
    done = subprocess.run(
        [
            "amtool", "template", "render", f"--template.glob={folder}/*.tmpl", f"--template.type={kind}",
            f"--template.data={folder}/data.json", f'--template.text={{{{ template "{name}" . }}}}',
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def told(number: int, *, over: bool = False, **annotations: str) -> dict[str, Any]:
    """As Alertmanager hands it to its templates."""
    given = alert("ApiDown", f"api-{number}", over=over)
    return given | {
        "status": "resolved" if over else "firing",
        "annotations": given["annotations"] | annotations,
    }


@pytest.mark.parametrize("text", [alertmanager_template(IDENTITY), grafana_template(IDENTITY)])
def test_every_mark_of_ours_is_replaced(text: str) -> None:
    # What an address in Alertmanager's links escapes is no mark of ours.
    assert not re.search(r"%[A-Z]{2,}[A-Z()._a-z]*%|%[NTL]\b", re.sub(r"%[0-9][0-9A-F]", "", text))


def test_without_an_identity_no_label_of_one_is_named() -> None:
    assert "environment" not in alertmanager_template(()) + grafana_template(())


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    many = [told(number, over=over) for over in (False, True) for number in range(SHOWN + 2)]
    body = rendered(tmp_path, TEXT, many)
    assert body.count("Since ") == body.count("Over after ") == SHOWN
    assert "And 2 more fire." in body
    assert "And 2 more over." in body
    exact = [each for each in many if each["labels"]["instance"] < f"api-{SHOWN}"]
    assert "more" not in rendered(tmp_path, TEXT, exact)


def test_a_strangers_words_are_no_markup(tmp_path: Path) -> None:
    """A label may be what a client sent: it must not call a whole channel, nor become a link."""
    evil = [told(1, summary=HOSTILE)]
    slack = rendered(tmp_path, SLACK, evil)
    assert '&lt;!channel&gt; *all* [x](http://evil) &amp; "quoted" {{ .Labels }}' in slack
    assert "<!channel>" not in slack
    html = rendered(tmp_path, HTML, evil, kind="html")
    assert "&lt;!channel&gt;" in html
    assert "<!channel>" not in html


def test_what_others_send_without_annotations_is_still_told(tmp_path: Path) -> None:
    bare = [told(1) | {"annotations": {}}]
    lines = rendered(tmp_path, TEXT, bare).split("\n")
    assert "Since 2026-03-01 01:30:00 UTC." in lines
    assert not any(line.startswith(("First:", "Panel:", "Runbook:")) for line in lines)
    assert rendered(tmp_path, TITLE, bare).strip() == "[FIRING 1] critical · api · ApiDown · production"


def test_the_panel_of_grafana_opens_on_the_installation_that_the_alert_is_about() -> None:
    text = grafana_template(IDENTITY)
    chosen = '{{ if (match "^https?://[^\\\\s<>|\\"]+$" .Annotations.dashboard_url) }}'
    assert f'{{{{ .PanelURL }}}}{chosen}{{{{ reReplaceAll "^[^&]*" "" .Annotations.dashboard_url }}}}' in text
    assert "{{ with .Labels.environment }}&var-environment={{ . | urlquery }}{{ end }}" in text
    assert "{{ with .Labels.cluster }}&var-cluster={{ . | urlquery }}{{ end }}" in text
