"""Rules as Grafana takes them from a file. What it does not check itself then errs at every evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import name, of_grafana, of_prometheus
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule, listed
from dashboards.checks.subject import Subject
from dashboards.checks.times import seconds

UID = re.compile(r"[a-zA-Z0-9_-]{1,40}\Z")
LONGEST_TITLE = 190
TICK = 10
EXPRESSION = "__expr__"
STATES = {
    "noDataState": ("NoData", "Alerting", "OK", "KeepLast"),
    "execErrState": ("Error", "Alerting", "OK", "KeepLast"),
}


@file_rule("rule-address", "uids and titles of rules are right and unique", about="own")
def addresses(subject: Subject, report: Report) -> Iterator[Finding]:
    """Address and title of Grafana's rules, and names of Prometheus' alerts."""
    uids: dict[str, str] = {}
    titles: dict[tuple[object, str], str] = {}
    for path, where, group, rule in of_grafana(subject):
        uid, title = str(rule.get("uid", "")), str(rule.get("title", ""))
        if not UID.match(uid):
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


@file_rule("rule-times", "intervals and holds of rules are times that the engines take", about="own")
def times(subject: Subject, report: Report) -> Iterator[Finding]:
    """Grafana's scheduler ticks every ten seconds."""
    for path, document in subject.alerting.items():
        for group in document.get("groups", ()):
            interval = seconds(group.get("interval"))
            if not interval or interval % TICK:
                message = f"its interval is {group.get('interval')!r}; expected a multiple of {TICK} s"
                yield report(path, f"group {group.get('name')}", message, "Round it up.")
    grafana = ((path, where, rule, ("for", "keepFiringFor")) for path, where, _, rule in of_grafana(subject))
    prometheus = (
        (path, where, rule, ("for", "keep_firing_for")) for path, where, rule in of_prometheus(subject)
    )
    for path, where, rule, keys in (*grafana, *prometheus):
        for key in keys:
            if key in rule and seconds(rule[key]) is None:
                yield report(
                    path, where, f"{key} is {rule[key]!r}; expected a time such as 5m", "Correct it."
                )


@file_rule(
    "rule-states", "what a rule does without data or on an error is said, and known to Grafana", about="own"
)
def states(subject: Subject, report: Report) -> Iterator[Finding]:
    """Left out, an error pages: Grafana's default is Alerting."""
    for path, where, _, rule in of_grafana(subject):
        for key, known in STATES.items():
            if rule.get(key) not in known:
                yield report(path, where, f"{key} is {rule.get(key)!r}", f"Choose one of {listed(known)}.")


@file_rule(
    "rule-queries",
    "a rule's queries name data sources, ranges and each other rightly",
    answers=("E30",),
    about="own",
)
def queries(subject: Subject, report: Report) -> Iterator[Finding]:
    """Condition, letters, ranges and sources."""
    sources = {source.get("uid") for _, source in subject.sources}
    for path, where, _, rule in of_grafana(subject):
        data = rule.get("data", ())
        refs = [str(query.get("refId")) for query in data]
        if rule.get("condition") not in refs:
            message = f"its condition is {rule.get('condition')!r}, and its queries are {listed(refs)}"
            yield report(path, where, message, "Name one of them.")
        if len(set(refs)) != len(refs):
            yield report(path, where, f"two queries have one letter: {', '.join(refs)}", "Rename one.")
        for query in data:
            for message, fix in _query(query, refs, sources):
                yield report(path, f"{where}, query {query.get('refId')}", message, fix)


def _query(query: Json, refs: list[str], sources: set[object]) -> Iterator[tuple[str, str]]:
    source, model = query.get("datasourceUid"), query.get("model", {})
    if model.get("refId") != query.get("refId"):
        yield f"its model has the refId {model.get('refId')!r}", "Make the two equal."
    if model.get("datasource", {}).get("uid", source) != source:
        yield f"its model asks {model['datasource']['uid']!r}, the query {source!r}", "Make the two equal."
    if source == EXPRESSION:
        asked = model.get("expression")
        if asked is not None and asked not in refs:
            yield f"it reads {asked!r}, which is none of {listed(refs)}", "Name one of them."
        return
    if sources and source not in sources:
        yield f"its data source is {source!r}; provisioned are {listed(map(str, sources))}", "Name one."
    span = query.get("relativeTimeRange", {})
    start, end = span.get("from"), span.get("to")
    if type(start) is not int or type(end) is not int or start <= end:
        yield f"its time range is {span}; expected whole seconds, from above to", "Correct it."
