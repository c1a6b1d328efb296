"""Messages as the real Alertmanager delivers them: word for word, in time, and although a target fails."""

from __future__ import annotations

import datetime
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests

from alerts.notifications import Hours, Notifications, Webhook
from alerts.routing import HEARTBEAT_INTERVAL
from examples.demo.process import wait_until
from examples.demo.servers import Alertmanager
from tests.alerts.delivery import ENDED, alert, alertmanager, post, rendered
from tests.alerts.endpoints import HttpEndpoint, Inbox
from tests.alerts.snapshots import CHANNELS, FOLDER, received, steps

FAILING = "AlertmanagerNotificationsFailing"
# Of another service than ApiDown's, which would keep it back.
LATER = alert("RedisHitRatioLow", "redis", severity="warning", service="redis")


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each kind of message from each channel, by the name of its file."""
    return received(tmp_path_factory.mktemp("messages"))


def test_every_channel_has_every_kind_of_message(messages: dict[str, str]) -> None:
    kinds = [step.name.replace(" ", "-") for step in steps()]
    texts = {f"alertmanager-{channel}-{kind}.txt" for channel in CHANNELS for kind in kinds}
    assert messages.keys() == texts | {f"alertmanager-email-{kind}.html" for kind in kinds}
    assert {path.name for path in FOLDER.glob("alertmanager-*")} == messages.keys()


def test_messages_are_word_for_word_those_that_are_committed(messages: dict[str, str]) -> None:
    for name, text in messages.items():
        wanted = (FOLDER / name).read_text()
        assert text == wanted, f"{name} differs; if it is meant: python -m tests.alerts.snapshots"


def test_the_readme_shows_a_message_as_it_was_received(messages: dict[str, str]) -> None:
    readme = (FOLDER.parents[2] / "README.md").read_text()
    assert f"```mail\n{messages['alertmanager-email-firing-one.txt']}```" in readme


def test_one_incident_is_opened_and_closed_by_the_same_key(messages: dict[str, str]) -> None:
    def key(kind: str) -> str:
        (found,) = re.findall(
            r"^dedup_key: (\w+)$", messages[f"alertmanager-pagerduty-{kind}.txt"], re.MULTILINE
        )
        return str(found)

    assert key("firing-one") == key("resolved") != key("firing-many") == key("mixed")


def test_a_mention_is_for_what_is_critical_while_it_fires(messages: dict[str, str]) -> None:
    mentioned = {name for name, text in messages.items() if "<!here>" in text}
    assert mentioned == {"alertmanager-slack-firing-one.txt"}


@pytest.fixture
def endpoint() -> Iterator[HttpEndpoint]:
    with HttpEndpoint() as server:
        yield server


def told(inbox: Inbox, path: str) -> list[str]:
    """What each message on this path said: its state and its alert."""
    found = [each for each in inbox.arrived if each.path == path]
    return [f"{each.json['status']} {each.json['commonLabels']['alertname']}" for each in found]


def counted(server: Alertmanager, name: str) -> float:
    """A counter of Alertmanager on messages to webhooks."""
    page = requests.get(f"{server.url}/metrics", timeout=5).text
    return float(re.findall(rf'^{name}\{{integration="webhook"\}} (\S+)$', page, re.MULTILINE)[0])


def test_a_target_that_answers_500_gets_its_message_once_it_recovers(
    endpoint: HttpEndpoint, tmp_path: Path
) -> None:
    hook = Webhook(url=f"{endpoint.url}/chat")
    endpoint.inbox.answers = [500, 503, 500]
    with alertmanager(Notifications(critical=(hook,), warning=(hook,)), tmp_path) as server:
        post(server, alert("ApiDown", "api-1"))
        endpoint.inbox.wait(1)
        assert endpoint.inbox.refused == 3
        post(server, alert("ApiDown", "api-1", over=True))
        endpoint.inbox.wait(2)
        assert told(endpoint.inbox, "/chat") == ["firing ApiDown", "resolved ApiDown"]
        # Each attempt is counted, and what failed is an alert's business, though none was lost.
        assert counted(server, "alertmanager_notification_requests_failed_total") == 3


def test_a_target_that_is_down_gets_its_message_once_it_is_there(tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    hook = Webhook(url=f"http://127.0.0.1:{port}/chat")
    with alertmanager(Notifications(critical=(hook,), warning=(hook,)), tmp_path) as server:
        post(server, alert("ApiDown", "api-1"))
        failed = "alertmanager_notification_requests_failed_total"
        wait_until(lambda: counted(server, failed) >= 2, "two attempts")
        with HttpEndpoint(port) as endpoint:
            endpoint.inbox.wait(1)
            assert told(endpoint.inbox, "/chat") == ["firing ApiDown"]


def test_a_target_that_answered_404_is_tried_again_when_its_group_is_looked_at_next(
    endpoint: HttpEndpoint, tmp_path: Path
) -> None:
    hook = Webhook(url=f"{endpoint.url}/chat")
    endpoint.inbox.answers = [404]
    with alertmanager(Notifications(critical=(hook,), warning=(hook,)), tmp_path) as server:
        post(server, alert("ApiDown", "api-1"))
        endpoint.inbox.wait(1)
        assert endpoint.inbox.refused == 1
        assert told(endpoint.inbox, "/chat") == ["firing ApiDown"]


def test_what_ended_before_its_target_was_back_is_never_told(endpoint: HttpEndpoint, tmp_path: Path) -> None:
    """As documented: neither that it fired nor that it is over. What fires after that is."""
    hook = Webhook(url=f"{endpoint.url}/chat")
    endpoint.inbox.answers = [500] * 1000
    with alertmanager(Notifications(critical=(hook,), warning=(hook,)), tmp_path) as server:
        post(server, alert("ApiDown", "api-1"))
        wait_until(lambda: endpoint.inbox.refused > 0, "an attempt")
        post(server, alert("ApiDown", "api-1", over=True))
        given_up = "alertmanager_notifications_failed_total"
        wait_until(lambda: counted(server, given_up) >= 1, "the last attempt", timeout=30)
        endpoint.inbox.answers = []
        post(server, LATER)
        endpoint.inbox.wait(1)
        time.sleep(3)
        assert told(endpoint.inbox, "/chat") == ["firing RedisHitRatioLow"]


def test_a_slow_target_keeps_no_other_waiting(endpoint: HttpEndpoint, tmp_path: Path) -> None:
    with HttpEndpoint() as slow:
        slow.inbox.slow = 4
        channels = (Webhook(name="slow", url=f"{slow.url}/slow"), Webhook(url=f"{endpoint.url}/chat"))
        with alertmanager(Notifications(critical=channels, warning=channels), tmp_path) as server:
            post(server, alert("ApiDown", "api-1"))
            endpoint.inbox.wait(1, seconds=3.5)
            assert not slow.inbox.arrived
            slow.inbox.wait(1)


def test_the_failure_of_one_channel_is_told_by_another(endpoint: HttpEndpoint, tmp_path: Path) -> None:
    """The first answers 500 as long as this lasts; what tells of it goes both ways."""
    chat, second = Webhook(url=f"{endpoint.url}/chat"), Webhook(name="second", url=f"{endpoint.url}/second")
    with HttpEndpoint() as broken:
        broken.inbox.answers = [500] * 1000
        chat = replace(chat, url=f"{broken.url}/chat")
        policy = Notifications(critical=(chat,), warning=(chat,), backup=(second,))
        with alertmanager(policy, tmp_path) as server:
            post(server, alert("ApiDown", "api-1"), alert(FAILING, "alertmanager", service="telemetry"))
            endpoint.inbox.wait(1)
            assert told(endpoint.inbox, "/second") == [f"firing {FAILING}"]
            wait_until(lambda: broken.inbox.refused > 0, "an attempt on the broken one")


def test_a_target_whose_certificate_nobody_vouches_for_hears_nothing_and_another_tells_it(
    endpoint: HttpEndpoint, tmp_path: Path
) -> None:
    certificate = tmp_path / "own.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["-keyout", str(certificate), "-out", str(tmp_path / "public.pem"), "-nodes", "-days", "1"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", *subject, *made], check=True, capture_output=True
    )
    with certificate.open("a") as file:
        file.write((tmp_path / "public.pem").read_text())
    with HttpEndpoint(certificate=certificate) as forged:
        chat, second = Webhook(url=f"{forged.url}/chat"), Webhook(name="second", url=f"{endpoint.url}/second")
        policy = Notifications(critical=(chat,), warning=(chat,), backup=(second,))
        with alertmanager(policy, tmp_path) as server:
            post(server, alert("ApiDown", "api-1"), alert(FAILING, "alertmanager", service="telemetry"))
            endpoint.inbox.wait(1)
            failed = "alertmanager_notification_requests_failed_total"
            wait_until(lambda: counted(server, failed) >= 2, "two attempts")
            assert not forged.inbox.arrived
            assert told(endpoint.inbox, "/second") == [f"firing {FAILING}"]


def test_the_heart_beats_once_in_each_interval_and_not_in_every_other(
    endpoint: HttpEndpoint, tmp_path: Path
) -> None:
    hook = Webhook(url=f"{endpoint.url}/switch")
    policy = Notifications(critical=(hook,), warning=(hook,), heartbeat=(hook,))
    scale = 0.05
    with alertmanager(policy, tmp_path, scale=scale) as server:
        post(server, alert("Watchdog", "prometheus", severity="info", service="telemetry"))
        endpoint.inbox.wait(1)
        began = time.monotonic()
        endpoint.inbox.wait(4)
        assert 2.5 < (time.monotonic() - began) / (HEARTBEAT_INTERVAL * scale) < 4
        assert set(told(endpoint.inbox, "/switch")) == {"firing Watchdog"}


def test_the_end_of_a_warning_outside_of_the_hours_is_not_told_and_that_of_a_critical_one_is(
    endpoint: HttpEndpoint, tmp_path: Path
) -> None:
    """So a pager, whose incident it would close, is refused there."""
    hook = Webhook(url=f"{endpoint.url}/chat")
    policy = Notifications(critical=(hook,), warning=(hook,), hours=around_now("UTC", hours=0))
    with alertmanager(policy, tmp_path) as server:
        post(server, alert("ApiDown", "api-1"), LATER)
        endpoint.inbox.wait(2)
        rendered(replace(policy, hours=around_now("UTC", hours=-6)), tmp_path / "config")
        requests.post(f"{server.url}/-/reload", timeout=10).raise_for_status()
        post(server, alert("ApiDown", "api-1", over=True), LATER | {"endsAt": ENDED})
        time.sleep(3)
    ends = {each for each in told(endpoint.inbox, "/chat") if each.startswith("resolved")}
    assert ends == {"resolved ApiDown"}


def around_now(zone: str, *, hours: int) -> Hours:
    """Hours of today's clock in a zone, that many from now; of all days, at most until midnight."""
    now = datetime.datetime.now(tz=ZoneInfo(zone)) + datetime.timedelta(hours=hours)
    start = now.replace(minute=0)
    end = "24:00" if start.hour >= 22 else f"{start.hour + 2:02}:00"
    return Hours(location=zone, weekdays=(), times=(f"{start:%H}:00-{end}",))


def test_a_warning_waits_for_the_hours_of_its_time_zone_and_a_critical_one_does_not(
    endpoint: HttpEndpoint, tmp_path: Path
) -> None:
    """In Auckland's hours that hold now, which in UTC's would not; and in others, of the same zone."""
    hook = Webhook(url=f"{endpoint.url}/chat")
    for hours, warned in ((around_now("Pacific/Auckland", hours=0), True),
                          (around_now("Pacific/Auckland", hours=-6), False)):  # fmt: skip
        endpoint.inbox.arrived.clear()
        policy = Notifications(critical=(hook,), warning=(hook,), hours=hours)
        with alertmanager(policy, tmp_path / str(warned)) as server:
            post(server, alert("ApiDown", "api-1"), LATER)
            endpoint.inbox.wait(1 + warned)
            time.sleep(0 if warned else 3)
            heard = sorted(told(endpoint.inbox, "/chat"))
        assert heard == ["firing ApiDown", *(["firing RedisHitRatioLow"] if warned else [])]
