"""What each type of contact point takes in its settings, and without which of them Grafana stops."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.checks.provisioned.structs import ListOf, MapOf, Shape, Struct


@dataclass(frozen=True, slots=True)
class Contact:
    """A type of receiver.

    Attributes:
        settings: its fields; read through JSON, in any case of letters.
        needs: of each set of ways one must be there with all its parts, such as ``token+recipient``.
    """

    settings: Struct
    needs: tuple[tuple[str, ...], ...]


_TLS = Struct(
    "tlsConfig",
    {
        "caCertificate": "json-text",
        "clientCertificate": "json-text",
        "clientKey": "json-text",
        "insecureSkipVerify": "json-flag",
        "serverName": "json-text",
    },
    any_case=True,
)
# Of every type, beside its own.
_PROXY = Struct(
    "proxy_config",
    {
        "proxy_url": "json-text",
        "no_proxy": "json-text",
        "proxy_from_environment": "json-flag",
        "proxy_connect_header": MapOf("json-text"),
    },
    any_case=True,
)
_OAUTH2 = Struct(
    "oauth2",
    {
        "client_id": "json-text",
        "client_secret": "json-text",
        "token_url": "json-text",
        "scopes": ListOf("json-text"),
        "endpoint_params": MapOf("json-text"),
        "tls_config": _TLS,
        "proxy_config": _PROXY,
    },
    required=("client_id", "client_secret", "token_url"),
    any_case=True,
)
_HTTP = Struct("http_config", {"oauth2": _OAUTH2}, any_case=True)


def _contact(
    name: str,
    texts: str,
    *needs: str,
    flags: str = "",
    numbers: str = "",
    enums: dict[str, tuple[str, ...]] | None = None,
    more: dict[str, Shape] | None = None,
) -> Contact:
    fields: dict[str, Shape] = dict.fromkeys(texts.split(), "json-text")
    fields |= dict.fromkeys(flags.split(), "json-flag")
    fields |= dict.fromkeys(numbers.split(), "any")
    fields |= {"http_config": _HTTP, **(more or {})}
    struct = Struct(f"settings of {name}", fields, enums=enums or {}, any_case=True)
    return Contact(struct, tuple(tuple(each.split("|")) for each in needs))


_HMAC = Struct(
    "hmacConfig",
    {"secret": "json-text", "header": "json-text", "timestampHeader": "json-text"},
    any_case=True,
)
_PAYLOAD = Struct("payload", {"template": "json-text", "vars": MapOf("json-text")}, any_case=True)
_SIGV4 = Struct(
    "sigv4",
    {
        "region": "json-text",
        "access_key": "json-text",
        "secret_key": "json-text",
        "profile": "json-text",
        "role_arn": "json-text",
    },
    any_case=True,
)

CONTACTS = {
    "LINE": _contact("LINE", "token title description", "token"),
    "dingding": _contact("dingding", "url msgType title message", "url"),
    "discord": _contact("discord", "url title message avatar_url", "url", flags="use_discord_username"),
    "email": _contact("email", "addresses message subject", "addresses", flags="singleEmail"),
    "googlechat": _contact("googlechat", "url title message", "url"),
    "jira": _contact(
        "jira",
        "api_url project issue_type summary description priority reopen_transition resolve_transition "
        "wont_fix_resolution dedup_key_field user password api_token",
        "api_url",
        "project",
        "issue_type",
        "api_token|user+password",
        more={
            "labels": ListOf("json-text"),
            "fields": MapOf("any"),
            "reopen_duration": "json-text",
        },
    ),
    "kafka": _contact(
        "kafka",
        "kafkaRestProxy kafkaTopic description details username password apiVersion kafkaClusterId",
        "kafkaRestProxy",
        "kafkaTopic",
    ),
    "mqtt": _contact(
        "mqtt",
        "brokerUrl clientId topic message messageFormat username password",
        "brokerUrl",
        "topic",
        flags="retain",
        numbers="qos",
        enums={"messageFormat": ("json", "text")},
        more={"tlsConfig": _TLS},
    ),
    "oncall": _contact(
        "oncall",
        "url httpMethod authorization_scheme authorization_credentials username password title message",
        "url",
        numbers="maxAlerts",
    ),
    "opsgenie": _contact(
        "opsgenie",
        "apiKey apiUrl message description sendTagsAs",
        "apiKey",
        flags="autoClose overridePriority",
        enums={"sendTagsAs": ("tags", "details", "both")},
        more={
            "responders": ListOf(
                Struct(
                    "responder",
                    {"id": "json-text", "name": "json-text", "username": "json-text", "type": "json-text"},
                    any_case=True,
                )
            )
        },
    ),
    "pagerduty": _contact(
        "pagerduty",
        "integrationKey severity class component group summary source client client_url url",
        "integrationKey",
        more={"details": MapOf("json-text")},
    ),
    "prometheus-alertmanager": _contact(
        "prometheus-alertmanager", "url basicAuthUser basicAuthPassword", "url"
    ),
    "pushover": _contact(
        "pushover",
        "userKey apiToken device sound okSound title message",
        "userKey",
        "apiToken",
        flags="uploadImage",
        numbers="priority okPriority retry expire",
    ),
    "sensugo": _contact("sensugo", "url entity check namespace handler apikey message", "url", "apikey"),
    "slack": _contact(
        "slack",
        "endpointUrl url token recipient text title username icon_emoji icon_url mentionChannel mentionUsers "
        "mentionGroups color",
        "url|token+recipient|endpointUrl",
        enums={"mentionChannel": ("here", "channel")},
    ),
    "sns": _contact(
        "sns",
        "api_url topic_arn target_arn phone_number subject message",
        "topic_arn|target_arn|phone_number",
        more={"sigv4": _SIGV4, "attributes": MapOf("json-text")},
    ),
    "teams": _contact("teams", "url message title sectiontitle", "url"),
    "telegram": _contact(
        "telegram",
        "bottoken chatid message_thread_id message parse_mode",
        "bottoken",
        "chatid",
        flags="disable_web_page_preview protect_content disable_notifications",
    ),
    "threema": _contact(
        "threema",
        "gateway_id recipient_id api_secret title description",
        "gateway_id",
        "recipient_id",
        "api_secret",
    ),
    "victorops": _contact("victorops", "url messageType title description", "url"),
    "webex": _contact("webex", "message room_id api_url bot_token"),
    "webhook": _contact(
        "webhook",
        "url httpMethod authorization_scheme authorization_credentials username password title message",
        "url",
        numbers="maxAlerts",
        more={
            "headers": MapOf("json-text"),
            "tlsConfig": _TLS,
            "hmacConfig": _HMAC,
            "payload": _PAYLOAD,
        },
    ),
    "wecom": _contact(
        "wecom",
        "endpointUrl url agent_id corp_id secret msgtype message title touser",
        "url|secret+agent_id+corp_id",
    ),
}
_IN_ANY_CASE = {name.lower(): name for name in CONTACTS}


def contact(name: str) -> Contact | None:
    """What a type takes; Grafana knows it in any case of letters."""
    found = _IN_ANY_CASE.get(name.strip().lower())
    return CONTACTS[found] if found else None
