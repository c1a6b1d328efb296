"""One message tells of one installation."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.matchers import of, routes, trees
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule, listed
from dashboards.checks.subject import ALERTMANAGER, Subject


@file_rule("route-identity", "messages and inhibitions keep installations apart", about="own")
def grouping(subject: Subject, report: Report) -> Iterator[Finding]:
    """The identity labels in `group_by` and `equal`."""
    for path, root in trees(subject):
        for where, route in routes(root):
            names = route.get("group_by")
            if names is None or _judges_source(route):
                continue
            lost = set(subject.identity) - set(names)
            if lost and "..." not in names:
                message = f"group_by lacks {listed(lost)}: one message tells of several installations"
                yield report(path, where, message, "Add them.")
            if len(set(names)) != len(names):
                yield report(path, where, f"group_by names a label twice: {names}", "Once is enough.")
    for index, each in enumerate(subject.alertmanager.get("inhibit_rules", ()), start=1):
        lost = set(subject.identity) - set(each.get("equal", ()))
        if lost:
            message = f"equal lacks {listed(lost)}: an outage of staging silences production"
            yield report(ALERTMANAGER, f"inhibition {index}", message, "Add them.")


def _judges_source(route: Json) -> bool:
    """Grafana's own alerts on a data source carry none of our labels."""
    return any(
        label == "alertname" and value.startswith("Datasource")
        for label, _, value in of(route, "object_matchers", "matchers")
    )
