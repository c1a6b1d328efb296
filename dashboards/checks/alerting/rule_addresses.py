"""A rule's uid and title are its address."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import name, of_grafana, of_prometheus
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.provisioned.structs import LONGEST_TITLE, LONGEST_UID, UID
from dashboards.checks.subject import Subject


@file_rule("rule-address", "uids and titles of rules are right and unique", about="own")
def addresses(subject: Subject, report: Report) -> Iterator[Finding]:
    """Address and title of Grafana's rules, and names of Prometheus' alerts."""
    uids: dict[str, str] = {}
    titles: dict[tuple[object, str], str] = {}
    for path, where, group, rule in of_grafana(subject):
        uid, title = str(rule.get("uid", "")), str(rule.get("title", ""))
        if not UID.match(uid) or len(uid) > LONGEST_UID:
            fix = "1 to 40 letters, digits, `_` and `-`."
            yield report(path, where, f"the uid {uid!r} is refused by Grafana", fix)
        if not 0 < len(title) <= LONGEST_TITLE:
            message = f"the title has {len(title)} characters; Grafana takes 1 to {LONGEST_TITLE}"
            yield report(path, where, message, "Shorten it.")
        if uid in uids:
            yield report(path, where, f"the uid {uid!r} is also that of {uids[uid]}", "Rename one.")
        if (group.get("folder"), title) in titles:
            yield report(path, where, f"two rules of one folder have the title {title!r}", "Rename one.")
        uids.setdefault(uid, where)
        titles.setdefault((group.get("folder"), title), where)
    names: dict[str, str] = {}
    for path, where, rule in of_prometheus(subject):
        if name(rule) in names:
            message = f"it is also in {names[name(rule)]}; the two share one name"
            yield report(path, where, message, "Rename one.")
        names.setdefault(name(rule), path)
