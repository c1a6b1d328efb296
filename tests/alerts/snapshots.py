"""Messages as text files: what was received, with what differs from run to run made stable.

`python -m tests.alerts.snapshots` writes those of Alertmanager anew; the diff shows what on-call will see.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from alerts.notifications import Email, Notifications, PagerDuty, SecretRef, Slack, Webhook
from tests.alerts.delivery import GENUINE, Json, alert, alertmanager, foreign, post
from tests.alerts.endpoints import HttpEndpoint, MailEndpoint, Post, parts

FOLDER = Path(__file__).parent / "messages"
MANY = 7
TRIES = 3
CHANNELS = ("slack", "pagerduty", "webhook", "email")


@dataclass(frozen=True)
class Step:
    """What is posted, and how the message about it is called."""

    name: str
    alerts: tuple[Json, ...]


def steps() -> list[Step]:
    """One group of alerts for each: firing, then changed. Each kind of message arises once."""
    one, many = GENUINE.name, "DbPoolTimeouts"
    seven = tuple(alert(many, f"api-{number}", severity="warning") for number in range(MANY))
    return [
        Step("firing one", (alert(one, "api-1"),)),
        Step("resolved", (alert(one, "api-1", over=True),)),
        Step("firing many", seven),
        Step(
            "mixed", tuple(alert(many, f"api-{number}", severity="warning", over=True) for number in range(2))
        ),
        Step("foreign", (foreign(alertname="Batch <!channel>", service="<!channel|x>"),)),
        Step("unlabelled", (foreign(),)),
    ]


def policy(http: HttpEndpoint, mail: MailEndpoint, secrets: Path) -> Notifications:
    """Every channel that Alertmanager has, on every route."""
    secrets.mkdir(parents=True, exist_ok=True)
    (secrets / "slack_url").write_text(f"{http.url}/slack")
    (secrets / "pagerduty_key").write_text("INTEGRATION-KEY")
    channels = (
        Slack(url=SecretRef(file="slack_url"), mention="here"),
        PagerDuty(key=SecretRef(file="pagerduty_key"), url=f"{http.url}/pagerduty"),
        Webhook(url=f"{http.url}/webhook"),
        Email(to=("oncall@example.org",), sender="alerts@example.org", smarthost=mail.address, tls=False),
    )
    return Notifications(critical=channels, warning=channels, secrets_dir=str(secrets))


class PartedError(AssertionError):
    """A message went out before its group was whole."""


def received(home: Path) -> dict[str, str]:
    """Each message of the real Alertmanager, by the name of its file.

    It sends a new group at once where an alert of it began longer ago than groups are gathered, as these
    did: then a slow moment between two alerts of one post parts the group, and all is begun anew.
    """
    for again in range(TRIES - 1):
        with suppress(PartedError):
            return _received(home / str(again))
    return _received(home / "last")


def _received(home: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    with (
        HttpEndpoint() as http,
        MailEndpoint() as mail,
        alertmanager(policy(http, mail, home / "secrets"), home, patience="3s") as server,
    ):
        posts = mails = 0
        for step in steps():
            post(server, *step.alerts)
            new = http.inbox.wait(posts + 3)[posts:]
            (letter,) = mail.inbox.wait(mails + 1)[mails:]
            posts, mails = posts + 3, mails + 1
            for told in (each.json["alerts"] for each in new if each.path == "/webhook"):
                if len(told) < len(step.alerts):
                    raise PartedError(f"{step.name}: {len(told)} of {len(step.alerts)} alerts in a message")
            for name, text in _texts(step.name, new, letter):
                found[name] = stable(text, server.url)
    return found


def _texts(step: str, posts: list[Post], letter: EmailMessage) -> Iterator[tuple[str, str]]:
    slug = step.replace(" ", "-")
    for each in posts:
        yield f"alertmanager-{each.path.strip('/')}-{slug}.txt", shown(each.json)
    kinds = parts(letter)
    yield f"alertmanager-email-{slug}.txt", f"Subject: {letter['Subject']}\n\n{kinds['text/plain']}"
    yield f"alertmanager-email-{slug}.html", kinds["text/html"]


def shown(value: Any) -> str:
    """A JSON message for people: one field a line, long texts as they will be seen."""
    return "".join(f"{path}: {text}\n" for path, text in _fields(value, ""))


def _fields(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _fields(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _fields(each, f"{path}[{index}]")
    elif isinstance(value, str) and "\n" in value:
        yield path, "".join(f"\n    {line}".rstrip(" ") for line in value.rstrip("\n").split("\n"))
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)


def stable(text: str, url: str) -> str:
    """Without the port of the run and white space at the ends of lines."""
    lines = text.replace(url, "http://alertmanager.example.org").replace("\r\n", "\n").split("\n")
    kept = "\n".join(line.rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", kept).rstrip("\n") + "\n"


def main() -> None:
    """Write them anew."""
    with tempfile.TemporaryDirectory() as home:
        found = received(Path(home))
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("alertmanager-*"):
        old.unlink()
    for name, text in found.items():
        (FOLDER / name).write_text(text)
    print(f"{len(found)} messages in {FOLDER}")


if __name__ == "__main__":
    main()
