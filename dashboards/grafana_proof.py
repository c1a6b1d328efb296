"""What a running Grafana made of the rendered files: is all of it there, unchanged, and does it work?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from alerts import grafana as rendered_rules
from alerts import notify
from dashboards.differences import Terms, differences, things
from dashboards.grafana import render_board
from dashboards.grafana_api import Grafana, Json
from dashboards.prove import Span, prove, summary
from dashboards.prove.states import worded
from dashboards.seen import Seen, Things, compared, counted
from dashboards.stack import Stack

OLDEST = (12, 2)
# What Grafana numbers by itself.
OWN_KEYS = ("id", "version")
# In every Grafana from its start; nobody hears it once a file brings routes.
DEFAULT_POINTS = ("email receiver", "grafana-default-email", "empty")
BOARD = Terms()
# The board's uid and panel it reads from our annotations, the rest it adds to each query.
RULE = Terms(owned=("dashboardUid", "panelId", "intervalMs", "maxDataPoints"))
# A time is in UTC where none is named.
POLICY = Terms(
    owned=("orgId", "version"),
    defaults={"location": "UTC"},
    unordered=("group_by", "object_matchers"),
    private=True,
)


def loaded(stack: Stack, grafana: Grafana, *, buried: Collection[str] = ()) -> Iterator[Seen]:
    """Everything that the files hold is in Grafana, nothing of it was changed, and nothing is left over.

    Args:
        stack: from which the files were built.
        grafana: that read them.
        buried: uids of rules that the files tell it to delete.

    Raises:
        StackError: Grafana does not answer, or refuses.
    """
    version = grafana.version()
    known = tuple(int(part) for part in re.findall(r"\d+", version)[:2]) >= OLDEST
    yield Seen(what="version", seen=f"{version}; needed: {'.'.join(map(str, OLDEST))}", well=known)
    folders = [each["uid"] for each in grafana.get("folders") or () if each["title"] == stack.folder]
    yield Seen(what=f"folder {stack.folder!r}", seen=f"{len(folders)}", well=len(folders) == 1)
    yield from counted("boards", _boards(stack, grafana, folders))
    if stack.engine == "grafana":
        file = rendered_rules.render(stack.loaded, stack.rules)
        yield from counted("rules", of_rules(file, stack.folder, grafana, buried))
        policy = notify.grafana(stack.notifications, stack.loaded, stack.rules)
        yield from counted("contact points", of_contact_points(policy, grafana))
        yield from counted("policies and templates", of_policies(policy, grafana))


def _boards(stack: Stack, grafana: Grafana, folders: Sequence[str]) -> Things:
    wanted, found = {}, {}
    for board in stack.all_boards:
        wanted[board.uid] = _own(render_board(board, stack.context), provisioned=True)
        if answer := grafana.find(f"dashboards/uid/{board.uid}"):
            found[board.uid] = _own(answer["dashboard"], provisioned=answer["meta"]["provisioned"])
    for folder in folders:
        for each in grafana.get("search", type="dash-db", folderUIDs=folder) or ():
            found.setdefault(each["uid"], {})
    return things("board", wanted, found, BOARD)


def _own(board: Json, *, provisioned: bool) -> Json:
    return {key: value for key, value in board.items() if key not in OWN_KEYS} | {"provisioned": provisioned}


def of_rules(file: Json, folder: str, grafana: Grafana, buried: Collection[str]) -> Things:
    """What differs from the file of rules, and what stands in its folder without it."""
    given = file["groups"]
    export = grafana.find("v1/provisioning/alert-rules/export", format="json") or {}
    groups = export.get("groups") or []
    listed = grafana.get("v1/provisioning/alert-rules") or ()
    provenance = {each["uid"]: each.get("provenance") for each in listed}
    wanted = {rule["uid"]: rule | {"provenance": "file"} for rule in _by_group(given)}
    # What stands in other folders belongs to somebody else.
    found = {
        rule["uid"]: rule | {"provenance": provenance.get(rule["uid"])}
        for rule in _by_group(groups)
        if rule["uid"] in wanted or rule["folder"] == folder
    }
    titles = {
        uid: wanted[uid]["title"] if uid in wanted else f"{found[uid]['title']} ({uid})"
        for uid in (*wanted, *found)
    }
    here = (group for group in groups if group["folder"] == folder)
    groups_wanted, groups_found = (
        {each["name"]: each | {"rules": []} for each in some} for some in (given, here)
    )
    told = things("group", groups_wanted, groups_found, RULE)
    named, there = ({titles[uid]: rule for uid, rule in some.items()} for some in (wanted, found))
    told |= things("rule", named, there, RULE)
    return told | {f"rule {uid}": ["is still there"] if uid in provenance else [] for uid in buried}


def _by_group(groups: Iterable[Json]) -> Iterator[Json]:
    """Each rule, with where it stands."""
    for group in groups:
        for rule in group["rules"]:
            yield rule | {"group": group["name"], "folder": group["folder"]}


def of_contact_points(file: Json, grafana: Grafana) -> Things:
    """What differs from the contact points of the file; secrets are not told, and count as they are."""
    wanted = {
        receiver["uid"]: receiver | {"name": point["name"], "provenance": "file"}
        for point in file["contactPoints"]
        for receiver in point["receivers"]
    }
    found = {
        each["uid"] or each["name"]: each
        for each in grafana.get("v1/provisioning/contact-points") or ()
        if each["uid"] in wanted or each["name"] not in DEFAULT_POINTS
    }
    return things("contact point", wanted, found, POLICY)


def of_policies(file: Json, grafana: Grafana) -> Things:
    """What differs from the tree of routes, the times and the templates of the file."""
    (root,) = file["policies"]
    wanted = {key: value for key, value in root.items() if key != "orgId"} | {"provenance": "file"}
    tree = grafana.get("v1/provisioning/policies")
    told: Things = {"policy": list(differences(wanted, tree, POLICY))}
    for kind, key, path in (("time", "muteTimes", "mute-timings"), ("template", "templates", "templates")):
        named = {each["name"]: each | {"provenance": "file"} for each in file.get(key, ())}
        there = {each["name"]: each for each in grafana.get(f"v1/provisioning/{path}") or ()}
        for each in (*named.values(), *there.values()):
            each.pop("orgId", None)
            if "template" in each:
                each["template"] = each["template"].strip()
        told |= things(kind, named, there, POLICY)
    return told


def evaluated(stack: Stack, grafana: Grafana) -> Seen:
    """Each rule was evaluated, and none of them with an error.

    Raises:
        StackError: Grafana does not answer, or refuses.
    """
    groups = grafana.get("prometheus/grafana/api/v1/rules")["data"]["groups"]
    rules = {rule["name"]: rule for group in groups for rule in group["rules"]}
    expected = [alert.name for alert in stack.loaded if "grafana" in alert.engines]
    faults = {}
    for name in expected:
        rule = rules.get(name, {"health": "missing"})
        if rule.get("lastEvaluation", "").startswith("0001"):
            faults[name] = "not evaluated yet"
        else:
            healthy = rule["health"] == "ok"
            faults[name] = "" if healthy else f"{rule['health']} {rule.get('lastError', '')}".strip()
    return compared("rules evaluated without an error", faults)


def answered(stack: Stack, grafana: Grafana, span: Span) -> Seen:
    """Each panel's queries answer through Grafana's own data source.

    Raises:
        StackError: Grafana does not answer, or refuses a query.
    """
    proofs = prove(stack, grafana, span, whole=True, brings=worded)
    wrong = [f"{each.board}: {each.title} is {each.verdict}" for each in proofs if not each.well]
    return Seen(
        what="panels asked through Grafana", seen="; ".join([summary(proofs), *wrong]), well=not wrong
    )
