"""The webhook receiver keeps what was delivered, as it was delivered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from examples.demo.scenario import first
from examples.demo.servers import WebhookReceiver


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[WebhookReceiver]:
    server = WebhookReceiver(tmp_path).start()
    yield server
    server.stop()


def test_it_gives_back_each_message_in_order(receiver: WebhookReceiver) -> None:
    before = time.time()
    bodies = [{"status": "firing", "text": "größer"}, {"status": "resolved"}]
    for number, body in enumerate(bodies):
        requests.post(f"{receiver.url}/hook/{number}", json=body, timeout=5).raise_for_status()
    messages = receiver.messages()
    assert [each["body"] for each in messages] == bodies
    assert [each["path"] for each in messages] == ["/hook/0", "/hook/1"]
    after = requests.get(receiver.url, params={"since": repr(messages[0]["received"])}, timeout=5).json()
    assert after == messages[1:]
    assert requests.get(receiver.url, params={"since": "today"}, timeout=5).status_code == 400
    assert before <= messages[0]["received"] <= messages[1]["received"] <= time.time()


def test_it_refuses_what_is_no_json_and_keeps_nothing_of_it(receiver: WebhookReceiver) -> None:
    answer = requests.post(receiver.url, data="status=firing", timeout=5)
    assert (answer.status_code, answer.json()) == (400, {"error": "expected a JSON body"})
    assert receiver.messages() == []


def test_it_refuses_messages_to_a_path_as_told_and_keeps_nothing_of_them(receiver: WebhookReceiver) -> None:
    requests.put(f"{receiver.url}/refused", json=["/one"], timeout=5).raise_for_status()
    assert requests.post(f"{receiver.url}/one", json={}, timeout=5).status_code == 500
    assert requests.post(f"{receiver.url}/two", json={}, timeout=5).status_code == 200
    assert [each["path"] for each in receiver.messages()] == ["/two"]
    assert requests.put(f"{receiver.url}/refused", json="/one", timeout=5).status_code == 400


def test_the_first_message_of_an_alert_is_found_among_those_to_chats(receiver: WebhookReceiver) -> None:
    alert = {"status": "firing", "labels": {"alertname": "ApiDown"}}
    for path, body in (("chat/critical", {"attachments": [{}]}), ("critical", {"alerts": [alert]})):
        requests.post(f"{receiver.url}/{path}", json=body, timeout=5).raise_for_status()
    found = first(receiver, "ApiDown", "firing", 0)
    assert found is not None
    assert found.alert == alert
    assert first(receiver, "ApiDown", "resolved", 0) is None
