"""Matchers of routes and inhibitions, which Grafana and Alertmanager write differently."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.expressions import Json
from dashboards.checks.subject import ALERTMANAGER, Subject

TEXT = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*\Z')
# When a route is silent, or speaks.
TIMES = ("mute_time_intervals", "active_time_intervals")

Found = tuple[str, str, str]


def of(thing: Json, *keys: str) -> Iterator[Found]:
    """Label, operator and value of each matcher under these keys."""
    for key in keys:
        for each in thing.get(key, ()):
            if isinstance(each, list):
                yield str(each[0]), str(each[1]), str(each[2])
            elif found := TEXT.match(str(each)):
                yield found[1], found[2], found[3]


def routes(root: Json, where: str = "root route") -> Iterator[tuple[str, Json]]:
    """A route and all below it, with how to call them."""
    yield where, root
    for index, each in enumerate(root.get("routes", ()), start=1):
        yield from routes(each, f"route {index}" if where == "root route" else f"{where}.{index}")


def trees(subject: Subject) -> Iterator[tuple[str, Json]]:
    """The trees of routes, with their files."""
    for path, document in subject.alerting.items():
        for root in document.get("policies", ()):
            yield path, root
    if "route" in subject.alertmanager:
        yield ALERTMANAGER, subject.alertmanager["route"]


def every(subject: Subject) -> Iterator[tuple[str, str, str, str, str]]:
    """File, place, label, operator and value of every matcher of routes and inhibitions."""
    for path, root in trees(subject):
        for where, route in routes(root):
            for found in of(route, "object_matchers", "matchers"):
                yield path, where, *found
    for index, each in enumerate(subject.alertmanager.get("inhibit_rules", ()), start=1):
        for found in of(each, "source_matchers", "target_matchers"):
            yield ALERTMANAGER, f"inhibition {index}", *found
