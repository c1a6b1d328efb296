"""Names that lead to what other files define."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, listed, nearest
from dashboards.checks.provisioned.check import ERRS, STOPS, Report, check
from dashboards.checks.provisioned.files import DEFAULT_RECEIVER, File, Files, org
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.rules.policies import TIMES, routes
from dashboards.checks.provisioned.sample import OTHER, notifications, rule

SOURCES = "datasources: [{name: Prometheus, uid: prom, type: prometheus}]\n"
Named = tuple[File, Node, str, int]


def _named(files: Files, *keys: str) -> Iterator[Named]:
    """Each name under these keys, in routes and in the settings of rules, with its place and organisation."""
    for file, root, route, where in routes(files):
        for node in _texts(route, keys):
            yield file, node, where, org(root)
    for each in files.rules:
        own = each.node.get("notification_settings")
        for node in _texts(own, keys) if own is not None and own.kind == "map" else ():
            yield each.file, node, each.where, org(each.group)


def _texts(node: Node, keys: tuple[str, ...]) -> Iterator[Node]:
    for key in keys:
        found = node.get(key)
        for each in (found, *found.items) if found is not None else ():
            if each.kind == "text" and each.text and "$" not in each.text.replace("$$", ""):
                yield each


def _missing(
    files: Files, report: Report, kind: str, keys: tuple[str, ...], known: dict[int, set[str]]
) -> Iterator[Finding]:
    for file, node, where, number in _named(files, *keys):
        there = known.get(number)
        name = node.text.replace("$$", "$")
        if there is not None and name not in there and name != DEFAULT_RECEIVER:
            message = f"there is no {kind} {name!r}; the files have {listed(there) or 'none'}"
            yield report(file, node, where, message, nearest(name, there))


@check(
    "receiver-known",
    summary="a receiver that is named is a contact point",
    cause="A contact point that was renamed, or lies in a file that Grafana is not given.",
    effect=STOPS,
    fix="Name one of them, or define it.",
    wrong=notifications("      - receiver: chat", "      - receiver: chats"),
    right=notifications(),
)
def receivers(files: Files, report: Report) -> Iterator[Finding]:
    """Where the files define any in that organisation; one without receivers is none."""
    points: dict[int, set[str]] = {}
    for _, point in files.things("contactPoints"):
        names = points.setdefault(org(point), set())
        names |= {(point.fixed("name") or "").strip()} if list(point.each("receivers")) else set()
    return _missing(files, report, "contact point", ("receiver",), points)


@check(
    "mute-time-known",
    summary="a mute time that is named is defined",
    cause="A mute time that was renamed.",
    effect=STOPS,
    fix="Name one of them, or define it.",
    wrong=notifications("[nights]", "[night]"),
    right=notifications(),
)
def mutes(files: Files, report: Report) -> Iterator[Finding]:
    """Where the files define any in that organisation."""
    known: dict[int, set[str]] = {}
    for _, mute in files.things("muteTimes"):
        known.setdefault(org(mute), set()).add(mute.said("name"))
    return _missing(files, report, "mute time", TIMES, known)


@check(
    "deleted-used",
    summary="nothing that is deleted is defined too",
    cause="A rule that came back, and its line under deleteRules that stayed.",
    effect="Grafana makes it and deletes it at every start, or deletes it and stops where it is needed",
    fix="Take one of the two out.",
    wrong=rule() + "deleteRules: [{uid: up}]\n",
    right=rule() + "deleteRules: [{uid: down}]\n",
)
def deleted(files: Files, report: Report) -> Iterator[Finding]:
    """Rules, receivers, mute times and templates."""
    receivers = [
        (org(point), receiver.said("uid"))
        for _, point in files.things("contactPoints")
        for receiver in point.each("receivers")
    ]
    kinds = (
        ("deleteRules", "uid", "rule", [(org(each.group), each.node.said("uid")) for each in files.rules]),
        ("deleteContactPoints", "uid", "receiver", receivers),
        *(
            (
                f"delete{key[0].upper()}{key[1:]}",
                "name",
                kind,
                [(org(n), n.said("name")) for _, n in files.things(key)],
            )
            for key, kind in (("muteTimes", "mute time"), ("templates", "template"))
        ),
    )
    used = {(number, node.text) for _, node, _, number in _named(files, *TIMES)}
    for top, key, kind, defined in kinds:
        for file, node in files.things(top):
            if (org(node), node.said(key)) in defined and node.said(key):
                message = f"the {kind} {node.said(key)!r} is defined and deleted"
                effect = STOPS if top == "deleteMuteTimes" and (org(node), node.said(key)) in used else ""
                yield report(file, node.near(key), top, message, "", effect)


@check(
    "source-known",
    summary="a query asks a data source that is provisioned",
    cause="The name of a data source instead of its uid, or the uid of another Grafana.",
    effect=ERRS,
    fix="Name the uid of one of them.",
    wrong=SOURCES + OTHER + rule("datasourceUid: prom\n", "datasourceUid: Prometheus\n"),
    right=SOURCES + OTHER + rule(),
)
def sources(files: Files, report: Report) -> Iterator[Finding]:
    """Where files of data sources are given, and all of them have a uid."""
    found = [each for file in files.of("sources") for each in file.root.each("datasources")]
    uids = {each.fixed("uid") or "" for each in found if each.kind == "map"}
    if not uids or "" in uids:
        return
    for query in files.queries:
        uid = query.node.fixed("datasourceUid")
        if uid and not query.is_expression and uid not in uids:
            message = f"there is no data source {uid!r}; the files have {listed(uids)}"
            place = query.node.near("datasourceUid")
            yield report(query.rule.file, place, query.where, message, nearest(uid, uids))
