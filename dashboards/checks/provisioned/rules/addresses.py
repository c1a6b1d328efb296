"""What things are found by: uids, titles and names."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned.check import SILENT, STOPS, Report, check
from dashboards.checks.provisioned.files import File, Files, org
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.sample import rule
from dashboards.checks.provisioned.structs import LONGEST_TITLE, LONGEST_UID, UID

_SECOND = rule().partition("    rules:\n")[2].replace("title: Up", "title: Other")


def _uids(files: Files) -> Iterator[tuple[File, Node, str, str]]:
    for each in files.rules:
        yield each.file, each.node, each.where, "rule"
    for file, point in files.things("contactPoints"):
        for receiver in point.each("receivers"):
            yield file, receiver, f"contact point {point.said('name')}", "receiver"


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
    summary="no two rules and no two receivers of an organisation have one uid",
    cause="A rule that was copied, or kept in two files.",
    effect="of two rules Grafana keeps the later one; of two receivers it does not start",
    fix="Give each a uid of its own.",
    wrong=rule() + _SECOND,
    right=rule() + _SECOND.replace("uid: up", "uid: other"),
)
def unique(files: Files, report: Report) -> Iterator[Finding]:
    """Across all files."""
    seen: dict[tuple[str, int, str], str] = {}
    for each in files.rules:
        uid, key = each.node.fixed("uid"), org(each.group)
        if uid and ("rule", key, uid) in seen:
            message = f"the uid {uid!r} is also that of {seen['rule', key, uid]}"
            effect = "Grafana keeps the later rule alone"
            yield report(each.file, each.node.near("uid"), each.where, message, "", effect)
        if uid:
            seen.setdefault(("rule", key, uid), f"{each.where} in {each.file.path}:{each.node.line}")
    for file, point in files.things("contactPoints"):
        for receiver in point.each("receivers"):
            uid, where = receiver.fixed("uid"), f"contact point {point.said('name')}"
            if uid and ("receiver", org(point), uid) in seen:
                message = f"the receiver's uid {uid!r} is also in {seen['receiver', org(point), uid]}"
                yield report(file, receiver.near("uid"), where, message, "", STOPS)
            if uid:
                seen.setdefault(("receiver", org(point), uid), f"{where} in {file.path}:{receiver.line}")


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
