"""Settings of contact points, right and wrong in one thing."""

from __future__ import annotations

HOOK = "url: 'https://a/', "
BASIC = HOOK + "username: a, password: b"
BEARER = "authorization_credentials: $C"
PEERS = "gateway_id: '*1234567', recipient_id: ABCD1234, api_secret: $S"
BOT = "bottoken: $T, chatid: '-1', "
PUSH = "userKey: a, apiToken: b, "
BROKER = "brokerUrl: 'tcp://a:1883', topic: b"
JIRA = "api_url: 'https://a/rest/api/3', project: A, issue_type: Task, "
OAUTH2 = HOOK + "http_config: {oauth2: {client_id: a, client_secret: $S, token_url: 'https://a/'%s}}"
KAFKA = "kafkaRestProxy: 'http://a', kafkaTopic: b, "
GENIE = "apiKey: $K, responders: "
ARN = "arn:aws:sns:eu-west-1:123456789012:alerts"
SETTINGS = [
    ("webhook", BASIC, BASIC + ", authorization_credentials: c"),
    ("webhook", HOOK + "username: a, " + BEARER, HOOK + "USERNAME: a, password: $P, " + BEARER),
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
    ("webhook", HOOK + "headers: {X-Team: a}", HOOK + "headers: {authorization: Bearer a}"),
    ("webhook", HOOK + "headers: {Accept: a}", HOOK + "headers: {X-Forwarded-For: a}"),
    ("oncall", HOOK + "username: a, " + BEARER, BASIC + ", " + BEARER),
    ("pushover", PUSH + "priority: '-1', retry: a", PUSH + "priority: high"),
    ("pushover", PUSH + "okPriority: 1", PUSH + "okPriority: 1.5"),
    ("prometheus-alertmanager", "url: 'http://a:9093, http://b:9093'", "url: 'http://a, http://b:port'"),
    ("prometheus-alertmanager", "url: a", "url: ', '"),
    ("webex", "bot_token: a, api_url: 'https://a/'", "bot_token: a, api_url: '://a'"),
    ("webhook", OAUTH2 % "", OAUTH2 % ", tls_config: {caCertificate: a}"),
    ("webhook", OAUTH2 % ", tls_config: {insecureSkipVerify: true}", OAUTH2 % ", tls_config: {clientKey: a}"),
    (
        "webhook",
        OAUTH2 % ", proxy_config: {proxy_url: 'http://a/', no_proxy: b, proxy_connect_header: {a: b}}",
        OAUTH2 % ", proxy_config: {proxy_url: 'a:80'}",
    ),
    (
        "webhook",
        OAUTH2 % ", proxy_config: {proxy_from_environment: true}",
        OAUTH2 % ", proxy_config: {proxy_from_environment: true, proxy_url: 'http://a/'}",
    ),
    ("webhook", OAUTH2 % ", scopes: [a]", OAUTH2 % ", proxy_config: {no_proxy: a}"),
    ("webhook", HOOK + "maxAlerts: a", HOOK + "maxAlerts: .nan"),
    ("pagerduty", "integrationKey: a, details: {'1': b}", "integrationKey: a, details: {1: b}"),
    (
        "webhook",
        OAUTH2 % ", proxy_config: {proxy_url: 'HTTP://a'}",
        OAUTH2 % ", proxy_config: {proxy_url: 'http://'}",
    ),
    ("webhook", OAUTH2 % ", proxy_config: {}", OAUTH2 % ", proxy_config: {proxy_connect_header: {a: b}}"),
    ("slack", "url: $URL", "url: $URL, http_config: {oauth2: {client_id: a, client_secret: b}}"),
]
