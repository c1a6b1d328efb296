"""Trees of policies: one for an organisation, whose root takes everything."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned.check import SILENT, STOPS, Report, check
from dashboards.checks.provisioned.files import File, Files, org
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.sample import notifications
from dashboards.checks.times import seconds
from dashboards.words import counted

UNREADABLE = "Grafana takes it, can read its notifications no more, and does not start again"
MATCHERS = ("match", "match_re", "matchers", "object_matchers")
TIMES = ("mute_time_intervals", "active_time_intervals")
OPERATORS = ("=", "!=", "=~", "!~")
ALL = "..."
_QUOTED = r"\"(?:\\.|[^\"\\])*\""
_MATCHER = re.compile(
    rf"(?:\A|,)[\s{{]*(?:{_QUOTED}|[^\s=!~{{}}\",]+)\s*(=~|!~|!=|=)\s*({_QUOTED}|[^\s{{}}\",]*)"
)
_ALONE = "Leave `...` alone, or name the labels."
_ABOVE = "Give it a duration above zero, such as 5m, or leave it out."
# Longer than anybody writes an expression; how long it takes to judge one grows faster than that.
LONGEST = 2000
# Escapes and classes are passed over; the rest is what Python reads in an expression and Go does not.
_NOT_GO = re.compile(
    r"\\Q.*?(?:\\E|\Z)|(?P<back>\\[1-9])|\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]"
    r"|(?P<look>\(\?(?:[=!>(#]|<[=!]|P=))|(?P<kept>(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\+)",
    re.DOTALL,
)


def routes(files: Files) -> Iterator[tuple[File, Node, Node, str]]:
    """File, root, route and place of every route, the roots first."""
    for file, root in files.things("policies"):
        waiting = [(root, "policy")]
        while waiting:
            route, where = waiting.pop(0)
            yield file, root, route, where
            for number, each in enumerate(route.each("routes"), 1):
                inside = f"{where}.{number}" if where.startswith("route") else f"route {number}"
                if each.kind == "map":
                    waiting.append((each, inside))


def _filled(route: Node, key: str) -> Node | None:
    found = route.get(key)
    return found if found is not None and (found.items or found.pairs) else None


@check(
    "policy-root",
    summary="the root of the policies takes every alert at every time",
    cause="A route of its own for each team, without one above them.",
    effect=STOPS,
    fix="Put it on a route below the root.",
    wrong=notifications("[alertname]\n", "[alertname]\n    object_matchers: [[team, =, api]]\n"),
    right=notifications(),
)
def root(files: Files, report: Report) -> Iterator[Finding]:
    """No matchers and no times there."""
    for file, _, route, where in routes(files):
        if where == "policy":
            for key in (*MATCHERS, *TIMES):
                if _filled(route, key) is not None:
                    message = f"the root of the policies has {key}"
                    yield report(file, route.near(key), where, message)
        if where == "policy" and route.said("continue").lower() == "true":
            message = "the root of the policies has continue: true"
            yield report(file, route.near("continue"), where, message, "Take it out.", UNREADABLE)


@check(
    "policy-once",
    summary="an organisation has one tree of policies",
    cause="A tree in each team's file.",
    effect="Grafana keeps the tree of the file whose name comes last, and drops the others without a word",
    fix="Make them one tree, with a route for each.",
    wrong=notifications() + "  - receiver: chat\n    group_by: [alertname]\n",
    right=notifications(),
)
def once(files: Files, report: Report) -> Iterator[Finding]:
    """Across all files."""
    first: dict[int, str] = {}
    for file, tree in files.things("policies"):
        number = org(tree)
        if number in first:
            message = f"organisation {number} has another tree in {first[number]}"
            yield report(file, tree, "policy", message)
        first.setdefault(number, f"{file.path}:{tree.line}")


@check(
    "policy-grouping",
    summary="routes group by labels, each once, or by all of them with `...` alone",
    cause="`...` beside names, a label twice; intervals of 0.",
    effect=STOPS,
    fix="Leave `...` alone, or name the labels; give intervals above zero.",
    wrong=notifications("[alertname]", "[alertname, '...']"),
    right=notifications("[alertname]", "['...']"),
)
def grouping(files: Files, report: Report) -> Iterator[Finding]:
    """As Grafana checks every route."""
    for file, _, route, where in routes(files):
        labels = [node.text for node in route.each("group_by")]
        if ALL in labels and len(set(labels)) > 1:
            yield report(file, route.near("group_by"), where, "group_by has `...` beside labels", _ALONE)
        twice = sorted({label for label in labels if labels.count(label) > 1 and label != ALL})
        for label in twice:
            yield report(
                file, route.near("group_by"), where, f"group_by has {label!r} twice", "Name it once."
            )
        for key in ("group_interval", "repeat_interval"):
            text = route.said(key)
            if text == "0" or seconds(text) == 0:
                yield report(file, route.near(key), where, _zero(key, text), _ABOVE)
    for rule in files.rules:
        own = rule.node.get("notification_settings")
        for key in ("group_interval", "repeat_interval") if own is not None and own.kind == "map" else ():
            text = own.said(key) if own is not None else ""
            if own is not None and (text == "0" or seconds(text) == 0):
                yield report(rule.file, own.near(key), rule.where, _zero(key, text), _ABOVE)


def _zero(key: str, text: str) -> str:
    return f"{key} is {text}; expected more than zero"


@check(
    "policy-groups",
    summary="the root of the policies groups",
    cause="group_by left out: then all alerts that there are become one message.",
    effect=SILENT,
    fix="Write group_by: [grafana_folder, alertname], or `...` for a message each.",
    wrong=notifications("    group_by: [alertname]\n", ""),
    right=notifications(),
    level="warning",
)
def groups(files: Files, report: Report) -> Iterator[Finding]:
    """Routes below take it from there."""
    for file, _, route, where in routes(files):
        found = route.get("group_by")
        if where == "policy" and (found is None or (found.kind == "list" and not found.items)):
            yield report(file, route, where, "the root of the policies has no group_by")


@check(
    "matcher-form",
    summary="matchers have a label, one of four operators and a value",
    cause="`==` as in PromQL, two parts instead of three, a regular expression that is none.",
    effect=STOPS,
    fix="Write [label, operator, value] with =, !=, =~ or !~.",
    wrong=notifications("[[severity, =, info]]", "[[severity, ==, info]]"),
    right=notifications(),
)
def matchers(files: Files, report: Report) -> Iterator[Finding]:
    """Each way of writing them."""
    for file, _, route, where in routes(files):
        for node, message, fix, effect in (*_objects(route), *_texts(route)):
            yield report(file, node, where, message, fix, effect)


def _objects(route: Node) -> Iterator[tuple[Node, str, str, str]]:
    for each in route.each("object_matchers"):
        parts = [node.text for node in each.items]
        if each.is_null:
            yield each, "a matcher is nothing", "", ""
        if each.kind != "list":
            continue  # told as a wrong type
        if len(parts) != 3:
            # The rest is dropped, and a value that is not there is an empty one.
            effect = SILENT if len(parts) > 1 and parts[1] in OPERATORS else STOPS
            yield each, f"the matcher {parts} has {counted(len(parts), 'part')}", "", effect
        elif parts[1] not in OPERATORS and "$" not in parts[1]:
            yield each.items[1], f"the matcher's operator is {parts[1]!r}", "", ""
        elif parts[1] in ("=~", "!~"):
            yield from _expression(each.items[2], parts[2])


def _texts(route: Node) -> Iterator[tuple[Node, str, str, str]]:
    for each in route.each("matchers"):
        if each.kind != "text" or each.is_null or "$" in each.text:
            continue
        if not _MATCHER.match(each.text):
            yield each, f"the matcher {each.text!r} has no operator", "", ""
        for operator, value in _MATCHER.findall(each.text):
            if operator in ("=~", "!~"):
                yield from _expression(each, _unquoted(value))
    found = route.get("match_re")
    for _, node in found.pairs if found is not None else ():
        if node.kind == "text":
            yield from _expression(node, node.text)


def _expression(node: Node, text: str) -> Iterator[tuple[Node, str, str, str]]:
    if why := _no_expression(text):
        yield node, f"{text!r} is no regular expression: {why}", "Correct it.", ""


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    return re.sub(r"\\([\"\\n])", lambda found: "\n" if found[1] == "n" else found[1], text[1:-1])


def _no_expression(text: str) -> str:
    """Why Go takes a text for no regular expression, as far as that is sure; empty for the rest."""
    if "$" in text.replace("$$", "") or len(text) > LONGEST:
        return ""
    for found in _NOT_GO.finditer(text):
        if found.lastgroup:
            return f"Go knows no {found[0]!r}"
    try:
        re.compile(text.replace("$$", "$"))
    except (RecursionError, OverflowError):
        return ""  # what Go says of so deep or large a one is not known
    except re.error as error:
        # Of what Go takes and Python does not, flags and classes have these signs.
        return "" if re.search(r"\(\?|\[\[|\\[pPzQEC]", text) else str(error)
    return ""


@check(
    "route-reached",
    summary="a route can be reached",
    cause="A sibling before it that takes everything and does not continue.",
    effect=SILENT,
    fix="Put the route that takes everything last, or give it continue: true.",
    wrong=notifications("        object_matchers: [[severity, =, info]]\n", "").replace(
        "        mute_time_intervals: [nights]\n", "      - receiver: chat\n        matchers: [team=api]\n"
    ),
    right=notifications(),
)
def reached(files: Files, report: Report) -> Iterator[Finding]:
    """In the order in which Alertmanager asks them."""
    for file, _, route, _ in routes(files):
        taken: Node | None = None
        for number, each in enumerate(route.each("routes"), 1):
            if taken is not None:
                message = f"the route before it, in line {taken.line}, takes every alert"
                yield report(file, each, f"route {number} of {route.said('receiver')}", message)
            elif each.kind == "map" and each.said("continue").lower() != "true":
                taken = each if all(_filled(each, key) is None for key in MATCHERS) else None
