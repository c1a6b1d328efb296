"""Messages as a real Grafana delivers them, from rules of its own on a real Prometheus.

`python -m tests.alerts.grafana_snapshots` writes them anew; it needs a `grafana` on PATH.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import requests
import yaml

from alerts import notify
from alerts.notifications import Email, Notifications, PagerDuty, SecretRef, Slack, Teams, Webhook
from alerts.proof.plan import CONTEXT
from alerts.rules import ALERTS
from dashboards.provision import datasource
from dashboards.targets import TARGETS
from dashboards.write import json_bytes, yaml_bytes
from examples.demo.process import wait_until
from examples.demo.servers import Grafana, Prometheus
from tests.alerts.delivery import GENUINE, SCALE, Json, alert
from tests.alerts.endpoints import HttpEndpoint, MailEndpoint, Post, parts
from tests.alerts.snapshots import FOLDER, MANY, shown, stable

CHANNELS = ("slack", "pagerduty", "webhook", "v1", "teams", "email")
KINDS = ("firing-one", "resolved", "firing-many", "mixed", "foreign", "source-trouble")
HMAC = "a secret of the test"
ONE, SEVERAL = GENUINE.name, "DbPoolTimeouts"
# Rules of others; the second cannot be evaluated while there are two series of its name.
FOREIGN, BROKEN = "Batch <!channel>", "Broken"
RUNBOOK = "https://wiki.example.org/Source_(data)"
METRIC = "obs_test_ratio"
# Of the templates and contact points that the committed messages were made by.
DIGEST = FOLDER / "grafana.sha256"
# Grafana evaluates every ten seconds, and a message leaves a second later.
PATIENCE = 60


@dataclass(frozen=True)
class Message:
    """One message: the kind of it, what each channel was given, and how many attempts were refused so far."""

    kind: str
    posts: tuple[Post, ...]
    mail: dict[str, str]
    refused: int


def policy(url: str, secrets: Path) -> Notifications:
    """Every channel that Grafana has, on every route."""
    channels = (
        Slack(url=SecretRef(file="slack_url"), mention="here"),
        PagerDuty(key=SecretRef(file="pagerduty_key"), url=f"{url}/pagerduty"),
        Webhook(url=f"{url}/webhook"),
        Webhook(name="own", url=f"{url}/v1", payload="v1", hmac=SecretRef(file="webhook_hmac")),
        Teams(url=SecretRef(file="teams_url")),
        Email(to=("oncall@example.org",)),
    )
    return Notifications(critical=channels, warning=channels, secrets_dir=str(secrets))


def write_secrets(url: str, folder: Path) -> None:
    """What the channels refer to."""
    folder.mkdir()
    for name, value in (
        ("slack_url", f"{url}/slack"), ("pagerduty_key", "INTEGRATION-KEY"),
        ("teams_url", f"{url}/teams"), ("webhook_hmac", HMAC),
    ):  # fmt: skip
        (folder / name).write_text(f"{value}\n")


def told(notifications: Notifications) -> Json:
    """Grafana's notifications as they are built."""
    return notify.grafana(notifications, ALERTS, replace(CONTEXT, time_scale=SCALE))


def digest() -> str:
    """Of what makes the messages: templates and contact points, without the ports and folders of a run."""
    rendered = told(policy("http://endpoint.example.org", Path("/secrets")))
    return sha256(json_bytes([rendered["templates"], rendered["contactPoints"]])).hexdigest()


def rule(name: str, severity: str) -> Json:
    """It fires for each series of the name whose value is not 0."""
    texts = alert(name, "{{ $labels.instance }}")["annotations"]
    source = {"type": "prometheus", "uid": "prometheus"}
    expr = f'{METRIC}{{alert="{name}"}}'
    threshold = {"evaluator": {"type": "gt", "params": [0.01]}}
    return {
        "uid": name.lower(),
        "title": name,
        "condition": "C",
        "for": "0s",
        "noDataState": "OK",
        "execErrState": "KeepLast",
        "labels": {"severity": severity, "service": "api"},
        "annotations": {**texts, "__dashboardUid__": "backend-api", "__panelId__": "7"},
        "data": [
            {
                "refId": "A",
                "datasourceUid": "prometheus",
                "relativeTimeRange": {"from": 60, "to": 0},
                "model": {
                    "refId": "A", "expr": f"sum without (alert, __name__) ({expr})", "instant": True,
                    "range": False, "datasource": source,
                },
            },
            {
                "refId": "C",
                "datasourceUid": "__expr__",
                "relativeTimeRange": {"from": 0, "to": 0},
                "model": {"refId": "C", "type": "threshold", "expression": "A", "conditions": [threshold]},
            },
        ],
    }  # fmt: skip


def foreign(uid: str, title: str, alert: str, *, like: str = "sum without (alert, __name__) ({})") -> Json:
    """Without a severity and our annotations, and with words that a channel could take for markup."""
    found = rule(alert, "") | {"uid": uid, "title": title, "execErrState": "Error"}
    found["labels"] = {"service": "<!channel|x>"}
    found["annotations"] = {"runbook_url": "javascript:alert(1)|x> <!channel>"}
    found["data"][0]["model"]["expr"] = like.format(f'{METRIC}{{alert="{alert}"}}')
    return found


class Series:
    """A Prometheus whose series have the values that a test gives them."""

    def __init__(self, home: Path) -> None:
        self.rules = home / "series.yml"
        config = home / "prometheus.yml"
        config.write_text(
            yaml.safe_dump({"global": {"evaluation_interval": "1s"}, "rule_files": [str(self.rules)]})
        )
        self._write({})
        self.server = Prometheus(home / "prometheus", config)

    def give(self, values: dict[tuple[str, str], float]) -> None:
        """Series by the name of their alert and their instance."""
        self._write(values)
        requests.post(f"{self.server.url}/-/reload", timeout=10).raise_for_status()

    def _write(self, values: dict[tuple[str, str], float]) -> None:
        place = {"environment": "production", "cluster": "main", "job": "api"}
        rules = [
            {
                "record": METRIC,
                "expr": f"vector({value})",
                "labels": {"alert": name, "instance": instance, **place},
            }
            for (name, instance), value in values.items()
        ]
        self.rules.write_text(yaml.safe_dump({"groups": [{"name": "series", "rules": rules}]}))


def provision(home: Path, notifications: Notifications, prometheus: str) -> Path:
    """Grafana's folder: the data source, the rules, and the notifications as they are built."""
    folder = home / "provisioning"
    (folder / "alerting").mkdir(parents=True)
    (folder / "datasources").mkdir()
    (folder / "dashboards").mkdir()
    source = datasource(replace(TARGETS, prometheus=prometheus), "prometheus")
    (folder / "datasources/prometheus.yaml").write_bytes(yaml_bytes(source))
    rules = [rule(ONE, "critical"), rule(SEVERAL, "warning"), foreign("foreign", FOREIGN, "Foreign")]
    clash = 'label_replace({}, "instance", "one", "", "")'
    broken = foreign("broken", BROKEN, BROKEN, like=clash)
    rules.append(broken | {"annotations": {"runbook_url": RUNBOOK}})
    group = {"orgId": 1, "name": "api", "folder": "backend", "interval": "10s", "rules": rules}
    (folder / "alerting/rules.json").write_bytes(json_bytes({"apiVersion": 1, "groups": [group]}))
    rendered = told(notifications)
    # Long enough that a busy machine does not part a group.
    rendered["policies"][0] |= {"group_wait": "3s", "group_interval": "3s"}
    (folder / "alerting/notifications.json").write_bytes(json_bytes(rendered))
    return folder


def delivered(home: Path) -> Iterator[Message]:
    """One message of each kind, from a Grafana of its own, whose first attempt is answered with 500."""
    several = {(SEVERAL, f"api-{number}"): 0.053 for number in range(MANY)}
    stages = {
        "firing-one": {(ONE, "api-1"): 0.053},
        "resolved": {(ONE, "api-1"): 0.001},
        "firing-many": several,
        "mixed": {**several, (SEVERAL, "api-0"): 0.001, (SEVERAL, "api-1"): 0.001},
    }
    stages["foreign"] = {**stages["mixed"], ("Foreign", "batch-1"): 0.053}
    stages["source-trouble"] = {**stages["foreign"], **{(BROKEN, f"batch-{each}"): 0.0 for each in range(2)}}
    with HttpEndpoint() as http, MailEndpoint() as mail:
        series = Series(home)
        write_secrets(http.url, home / "secrets")
        folder = provision(home, policy(http.url, home / "secrets"), series.server.url)
        grafana = Grafana(home / "grafana", folder)
        grafana.env |= {
            "GF_SMTP_ENABLED": "true",
            "GF_SMTP_HOST": mail.address,
            "GF_SMTP_FROM_ADDRESS": "alerts@example.org",
            "GF_SMTP_STARTTLS_POLICY": "NoStartTLS",
            "GF_EMAILS_CONTENT_TYPES": "text/html,text/plain",
            # Contact points of files hold from the next poll on, by default a minute after the start.
            "GF_UNIFIED_ALERTING_ALERTMANAGER_CONFIG_POLL_INTERVAL": "2s",
        }
        try:
            series.server.start()
            grafana.start()
            wait_until(lambda: knows(grafana, "critical"), "Grafana's contact points", timeout=PATIENCE)
            http.inbox.answers = [500]
            for number, (kind, values) in enumerate(stages.items(), start=1):
                series.give(values)
                count = len(CHANNELS) - 1
                posts = http.inbox.wait(number * count, PATIENCE)[-count:]
                letter = mail.inbox.wait(number, PATIENCE)[-1]
                yield Message(
                    kind, tuple(posts), {"Subject": letter["Subject"], **parts(letter)}, http.inbox.refused
                )
        finally:
            grafana.stop()
            series.server.stop()


def knows(grafana: Grafana, receiver: str) -> bool:
    """Whether the Alertmanager inside of Grafana runs with this receiver."""
    url = f"{grafana.url}/api/alertmanager/grafana/api/v2/status"
    answer = requests.get(url, auth=("admin", grafana.env["GF_SECURITY_ADMIN_PASSWORD"]), timeout=10)
    return answer.ok and f'"{receiver}"' in answer.text


def texts(message: Message) -> Iterator[tuple[str, str]]:
    """Each channel's message by the name of its file, without what differs from run to run."""
    for each in message.posts:
        yield f"grafana-{each.path.strip('/')}-{message.kind}.txt", timeless(shown(each.json))
    letter = f"Subject: {message.mail['Subject']}\n\n{message.mail['text/plain']}"
    yield f"grafana-email-{message.kind}.txt", timeless(letter)


VARIES = (
    (r"http://127\.0\.0\.1:\d+", "http://grafana.example.org"),
    (r"\b(from|to)=\d{13}", r"\1=MILLISECONDS"),
    (r"Since [-\d]{10} [:\d]{8} UTC", "Since DATE TIME UTC"),
    (r"(since: )[-\d]{10} [:\d]{8} UTC", r"\1DATE TIME UTC"),
    (r"Over after \w+:", "Over after DURATION:"),
    (r"((?:startsAt|endsAt|started|ended): )2\S+", r"\1TIME"),
    (r"(\.ts: )\d+", r"\1SECONDS"),
    (r"Grafana v\d\S*", "Grafana vVERSION"),
    (r"\(c\) \d{4}", "(c) YEAR"),
)


def timeless(text: str) -> str:
    """Without times, ports and Grafana's version."""
    for pattern, replacement in VARIES:
        text = re.sub(pattern, replacement, text)
    return stable(text, "http://127.0.0.1")


def main() -> None:
    """Write them anew."""
    began = time.monotonic()
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as home:
        for message in delivered(Path(home)):
            found |= dict(texts(message))
    for old in FOLDER.glob("grafana-*"):
        old.unlink()
    for name, text in found.items():
        (FOLDER / name).write_text(text)
    DIGEST.write_text(f"{digest()}\n")
    print(f"{len(found)} messages in {FOLDER}, after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
