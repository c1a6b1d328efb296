"""What a running Prometheus made of the rendered files: does it scrape all, and hold every rule?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from alerts import prometheus as rendered_rules
from dashboards.checks.times import seconds
from dashboards.differences import Terms, differences, things
from dashboards.errors import StackError, shown_url
from dashboards.prometheus_api import Prometheus
from dashboards.seen import Seen, Things, compared, counted
from dashboards.stack import Stack

Json = dict[str, Any]
DEFAULT_RETENTION = 15 * 86_400
GROUP = Terms(owned=("name", "file", "evaluationTime", "lastEvaluation"))
RULE = Terms()
TEXT = r'"(?:[^"\\]|\\.)*"'
# A text first: what is in it is no selector.
SELECTOR = re.compile(rf'{TEXT}|{{(?P<matchers>(?:[^{{}}"]|{TEXT})*)}}')
MATCHER = re.compile(rf'[^\s,"][^,"]*{TEXT}')


def loaded(stack: Stack, prometheus: Prometheus) -> Iterator[Seen]:
    """The targets answer, and every rule is there as it was rendered, evaluated without an error.

    Raises:
        StackError: Prometheus does not answer, or refuses.
    """
    url = shown_url(prometheus.url)
    if not (version := prometheus.get("status/buildinfo").get("version")):
        raise StackError(f"{url} tells no version; expected a Prometheus; check the URL")
    yield Seen(what="Prometheus", seen=f"{version} at {url}", well=True)
    yield compared("targets", _targets(stack, prometheus), of="jobs up")
    yield from counted("Prometheus's rules", _rules(stack, prometheus))
    yield _retention(stack, prometheus)
    if stack.engine == "prometheus":
        known = alertmanager_of(prometheus)
        yield Seen(what="Alertmanager", seen=known or "Prometheus knows of none", well=bool(known))


def alertmanager_of(prometheus: Prometheus) -> str:
    """The URL of the first Alertmanager that it sends to; empty if there is none.

    Raises:
        StackError: Prometheus does not answer, or refuses.
    """
    active = prometheus.get("alertmanagers")["activeAlertmanagers"]
    return shown_url(active[0]["url"].partition("/api/")[0]) if active else ""


def _targets(stack: Stack, prometheus: Prometheus) -> dict[str, str]:
    active = prometheus.get("targets", state="active")["activeTargets"]
    found = {}
    for job in stack.scraped.jobs:
        targets = [each for each in active if each["labels"]["job"] == job.name]
        down = [
            f"{each['labels']['instance']} {_trouble(each)}" for each in targets if each["health"] != "up"
        ]
        found[job.name] = ", ".join(down) if targets else "has no target"
    return found


def _trouble(target: Json) -> str:
    """Why it is not up; until its first scrape, which is at most an interval away, there is no error."""
    return "was not scraped yet" if target["health"] == "unknown" else str(target["lastError"])


def _rules(stack: Stack, prometheus: Prometheus) -> Things:
    """What differs, by group and rule; what else is loaded from the folder of our files is left over."""
    files = rendered_rules.render(stack.loaded, stack.recorded, stack.rules)
    wanted = {group["name"]: group for file in files.values() for group in file["groups"]}
    groups = prometheus.get("rules")["groups"]
    # A copy may bear the same name: ours is the one in the file of that name.
    groups.sort(key=lambda group: PurePosixPath(group["file"]).name == f"{group['name']}.yml")
    ours = {group["name"]: group for group in groups if group["name"] in wanted}
    folders = {PurePosixPath(group["file"]).parent for group in ours.values()}
    found: Things = {}
    for name, group in wanted.items():
        found |= _group(group, ours[name]) if name in ours else {f"group {name}": ["is not there"]}
    for group in groups:
        if group is not ours.get(group["name"]) and PurePosixPath(group["file"]).parent in folders:
            found[f"group {group['name']} of {group['file']}"] = ["is loaded, but not in the files"]
    return found


def _group(wanted: Json, answer: Json) -> Things:
    rules = _by_name(wanted["rules"])
    there = _by_name([rule | {"expr": rule["query"]} for rule in answer["rules"]])
    # They are evaluated in their order; one that is missing or too much is named by itself.
    heads = (
        {"interval": seconds(wanted["interval"]), "rules": [each for each in rules if each in there]},
        answer | {"rules": [each for each in there if each in rules]},
    )
    found = {f"group {wanted['name']}": list(differences(*heads, GROUP))} | things("rule", rules, there, RULE)
    for rule in answer["rules"]:
        if rule["health"] == "err":
            found[f"rule {rule['name']}"].append(f"fails: {rule['lastError']}")
    return found


def _by_name(rules: Sequence[Json]) -> dict[str, Json]:
    """The rules in the same words, by their names; of a name that comes again also by its number."""
    found: dict[str, Json] = {}
    for rule in map(_rule, rules):
        again = sum(name.partition(" ")[0] == rule["name"] for name in found)
        found[f"{rule['name']} ({again + 1})" if again else rule["name"]] = rule
    return found


def _rule(rule: Json) -> Json:
    """A rule of a file, or of an answer, in the same words."""
    return {
        "name": rule.get("alert") or rule.get("record") or rule["name"],
        "type": rule.get("type") or ("alerting" if "alert" in rule else "recording"),
        "expr": _sorted(rule["expr"]),
        "for": _time(rule.get("for", rule.get("duration"))),
        "keepFiringFor": _time(rule.get("keep_firing_for", rule.get("keepFiringFor"))),
        "labels": rule.get("labels", {}),
        "annotations": rule.get("annotations", {}),
    }


def _sorted(expr: str) -> str:
    """The same expression with the matchers of each selector in order, as Prometheus 2 answers it."""

    def ordered(found: re.Match[str]) -> str:
        matchers = found["matchers"]
        if matchers is None or MATCHER.sub("", matchers).strip(", "):
            return found[0]
        return "{" + ",".join(sorted(MATCHER.findall(matchers))) + "}"

    return SELECTOR.sub(ordered, expr)


def _time(given: Any) -> float:
    return (seconds(given) if isinstance(given, str) else given) or 0.0


def _retention(stack: Stack, prometheus: Prometheus) -> Seen:
    flags: Mapping[str, str] = prometheus.get("status/flags")
    kept = flags.get("storage.tsdb.retention.time", "")
    # Where nothing is set it says nothing, or 0s, and keeps 15 days.
    days = (seconds(kept) or DEFAULT_RETENTION) / 86_400
    return Seen(
        what="retention",
        seen=f"{days:g} days; the stack counts on {stack.retention}",
        well=days >= stack.retention,
    )
