"""What a running Prometheus made of the rendered files: does it scrape all, and hold every rule?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alerts import prometheus as rendered_rules
from dashboards.checks.promql import ParseError, parse
from dashboards.checks.times import seconds
from dashboards.prometheus_api import Prometheus
from dashboards.seen import Seen, compared
from dashboards.stack import Stack

Json = dict[str, Any]
DEFAULT_RETENTION = 15 * 86_400


def loaded(stack: Stack, prometheus: Prometheus) -> Iterator[Seen]:
    """The targets answer, and every rule is there as it was rendered, evaluated without an error.

    Raises:
        StackError: Prometheus does not answer, or refuses.
    """
    version = prometheus.get("status/buildinfo")["version"]
    yield Seen(what="Prometheus", seen=f"{version} at {prometheus.url}", well=True)
    yield compared("targets", _targets(stack, prometheus), of="jobs up")
    yield compared("Prometheus's rules", _rules(stack, prometheus))
    yield _retention(stack, prometheus)
    if stack.engine == "prometheus":
        known = [each["url"] for each in prometheus.get("alertmanagers")["activeAlertmanagers"]]
        yield Seen(what="Alertmanager", seen=", ".join(known) or "Prometheus knows of none", well=bool(known))


def _targets(stack: Stack, prometheus: Prometheus) -> dict[str, str]:
    active = prometheus.get("targets", state="active")["activeTargets"]
    found = {}
    for job in stack.scraped.jobs:
        targets = [each for each in active if each["labels"]["job"] == job.name]
        down = [
            f"{each['labels']['instance']} {each['lastError']}" for each in targets if each["health"] != "up"
        ]
        found[job.name] = ", ".join(down) if targets else "has no target"
    return found


def _rules(stack: Stack, prometheus: Prometheus) -> dict[str, str]:
    files = rendered_rules.render(stack.loaded, stack.recordings, stack.rules)
    groups = prometheus.get("rules")["groups"]
    there = {(group["name"], rule["name"]): rule for group in groups for rule in group["rules"]}
    found = {}
    for group in (group for file in files.values() for group in file["groups"]):
        for rule in group["rules"]:
            name = rule.get("alert") or rule["record"]
            answer = there.get((group["name"], name))
            found[name] = "is not there" if answer is None else _rule_fault(rule, answer)
    return found


def _rule_fault(rule: Json, answer: Json) -> str:
    faults = [] if _same(rule["expr"], answer["query"]) else ["asks another query"]
    if "alert" in rule:
        faults += [
            f"differs in {ours}"
            for ours, theirs in (("for", "duration"), ("keep_firing_for", "keepFiringFor"))
            if seconds(rule.get(ours, "0s")) != answer.get(theirs, 0)
        ]
        faults += [f"differs in {key}" for key in ("labels", "annotations") if rule[key] != answer.get(key)]
    if answer["health"] == "err":
        faults.append(answer["lastError"])
    return ", ".join(faults)


def _same(one: str, other: str) -> bool:
    """Whether two texts are one query: Prometheus writes what it read in a way of its own."""
    try:
        return parse(one) == parse(other)
    except ParseError:
        return one == other


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
