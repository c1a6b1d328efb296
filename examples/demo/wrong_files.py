"""Files that are wrong in one way, or only look so, for a real Grafana and for our checks to judge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from dashboards.checks.provisioned import CHECKS
from dashboards.checks.provisioned.sample import OTHER, notifications, rule, template
from examples.demo.right_files import FILES
from examples.demo.wrong_rules import texts
from examples.demo.wrong_settings import SETTINGS
from examples.demo.wrong_texts import MATCHERS, NO_MATCHERS, NO_TEMPLATES, TEMPLATES

# Of Prometheus, or about what no Grafana is asked.
NOT_GRAFANAS = (
    "rule-kind",
    "rule-result",
    "rule-names",
    "rule-groups",
    "rule-twice",
    "hold-kept",
    "file-bounds",
)
# What the database, the configuration and the environment decide, and no file.
BEYOND = (
    "rule: receiver that is not there",
    "notifications: an unset variable",
    "rule: a recording",
    "rule: a recording by another name",
)
Change = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """Files to load.

    Attributes:
        name: what is wrong in them.
        texts: each a file.
        suffix: what their names end in.
        encoding: of their bytes.
    """

    name: str
    texts: tuple[str, ...]
    suffix: str = ".yaml"
    encoding: str = "utf-8"


RULE_CHANGES: tuple[Change, ...] = (
    ("no uid", "uid: up", "isPaused: false"),
    ("no title", "        title: Up\n", ""),
    ("no condition", "        condition: B\n", ""),
    ("no folder", "    folder: team\n", ""),
    ("no group name", "name: api\n    folder", "folder"),
    ("no interval", "    interval: 1m\n", ""),
    ("interval of 0s", "interval: 1m", "interval: 0s"),
    ("interval 90", "interval: 1m", "interval: 90"),
    ("interval 1.5m", "interval: 1m", "interval: 1.5m"),
    ("for -5m", "for: 5m", "for: -5m"),
    ("for 300", "for: 5m", "for: 300"),
    ("for empty", "for: 5m", "for: ''"),
    ("keepFiringFor 5 m", "for: 5m", "keepFiringFor: 5 m"),
    ("noDataState ok", "for: 5m", "noDataState: ok"),
    ("noDataState Ok", "for: 5m", "noDataState: Ok"),
    ("execErrState NoData", "for: 5m", "execErrState: NoData"),
    ("missing_series_evals_to_resolve 0", "for: 5m", "missing_series_evals_to_resolve: 0"),
    ("isPaused yes", "for: 5m", "isPaused: 'yes'"),
    ("isPaused empty", "for: 5m", "isPaused: ''"),
    ("isPaused null", "for: 5m", "isPaused: null"),
    ("panelId text", "for: 5m", "panelId: seven"),
    ("labels a list", "for: 5m", "labels: [team]"),
    ("a label a number", "for: 5m", "labels: {team: 7}"),
    ("a label a list", "for: 5m", "labels: {team: [a]}"),
    ("annotations text", "for: 5m", "annotations: Up"),
    ("receiver that is not there", "for: 5m", "notification_settings: {receiver: nobody}"),
    ("no receiver", "for: 5m", "notification_settings: {group_by: [alertname]}"),
    ("group_by text", "for: 5m", "notification_settings: {receiver: grafana-default-email, group_by: a}"),
    ("a range of texts", "{from: 600, to: 0}", "{from: 10m, to: 0}"),
    ("a range of 600.0", "{from: 600, to: 0}", "{from: 600.0, to: 0}"),
    ("no range", "            relativeTimeRange: {from: 600, to: 0}\n", ""),
    ("data a mapping", "data:\n          - refId: A", "data:\n            refId: A"),
    ("model text", "{expr: worker_alive, instant: true}", "text"),
    ("a missing file in the model", "{expr: worker_alive,", "{expr: 'worker_alive{a=\"$__file{/none}\"}',"),
    ("a missing file in an annotation", "for: 5m", "annotations: {a: '$__file{/none}'}"),
    ("a rule of the HTTP API", "title: Up", "grafana_alert: {title: Up}"),
    ("a title of 191 letters", "title: Up", f"title: {'x' * 191}"),
    ("a uid of 41 letters", "uid: up", f"uid: {'x' * 41}"),
    ("a uid with a dot", "uid: up", "uid: u.p"),
    ("no refId", "refId: B", "queryType: ''"),
    ("PromQL that does not parse", "expr: worker_alive", "expr: 'sum by job (worker_alive)'"),
    (
        "a math on nothing",
        "type: threshold\n              expression: A",
        "type: math\n              expression: $Q > 1",
    ),
    ("a threshold without params", "params: [1]", "params: []"),
    ("a threshold of text", "params: [1]", "params: [one]"),
    ("a threshold with keys in another case", "evaluator: {type: lt, params", "Evaluator: {Type: lt, Params"),
    ("an unknown expression", "type: threshold", "type: thresh"),
    ("a title of blanks", "title: Up", "title: ' '"),
    ("a uid of blanks", "uid: up", "uid: ' '"),
    ("a condition of blanks", "condition: B", "condition: ' '"),
    ("a condition in another case", "condition: B", "condition: b"),
    ("a group without rules, every 7 s", rule().partition("    interval")[2], ": 7s\n    rules: []\n"),
    ("a start as text", "from: 600", "from: '600'"),
    ("a start in hexadecimals", "from: 600", "from: 0x258"),
    ("an end after now", "to: 0}", "to: -60}"),
    ("a panel that is text", "for: 5m", "annotations: {__dashboardUid__: a, __panelId__: b}"),
    ("panelId 1.0", "for: 5m", "panelId: 1.0"),
    ("a duration of two units", "for: 5m", "for: 1d12h"),
    ("5min", "for: 5m", "for: 5min"),
    ("annotations of any scalar", "for: 5m", "annotations: {a: 1.5, b: true, c: null}"),
    ("a label with the value", "for: 5m", "labels: {a: '{{ $$value }}'}"),
    ("a template of a label that does not parse", "for: 5m", "labels: {a: '{{ if }}'}"),
)
_GROUPED = "    group_by: [alertname]\n"
_RECEIVERS = "    receivers:\n      - uid: chat\n        type: slack\n        settings: {url: $SLACK_URL}\n"
NOTIFICATION_CHANGES: tuple[Change, ...] = (
    ("no name", "name: chat\n    receivers", "receivers"),
    ("no uid", "uid: chat\n        type", "type"),
    ("no type", "        type: slack\n", ""),
    ("no settings", "        settings: {url: $SLACK_URL}\n", ""),
    ("empty settings", "{url: $SLACK_URL}", "{}"),
    (
        "an unset variable",
        "type: slack\n        settings: {url: $SLACK_URL}",
        "type: webhook\n        settings: {url: $NONE}",
    ),
    (
        "a number as a key",
        "type: slack\n        settings: {url: $SLACK_URL}",
        "type: pagerduty\n        settings: {integrationKey: 123}",
    ),
    (
        "a number as text",
        "type: slack\n        settings: {url: $SLACK_URL}",
        "type: pagerduty\n        settings: {integrationKey: '123'}",
    ),
    (
        "a webhook without url",
        "type: slack\n        settings: {url: $SLACK_URL}",
        "type: webhook\n        settings: {title: a}",
    ),
    ("an unknown setting", "{url: $SLACK_URL}", "{url: $SLACK_URL, channel: a}"),
    ("a setting in another case", "{url: $SLACK_URL}", "{URL: $SLACK_URL}"),
    ("a type in another case", "type: slack", "type: Slack"),
    ("a mention of everyone", "{url: $SLACK_URL}", "{url: $SLACK_URL, mentionChannel: everyone}"),
    ("a uid with a dot", "uid: chat", "uid: c.hat"),
    ("over midnight", "'00:00', end_time: '06:00'", "'22:00', end_time: '06:00'"),
    ("9:00", "'00:00'", "'0:00'"),
    ("mon-fri", "monday:friday", "mon-fri"),
    ("Monday:Friday", "monday:friday", "Monday:Friday"),
    ("friday:monday", "monday:friday", "friday:monday"),
    ("a zone that is not there", "weekdays:", "location: Berlin\n        weekdays:"),
    ("no name of a mute time", "  - name: nights\n    time", "  - time"),
    ("no receiver at the root", "policies:\n  - receiver: chat\n    group_by", "policies:\n  - group_by"),
    (
        "a mute time at the root",
        "    group_by: [alertname]\n",
        "    group_by: [alertname]\n    mute_time_intervals: [nights]\n",
    ),
    ("group_wait 30", "    group_by: [alertname]\n", "    group_by: [alertname]\n    group_wait: 30\n"),
    ("group_wait 30s", "    group_by: [alertname]\n", "    group_by: [alertname]\n    group_wait: 30s\n"),
    (
        "group_interval 0s",
        "    group_by: [alertname]\n",
        "    group_by: [alertname]\n    group_interval: 0s\n",
    ),
    ("continue as text", "      - receiver: chat\n", "      - receiver: chat\n        continue: 'true'\n"),
    ("a matcher of two parts", "[severity, =, info]", "[severity, info]"),
    ("a matcher of four parts", "[severity, =, info]", "[severity, =, info, x]"),
    ("a matcher that is no expression", "[severity, =, info]", "[severity, =~, '(']"),
    ("matchers as text", "object_matchers: [[severity, =, info]]", "matchers: [severity=info]"),
    ("a label twice", "[alertname]", "[alertname, alertname]"),
    ("group_wait empty", _GROUPED, f"{_GROUPED}    group_wait: ''\n"),
    ("group_wait -1s", _GROUPED, f"{_GROUPED}    group_wait: -1s\n"),
    ("a name with blanks around", "- name: chat\n    receivers", "- name: ' chat '\n    receivers"),
    ("a name of blanks", "- name: chat\n    receivers", "- name: ' '\n    receivers"),
    ("a receiver with blanks around", "policies:\n  - receiver: chat", "policies:\n  - receiver: ' chat'"),
    ("no receivers", _RECEIVERS, "    receivers: []\n"),
    ("a mute time of blanks", "name: nights", "name: ' '"),
    ("active times", "        mute_time_intervals: [nights]", "        active_time_intervals: [nights]"),
    (
        "active times that are not there",
        "        mute_time_intervals: [nights]",
        "        active_time_intervals: [a]",
    ),
    ("mute times as text", "[nights]", "nights"),
    ("a mute time twice", "policies:", "  - {name: nights, time_intervals: []}\npolicies:"),
    ("a mute time that is deleted", "policies:", "deleteMuteTimes: [{name: nights}]\npolicies:"),
    ("a contact point that is deleted", "policies:", "deleteContactPoints: [{uid: chat}]\npolicies:"),
    ("matchers as a mapping", "object_matchers: [[severity, =, info]]", "matchers: [severity: info]"),
    ("matchers as one text", "object_matchers: [[severity, =, info]]", "matchers: severity=info"),
    ("match as a list", "object_matchers: [[severity, =, info]]", "match: [severity=info]"),
    ("match of a number", "object_matchers: [[severity, =, info]]", "match: {severity: 1}"),
    ("a matcher that is flat", "[[severity, =, info]]", "[severity, =, info]"),
    ("a matcher of a number", "[severity, =, info]", "[severity, =, 1]"),
    ("weekdays as text", "['monday:friday']", "monday:friday"),
    ("one end of a time", ", end_time: '06:00'", ""),
    ("times without quotation marks", "'00:00', end_time: '06:00'", "00:00, end_time: 06:00"),
    ("years as numbers", "weekdays: ['monday:friday']", "years: [2026]"),
    ("a 13th month", "weekdays: ['monday:friday']", "months: ['13']"),
    ("a day 0", "weekdays: ['monday:friday']", "days_of_month: ['0']"),
    ("group_by of nothing", "[alertname]", "[null]"),
    ("group_by of numbers", "[alertname]", "[1]"),
    ("an unknown field of a route", "mute_time_intervals:", "mute_times:"),
)
TEMPLATE_CHANGES: tuple[Change, ...] = (
    ("no name", "name: chat\n    template", "template"),
    ("an end too many", "{{ end }}{{ end }}", "{{ end }}{{ end }}{{ end }}"),
    ("a function of rules", ".Labels.alertname", "humanizeDuration 3"),
    ("an unknown function", ".Labels.alertname", "shout .Labels.alertname"),
    ("an undefined variable", ".Labels.alertname", "$name"),
    ("a variable of its own", "{{ .Labels.alertname }}", "{{ $n := .Labels.alertname }}{{ $n }}"),
    ("an empty action", "{{ .Labels.alertname }}", "{{ }}"),
    (
        "without a define",
        '{{ define "chat.title" }}{{ range .Alerts }}{{ .Labels.alertname }}{{ end }}{{ end }}',
        "{{ len .Alerts }}",
    ),
    ("a call of nothing", "{{ .Labels.alertname }}", '{{ template "none" . }}'),
    ("an unclosed text", "{{ .Labels.alertname }}", '{{ "a }}'),
    ("parentheses", "{{ .Labels.alertname }}", "{{ (len .Labels }}"),
)

# Of each type of contact point, settings that are enough and settings that lack one.
CONTACTS: tuple[tuple[str, str, str], ...] = (
    ("email", "{addresses: a@b.c}", "{subject: a}"),
    ("webhook", "{url: http://127.0.0.1, maxAlerts: '3'}", "{httpMethod: PUT}"),
    ("webhook", "{url: http://127.0.0.1, headers: {a: b}}", "{url: http://127.0.0.1, headers: {a: 1}}"),
    ("pagerduty", "{integrationKey: a, details: {a: b}}", "{severity: critical}"),
    ("slack", "{token: a, recipient: b}", "{recipient: b}"),
    ("teams", "{url: http://127.0.0.1}", "{title: a}"),
    ("discord", "{url: http://127.0.0.1}", "{url: http://127.0.0.1, use_discord_username: 'true'}"),
    ("telegram", "{bottoken: a, chatid: '1'}", "{bottoken: a, chatid: 1}"),
    ("telegram", "{bottoken: a, chatid: '1', parse_mode: html}", "{chatid: '1'}"),
    ("opsgenie", "{apiKey: a}", "{apiKey: a, sendTagsAs: tag}"),
    ("pushover", "{userKey: a, apiToken: b, priority: 1}", "{userKey: a}"),
    ("googlechat", "{url: http://127.0.0.1}", "{message: a}"),
    ("victorops", "{url: http://127.0.0.1}", "{messageType: CRITICAL}"),
    ("kafka", "{kafkaRestProxy: http://a, kafkaTopic: b}", "{kafkaTopic: b}"),
    ("LINE", "{token: a}", "{title: a}"),
    ("threema", "{gateway_id: '*1234567', recipient_id: '12345678', api_secret: a}", "{api_secret: a}"),
    ("sensugo", "{url: http://127.0.0.1, apikey: a}", "{url: http://127.0.0.1}"),
    ("wecom", "{url: http://127.0.0.1}", "{secret: a}"),
    ("dingding", "{url: http://127.0.0.1}", "{title: a}"),
    ("webex", "{bot_token: a, room_id: b}", "{bot_token: 1}"),
    ("mqtt", "{brokerUrl: 'tcp://a:1', topic: b}", "{brokerUrl: 'tcp://a:1'}"),
    ("oncall", "{url: http://127.0.0.1}", "{title: a}"),
    ("sns", "{phone_number: '1', sigv4: {region: a}}", "{sigv4: {region: a}}"),
    (
        "jira",
        "{api_url: http://a, project: b, issue_type: c, api_token: d}",
        "{api_url: http://a, project: b}",
    ),
    ("prometheus-alertmanager", "{url: http://127.0.0.1}", "{basicAuthUser: a}"),
)
DELETIONS = (
    "deleteRules: [{orgId: 1}]",
    "deleteRules: [{uid: ''}]",
    "deleteRules: [{uid: nobody}]",
    "deleteContactPoints: [{uid: nobody}]",
    "deleteMuteTimes: [{orgId: 1}]",
    "deleteMuteTimes: [{name: nobody}]",
    "deleteTemplates: [{orgId: 1}]",
    "deleteTemplates: [{name: nobody}]",
    "resetPolicies: [one]",
    "resetPolicies: 1",
    "apiVersion: one",
    "apiVersion: 7",
    "groups: null",
    "groups: {}",
    "groups: [null]",
    "groups: [{name: a, folder: b, interval: 1m, rules: [null]}]",
    "groups: [{name: a, folder: b, interval: 1m, rules: [{uid: u, title: a, condition: A, data: [null]}]}]",
    "contactPoints: [null]",
    "contactPoints: [{name: a, receivers: [null]}]",
    "policies: [null]",
    "policies: [{receiver: grafana-default-email, group_by: [a], routes: [null]}]",
    "policies: [{receiver: grafana-default-email, group_by: [a], routes: [{object_matchers: [null]}]}]",
    "policies: [{receiver: grafana-default-email, group_by: [a], routes: [{matchers: [null]}]}]",
    "muteTimes: [null]",
    "muteTimes: [{name: nights, time_intervals: [null]}]",
    "muteTimes: [{name: nights, time_intervals: [{weekdays: [null], times: [null]}]}]",
    "templates: [null]",
    "deleteRules: [null]",
    "templates: [{name: chat, template: ' '}]",
    "templates: [{name: chat, template: '{{- define \"a\" }}x{{ end }}'}]",
    "templates: [{name: chat, template: a}, {name: chat, template: b}]",
    "[]",
    "groups: &a [*a]",
    "groups:\n\t- name: a",
    "groups: []\n---\ngroups: [1]",
)
JSON = (
    (r"half a pair", r'{"templates": [{"name": "chat", "template": "\ud83d\ude00"}]}'),
    (r"a slash escaped", r'{"templates": [{"name": "chat", "template": "a\/b"}]}'),
    ("DEL", '{"templates": [{"name": "chat", "template": "\x7f"}]}'),
    ("a NUL escaped", r'{"templates": [{"name": "chat", "template": "a\u0000b"}]}'),
    ("an emoji", '{"templates": [{"name": "chat", "template": "\U0001f600"}]}'),
    ("tabs", '{\n\t"templates": [\n\t\t{"name": "chat", "template": "a"}]}'),
    ("a key twice", '{"templates": [], "templates": []}'),
    ("a comma too many", '{"templates": [{"name": "chat", "template": "a",},]}'),
)
_SETTINGS = "type: slack\n        settings: {url: $SLACK_URL}"


def cases() -> Iterator[Case]:
    """The examples of every check, then every change of a file that is right."""
    for check in CHECKS:
        if check.id not in NOT_GRAFANAS:
            yield Case(f"`{check.id}`, wrong", tuple(check.wrong.split(OTHER)))
            yield Case(f"`{check.id}`, right", tuple(check.right.split(OTHER)))
    for kind, changed, changes in (
        ("rule", rule, RULE_CHANGES),
        ("notifications", notifications, NOTIFICATION_CHANGES),
        ("template", template, TEMPLATE_CHANGES),
    ):
        for name, old, new in changes:
            yield Case(f"{kind}: {name}", (changed(old, new),))
    for name, text in FILES.items():
        yield Case(f"right: {name}", (text,))
    for name, text in (*_notified(), *texts()):
        yield Case(name, (text,))
    for text in DELETIONS:
        yield Case(f"`{' '.join(text.split())}`", (f"{text}\n",))
    for name, text in JSON:
        yield Case(f"JSON: {name}", (text,), ".json")
    yield Case("UTF-16 with its mark", (template(),), encoding="utf-16")
    # The last one, since Grafana can load nothing after it.
    yield Case("`deleteContactPoints: [{orgId: 1}]`", ("deleteContactPoints: [{orgId: 1}]\n",))


def _notified() -> Iterator[tuple[str, str]]:
    """Contact points, routes and templates, each with its name."""
    pairs = [(f"{kind}: ", kind, pair) for kind, *pair in CONTACTS]
    pairs += [(f"settings of {kind}: ", kind, [f"{{{each}}}" for each in pair]) for kind, *pair in SETTINGS]
    for name, kind, pair in pairs:
        for settings in pair:
            text = notifications(_SETTINGS, f"type: {kind}\n        settings: {settings}")
            yield f"{name}{settings}", text
    for matchers in (*MATCHERS, *NO_MATCHERS):
        yield f"route: {matchers}", notifications("object_matchers: [[severity, =, info]]", matchers)
    for written in (*TEMPLATES, *NO_TEMPLATES):
        text = json.dumps(written, ensure_ascii=False)
        yield f"template: `{written}`", f"templates: [{{name: chat, template: {text}}}]\n"
