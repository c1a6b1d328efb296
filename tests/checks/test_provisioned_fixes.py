"""What a finding says to do is about the value that it found, and its level about what comes of it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from dashboards.checks import RULES
from dashboards.checks.finding import Finding
from dashboards.checks.others.known import Exported, seen
from dashboards.checks.others.source import Source
from dashboards.checks.provisioned import found, judge
from dashboards.checks.provisioned.sample import notifications, prometheus, rule

REDUCED = rule("condition: B", "condition: C").replace(
    "          - refId: B\n            datasourceUid: __expr__\n            model:\n",
    "          - {refId: B, datasourceUid: __expr__, model: {type: reduce, reducer: last, expression: A}}\n"
    "          - refId: C\n            datasourceUid: __expr__\n            model:\n",
)


class Server(Source):
    """A Prometheus, which has recorded series too, and no alert."""

    def exported(self, names: Collection[str]) -> Exported:
        there = {"worker_alive", *names} - {"nobody", "ALERTS", "ALERTS_FOR_STATE"}
        return Exported({name: seen(name, "gauge") for name in there}, whole=True)


def lint(folder: Path, text: str, *sources: Source) -> list[Finding]:
    (folder / "file.yaml").write_text(text, encoding="utf-8")
    return judge(found([folder / "file.yaml"]), RULES, sources)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        (REDUCED.replace("expression: A\n", "expression: B\n"), "Make it range: false, or instant: false."),
        (rule(), "Make it range: false."),
    ],
)
def test_a_query_asks_once(text: str, fix: str, tmp_path: Path) -> None:
    assert lint(tmp_path, text) == []
    (finding,) = lint(tmp_path, text.replace("instant: true", "instant: true, range: true"))
    assert (finding.rule, finding.fix) == ("series-reduced", fix)
    logs = "instant: true, range: true, queryType: instant"
    assert lint(tmp_path, text.replace("instant: true", logs)) == []


@pytest.mark.parametrize(
    ("old", "new", "fix"),
    [
        ("weekdays: ['monday:friday']", "months: [jan]", "names in full or numbers from 1 to 12"),
        ("weekdays: ['monday:friday']", "days_of_month: ['5:1']", "the earlier first"),
        ("weekdays: ['monday:friday']", "days_of_month: ['1:32']", "from 1 to 31"),
        ("'06:00'", "'24:01'", "a day ends at 24:00"),
        ("'00:00', end", "'07:30', end", "Write two intervals, 07:30 to 24:00 and 00:00 to 06:00."),
        (
            "'00:00', end_time: '06:00'",
            "'07:30', end_time: '00:00'",
            "later than the beginning; a day ends at",
        ),
        (
            "weekdays: ['monday:friday']",
            "location: Middle Europe",
            "Write its name in full, such as Europe/Berlin.",
        ),
        ("[alertname]", "[alertname]\n    repeat_interval: 0s", "such as 5m"),
        ("[alertname]", "[alertname, alertname]", "Name it once."),
    ],
)
def test_a_fix_is_about_the_value(old: str, new: str, fix: str, tmp_path: Path) -> None:
    (finding,) = lint(tmp_path, notifications(old, new))
    assert fix in finding.fix
    assert "monday:friday" not in finding.fix


def test_a_paused_rule_fails_later(tmp_path: Path) -> None:
    text = rule("expr: worker_alive", "expr: 'sum by job (worker_alive)'")
    (finding,) = lint(tmp_path, text)
    assert (finding.rule, finding.level) == ("promql-parses", "error")
    (finding,) = lint(tmp_path, text.replace("for: 5m", "isPaused: true"))
    assert (finding.rule, finding.level) == ("promql-parses", "warning")
    assert "no longer paused" in finding.effect


def test_a_place_in_a_long_text_is_told(tmp_path: Path) -> None:
    text = rule("for: 5m", "annotations:\n          a: |\n            One.\n            {{ if }}{{ end }}")
    (finding,) = lint(tmp_path, text)
    assert finding.message == "in 'a', line 2, the if has nothing to ask"


def test_where_a_recording_goes_is_known(tmp_path: Path) -> None:
    record = "record: {metric: a, from: A, targetDatasourceUid: prom}"
    assert lint(tmp_path, rule("condition: B", record)) == []
    (finding,) = lint(tmp_path, rule("condition: B", record.replace("DatasourceUid", "_datasource_uid")))
    assert finding.fix == "Did you mean 'targetDatasourceUid'?"


@pytest.mark.parametrize(
    ("expr", "level"),
    [
        ("absent(nobody)", "warning"),
        ('absent_over_time(nobody{job="a"}[5m])', "warning"),
        ("absent(nobody) or nobody > 1", "error"),
        ('ALERTS{alertstate="firing"} == 1', ""),
        ("ALERTS_FOR_STATE > 0", ""),
    ],
)
def test_what_is_asked_whether_it_is_there(expr: str, level: str, tmp_path: Path) -> None:
    text = prometheus('job:alive:avg{job="api"} < 1', expr)
    levels = [
        each.level
        for each in lint(tmp_path, text, Server("http://127.0.0.1"))
        if each.rule == "metric-exists"
    ]
    assert levels == ([level] if level else [])
