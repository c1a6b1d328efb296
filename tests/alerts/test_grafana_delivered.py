"""Messages as a real Grafana delivers them, where one is installed; and what is committed of them."""

from __future__ import annotations

import re
import shutil

import pytest

from alerts.channels import SIGNATURE, SIGNATURE_TIME
from tests.alerts.grafana_snapshots import CHANNELS, DIGEST, HMAC, KINDS, Message, delivered, digest, texts
from tests.alerts.policy import DOCS, genuine
from tests.alerts.snapshots import FOLDER

INSTALLED = pytest.mark.skipif(shutil.which("grafana") is None, reason="there is no `grafana` on PATH")


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    return list(delivered(tmp_path_factory.mktemp("grafana")))


@INSTALLED
def test_messages_are_word_for_word_those_that_are_committed(messages: list[Message]) -> None:
    found = dict(text for message in messages for text in texts(message))
    for name, text in found.items():
        wanted = (FOLDER / name).read_text()
        assert text == wanted, f"{name} differs; if it is meant: python -m tests.alerts.grafana_snapshots"
    assert found.keys() == {path.name for path in FOLDER.glob("grafana-*")}


@INSTALLED
def test_a_channel_that_answered_500_was_given_the_same_message_again(messages: list[Message]) -> None:
    """It is not among the others' messages: each channel has one of each kind."""
    first = messages[0]
    assert first.refused == 1
    assert sorted(each.path for each in first.posts) == ["/pagerduty", "/slack", "/teams", "/v1", "/webhook"]


@INSTALLED
def test_a_signature_is_genuine_as_the_documentation_checks_it(messages: list[Message]) -> None:
    signed = [each for message in messages for each in message.posts if each.path == "/v1"]
    assert len(signed) == len(KINDS)
    for each in signed:
        headers = {name: each.headers[name.lower()] for name in (SIGNATURE, SIGNATURE_TIME)}
        assert genuine(HMAC.encode(), headers, each.body)
        assert not genuine(HMAC.encode(), headers, each.body + b" ")
        assert not genuine(b"another", headers, each.body)


@INSTALLED
def test_a_mail_has_the_message_as_text_and_in_grafanas_frame(messages: list[Message]) -> None:
    for message in messages:
        first = message.mail["text/plain"].strip().splitlines()[0]
        assert first in re.sub(r"<[^>]*>", "", message.mail["text/html"])


def test_the_committed_messages_are_of_these_templates_and_contact_points() -> None:
    """Which nothing runs where there is no Grafana."""
    assert digest() == DIGEST.read_text().strip(), (
        "templates or contact points changed since the committed messages were taken of a Grafana; "
        "take them anew where there is one: python -m tests.alerts.grafana_snapshots"
    )


def test_every_channel_has_every_kind_of_message() -> None:
    wanted = {f"grafana-{channel}-{kind}.txt" for channel in CHANNELS for kind in KINDS}
    assert {path.name for path in FOLDER.glob("grafana-*")} == wanted


def committed(channel: str) -> dict[str, str]:
    return {kind: (FOLDER / f"grafana-{channel}-{kind}.txt").read_text() for kind in KINDS}


def test_the_webhooks_message_has_the_fields_that_are_documented_and_no_other() -> None:
    section = DOCS.read_text().partition("## The webhook's message")[2]
    documented = set()
    for cell in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE):
        names = re.findall(r"`([^`]+)`", cell)
        parent = names[0].rpartition(".")[0]
        documented |= {f"{parent}{name}" if name.startswith(".") else name for name in names}
    for kind, text in committed("v1").items():
        fields = set(re.findall(r"^([\w.\[\]]+):", text, re.MULTILINE))
        plain = {re.sub(r"\[\d+\]", "[]", field) for field in fields}
        shown = {re.sub(r"^(alerts\[\]\.labels)\..*", r"\1", field) for field in plain}
        assert shown == documented, kind


def test_a_mention_is_for_what_is_critical_while_it_fires() -> None:
    assert [kind for kind, text in committed("slack").items() if "<!here>" in text] == ["firing-one"]


@pytest.mark.parametrize("engine", ["grafana", "alertmanager"])
def test_what_others_send_is_told_by_its_labels_and_calls_nobody(engine: str) -> None:
    """Without a summary, a severity and a panel; its alert, service and runbook have Slack's markup."""
    text = (FOLDER / f"{engine}-slack-foreign.txt").read_text()
    assert text.count("<!channel") == text.count("javascript:") == text.count("Panel") == 0
    assert "    alertname=Batch &lt;!channel&gt;, " in text
    assert re.findall(r"\|(\w+)>", text) == ["Silence"]
    pager = (FOLDER / f"{engine}-pagerduty-foreign.txt").read_text()
    assert "payload.custom_details.summary: alertname=Batch <!channel>, " in pager
    assert "payload.custom_details.panel:\n" in pager
    assert "client_url" not in pager


def test_a_runbook_of_others_is_a_link_if_it_is_an_address() -> None:
    found = committed("teams")
    assert all("javascript:" not in text for text in found.values())
    assert "[Runbook](https://wiki.example.org/Source_%28data%29)" in found["source-trouble"]
    assert "<https://wiki.example.org/Source_(data)|Runbook>" in committed("slack")["source-trouble"]


def test_an_alert_without_a_name_is_told_by_its_labels() -> None:
    text = (FOLDER / "alertmanager-slack-unlabelled.txt").read_text()
    assert "title: [FIRING 1] without a name\n" in text
    assert "text:\n    job=batch\n    Since" in text
    assert "title_link" not in text


@pytest.mark.parametrize("channel", ["slack", "pagerduty", "teams", "email", "v1"])
def test_what_a_data_source_answers_is_told(channel: str) -> None:
    text = committed(channel)["source-trouble"].replace("\\", "")
    assert "vector cannot contain metrics with the same labelset" in text
    named = r"rulename: Broken$" if channel == "v1" else r"datasource_uid=prometheus, .*rulename=Broken, "
    assert re.search(named, text, re.MULTILINE)


def test_a_silence_is_of_all_that_the_message_tells() -> None:
    """Of seven alerts, not of the first of them; of a data source, not of one of its rules."""
    told = {
        kind: re.findall(r"silence/new\?(\S+)\|Silence", text) for kind, text in committed("slack").items()
    }
    ours = "alertmanager=grafana&matcher=alertname%3DDbPoolTimeouts&matcher=service%3Dapi"
    assert told["firing-many"] == [f"{ours}&matcher=environment%3Dproduction&matcher=cluster%3Dmain"]
    trouble = "alertmanager=grafana&matcher=alertname%3DDatasourceError&matcher=datasource_uid%3Dprometheus"
    assert told["source-trouble"] == [trouble]


def test_one_incident_is_opened_and_closed_by_the_same_key_in_both_engines() -> None:
    def key(name: str) -> str:
        (found,) = re.findall(r"^dedup_key: (\w+)$", (FOLDER / name).read_text(), re.MULTILINE)
        return str(found)

    for first, second in (("firing-one", "resolved"), ("firing-many", "mixed")):
        names = (
            f"{engine}-pagerduty-{kind}.txt"
            for engine in ("grafana", "alertmanager")
            for kind in (first, second)
        )
        assert len({key(name) for name in names}) == 1


def test_colours_and_severities_follow_the_state() -> None:
    colours = {kind: re.findall(r"color: (\S+)", text)[0] for kind, text in committed("slack").items()}
    assert colours == {
        "firing-one": "#d63232", "resolved": "#36a64f", "firing-many": "#f2a93b", "mixed": "#f2a93b",
        "foreign": "#f2a93b", "source-trouble": "#f2a93b",
    }  # fmt: skip
    events = {
        kind: re.findall(r"event_action: (\S+)", text)[0] for kind, text in committed("pagerduty").items()
    }
    assert events == {
        "firing-one": "trigger", "resolved": "resolve", "firing-many": "trigger", "mixed": "trigger",
        "foreign": "trigger", "source-trouble": "trigger",
    }  # fmt: skip
