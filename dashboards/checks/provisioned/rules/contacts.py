"""Contact points: of a type that there is, with what that type cannot do without."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, listed, nearest
from dashboards.checks.provisioned.check import STOPS, Report, check
from dashboards.checks.provisioned.contact_forms import wrong
from dashboards.checks.provisioned.contacts import CONTACTS, contact
from dashboards.checks.provisioned.files import File, Files
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.sample import notifications


def _receivers(files: Files) -> Iterator[tuple[File, Node, str]]:
    for file, point in files.things("contactPoints"):
        for receiver in point.each("receivers"):
            if receiver.kind == "map":
                yield file, receiver, f"contact point {point.said('name')}"


@check(
    "contact-type",
    summary="a contact point is of a type that Grafana has",
    cause="Another tool's name for it, such as `msteams` or `mail`.",
    effect=STOPS,
    fix="Name one that there is.",
    wrong=notifications("type: slack", "type: slak"),
    right=notifications(),
)
def types(files: Files, report: Report) -> Iterator[Finding]:
    """In any case of letters, as Grafana has it."""
    for file, receiver, where in _receivers(files):
        kind = receiver.fixed("type")
        if kind and contact(kind) is None:
            message = f"there is no type {kind!r}; Grafana has {listed(CONTACTS)}"
            yield report(file, receiver.near("type"), where, message, nearest(kind, CONTACTS))


@check(
    "contact-settings",
    summary="a contact point has the settings that its type cannot do without, as it takes them",
    cause="A webhook without its address, a key under `secureSettings`, a password beside a token, `qos: 3`.",
    effect=STOPS,
    fix="Say where it sends to, as its type takes it.",
    wrong=notifications("{url: $SLACK_URL}", "{token: $SLACK_TOKEN}"),
    right=notifications("{url: $SLACK_URL}", "{token: $SLACK_TOKEN, recipient: alerts}"),
)
def settings(files: Files, report: Report) -> Iterator[Finding]:
    """What is there and empty is missing too; a variable is taken to hold something."""
    for file, receiver, where in _receivers(files):
        kind, found = contact(receiver.said("type")), receiver.get("settings")
        if kind is None or found is None or found.kind != "map":
            continue
        given = {key.text.lower() for key, value in found.pairs if value.kind != "text" or value.text.strip()}
        for ways in kind.needs:
            if not any(set(way.lower().split("+")) <= given for way in ways):
                wanted = " or ".join(way.replace("+", " with ") for way in ways)
                message = f"its settings of {receiver.said('type')} have no {wanted}"
                yield report(file, receiver.near("settings"), where, message, f"Give it {wanted}.")
        for node, message, fix, effect in wrong(receiver.said("type"), found):
            yield report(file, node, where, f"of {receiver.said('type')}, {message}", fix, effect)
