"""What can be said of drills without breaking anything: times, messages, reports, and mistakes."""

from __future__ import annotations

import contextlib
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from alerts.model import Alert
from alerts.prometheus import rule_of
from alerts.proof.templates import filled
from alerts.rules import ALERTS
from dashboards.cli import main
from dashboards.drill import Drill, Drills, Outcome, Site, Times, report
from dashboards.drill.message import Messages
from dashboards.drill.model import looks_back
from dashboards.drill.run import line
from dashboards.drill.watch import Chat, Spell, Told, Watch, read, worded
from dashboards.errors import StackError
from dashboards.stack import STACK

BY_NAME = {alert.name: alert for alert in ALERTS}
DOWN, EVICTIONS = BY_NAME["RedisDown"], BY_NAME["RedisEvictionsHigh"]
DRILL = Drill(alerts=("RedisDown",), fault="stop-redis", about={"instance": "cache:6379"}, window=0, fades=0)
LABELS = {"job": "exporter", "instance": "cache:6379", "environment": "production", "cluster": "main"}


LINKS = rule_of(DOWN, STACK.rules)["annotations"]


@contextlib.contextmanager
def nothing(_: Drill) -> Iterator[None]:
    yield


SITE = Site(stack=STACK, prometheus="http://127.0.0.1:1", receiver="http://127.0.0.1:1", inject=nothing)


@pytest.fixture(scope="module")
def messages() -> Messages:
    return Messages(SITE)


def told(alert: Alert, value: float | None = None, **changed: str) -> Told:
    """A message as Prometheus fills it in, with a value beyond the limit; changed where it is said."""
    rule = rule_of(alert, STACK.rules)
    labels = {**LABELS, **rule["labels"], "alertname": alert.name}
    if value is None:
        value = beyond(alert)
    annotations = {
        name: filled(text.replace(" | urlquery }}", " }}"), labels, value)
        for name, text in rule["annotations"].items()
    }
    for name, text in changed.items():
        (annotations if name in annotations else labels)[name] = text
    alert_ = {"labels": labels, "annotations": annotations, "startsAt": "2026-11-28T23:00:00.125Z"}
    return Told(received=1.0, status="firing", alert=alert_)


def beyond(alert: Alert, share: float = 0.5) -> float:
    """A value beyond the limit by this share of it, or within it if that is negative."""
    limit = STACK.rules.number(alert.threshold).value
    return limit + (share if alert.operator == ">" else -share) * (limit or 1)


def test_a_message_with_all_that_one_needs_has_no_problem(messages: Messages) -> None:
    assert messages.problems(told(DOWN), DRILL) == []
    assert messages.problems(told(EVICTIONS), replace(DRILL, alerts=("RedisEvictionsHigh",))) == []


@pytest.mark.parametrize(
    ("alert", "changed", "problem"),
    [
        (DOWN, {"severity": "warning"}, "the message says severity='warning', not 'critical'"),
        (DOWN, {"service": "api"}, "the message says service='api', not 'redis'"),
        (DOWN, {"instance": "other:1"}, "the message says instance='other:1', not 'cache:6379'"),
        (EVICTIONS, {"summary": "Redis throws away keys."}, "the summary 'Redis throws away keys.' is not"),
        (DOWN, {"summary": "x {{ $labels.instance }}."}, "is not"),
        (
            DOWN,
            {"runbook_url": "http://g/d/backend-runbooks?viewPanel=panel-99999"},
            "does not lead to panel",
        ),
        (DOWN, {"dashboard_url": "http://g/d/elsewhere?viewPanel=panel-1"}, "does not lead to panel"),
        (DOWN, {"dashboard_url": ""}, "dashboard_url '' does not lead"),
        (
            DOWN,
            {"runbook_url": LINKS["runbook_url"].replace("localhost:3000", "nowhere.invalid:1")},
            "runbook_url 'http://nowhere.invalid:1/d/",
        ),
        (
            DOWN,
            {"runbook_url": LINKS["runbook_url"].replace("http:", "ftp:")},
            "does not lead to http://localhost:3000",
        ),
        (
            DOWN,
            {"dashboard_url": LINKS["dashboard_url"].replace("http:", "https:")},
            "does not lead to http://localhost:3000",
        ),
        (DOWN, {"dashboard_url": LINKS["dashboard_url"] + "&from=0&to=1"}, "shows from 0; expected 17959"),
    ],
)
def test_what_is_wrong_with_a_message_is_said(
    messages: Messages, alert: Alert, changed: dict[str, str], problem: str
) -> None:
    found = messages.problems(told(alert, **changed), replace(DRILL, alerts=(alert.name,)))
    assert any(problem in each for each in found), found


def test_a_value_that_no_engine_filled_in_is_no_value(messages: Messages) -> None:
    summary = told(EVICTIONS, 12.5).alert["annotations"]["summary"].replace("12.5", "<no value>")
    assert "is not" in messages.problems(told(EVICTIONS, summary=summary), DRILL)[0]


def test_a_panel_that_is_not_in_the_built_file_is_missed() -> None:
    broken = Messages(SITE)
    uid, panel = STACK.panel_of(DOWN.signal)
    del broken.panels[uid][panel]
    broken.panels["backend-runbooks"][STACK.all_boards[-1].panel_id("RedisDown")] = "Another"
    found = broken.problems(told(DOWN), DRILL)
    assert [each.partition(": ")[2].partition(" called")[0] for each in found] == [
        f"the built board {uid} has no panel {panel}",
        f"the built board backend-runbooks has no panel {STACK.all_boards[-1].panel_id('RedisDown')}",
    ]


class Answers(http.server.BaseHTTPRequestHandler):
    """Knows the boards of the stack, as Grafana does."""

    def do_GET(self) -> None:
        uid = self.path.partition("?")[0].rpartition("/")[2]
        self.send_response(200 if uid == "backend-redis" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


def test_links_are_opened_where_a_grafana_runs() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        stack = replace(STACK, grafana_url=url)
        opened = Messages(replace(SITE, stack=stack, grafana=url))
        links = {
            name: told(DOWN).alert["annotations"][name].replace(STACK.grafana_url, url)
            for name in ("dashboard_url", "runbook_url")
        }
        found = opened.problems(told(DOWN, None, **links), DRILL)
        server.shutdown()
    assert found == [f"runbook_url: {links['runbook_url']} answered 404, not 200"] or any(
        "overview" in each for each in found
    )


def test_times_follow_from_the_definition_and_the_clock() -> None:
    now = Times.computed(DOWN, DRILL, STACK)
    # A scrape, an evaluation, the hold of a minute in whole evaluations; then the group is waited for.
    assert now == Times(fired=15 + 30 + 60, delivered=15 + 30 + 60 + 30, resolved=15 + 30 + 60 + 300)
    scaled = Times.computed(DOWN, DRILL, replace(STACK, time_scale=1 / 20))
    assert scaled == Times(fired=1 + 1.5 + 3, delivered=1 + 1.5 + 3 + 2, resolved=1 + 1.5 + 3 + 15)
    late = Times.computed(DOWN, replace(DRILL, lag=60, window=300, fades=0), STACK)
    assert (late.fired, late.resolved) == (now.fired + 360, now.resolved + 60)
    fast = replace(STACK, time_scale=1 / 20)
    unscaled = Times.computed(DOWN, replace(DRILL, unscaled=10, resent=60), fast)
    assert unscaled == Times(
        fired=scaled.fired + 10, delivered=scaled.delivered + 10, resolved=scaled.resolved + 70
    )


def test_what_an_alert_looks_back_is_read_from_its_query() -> None:
    assert looks_back(BY_NAME["ApiInProgressHigh"]) == 0
    assert looks_back(EVICTIONS) == EVICTIONS.window == 600
    assert looks_back(BY_NAME["TargetDown"]) == 180


DRILLS = Drills(
    drills=(DRILL, Drill(alerts=("RedisEvictionsHigh", "RedisHitRatioLow"), fault="fill", in_ci=True)),
    undrilled={"Watchdog": "it fires always"},
    site=lambda _file, _report: contextlib.nullcontext(SITE),
)


def test_drills_are_chosen_by_alert_or_for_ci() -> None:
    assert DRILLS.chosen(()) == DRILLS.drills
    assert DRILLS.chosen(("RedisHitRatioLow",)) == DRILLS.drills[1:]
    assert DRILLS.chosen((), in_ci=True) == DRILLS.drills[1:]
    with pytest.raises(StackError, match="no drill for 'Watchdog': it fires always"):
        DRILLS.chosen(("Watchdog",))
    with pytest.raises(StackError, match=r"no drill for 'RedisDwn'; .* Did you mean 'RedisDown'\?"):
        DRILLS.chosen(("RedisDwn",))
    with pytest.raises(StackError, match=r"no drill for 'Wachdog'; .* Did you mean 'Watchdog'\?"):
        DRILLS.chosen(("Wachdog",))


def test_alerts_without_a_drill_and_without_a_reason_are_named() -> None:
    small = replace(STACK, alerts=(DOWN, EVICTIONS, BY_NAME["Watchdog"], BY_NAME["ApiDown"]))
    assert DRILLS.without(small) == ("ApiDown",)


def test_what_is_about_to_fire_is_not_over_yet() -> None:
    watch = Watch(SITE, spells={"RedisDown": [Spell(start=1)]}, pending=frozenset({"ApiDown"}))
    assert watch.active(["RedisDown", "ApiDown", "TargetDown"]) == {"RedisDown", "ApiDown"}
    assert watch.active(["TargetDown"]) == set()


def outcome(**values: Any) -> Outcome:
    computed = Times.computed(DOWN, DRILL, STACK)
    return Outcome(alert="RedisDown", rule="0123456789ab", drill=DRILL, computed=computed, **values)


def test_reports_say_what_came_when_and_what_did_not() -> None:
    well = outcome(fired=52.51, delivered=80.0, resolved=300.0)
    bad = outcome(fired=10.0, problems=["was not delivered within 100 s"])
    assert report.row(well) == {
        "alert": "RedisDown",
        "rule": "0123456789ab",
        "fault": "stop-redis",
        "options": {},
        "ok": True,
        "fired": 52.5,
        "delivered": 80.0,
        "resolved": 300.0,
        "computed": {"fired": 105.0, "delivered": 135.0, "resolved": 405.0},
        "tolerance": 10,
        "problems": [],
    }
    assert line(well).endswith(
        "fired after 53 s (computed 105), delivered after 80 s (computed 135), "
        "resolved after 300 s (computed 405)"
    )
    late = outcome(fired=107.9, delivered=80.0, resolved=405.04)
    assert line(late).endswith(
        "fired after 108 s (computed 105) late by 2.9 s, delivered after 80 s (computed 135), "
        "resolved after 405 s (computed 405)"
    )
    assert json.loads(json.dumps(report.row(bad)))["delivered"] is None
    suite = ElementTree.fromstring(report.junit([well, bad]))  # noqa: S314 - our own
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [each.get("message") for each in suite.iter("failure")] == ["was not delivered within 100 s"]
    assert report.summary([well, bad], 50).startswith(
        "1 of 2 drilled alerts as they should be, 50 in the stack"
    )


def test_messages_are_read_as_what_they_are() -> None:
    alert = {"status": "firing", "labels": {"alertname": "RedisDown"}, "annotations": {}}
    (one,) = read({"received": 2.0, "body": {"status": "firing", "alerts": [alert]}})
    assert (one.name, one.status, one.received) == ("RedisDown", "firing", 2.0)
    chat = {"received": 3.0, "body": {"attachments": [{"title": "[FIRING 1] RedisDown", "text": "It is."}]}}
    assert worded(chat) == [Chat(received=3.0, title="[FIRING 1] RedisDown", text="It is.")]
    for nothing in (read(chat), read({"received": 2.0, "body": []}), worded({"received": 2.0, "body": "x"})):
        assert nothing == []


def test_a_site_that_does_not_answer_is_said_at_once() -> None:
    with pytest.raises(StackError, match="no answer from Prometheus at "):
        Watch(SITE).start()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["drill", *arguments])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("RedisDwon",), "error: there is no drill for 'RedisDwon'; expected an alert that has one. Did you"),
        (("Zzz",), "there is no drill for 'Zzz'; expected an alert that has one. `drill --list` names them "),
        (("Watchdog",), "error: there is no drill for 'Watchdog': it fires always"),
        (("--drills", "nothing"), "error: --drills 'nothing': expected module:NAME, such as mycompany"),
        (("--drills", "no.such:DRILLS"), "error: --drills 'no.such:DRILLS': no module named 'no'"),
        (
            ("--drills", "examples.drills:site"),
            "expected a dashboards.drill.model.Drills; the module has DRILLS",
        ),
        (
            ("RedisDown", "--junit", "/nowhere/drills.xml", "--chain", "/nowhere/chain.json"),
            "error: cannot write /nowhere/drills.xml: there is no such folder; give --junit a file",
        ),
        (("RedisDown", "--junit", "/", "--chain", "/nowhere/chain.json"), "cannot write /: it is a folder; "),
        (("RedisDown", "--chain", "/nowhere/chain.json"), "error: /nowhere/chain.json: No such file"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["drill", "docs"])
@pytest.mark.parametrize(
    ("text", "number", "told"),
    [
        ("x = 1\nDRILLS = Drills(\n", 2, "SyntaxError: '(' was never closed"),
        ("\n1 / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("import no_such_library\n", 1, "ModuleNotFoundError: No module named 'no_such_library'"),
        (
            "from dashboards.drill import Drill\n\nDrill(alert=(), fault='x')\n",
            3,
            "TypeError: Drill.__init__() got an unexpected keyword argument 'alert'",
        ),
    ],
    ids=["syntax", "raises", "import", "field"],
)
def test_a_module_of_drills_that_breaks_is_told_with_its_file_and_line(
    command: str, text: str, number: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ourdrills.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "ourdrills", raising=False)
    done = CliRunner().invoke(main, [command, "--drills", "ourdrills:DRILLS"])
    assert done.exit_code == 1
    place = f"error: --drills 'ourdrills:DRILLS': {tmp_path / 'ourdrills.py'}:{number}: {told}"
    assert done.stderr.startswith(place)
    assert len(done.stderr.splitlines()) == 1


def test_the_list_breaks_nothing() -> None:
    done = run("RedisDown", "--list")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "RedisDown: stop-redis"
    assert "Watchdog: not drilled: it fires always" in done.stdout
