"""What a Grafana answers is read rightly, and what differs from the files is named."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from dashboards import grafana_proof
from dashboards.alertmanager_api import Alertmanager
from dashboards.errors import StackError
from dashboards.grafana_api import Grafana, _series
from dashboards.stack import STACK
from examples.demo.grafana_variations import OF_ALERTING, PATHS
from examples.demo.process import free_port

FRAME: dict[str, Any] = {
    "schema": {
        "fields": [
            {"name": "Time", "type": "time"},
            {"name": "Value", "type": "number", "labels": {"job": "api"}},
        ]
    },
    "data": {"values": [[1, 2, 3, 4], [0.5, None, None, None]], "entities": [None, {"NaN": [1], "Inf": [2]}]},
}


def test_numbers_that_json_lacks_are_kept_and_gaps_are_none() -> None:
    ((labels, values),) = _series(FRAME)
    assert labels == {"job": "api"}
    assert values[0] == 0.5
    assert math.isnan(values[1])
    assert values[2:] == [math.inf]


def test_a_frame_without_numbers_is_no_series() -> None:
    empty = {"schema": {"fields": [{"name": "Time", "type": "time"}]}, "data": {"values": [[]]}}
    assert list(_series(empty)) == []


def test_where_nobody_answers_one_line_says_so_without_the_password() -> None:
    client = Grafana(url=f"http://127.0.0.1:{free_port()}", user="admin", password="hidden", timeout=1)
    with pytest.raises(StackError, match="no answer from Grafana") as caught:
        client.get("health")
    assert "hidden" not in f"{caught.value} {client!r}"


class Canned(Grafana):
    """Answers as a real Grafana gave them, by `examples.demo.grafana_variations`."""

    answers: ClassVar[dict[str, Any]] = {}

    def get(self, path: str, **_: Any) -> Any:
        return copy.deepcopy(self.answers[path])

    find = get


def told(answers: dict[str, Any]) -> list[tuple[str, str]]:
    """The thing and the line of each difference from the files as they were built."""
    client = Canned(url="")
    Canned.answers = answers
    rules, policy = (copy.deepcopy(RECORDED["files"][name]) for name in ("rules", "notifications"))
    found = [
        grafana_proof.of_rules(rules, STACK.folder, client, ()),
        grafana_proof.of_contact_points(policy, client),
        grafana_proof.of_policies(policy, client),
    ]
    return [(what, line) for each in found for what, faults in each.items() for line in faults]


RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "grafana_answers.json").read_text())


def test_nothing_is_wrong_with_what_was_loaded_as_built() -> None:
    assert told(RECORDED["as_built"]) == []


@pytest.mark.parametrize(("what", "words"), OF_ALERTING)
def test_each_change_is_named(what: str, words: str) -> None:
    assert [line for thing, line in told(RECORDED["changed"]) if thing == what and words in line]


def test_no_secret_is_shown() -> None:
    assert "made-up" not in str(told(RECORDED["changed"]))


@pytest.mark.parametrize("path", [path for path in PATHS if path != "v1/provisioning/policies"])
def test_nothing_there_is_no_error_but_a_difference(path: str) -> None:
    lines = told(RECORDED["as_built"] | {path: None})
    assert {line for _, line in lines} & {"is not there", 'provenance: expected "file", found nothing'}


def test_a_rule_that_is_not_from_a_file_or_given_up_is_named() -> None:
    answers = copy.deepcopy(RECORDED["as_built"])
    rule = answers["v1/provisioning/alert-rules"][0]
    rule["provenance"] = "api"
    assert told(answers) == [(f"rule {rule['title']}", 'provenance: expected "file", found "api"')]
    found = grafana_proof.of_rules(RECORDED["files"]["rules"], STACK.folder, Canned(url=""), (rule["uid"],))
    assert found[f"rule {rule['uid']}"] == ["is still there"]


def test_rules_in_another_folder_belong_to_somebody_else() -> None:
    answers = copy.deepcopy(RECORDED["changed"])
    for group in answers["v1/provisioning/alert-rules/export"]["groups"]:
        if group["name"] == "extra":
            group["folder"] = "another"
    assert not [each for each in told(answers) if "xtra" in each[0] and each[0].startswith(("rule", "group"))]


class Answering(BaseHTTPRequestHandler):
    """A server that is no Grafana: each answer is `{}`."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def test_a_server_that_is_no_grafana_and_a_name_beyond_latin_1_are_one_line() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}"
        client = Grafana(url=f"http://somebody:hidden@{address}", user="€", password="€", token="")
        with pytest.raises(StackError, match="told no version") as caught:
            client.version()
        with pytest.raises(StackError, match="told no version"):
            replace(client, token="€").version()
        with pytest.raises(StackError, match="tells no configuration"):
            Alertmanager(url=f"http://{address}").config()
        server.shutdown()
    assert f"http://{address}/api/health" in str(caught.value)
    assert "hidden" not in str(caught.value)
