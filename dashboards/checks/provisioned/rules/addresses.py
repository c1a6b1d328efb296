"""What things are found by: uids, titles and names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned.check import SILENT, STOPS, Report, check
from dashboards.checks.provisioned.files import File, Files, org
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.sample import rule
from dashboards.checks.provisioned.structs import LONGEST_TITLE, LONGEST_UID, UID

LATER = "Grafana keeps the later one alone"
_SECOND = rule().partition("    rules:\n")[2].replace("title: Up", "title: Other")


def _uids(files: Files) -> Iterator[tuple[File, Node, str, str]]:
    for each in files.rules:
        yield each.file, each.node, each.where, "rule"
    for file, point in files.things("contactPoints"):
        for receiver in point.each("receivers"):
            yield file, receiver, f"contact point {point.said('name')}", "receiver"


class _Called(NamedTuple):
    """What has a uid or name of its own, and what comes of two with one."""

    kind: str
    key: str
    file: File
    node: Node
    where: str
    org: int
    effect: str


def _called(files: Files) -> Iterator[_Called]:
    for each in files.rules:
        yield _Called("rule", "uid", each.file, each.node, each.where, org(each.group), LATER)
    for file, point in files.things("contactPoints"):
        where = f"contact point {point.said('name')}"
        for receiver in point.each("receivers"):
            yield _Called("receiver", "uid", file, receiver, where, org(point), STOPS)
    for top, kind in (("muteTimes", "mute time"), ("templates", "template")):
        for file, node in files.things(top):
            yield _Called(kind, "name", file, node, f"{kind} {node.said('name')}", org(node), LATER)


@check(
    "uid-form",
    summary=f"a uid has at most {LONGEST_UID} letters, digits, `_` and `-`",
    cause="A uid made of a title, with its spaces and dots, or of a long name.",
    effect=STOPS,
    fix=f"Take 1 to {LONGEST_UID} of a-z, A-Z, 0-9, _ and -.",
    wrong=rule("uid: up", "uid: api.up"),
    right=rule("uid: up", "uid: api-up"),
)
def forms(files: Files, report: Report) -> Iterator[Finding]:
    """Of rules and of receivers."""
    for file, node, where, kind in _uids(files):
        uid = node.fixed("uid")
        if uid and (not UID.match(uid) or len(uid) > LONGEST_UID):
            length = f", {len(uid)} characters" if len(uid) > LONGEST_UID else ""
            yield report(file, node.near("uid"), where, f"the {kind}'s uid is {uid!r}{length}")


@check(
    "uid-unique",
    summary="no two rules or receivers have one uid, and no two mute times or templates one name",
    cause="A rule that was copied, or kept in two files.",
    effect="of two receivers Grafana does not start; of two others it keeps the later one",
    fix="Give each one of its own.",
    wrong=rule() + _SECOND,
    right=rule() + _SECOND.replace("uid: up", "uid: other"),
)
def unique(files: Files, report: Report) -> Iterator[Finding]:
    """Across all files."""
    seen: dict[tuple[str, int, str], str] = {}
    for each in _called(files):
        name = each.node.fixed(each.key)
        if name and (first := seen.get((each.kind, each.org, name))):
            message = f"the {each.kind}'s {each.key} {name!r} is also that of {first}"
            yield report(each.file, each.node.near(each.key), each.where, message, "", each.effect)
        elif name:
            place = f"{each.where} in {each.file.path}:{each.node.line}"
            seen[each.kind, each.org, name] = place


@check(
    "title-length",
    summary=f"titles of rules and names of groups have at most {LONGEST_TITLE} bytes",
    cause="A sentence as a title.",
    effect=STOPS,
    fix="Shorten it; the summary has room.",
    wrong=rule("title: Up", f"title: {'Up' * 96}"),
    right=rule(),
)
def lengths(files: Files, report: Report) -> Iterator[Finding]:
    """As they are stored."""
    for each in files.rules:
        size = len((each.node.fixed("title") or "").encode())
        if size > LONGEST_TITLE:
            message = f"the title has {size} bytes; Grafana takes {LONGEST_TITLE}"
            yield report(each.file, each.node.near("title"), each.where, message)
    for file, group in files.things("groups"):
        size = len((group.fixed("name") or "").encode())
        if size > LONGEST_TITLE and list(group.each("rules")):
            message = f"its name has {size} bytes; Grafana takes {LONGEST_TITLE}"
            yield report(file, group.near("name"), f"group {group.said('name')[:40]}…", message)


@check(
    "group-once",
    summary="a group of one folder stands once",
    cause="A group that was split over two files, with another interval in each.",
    effect=SILENT,
    fix="Make it one, or rename one.",
    wrong="""
        groups:
          - {name: api, folder: team, interval: 1m, rules: []}
          - {name: api, folder: team, interval: 5m, rules: []}
    """,
    right="""
        groups:
          - {name: api, folder: team, interval: 1m, rules: []}
          - {name: api-slow, folder: team, interval: 5m, rules: []}
    """,
)
def groups(files: Files, report: Report) -> Iterator[Finding]:
    """Grafana makes them one, with the later interval; Prometheus refuses two in one file."""
    seen: dict[tuple[object, ...], tuple[str, str]] = {}
    for file, group in files.things("groups"):
        name, interval = group.fixed("name"), group.said("interval")
        key = (org(group), group.fixed("folder"), name)
        if None in key or not name:
            continue
        if key in seen and seen[key][1] != interval:
            message = f"it is also in {seen[key][0]}, every {seen[key][1]}; the later one holds for both"
            yield report(file, group.near("interval"), f"group {name}", message)
        seen.setdefault(key, (f"{file.path}:{group.line}", interval))
