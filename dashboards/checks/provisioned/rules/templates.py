"""Go's templates: in templates, annotations and labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from dashboards.checks.finding import Finding, listed, nearest
from dashboards.checks.provisioned import go_templates as go
from dashboards.checks.provisioned.check import REFUSED, STOPS, Report, check
from dashboards.checks.provisioned.files import File, Files
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.sample import NOTIFICATIONS, TEMPLATE, rule, template

VALUE = re.compile(r"\$\$?values?\b|\.Values?\b")
_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
# As Grafana looks for it, which does not see one behind a dash.
_DEFINES = re.compile(r"\{\{\s*define")
_BEGIN, _END = '{{ define "" }}', "{{ end }}"
_CONDITION = re.compile(r"(if|else|with|range|end)\b")


def _line(node: Node, offset: int) -> tuple[int, int]:
    """Where an offset of a text is, of a text in several lines about there."""
    before = node.text[:offset]
    breaks = before.count("\n")
    # A block of text begins in the line after its mark.
    return (node.line + breaks + (1 if "\n" in node.text else 0), node.column if not breaks else 1)


def _rules(files: Files) -> Iterator[tuple[File, str, Node, Node, bool]]:
    """Every annotation and label with its place, and whether Prometheus reads it."""
    for prometheus, rules in ((False, files.rules), (True, files.prometheus_rules)):
        for each in rules:
            for key, node in (*each.annotations, *each.labels):
                if node.kind == "text":
                    yield each.file, each.where, key, node, prometheus


def _problems(text: str) -> list[tuple[int, str]]:
    """What is wrong in a template. One in which Grafana sees no define, it puts into one."""
    if _DEFINES.search(text):
        return go.parse(text, go.NOTIFICATION).problems
    found = go.parse(f"{_BEGIN}{text}{_END}", go.NOTIFICATION).problems
    return [(min(max(at - len(_BEGIN), 0), len(text)), message) for at, message in found]


@check(
    "template-parses",
    summary="templates are Go's: blocks end, functions and variables are there",
    cause="An `end` too few, a function of Prometheus in a message, `$x` of another block.",
    effect=STOPS,
    fix="Correct it.",
    wrong=template("{{ end }}{{ end }}", "{{ end }}"),
    right=template(),
)
def parses(files: Files, report: Report) -> Iterator[Finding]:
    """As far as it can be seen without the data."""
    for file, each in files.things("templates"):
        node = each.get("template")
        for offset, message in _problems(node.text) if node is not None else ():
            where = f"template {each.said('name')}"
            yield report(file, _line(node, offset) if node else each, where, message)
    for file, where, key, node, prometheus in _rules(files):
        if "{{" not in node.text:
            continue
        functions: Collection[str] = go.PROMETHEUS if prometheus else go.GRAFANA
        variables = go.OF_PROMETHEUS if prometheus else go.OF_GRAFANA
        text = node.text if prometheus else node.text.replace("$$", "$")
        for offset, message in go.parse(text, functions, variables).problems:
            line = f", line {text.count(chr(10), 0, offset) + 1}," if "\n" in text.strip() else ""
            effect = REFUSED if prometheus else "Grafana loads it, and the message shows an error instead"
            yield report(file, node, where, f"in {key.text!r}{line} {message}", "", effect)


@check(
    "template-known",
    summary="a template that is called is defined",
    cause="A template that was renamed, and a contact point that calls it by its old name.",
    effect="Grafana loads it, and each message of it fails or says nothing",
    fix="Call one that is defined.",
    wrong=TEMPLATE
    + NOTIFICATIONS.replace(
        "{url: $SLACK_URL}", "{url: $SLACK_URL, title: '{{ template \"chat.titel\" . }}'}"
    ),
    right=TEMPLATE
    + NOTIFICATIONS.replace(
        "{url: $SLACK_URL}", "{url: $SLACK_URL, title: '{{ template \"chat.title\" . }}'}"
    ),
)
def known(files: Files, report: Report) -> Iterator[Finding]:
    """Where the files define any."""
    defined: set[str] = set()
    called: list[tuple[File, tuple[int, int], str, str]] = []
    for file, each in files.things("templates"):
        node = each.get("template")
        if node is None:
            continue
        found = go.parse(node.text, go.NOTIFICATION)
        defined.update(found.defined or [each.said("name")])
        called += [
            (file, _line(node, at), f"template {each.said('name')}", name) for at, name in found.called
        ]
    if not defined:
        return
    for file, point in files.things("contactPoints"):
        where = f"contact point {point.said('name')}"
        for receiver in point.each("receivers"):
            settings = receiver.get("settings")
            for _, node in settings.pairs if settings is not None else ():
                found = go.parse(node.text, go.NOTIFICATION)
                called += [(file, (node.line, node.column), where, name) for _, name in found.called]
    for file, place, where, name in called:
        if name not in defined and not go.SHIPPED.match(name):
            message = f"there is no template {name!r}; the files define {listed(defined)}"
            yield report(file, place, where, message, nearest(name, defined))


@check(
    "value-in-label",
    summary="no label holds the value",
    cause="`severity: '{{ $value }}'`, or a value in a label so that the message shows it.",
    effect="each new value is another alert, which begins to wait anew and never fires",
    fix="Put the value into an annotation; a condition on it may stay.",
    wrong=rule("for: 5m", "labels: {load: '{{ $$value }}'}"),
    right=rule("for: 5m", "annotations: {load: '{{ $value }}'}"),
)
def labels(files: Files, report: Report) -> Iterator[Finding]:
    """A label that only asks how large it is keeps its few values."""
    for rules in (files.rules, files.prometheus_rules):
        for each in rules:
            for key, node in each.labels:
                for action in _ACTION.findall(node.text) if node.kind == "text" else ():
                    if VALUE.search(action) and not _CONDITION.match(action):
                        message = f"the label {key.text!r} holds the value: {node.text!r}"
                        yield report(each.file, node, each.where, message)
                        break
