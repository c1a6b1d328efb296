"""Settings of contact points that Grafana reads, and those of which it stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned import found, judge
from dashboards.checks.provisioned.contact_forms import is_address
from dashboards.checks.provisioned.sample import notifications
from examples.demo.wrong_settings import JIRA, SETTINGS


def lint(folder: Path, kind: str, settings: str) -> list[Finding]:
    text = notifications("type: slack", f"type: {kind}").replace("{url: $SLACK_URL}", f"{{{settings}}}")
    (folder / "contacts.yaml").write_text(text, encoding="utf-8")
    return judge(found([folder]))


OAUTH2 = "client_id: a, client_secret: $SECRET, token_url: 'https://a/', scopes: [b]"
PROXY = (
    "proxy_config: {proxy_url: 'http://a/', proxy_connect_header: {a: b}}, tls_config: {caCertificate: $C}"
)


def test_every_type_may_ask_for_a_token_of_oauth2(tmp_path: Path) -> None:
    for kind in ("webhook", "slack"):
        settings = f"url: $URL, http_config: {{oauth2: {{{OAUTH2}, {PROXY}}}}}"
        assert lint(tmp_path, kind, settings) == []


def test_a_token_of_oauth2_needs_who_asks(tmp_path: Path) -> None:
    wrong = OAUTH2.replace("client_id: a, ", "")
    (each,) = lint(tmp_path, "webhook", f"url: $URL, http_config: {{oauth2: {{{wrong}}}}}")
    assert (each.rule, "oauth2 has no client_id" in each.message) == ("field-required", True)


@pytest.mark.parametrize(("kind", "right", "wrong"), SETTINGS)
def test_values_at_which_grafana_stops(kind: str, right: str, wrong: str, tmp_path: Path) -> None:
    assert lint(tmp_path, kind, right) == []
    (each,) = lint(tmp_path, kind, wrong)
    assert each.rule in ("contact-settings", "field-type", "field-required")
    assert each.effect == "Grafana does not start"


def test_a_duration_of_jira_is_one(tmp_path: Path) -> None:
    assert lint(tmp_path, "jira", JIRA + "api_token: a, reopen_duration: 10m") == []
    (each,) = lint(tmp_path, "jira", JIRA + "api_token: a, reopen_duration: ten")
    assert each.rule == "contact-settings"


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
