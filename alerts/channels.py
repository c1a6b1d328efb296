"""One channel as each engine writes it. What an engine cannot do is refused, never left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alerts.message import COLOUR, HTML, JSON, SLACK, SLACK_TITLE, TEAMS, TEAMS_TITLE, TEXT, TITLE, use
from alerts.notifications import Channel, Email, PagerDuty, Slack, Teams, Webhook
from alerts.secret import NotifyError, SecretRef

Json = dict[str, Any]

CRITICAL = "critical"
CLIENT = "backend-observability"
SEVERITY = '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}'
SIGNATURE, SIGNATURE_TIME = "X-Signature", "X-Signature-Time"
# Both engines add the first four of their own, with every label and annotation, where they are not given.
DETAILS = {
    "firing": f"{{{{ if .Alerts.Firing }}}}{use(TEXT)}{{{{ end }}}}",
    "resolved": "{{ if not .Alerts.Firing }}" + use(TEXT) + "{{ end }}",
    "num_firing": "{{ len .Alerts.Firing }}",
    "num_resolved": "{{ len .Alerts.Resolved }}",
    **{
        name: use(f"oncall.first.{name}")
        for name in ("summary", "since", "action", "panel", "runbook", "silence")
    },
}


def grafana_settings(channel: Channel, secrets_dir: str, *, route: str) -> tuple[str, Json]:
    """Grafana's type of receiver and its settings; Grafana reads the secrets itself.

    Args:
        channel: what is written.
        secrets_dir: where files of secrets stand for Grafana.
        route: the name of the receiver; a mention is for critical ones.
    """

    def secret(reference: SecretRef) -> str:
        if reference.variable:
            return f"$__env{{{reference.variable}}}"
        return f"$__file{{{reference.path(secrets_dir)}}}"

    match channel:
        case Webhook():
            return "webhook", _grafana_webhook(channel, secret)
        case Slack():
            return "slack", {"url": secret(channel.url), "title": use(SLACK_TITLE), **_slack(channel, route)}
        case Teams():
            return "teams", {"url": secret(channel.url), "title": use(TEAMS_TITLE), "message": use(TEAMS)}
        case PagerDuty():
            settings = {"integrationKey": secret(channel.key), "summary": use(TITLE), "url": channel.url}
            return "pagerduty", settings | {"source": "{{ .ExternalURL }}", **_pagerduty()}
        case Email():
            return "email", {
                "addresses": ";".join(channel.to),
                "singleEmail": True,
                "subject": use(TITLE),
                "message": use(TEXT),
            }


def _grafana_webhook(channel: Webhook, secret: Callable[[SecretRef], str]) -> Json:
    url = secret(channel.url) if isinstance(channel.url, SecretRef) else channel.url
    settings: Json = {"url": url, "httpMethod": "POST"}
    if channel.payload == "engine":
        settings |= {"title": use(TITLE), "message": use(TEXT)}
    else:
        settings["payload"] = {"template": use(JSON)}
    if channel.token:
        settings |= {"authorization_scheme": "Bearer", "authorization_credentials": secret(channel.token)}
    if channel.hmac:
        settings["hmacConfig"] = {
            "secret": secret(channel.hmac),
            "header": SIGNATURE,
            "timestampHeader": SIGNATURE_TIME,
        }
    return settings


def _slack(channel: Slack, route: str) -> Json:
    """Colour and text; the mention stands in the text, where it is gone once all is over."""
    mention = ""
    if channel.mention and route.endswith(CRITICAL):
        marks = {"here": "<!here>", "channel": "<!channel>"}
        user = f"<@{channel.mention}>" if channel.mention[0] == "U" else f"<!subteam^{channel.mention}>"
        mention = f"{{{{ if .Alerts.Firing }}}}{marks.get(channel.mention, user)} {{{{ end }}}}"
    return {"color": use(COLOUR), "text": mention + use(SLACK)}


def _pagerduty() -> Json:
    """What both engines call alike. The key of deduplication is a digest of the group's, in both."""
    return {
        "severity": SEVERITY,
        "class": "{{ .CommonLabels.alertname }}",
        "component": "{{ .CommonLabels.service }}",
        "group": "{{ .CommonLabels.environment }}",
        "client": CLIENT,
        "client_url": use("oncall.first.panel"),
        "details": DETAILS,
    }


def alertmanager_config(
    channel: Channel, secrets_dir: str, *, route: str, resolved: bool
) -> tuple[str, Json]:
    """The key of Alertmanager's receiver and one entry below it, as version 0.25 and later read it.

    Args:
        channel: what is written.
        secrets_dir: where files of secrets stand for Alertmanager.
        route: the name of the receiver; a mention is for critical ones.
        resolved: whether it also hears that an alert is over.

    Raises:
        NotifyError: Alertmanager cannot do it; the message says what it can.
    """

    def path(reference: SecretRef) -> str:
        if reference.variable:
            raise NotifyError(
                f"channel {channel.name!r}: Alertmanager reads no variable such as {reference.variable}; "
                'expected a file; give SecretRef(file="...")'
            )
        return reference.path(secrets_dir)

    entry: Json = {"send_resolved": resolved}
    match channel:
        case Webhook():
            return "webhook_configs", entry | _webhook(channel, path)
        case Slack():
            entry |= {"api_url_file": path(channel.url), "title": use(SLACK_TITLE)}
            entry |= {"fallback": use(SLACK_TITLE)}
            entry |= {"title_link": use("oncall.first.panel"), **_slack(channel, route)}
            return "slack_configs", entry
        case PagerDuty():
            entry |= {"routing_key_file": path(channel.key), "description": use(TITLE), "url": channel.url}
            return "pagerduty_configs", entry | _pagerduty()
        case Email():
            return "email_configs", entry | _email(channel, path)
        case Teams():
            raise NotifyError(
                f"teams {channel.name!r}: Alertmanager before 0.28 knows no Microsoft Teams; let Grafana "
                "notify, or give another channel"
            )


def _webhook(channel: Webhook, path: Callable[[SecretRef], str]) -> Json:
    if isinstance(channel.url, SecretRef):
        raise NotifyError(
            f"webhook {channel.name!r}: Alertmanager before 0.26 cannot read a webhook's url from a file; "
            'expected an address that is no secret; give url="http://..." and put the secret into '
            'token=SecretRef(file="..."), or let Grafana notify'
        )
    if channel.hmac:
        raise NotifyError(
            f"webhook {channel.name!r}: Alertmanager signs no message; leave hmac out and give "
            'token=SecretRef(file="..."), or let Grafana notify'
        )
    if channel.payload != "engine":
        raise NotifyError(
            f"webhook {channel.name!r}: Alertmanager writes its own JSON alone, not {channel.payload!r}; "
            'give payload="engine", or let Grafana notify'
        )
    entry: Json = {"url": channel.url}
    if channel.token:
        entry["http_config"] = {"authorization": {"type": "Bearer", "credentials_file": path(channel.token)}}
    return entry


def _email(channel: Email, path: Callable[[SecretRef], str]) -> Json:
    if not channel.smarthost or not channel.sender:
        raise NotifyError(
            f"email {channel.name!r}: Alertmanager sends mail itself and needs smarthost and sender; "
            f"they are {channel.smarthost!r} and {channel.sender!r}; give both, or let Grafana notify"
        )
    entry: Json = {
        "to": ", ".join(channel.to),
        "from": channel.sender,
        "smarthost": channel.smarthost,
        "headers": {"Subject": use(TITLE)},
        "html": use(HTML),
        "text": use(TEXT),
    }
    if not channel.tls:
        entry["require_tls"] = False
    if channel.username:
        entry["auth_username"] = channel.username
    if channel.password:
        entry["auth_password_file"] = path(channel.password)
    return entry
