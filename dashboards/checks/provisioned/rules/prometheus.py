"""Prometheus' rules: what they are, and how they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dashboards.checks import promql
from dashboards.checks.finding import Finding
from dashboards.checks.provisioned.check import FAILS, REFUSED, Report, check
from dashboards.checks.provisioned.files import Files
from dashboards.checks.provisioned.sample import prometheus
from dashboards.checks.times import seconds

METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
# Aggregations that give a series for each group, and functions that leave labels as they are.
AGGREGATING = frozenset(("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"))
KEEPING = frozenset(("rate", "increase", "irate", "delta", "deriv", "abs", "ceil", "floor"))
OLDER = "Prometheus 2 refuses the whole file; 3 takes it, and asks for such a name in quotation marks"
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")


@check(
    "rule-kind",
    summary="a rule records or alerts, and has what goes with that",
    cause="`record` and `alert` in one rule, or a recording with `for` or annotations.",
    effect=REFUSED,
    fix="Make it one of the two.",
    wrong=prometheus("expr: avg", "for: 5m\n        expr: avg"),
    right=prometheus(),
)
def kinds(files: Files, report: Report) -> Iterator[Finding]:
    """Of Prometheus' files."""
    for rule in files.prometheus_rules:
        record, alert = rule.node.said("record"), rule.node.said("alert")
        if bool(record) == bool(alert):
            message = f"it has {'both' if record else 'neither'} record {'and' if record else 'nor'} alert"
            yield report(rule.file, rule.node, rule.where, message)
        elif record:
            for key in ("for", "keep_firing_for", "annotations"):
                found = rule.node.get(key)
                if found is not None and (found.pairs or (found.text and seconds(found.text) != 0)):
                    message = f"a recording has {key}"
                    yield report(rule.file, rule.node.near(key), rule.where, message, "Take it out.")


@check(
    "rule-result",
    summary="a rule asks for series at a time, or for a number",
    cause="A range without a function around it, or text.",
    effect=FAILS,
    fix="Put a function around it, such as max_over_time() or rate(), or take the range away.",
    wrong=prometheus("avg by (job) (worker_alive)", "worker_alive[5m]"),
    right=prometheus("avg by (job) (worker_alive)", "max_over_time(worker_alive[5m])"),
)
def results(files: Files, report: Report) -> Iterator[Finding]:
    """Of alerts and recordings."""
    for rule in files.prometheus_rules:
        try:
            node = promql.parse(rule.node.said("expr"))
        except promql.ParseError:
            continue  # told as that
        if isinstance(node, promql.String):
            yield report(rule.file, rule.node.near("expr"), rule.where, "its expr is text")
        elif isinstance(node, promql.Subquery) or (isinstance(node, promql.Selector) and node.window):
            yield report(rule.file, rule.node.near("expr"), rule.where, "its expr is a range of samples")


@check(
    "rule-names",
    summary="recordings and labels have names that Prometheus takes",
    cause="A query as the name of a recording, a label `__name__`, a dash or a dot, which 3 takes.",
    effect=REFUSED,
    fix="Take letters, digits and `_`, and `:` in recordings.",
    wrong=prometheus("record: job:alive:avg", "record: alive{job}").replace("job:alive:avg{", "alive{"),
    right=prometheus(),
)
def names(files: Files, report: Report) -> Iterator[Finding]:
    """A warning for what Prometheus 3 takes, and 2 does not."""
    for rule in files.prometheus_rules:
        record = rule.node.said("record")
        named = (
            [(rule.node.near("record"), record, METRIC, "{}", "the recording's name is")] if record else []
        )
        named += [(key, key.text, LABEL, "", "a label is called") for key, _ in rule.labels]
        for node, name, taken, never, what in named:
            if taken.match(name) and name != "__name__":
                continue
            found = report(rule.file, node, rule.where, f"{what} {name!r}")
            if name in ("", "__name__") or set(never) & set(name):
                yield found
            else:
                yield replace(found, level="warning", effect=OLDER)


@check(
    "rule-groups",
    summary="a file of Prometheus has each group once",
    cause="A group that was copied to begin another one.",
    effect=REFUSED,
    fix="Rename one.",
    wrong="groups:\n  - {name: api, rules: []}\n  - {name: api, rules: []}\n",
    right="groups:\n  - {name: api, rules: []}\n  - {name: worker, rules: []}\n",
)
def groups(files: Files, report: Report) -> Iterator[Finding]:
    """Across files Prometheus takes it."""
    for file in files.of("prometheus"):
        seen: dict[str, int] = {}
        for group in file.root.each("groups"):
            name = group.said("name") if group.kind == "map" else ""
            if name and name in seen:
                message = f"the group {name!r} is also in line {seen[name]}"
                yield report(file, group.near("name"), f"group {name}", message)
            seen.setdefault(name, group.line)


@check(
    "rule-twice",
    summary="no two rules make the same series",
    cause="A rule that was kept in two files, or copied and not renamed.",
    effect="Prometheus drops samples of one of them as out of order, or alerts twice",
    fix="Take one out, or give it a label of its own.",
    wrong=prometheus() + "      - record: job:alive:avg\n        expr: min by (job) (worker_alive)\n",
    right=prometheus() + "      - record: job:alive:min\n        expr: min by (job) (worker_alive)\n",
)
def twice(files: Files, report: Report) -> Iterator[Finding]:
    """Of recordings whose series surely have equal labels, and alerts with an equal query besides."""
    seen: dict[tuple[object, ...], str] = {}
    for rule in files.prometheus_rules:
        group = rule.group.get("labels")
        every = [*(group.pairs if group is not None else ()), *rule.labels]
        labels = tuple(sorted({key.text: value.text for key, value in every}.items()))
        record, alert, expr = (rule.node.said(key) for key in ("record", "alert", "expr"))
        made = _made(expr) if record else " ".join(expr.split())
        key = ("record" if record else "alert", record or alert, made, labels)
        if key in seen and (record or alert):
            message = f"it makes the same series as that of {seen[key]}"
            yield report(rule.file, rule.node, rule.where, message)
        seen.setdefault(key, f"{rule.file.path}:{rule.node.line}")


def _made(expr: str) -> object:
    """What decides the labels of an expression's series: the same for two that surely make the same ones."""
    text = " ".join(expr.split())
    try:
        node = promql.parse(text)
    except promql.ParseError:
        return text
    if not isinstance(node, promql.Aggregation) or node.operator not in AGGREGATING:
        return text
    if not node.by and node.without is None:
        return ""
    inside = {type(each) for each, _ in promql.walk(node.expression)}
    if not inside <= {promql.Selector, promql.Call, promql.Subquery}:
        return text
    asked = frozenset((each.name, frozenset(each.matchers)) for each in promql.selectors(node.expression))
    functions = [each.function for each, _ in promql.walk(node.expression) if isinstance(each, promql.Call)]
    if any(each not in KEEPING for each in functions):
        return text
    return frozenset(node.by or ()), frozenset(node.without or ()), node.by is None, asked


@check(
    "hold-kept",
    summary="an alert's hold is not shorter than the interval of its group",
    cause="`for: 10s` in a group of a minute.",
    effect="the alert waits for the next evaluation all the same",
    fix="Give a hold of the interval or more, or none.",
    wrong=prometheus("    rules:", "    interval: 1m\n    rules:").replace("for: 5m", "for: 10s"),
    right=prometheus("    rules:", "    interval: 1m\n    rules:"),
    level="warning",
)
def holds(files: Files, report: Report) -> Iterator[Finding]:
    """Of both engines."""
    for rules in (files.rules, files.prometheus_rules):
        for rule in rules:
            hold, interval = seconds(rule.node.said("for")), seconds(rule.group.said("interval"))
            if hold and interval and hold < interval:
                every = rule.group.said("interval")
                message = f"it holds {rule.node.said('for')}, and its group runs every {every}"
                yield report(rule.file, rule.node.near("for"), rule.where, message)
