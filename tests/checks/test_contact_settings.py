"""Settings of contact points that Grafana reads, and those of which it stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned import found, judge
from dashboards.checks.provisioned.contact_forms import is_address
from dashboards.checks.provisioned.sample import notifications


def lint(folder: Path, kind: str, settings: str) -> list[Finding]:
    text = notifications("type: slack", f"type: {kind}").replace("{url: $SLACK_URL}", f"{{{settings}}}")
    (folder / "contacts.yaml").write_text(text, encoding="utf-8")
    return judge(found([folder]))


OAUTH2 = "client_id: a, client_secret: $SECRET, token_url: 'https://a/', scopes: [b]"
PROXY = "proxy_config: {proxy_url: 'http://a/', proxy_connect_header: {a: b}}, tls_config: {caCertificate: c}"


def test_every_type_may_ask_for_a_token_of_oauth2(tmp_path: Path) -> None:
    for kind in ("webhook", "slack"):
        settings = f"url: $URL, http_config: {{oauth2: {{{OAUTH2}, {PROXY}}}}}"
        assert lint(tmp_path, kind, settings) == []


def test_a_token_of_oauth2_needs_who_asks(tmp_path: Path) -> None:
    wrong = OAUTH2.replace("client_id: a, ", "")
    (each,) = lint(tmp_path, "webhook", f"url: $URL, http_config: {{oauth2: {{{wrong}}}}}")
    assert (each.rule, "oauth2 has no client_id" in each.message) == ("field-required", True)


HOOK = "url: 'https://a/', "
BASIC = HOOK + "username: a, password: b"
TOKEN = "authorization_credentials: $C"
PEERS = "gateway_id: '*1234567', recipient_id: ABCD1234, api_secret: $S"
BOT = "bottoken: $T, chatid: '-1', "
BROKER = "brokerUrl: 'tcp://a:1883', topic: b"
JIRA = "api_url: 'https://a/rest/api/3', project: A, issue_type: Task, "
KAFKA = "kafkaRestProxy: 'http://a', kafkaTopic: b, "
GENIE = "apiKey: $K, responders: "
ARN = "arn:aws:sns:eu-west-1:123456789012:alerts"
SETTINGS = [
    ("webhook", BASIC, BASIC + ", authorization_credentials: c"),
    ("webhook", HOOK + "username: a, " + TOKEN, HOOK + "USERNAME: a, password: $P, " + TOKEN),
    ("telegram", BOT + "parse_mode: markdownv2", BOT + "parse_mode: text"),
    ("telegram", BOT + "parse_mode: $MODE", BOT + "parse_mode: BBCode"),
    ("telegram", BOT + "message_thread_id: '12'", BOT + "message_thread_id: '12a'"),
    ("telegram", BOT + "message_thread_id: '-2147483648'", BOT + "message_thread_id: '2147483648'"),
    ("threema", PEERS, PEERS.replace("*", "1")),
    ("threema", PEERS.replace("'*1234567'", "$G"), PEERS.replace("D1234", "")),
    (
        "opsgenie",
        GENIE + "[{type: Team, name: a}, {type: '{{ .x }}', id: b}]",
        GENIE + "[{type: group, name: a}]",
    ),
    ("opsgenie", GENIE + "[{type: user, username: a}]", GENIE + "[{type: user}]"),
    ("opsgenie", GENIE + "[{type: teams, name: 'a,b'}]", GENIE + "[{type: teams, id: a}]"),
    ("opsgenie", GENIE + "[]", GENIE + "[{name: a}]"),
    ("mqtt", BROKER + ", qos: 2", BROKER + ", qos: 3"),
    ("mqtt", BROKER + ", qos: '1'", BROKER + ", qos: once"),
    ("sns", f"topic_arn: '{ARN}'", "topic_arn: alerts"),
    ("sns", f"target_arn: '{ARN}'", "target_arn: 'arn:aws:sns:alerts'"),
    ("sns", "phone_number: '+1', sigv4: {profile: a}", "phone_number: '+1', sigv4: {access_key: a}"),
    ("jira", JIRA + "user: a, password: b", JIRA + "user: a, password: b, api_token: c"),
    ("jira", JIRA + "api_token: c, dedup_key_field: '10000'", JIRA + "api_token: c, dedup_key_field: key"),
    ("kafka", KAFKA + "apiVersion: v3, kafkaClusterId: a", KAFKA + "apiVersion: v3"),
    ("kafka", KAFKA + "apiVersion: v2", KAFKA + "apiVersion: v4"),
    ("slack", "url: 'https://a/b?c=%zz'", "url: 'https://a b/'"),
    ("slack", "url: hooks/a", "url: '://a'"),
]


@pytest.mark.parametrize(("kind", "right", "wrong"), SETTINGS)
def test_values_at_which_grafana_stops(kind: str, right: str, wrong: str, tmp_path: Path) -> None:
    assert lint(tmp_path, kind, right) == []
    (each,) = lint(tmp_path, kind, wrong)
    assert (each.rule, each.effect) == ("contact-settings", "Grafana does not start")


def test_a_duration_of_jira_is_one(tmp_path: Path) -> None:
    assert lint(tmp_path, "jira", JIRA + "api_token: a, reopen_duration: 10m") == []
    (each,) = lint(tmp_path, "jira", JIRA + "api_token: a, reopen_duration: ten")
    assert each.rule == "field-value"


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("https://user:pw@a.example:8080/b?c=d#e", True),
        ("http://[::1]:80/", True),
        ("a/b", True),
        ("mailto:a", True),
        ("http://a:port/", False),
        ("http://a/%zz", False),
        ("1a:b", False),
        (":a", False),
        ("http://a\x7f/", False),
    ],
)
def test_addresses_as_go_reads_them(text: str, taken: bool) -> None:
    assert is_address(text) == taken
