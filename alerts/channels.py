"""One channel as each engine writes it. What an engine cannot do is refused, never left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alerts.message import BODY, TITLE, use
from alerts.notifications import Channel, Email, NotifyError, PagerDuty, SecretRef, Slack, Webhook

Json = dict[str, Any]

SEVERITY = '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}'


def grafana_settings(channel: Channel, secrets_dir: str) -> tuple[str, Json]:
    """Grafana's type of receiver and its settings; Grafana reads the secrets itself."""

    def secret(reference: SecretRef) -> str:
        if reference.variable:
            return f"$__env{{{reference.variable}}}"
        return f"$__file{{{reference.path(secrets_dir)}}}"

    message = {"title": use(TITLE), "message": use(BODY)}
    match channel:
        case Webhook():
            url = secret(channel.url) if isinstance(channel.url, SecretRef) else channel.url
            settings: Json = {"url": url, "httpMethod": "POST", **message}
            if channel.token:
                settings |= {
                    "authorization_scheme": "Bearer",
                    "authorization_credentials": secret(channel.token),
                }
            return "webhook", settings
        case Slack():
            return "slack", {"url": secret(channel.url), "title": use(TITLE), "text": use(BODY)}
        case PagerDuty():
            return "pagerduty", {
                "integrationKey": secret(channel.key),
                "severity": SEVERITY,
                "summary": use(TITLE),
                "details": {"message": use(BODY)},
            }
        case Email():
            return "email", {
                "addresses": ";".join(channel.to),
                "singleEmail": True,
                "subject": use(TITLE),
                "message": use(BODY),
            }


def alertmanager_config(channel: Channel, secrets_dir: str, *, resolved: bool) -> tuple[str, Json]:
    """The key of Alertmanager's receiver and one entry below it, as version 0.25 and later read it.

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
            entry |= {"api_url_file": path(channel.url), "title": use(TITLE), "text": use(BODY)}
            return "slack_configs", entry
        case PagerDuty():
            entry |= {"routing_key_file": path(channel.key), "severity": SEVERITY}
            entry |= {"description": use(TITLE), "details": {"message": use(BODY)}}
            return "pagerduty_configs", entry
        case Email():
            return "email_configs", entry | _email(channel, path)


def _webhook(channel: Webhook, path: Callable[[SecretRef], str]) -> Json:
    if isinstance(channel.url, SecretRef):
        raise NotifyError(
            f"webhook {channel.name!r}: Alertmanager before 0.26 cannot read a webhook's url from a file; "
            'expected an address that is no secret; give url="http://..." and put the secret into '
            'token=SecretRef(file="..."), or let Grafana notify'
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
        "html": "",
        "text": use(BODY),
    }
    if channel.username:
        entry["auth_username"] = channel.username
    if channel.password:
        entry["auth_password_file"] = path(channel.password)
    return entry
