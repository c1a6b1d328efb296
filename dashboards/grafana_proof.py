"""What a running Grafana made of the rendered files: is all of it there, unchanged, and does it work?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from alerts import grafana as rendered_rules
from alerts import notify
from dashboards.checks.times import seconds
from dashboards.grafana import render_board
from dashboards.grafana_api import Grafana, Json
from dashboards.prove import Span, prove, summary
from dashboards.seen import Seen, compared
from dashboards.stack import Stack

OLDEST = (12, 2)
# What Grafana numbers by itself.
OWN_KEYS = ("id", "version")
# Names in the file, and in the answer of the API.
RULE_KEYS = {
    "title": "title",
    "condition": "condition",
    "for": "for",
    "keepFiringFor": "keep_firing_for",
    "noDataState": "noDataState",
    "execErrState": "execErrState",
    "missing_series_evals_to_resolve": "missingSeriesEvalsToResolve",
    "labels": "labels",
    "annotations": "annotations",
    "isPaused": "isPaused",
}


def loaded(stack: Stack, grafana: Grafana, *, buried: Collection[str] = ()) -> Iterator[Seen]:
    """Everything that the files hold is in Grafana, and nothing of it was dropped or changed.

    Args:
        stack: from which the files were built.
        grafana: that read them.
        buried: uids of rules that the files tell it to delete.

    Raises:
        StackError: Grafana does not answer, or refuses.
    """
    version = str(grafana.get("health")["version"])
    known = tuple(int(part) for part in version.split(".")[:2]) >= OLDEST
    yield Seen(what="version", seen=f"{version}; needed: {'.'.join(map(str, OLDEST))}", well=known)
    folders = [each["title"] for each in grafana.get("folders") if each["title"] == stack.folder]
    yield Seen(what=f"folder {stack.folder!r}", seen=f"{len(folders)}", well=len(folders) == 1)
    yield compared("boards", _boards(stack, grafana))
    yield compared("rules", _rules(stack, grafana, buried))
    yield compared("contact points", _contact_points(stack, grafana))
    yield compared("policies and templates", _policies(stack, grafana))


def _differing(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """The keys of one that differ in the other, as words; empty if there are none."""
    keys = sorted(key for key in wanted if key not in OWN_KEYS and wanted[key] != found.get(key))
    return f"differs in {', '.join(keys)}" if keys else ""


def _boards(stack: Stack, grafana: Grafana) -> dict[str, str]:
    found = {}
    for board in stack.all_boards:
        answer = grafana.get(f"dashboards/uid/{board.uid}")
        fault = _differing(render_board(board, stack.context), answer["dashboard"])
        found[board.uid] = fault or ("" if answer["meta"]["provisioned"] else "is not from a file")
    return found


def _rules(stack: Stack, grafana: Grafana, buried: Collection[str]) -> dict[str, str]:
    there = {each["uid"]: each for each in grafana.get("v1/provisioning/alert-rules")}
    file = rendered_rules.render(stack.loaded, stack.rules)
    found = {}
    for rule in (rule for group in file["groups"] for rule in group["rules"]):
        answer = there.get(rule["uid"])
        found[rule["title"]] = "is not there" if answer is None else _rule_fault(rule, answer)
    return found | {uid: "is still there" if uid in there else "" for uid in buried}


def _rule_fault(rule: Json, answer: Json) -> str:
    seen = {name: answer.get(theirs) for name, theirs in RULE_KEYS.items()}
    wanted = {name: rule[name] for name in RULE_KEYS}
    for times in (wanted, seen):
        times |= {name: seconds(times[name]) for name in ("for", "keepFiringFor")}
    faults = [_differing(wanted, seen)]
    if _asked(rule) != _asked(answer):
        faults.append("asks another query")
    if answer.get("provenance") != "file":
        faults.append("is not from a file")
    return ", ".join(filter(None, faults))


def _asked(rule: Json) -> list[str | None]:
    return [each["model"].get("expr") for each in rule["data"]]


def _contact_points(stack: Stack, grafana: Grafana) -> dict[str, str]:
    there = {each["uid"]: each for each in grafana.get("v1/provisioning/contact-points")}
    found = {}
    for point in notify.grafana(stack.notifications, stack.loaded, stack.rules)["contactPoints"]:
        for receiver in point["receivers"]:
            answer = there.get(receiver["uid"], {})
            right = (answer.get("name"), answer.get("type")) == (point["name"], receiver["type"])
            found[receiver["uid"]] = "" if right else f"is {answer.get('name', 'not there')}"
    return found


def _policies(stack: Stack, grafana: Grafana) -> dict[str, str]:
    file = notify.grafana(stack.notifications, stack.loaded, stack.rules)
    tree = grafana.get("v1/provisioning/policies")
    (root,) = file["policies"]
    names = {each["name"]: each["template"] for each in grafana.get("v1/provisioning/templates")}
    found = {"tree": "" if _routes(root) == _routes(tree) else "has other routes"}
    there = {each["name"] for each in grafana.get("v1/provisioning/mute-timings")}
    found |= {
        each["name"]: "" if each["name"] in there else "is not there" for each in file.get("muteTimes", ())
    }
    for each in file["templates"]:
        text = names.get(each["name"], "")
        found[each["name"]] = "" if text.strip() == each["template"].strip() else "is another text"
    return found


def _routes(route: Json) -> Json:
    """What a route takes, who hears it, and when; Grafana writes its waits in another way."""
    keys = (
        "receiver",
        "object_matchers",
        "group_by",
        "active_time_intervals",
        "mute_time_intervals",
        "continue",
    )
    below = [_routes(each) for each in route.get("routes", ())]
    return {**{key: route[key] for key in keys if route.get(key)}, "routes": below}


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
        healthy = rule["health"] == "ok" and not rule["lastEvaluation"].startswith("0001")
        faults[name] = "" if healthy else f"{rule['health']} {rule.get('lastError', '')}".strip()
    return compared("rules evaluated without an error", faults)


def answered(stack: Stack, grafana: Grafana, span: Span) -> Seen:
    """Each panel's queries answer through Grafana's own data source.

    Raises:
        StackError: Grafana does not answer, or refuses a query.
    """
    proofs = prove(stack, grafana, span)
    wrong = [f"{each.board}: {each.panel.title} is {each.state}" for each in proofs if not each.well]
    return Seen(
        what="panels asked through Grafana", seen="; ".join([summary(proofs), *wrong]), well=not wrong
    )
