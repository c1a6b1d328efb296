"""The committed report of a real Grafana, and what README.md says of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboards.seen import Seen
from dashboards.stack import STACK
from dashboards.write import MANIFEST, render
from examples.demo.grafana_check import alone
from examples.demo.grafana_report import REPORT, Report, digest, pinned_version
from examples.demo.process import ROOT, ServerError
from examples.demo.servers import Grafana

FILES = {"a.json": b"1", "b.json": b"2"}
MADE = Report(version="12.3.3", date="2026-01-31", files=digest(FILES), verdict="passed")


def test_the_readme_says_what_the_report_shows_of_the_files_as_they_are_now() -> None:
    sentence = Report.read(REPORT.read_text()).sentence(digest(render(STACK)))
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert sentence in readme, f"README.md must say: {sentence}"


def test_a_report_reads_back() -> None:
    seen = {
        "Files": [Seen(what="boards", seen="6 of 6", well=True), Seen(what="rules", seen="0", well=False)]
    }
    text = MADE.markdown(seen)
    assert Report.read(text) == MADE
    assert "| boards | 6 of 6 | ok |" in text
    assert "| rules | 0 | WRONG |" in text


def test_without_a_grafana_it_is_said_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError) as raised:
        Grafana(tmp_path, tmp_path, port=1).command()
    told = str(raised.value)
    assert told.startswith("grafana is not installed; expected it on PATH; Debian has no package of it: ")
    assert "https://grafana.com/grafana/download" in told
    assert "make grafana-check URL=" in told
    assert "apt-get" not in told


def test_a_dead_prometheus_is_one_message_of_grafana() -> None:
    def message(name: str, status: str = "firing", at: float = 2.0) -> dict[str, Any]:
        alerts = [{"status": status, "labels": {"alertname": name}}]
        return {"received": at, "body": {"groupKey": name, "alerts": alerts}}

    one, watchdog, over = message("Down"), message("Watchdog"), message("Down", "resolved")
    earlier, other = message("Other", at=0.5), message("Other")
    chat = {"received": 2.0, "body": {"attachments": []}}
    assert alone([earlier, one, watchdog, chat, over], "Down", 1.0) == Seen(
        what="messages meanwhile of what fires", seen="1: Down", well=True
    )
    assert not alone([one, other], "Down", 1.0).well
    assert not alone([one, one], "Down", 1.0).well
    assert not alone([over], "Down", 1.0).well


def test_a_text_that_is_no_report_is_refused() -> None:
    with pytest.raises(ValueError, match="no row 'Grafana'; make it anew"):
        Report.read("# Grafana check\n")


def test_the_digest_follows_names_and_bytes_and_not_the_list_of_files() -> None:
    assert digest({**FILES, MANIFEST: b"x"}) == digest(FILES)
    assert digest({"a.json": b"1", "c.json": b"2"}) != digest(FILES)
    assert digest({"a.json": b"12", "b.json": b""}) != digest(FILES)


def test_the_sentence_names_newer_files_another_version_and_a_failure() -> None:
    now = digest(FILES)
    assert "was given these files on 2026-01-31 and passed" in MADE.sentence(now)
    assert f"; {pinned_version()}, which compose pins, was not run." in MADE.sentence(now)
    assert replace(MADE, version=pinned_version()).sentence(now).endswith("passed the check.")
    assert "an earlier state" in MADE.sentence("other")
    assert "newer than its report" in MADE.sentence("other")
    assert "failed the check" in replace(MADE, verdict="failed").sentence(now)
