"""There is one tree of routes, and whatever is on no branch reaches its root."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.matchers import TIMES, trees
from dashboards.checks.finding import Finding, Report, file_rule, listed
from dashboards.checks.subject import Subject

MATCHERS = ("matchers", "object_matchers", "match", "match_re")


@file_rule("one-policy-tree", "there is one tree of routes, and its root takes everything", about="own")
def policies(subject: Subject, report: Report) -> Iterator[Finding]:
    """Of two trees in Grafana's files, the later replaces the earlier."""
    found = [path for path, document in subject.alerting.items() for _ in document.get("policies", ())]
    if len(found) > 1:
        message = f"there are {len(found)} trees of policies, in {listed(set(found))}; Grafana keeps the last"
        yield report(found[0], "policies", message, "Make them one.")
    elif subject.alerting and not found:
        message = "there is no tree of policies, so that alerts go where Grafana's database says"
        yield report(next(iter(subject.alerting)), "policies", message, "Render the notifications.")
    for path, root in trees(subject):
        for key in (*MATCHERS, *TIMES):
            if root.get(key):
                message = f"it has {key}; the root must take everything"
                yield report(path, "root route", message, "Put it on a child.")
        if not root.get("group_by"):
            yield report(
                path, "root route", "without group_by everything is one message", "Group by alertname."
            )
