"""`$`: Grafana expands variables in some fields and not in others."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned.check import STOPS, Report, check
from dashboards.checks.provisioned.files import File, Files
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.sample import notifications, rule

# In annotations these are expanded, by some versions, or at least looked up.
BRACED = re.compile(r"\$(?P<expander>__\w+)?\{(?P<name>[^}]+)\}")
_VARIABLE = re.compile(r"\$(?:(?:__\w+)?\{[^}]*\}|(\w+)|[*#@!?-])")
_ENVIRONMENT = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_SECRET = re.compile(
    r"hooks\.slack\.com/services/\w+/\w+/\w{10,}|\bxox[abp]-\w[\w-]{9,}"
    r"|discord(app)?\.com/api/webhooks/\d+/\w{10,}"
)
_OF_TEMPLATES = ("labels", "value", "values")


def _expanded(text: str) -> Iterator[str]:
    """What Grafana would expand though a person hardly meant a variable of the environment."""
    bare = text.replace("$$", "\0\0")
    actions = [(found.start(), found.end()) for found in _ACTION.finditer(bare)]
    for found in _VARIABLE.finditer(bare):
        name = found[1]
        if name is None and found[0][-1] == "}":
            continue
        inside = any(start < found.start() < end for start, end in actions)
        by_accident = name is None or inside or name in _OF_TEMPLATES or name[0].isdigit()
        if by_accident and not (name and _ENVIRONMENT.match(name)):
            yield found[0]


def _fields(files: Files) -> Iterator[tuple[File, Node, str, str]]:
    """Every text that Grafana expands, with its place and what it is."""
    for file, group in files.things("groups"):
        for name in ("name", "folder"):
            if (node := group.get(name)) is not None:
                yield file, node, f"group {group.said('name')}", f"the group's {name}"
    for each in files.rules:
        if (title := each.node.get("title")) is not None:
            yield each.file, title, each.where, "the title"
        for key, node in each.labels:
            yield each.file, node, each.where, f"the label {key.text!r}"
    yield from _notifications(files)


def _notifications(files: Files) -> Iterator[tuple[File, Node, str, str]]:
    for file, point in files.things("contactPoints"):
        for receiver in point.each("receivers"):
            settings = receiver.get("settings")
            for path, node in _texts(settings, "") if settings is not None else ():
                yield file, node, f"contact point {point.said('name')}", f"settings{path}"
    for file, tree in files.things("policies"):
        for path, node in _texts(tree, ""):
            yield file, node, "policy", path.removeprefix(".")


def _texts(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    if node.kind == "text":
        yield path, node
    for key, value in node.pairs:
        yield from _texts(value, f"{path}.{key.text}")
    for each in node.items:
        yield from _texts(each, path)


@check(
    "dollar-expanded",
    summary="no `$` is expanded that was not meant for Grafana",
    cause="`{{ $labels.job }}` in a label, `$150` in a title, `{{ $x := ... }}` in a contact point.",
    effect="Grafana puts nothing in its place",
    fix="Double it: $$. Annotations, PromQL and templates need no doubling.",
    wrong=rule("for: 5m", "labels: {owner: '{{ $labels.job }}'}"),
    right=rule("for: 5m", "labels: {owner: '{{ $$labels.job }}'}"),
)
def expanded(files: Files, report: Report) -> Iterator[Finding]:
    """In titles, names, labels, settings and routes."""
    for file, node, where, what in _fields(files):
        if node.kind == "text" and "$" in node.text:
            for found in dict.fromkeys(_expanded(node.text)):
                yield report(file, node, where, f"{what} has {found!r}, which Grafana expands")


@check(
    "annotation-braces",
    summary="annotations have no `${...}` and no `$__file{...}`",
    cause="A shell's way of writing `$value`, or a secret in an annotation.",
    effect="later versions of Grafana put a variable in its place; a file that is missing ends all of them",
    fix="Write {{ $value }}, without braces.",
    wrong=rule("for: 5m", "annotations: {summary: 'It is ${value}.'}"),
    right=rule("for: 5m", "annotations: {summary: 'It is {{ $value }}.'}"),
)
def braces(files: Files, report: Report) -> Iterator[Finding]:
    """Grafana 12 keeps them as they are, and looks files up all the same."""
    for each in files.rules:
        for key, node in each.annotations:
            found = BRACED.search(node.text) if node.kind == "text" else None
            if found:
                effect = STOPS if found["expander"] == "__file" else ""
                message = f"the annotation {key.text!r} has {found[0]!r}"
                yield report(each.file, node, each.where, message, "", effect)
    for query in files.queries:
        for _, node in _texts(query.model, ""):
            found = BRACED.search(node.text) if "$__file{" in node.text else None
            if found:
                message = f"its model has {found[0]!r}, and Grafana looks the file up"
                yield report(query.rule.file, node, query.where, message, "Take it out.", STOPS)


@check(
    "secret-written",
    summary="no secret is written out in a contact point",
    cause="A webhook's whole address or a token, in a file that ends up in Git.",
    effect="everybody who reads the file can write to the channel",
    fix="Write $__file{/run/secrets/NAME} or a variable such as $SLACK_URL, and put it there.",
    wrong=notifications("$SLACK_URL", "https://hooks.slack.com/services/T0001/B0001/" + "x" * 24),
    right=notifications(),
    level="warning",
)
def secrets(files: Files, report: Report) -> Iterator[Finding]:
    """What can be told by its form alone."""
    for file, node, where, what in _fields(files):
        if what.startswith("settings") and node.kind == "text" and _SECRET.search(node.text):
            yield report(file, node, where, f"{what} holds a secret")
