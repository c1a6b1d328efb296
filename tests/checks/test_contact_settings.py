"""Settings of contact points that Grafana reads, and those of which it stops."""

from __future__ import annotations

from pathlib import Path

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned import found, judge
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
