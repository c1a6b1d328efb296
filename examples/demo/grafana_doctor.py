"""`python -m dashboards doctor --notify` on the demo's chain: all is well there, and what differs is seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import requests

from alerts.notifications import Team, Webhook
from dashboards import doctor
from dashboards.grafana_api import Grafana
from dashboards.grafana_proof import loaded
from dashboards.prometheus_api import Prometheus
from dashboards.seen import Seen
from dashboards.stack import Stack
from examples.demo.chain import Chain

# The demo's Prometheus is told nothing, and so keeps its default.
KEPT_DAYS = 15
NOWHERE = "nowhere"


def examined(local: Stack, stack: Stack, chain: Chain, grafana: Grafana) -> Iterator[Seen]:
    """What the doctor says of the chain, then of stacks that it must find to differ.

    Args:
        local: as the chain's Prometheus and Alertmanager read it.
        stack: as its Grafana does.
        chain: that runs.
        grafana: the chain's.

    Raises:
        StackError: a server does not answer, or refuses.
    """
    prometheus = Prometheus(url=chain.prometheus.url)
    yield from doctor.examined(replace(local, retention=KEPT_DAYS), prometheus=prometheus, grafana=None)
    yield from doctor.examined(stack, prometheus=None, grafana=grafana)
    yield from doctor.notified_by_grafana(stack, grafana)
    yield from _differing(stack, grafana)
    yield from _refused(stack, chain, grafana)


def _differing(stack: Stack, grafana: Grafana) -> Iterator[Seen]:
    """A team whose contact points are not there."""
    hook = Webhook(name=NOWHERE, url="http://127.0.0.1:1/")
    teams = {NOWHERE: Team(critical=(hook,), warning=(hook,))}
    other = replace(stack, notifications=replace(stack.notifications, teams=teams))
    wrong = {each.what: each.seen for each in loaded(other, grafana) if not each.well}
    yield _noticed(f"contact point {NOWHERE}-critical-{NOWHERE}", "is not there", wrong)
    wrong = {each.what: each.seen for each in doctor.notified_by_grafana(other, grafana) if not each.well}
    yield _noticed(f"message to {NOWHERE}-critical", "no such contact point", wrong)


def _refused(stack: Stack, chain: Chain, grafana: Grafana) -> Iterator[Seen]:
    """A receiver that answers 500: Grafana's answer to the test of that contact point says so."""
    if chain.grafana_webhook is None:
        return
    url = f"{chain.grafana_webhook.url}/refused"
    requests.put(url, json=["/critical"], timeout=10).raise_for_status()
    try:
        found = list(doctor.notified_by_grafana(stack, grafana))
    finally:
        requests.put(url, json=[], timeout=10).raise_for_status()
    wrong = {each.what: each.seen for each in found if not each.well}
    yield _noticed("message to critical", "1 of 2 sent", wrong)
    sent = [each.what for each in found if each.well]
    yield Seen(
        what="the other messages meanwhile", seen=", ".join(sent) or "none", well=len(sent) == len(found) - 1
    )


def _noticed(what: str, words: str, wrong: dict[str, str]) -> Seen:
    told = wrong.get(what, "nothing is wrong")
    return Seen(what=f"doctor of a difference in {what}", seen=told.replace("|", "/"), well=words in told)
