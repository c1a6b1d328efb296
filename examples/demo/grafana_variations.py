"""What somebody may change in a Grafana behind the files' back, and how the doctor must name it.

    python -m examples.demo.grafana_variations tests/unit/grafana_answers.json

records what a real Grafana says of the files as built and of the changed ones, for where no Grafana is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from alerts.notifications import (
    Email,
    Hours,
    Notifications,
    PagerDuty,
    SecretRef,
    Slack,
    Team,
    Teams,
    Webhook,
)
from dashboards.grafana_api import Grafana as Client
from dashboards.grafana_proof import loaded
from dashboards.seen import Seen
from dashboards.stack import STACK, Stack
from dashboards.write import json_bytes, render, write
from examples.demo.__main__ import directory
from examples.demo.process import free_port
from examples.demo.servers import Grafana

Json = dict[str, Any]

ALERTS = ("ApiDown", "PostgresDeadlocks", "RedisClientsHigh", "GrafanaNotificationsFailing")
RULES, NOTIFICATIONS = "grafana/alerting/rules.json", "grafana/alerting/notifications.json"
BOARD = "grafana/dashboards/backend-redis.json"
# What the doctor asks about alerting.
PATHS = tuple(
    f"v1/provisioning/{path}"
    for path in (
        "alert-rules/export",
        "alert-rules",
        "contact-points",
        "policies",
        "mute-timings",
        "templates",
    )
)
PLACE = "http://127.0.0.1:1"
NOT_OURS = "https://hooks.slack.com/services/T0/B0/made-up"

MISSING = "backend-missing"

# Each change, as the doctor must tell it: the thing, and words of its line.
OF_ALERTING = (
    ("rule RedisClientsHigh", "evaluator.params[0]: expected 0.8, found 9.9"),
    ("rule PostgresDeadlocks", 'evaluator.type: expected "gt", found "lt"'),
    ("rule ApiDown", 'found "vector(0)"'),
    ("rule ApiDown", 'for: expected "60s", found "1h"'),
    ("rule ApiDown", 'noDataState: expected "OK", found "Alerting"'),
    ("rule ApiDown", 'labels.severity: expected "critical", found "warning"'),
    ("rule ApiDown", 'annotations.summary: expected "'),
    ("rule ApiDown", "data[A].relativeTimeRange.from: expected 300, found 900"),
    ("group redis", 'interval: expected "30s", found "10m"'),
    ("group extra", "is there, but not in the files"),
    ("rule Extra (extra)", "is there, but not in the files"),
    ("contact point backup-second", f'settings.url: expected "{PLACE}/second", found "{PLACE}/…"'),
    ("contact point critical-v1", f'settings.url: expected "{PLACE}/v1", found (not shown)'),
    ("contact point critical-slack", 'found "gone"'),
    ("contact point warning-email", 'settings.addresses: expected "a@b.example", found "c@d.example"'),
    ("contact point warning-email", "settings.password: expected nothing, found (not shown)"),
    ("contact point heartbeat-deadman", "disableResolveMessage: expected true, found false"),
    ("contact point payroll-warning-payroll", 'type: expected "slack", found "webhook"'),
    ("contact point extra", "is there, but not in the files"),
    ("policy", 'group_wait: expected "30s", found "4h"'),
    ("policy", 'routes[4 critical].repeat_interval: expected "4h", found "30d"'),
    ("policy", "mute_time_intervals[always]: expected nothing"),
    ("time working-hours", 'start_time: expected "09:00", found "03:00"'),
    ("time working-hours", 'location: expected "Europe/Berlin", found "Asia/Tokyo"'),
    ("time extra", "is there, but not in the files"),
    ("template oncall", "BURNING"),
    ("template extra", "is there, but not in the files"),
)
OF_BOARDS = (
    ("board backend-redis", 'title: expected "Redis", found "Another"'),
    ("board backend-extra", "is there, but not in the files"),
    (f"board {MISSING}", "is not there"),
)


def small(home: Path, url: str) -> Stack:
    """A stack with few rules and each kind of channel, whose secrets are written into `home`."""
    chat = Slack(url=SecretRef(file="slack"), mention="here")
    payroll = Slack(name="payroll", url=SecretRef(file="payroll"))
    notifications = Notifications(
        critical=(
            PagerDuty(key=SecretRef(file="pager"), url=f"{PLACE}/pager"),
            chat,
            Webhook(name="v1", url=f"{PLACE}/v1", payload="v1", hmac=SecretRef(file="hmac")),
            Teams(url=SecretRef(file="teams")),
        ),
        warning=(chat, Email(to=("a@b.example",))),
        heartbeat=(Webhook(name="deadman", url=f"{PLACE}/dead", token=SecretRef(file="token")),),
        backup=(Webhook(name="second", url=f"{PLACE}/second"),),
        teams={"payroll": Team(critical=(payroll,), warning=(payroll,))},
        hours=Hours(location="Europe/Berlin"),
        secrets_dir=str(home),
    )
    for _, secret in notifications.secrets:
        (home / secret.file).write_text(f"{PLACE}/{secret.file}")
    alerts = tuple(each for each in STACK.alerts if each.name in ALERTS)
    return replace(STACK, alerts=alerts, notifications=notifications, grafana_url=url)


def changed(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files with all that is told above."""
    board = json.loads(files[BOARD]) | {"title": "Another"}
    more = board | {"uid": "backend-extra", "title": "Extra"}
    return files | {
        RULES: json_bytes(_rules(json.loads(files[RULES]))),
        NOTIFICATIONS: json_bytes(_notifications(json.loads(files[NOTIFICATIONS]))),
        BOARD: json_bytes(board),
        "grafana/dashboards/extra.json": json_bytes(more),
    }


def _rules(file: Json) -> Json:
    groups = {group["name"]: group for group in file["groups"]}
    rules = {rule["title"]: rule for group in file["groups"] for rule in group["rules"]}
    _limit(rules["RedisClientsHigh"])["params"] = [9.9]
    _limit(rules["PostgresDeadlocks"])["type"] = "lt"
    groups["redis"]["interval"] = "10m"
    down = rules["ApiDown"]
    extra = json.loads(json.dumps(down)) | {"uid": "extra", "title": "Extra"}
    down["data"][0]["model"]["expr"] = "vector(0)"
    down["data"][0]["relativeTimeRange"]["from"] = 900
    down |= {"for": "1h", "noDataState": "Alerting"}
    down["labels"]["severity"] = "warning"
    down["annotations"]["summary"] = "Another."
    file["groups"].append({**groups["api"], "name": "extra", "rules": [extra]})
    return file


def _limit(rule: Json) -> Json:
    found: Json = rule["data"][1]["model"]["conditions"][0]["evaluator"]
    return found


def _notifications(file: Json) -> Json:
    receivers = {each["uid"]: each for point in file["contactPoints"] for each in point["receivers"]}
    receivers["backup-second"]["settings"]["url"] = f"{PLACE}/wrong"
    receivers["critical-v1"]["settings"]["url"] = NOT_OURS
    receivers["critical-slack"]["settings"]["text"] = "gone"
    receivers["warning-email"]["settings"] |= {"addresses": "c@d.example", "password": "made-up"}
    receivers["heartbeat-deadman"]["disableResolveMessage"] = False
    receivers["payroll-warning-payroll"] |= {"type": "webhook", "settings": {"url": PLACE}}
    extra = {"uid": "extra", "type": "webhook", "settings": {"url": PLACE}}
    file["contactPoints"].append({"orgId": 1, "name": "extra", "receivers": [extra]})
    times = {each["name"]: each for each in file["muteTimes"]}
    (interval,) = times["working-hours"]["time_intervals"]
    interval |= {"location": "Asia/Tokyo", "times": [{"start_time": "03:00", "end_time": "18:00"}]}
    file["muteTimes"].append(times["always"] | {"name": "extra"})
    (root,) = file["policies"]
    root["group_wait"] = "4h"
    routes = {each["receiver"]: each for each in root["routes"]}
    routes["critical"] |= {"repeat_interval": "30d", "mute_time_intervals": ["always"]}
    (template,) = file["templates"]
    template["template"] = template["template"].replace("FIRING", "BURNING")
    file["templates"].append({"orgId": 1, "name": "extra", "template": '{{ define "extra" }}x{{ end }}'})
    return file


def told(home: Path, record: Path | None = None) -> Iterator[Seen]:
    """A Grafana on files as built, then on changed ones: nothing is wrong, then each change is named.

    Args:
        home: a directory for both.
        record: where what Grafana answered is written.

    Raises:
        ServerError: there is no Grafana.
        StackError: it does not answer.
    """
    port = free_port()
    server = Grafana(home / "grafana", home / "rendered/grafana", port=port)
    stack = small(home, server.url)
    files = render(stack)
    write(files, home / "rendered")
    password = server.env["GF_SECURITY_ADMIN_PASSWORD"]
    client = Client(url=server.url, user="admin", password=password, datasource=stack.datasource_uid)
    try:
        server.start()
        wrong = [f"{each.what}: {each.seen}" for each in loaded(stack, client) if not each.well]
        yield Seen(
            what="doctor of files as built", seen="; ".join(wrong) or "nothing is wrong", well=not wrong
        )
        as_built = {path: client.get(path, format="json") for path in PATHS}
        write(changed(files), home / "rendered")
        for kind in ("dashboards", "alerting"):
            url = f"{server.url}/api/admin/provisioning/{kind}/reload"
            requests.post(url, auth=("admin", password), timeout=60).raise_for_status()
        found = [each for each in loaded(stack, client) if not each.well]
        more = replace(stack.boards[-1], uid=MISSING, title="Missing")
        found += [
            each
            for each in loaded(replace(stack, boards=(*stack.boards, more)), client)
            if each.what == f"board {MISSING}"
        ]
        for what, words in (*OF_ALERTING, *OF_BOARDS):
            lines = [each.seen for each in found if each.what == what and words in each.seen]
            line = (lines or ["not named"])[0].replace("|", "/")
            yield Seen(what=f"doctor of a change: {what}", seen=line, well=bool(lines))
        asked = {each.what for each in loaded(replace(stack, engine="prometheus"), client)}
        alone = "boards" in asked and not asked & {"rules", "contact points", "policies and templates"}
        yield Seen(what="doctor where Alertmanager notifies", seen="asks for boards alone", well=alone)
        if record:
            answers = {path: client.get(path, format="json") for path in PATHS}
            files_kept = {
                "rules": json.loads(files[RULES]),
                "notifications": json.loads(files[NOTIFICATIONS]),
            }
            kept = {
                "version": client.version(),
                "files": files_kept,
                "as_built": as_built,
                "changed": answers,
            }
            text = json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True)
            record.write_text(text.replace(str(home), "/run/secrets") + "\n")
    finally:
        server.stop()


def main() -> int:
    """Record; 1 if a change is not named."""
    with directory() as home:
        found = list(told(home, Path(sys.argv[1]) if len(sys.argv) > 1 else None))
    for each in found:
        print("ok   " if each.well else "WRONG", each.what, each.seen)
    return 0 if all(each.well for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
