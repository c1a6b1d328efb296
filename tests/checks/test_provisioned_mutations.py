"""Our own files, changed field by field: what matters is refused, and the finding names the field."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboards.checks import RULES as QUERY_CHECKS
from dashboards.checks.finding import Finding
from dashboards.checks.provisioned import found, judge
from examples.demo.own_files import Mutation, built, holder, mistyped, places, removed, renamed

RULES_FILE, NOTIFICATIONS, OF_PROMETHEUS = "rules.json", "notifications.json", "rules.yml"
Path_ = tuple[Any, ...]


def first_group() -> dict[str, Any]:
    """The first group with one rule, in a file of its own, beside something to delete."""
    document = built("grafana", "rules.json")
    document["groups"] = document["groups"][:1]
    document["groups"][0]["rules"] = document["groups"][0]["rules"][:1]
    settings = {"receiver": "chat", "group_by": ["alertname"], "group_wait": "30s"}
    document["groups"][0]["rules"][0]["notification_settings"] = settings
    return document | {"deleteRules": [{"uid": "old", "orgId": 1}]}


def first_rules() -> dict[str, Any]:
    """A recording and an alert of Prometheus."""
    recorded, alerts = built("prometheus", "recorded.yml"), built("prometheus", "api.yml")
    recorded["groups"][0]["rules"] = [recorded["groups"][0]["rules"][0], alerts["groups"][0]["rules"][0]]
    return recorded


DELETED = {"deleteContactPoints": "uid", "deleteMuteTimes": "name", "deleteTemplates": "name"}
GROUP = first_group()
NOTIFIED = built("grafana", "notifications.json") | {top: [{key: "old"}] for top, key in DELETED.items()}
DOCUMENTS = {RULES_FILE: GROUP, NOTIFICATIONS: NOTIFIED, OF_PROMETHEUS: first_rules()}
# What may be left out: its reader has a value of its own, or does without.
OPTIONAL = {
    "apiVersion", "orgId", "for", "keepFiringFor", "keep_firing_for", "noDataState", "execErrState",
    "isPaused", "annotations", "labels", "notification_settings", "disableResolveMessage", "to", "group_by",
    "group_wait", "group_interval", "repeat_interval", "object_matchers", "mute_time_intervals", "continue",
    "routes", "message", "time_intervals", "times", "receivers", "interval", "rules", "title", "text",
    "maxAlerts", "httpMethod", "missing_series_evals_to_resolve", "groups", "deleteRules", *NOTIFIED,
}  # fmt: skip
# And where what may be left out elsewhere may not.
REQUIRED = {("groups", 0, "interval"), ("groups", 0, "rules", 0, "title")}
EXPRESSION = ("groups", 0, "rules", 0, "data", 1)
# Of a model what nothing reads, or what has a value of its own.
UNREAD = {"datasource", "refId", "range"}


def lint(folder: Path, documents: dict[str, Any]) -> list[Finding]:
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return judge(found([folder]))


def matters(name: str, path: Path_, mutation: Mutation) -> bool:
    """Whether a file that is changed so is no more what it was."""
    key = path[-1]
    if "model" in path[:-1]:
        return key not in UNREAD
    if key == "apiVersion":
        return mutation is renamed
    if mutation is not removed or (name == RULES_FILE and path in REQUIRED):
        return True
    # A route takes its receiver from above, and an expression needs no time range.
    takes = ("routes" in path and key == "receiver") or (
        path[:6] == EXPRESSION and "relativeTimeRange" in path
    )
    return key not in OPTIONAL and not takes


def is_named(key: str, findings: list[Finding]) -> bool:
    return any(re.search(rf"\b{key}\b", f"{each.message} {each.fix}") for each in findings)


@pytest.mark.parametrize("mutation", [renamed, removed, mistyped], ids=lambda each: each.__name__)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_field_that_is_changed_is_named(name: str, mutation: Mutation, tmp_path: Path) -> None:
    assert lint(tmp_path, {name: DOCUMENTS[name]}) == []
    silent = []
    for path in places(DOCUMENTS[name]):
        document = copy.deepcopy(DOCUMENTS[name])
        mutation(holder(document, path), path[-1])
        findings = lint(tmp_path, {name: document})
        if matters(name, path, mutation) and not is_named(path[-1], findings):
            silent.append((".".join(map(str, path)), [(each.rule, each.message) for each in findings]))
    assert silent == []


def test_a_field_that_is_renamed_is_found_again(tmp_path: Path) -> None:
    for name, document in DOCUMENTS.items():
        for path in places(document):
            if "model" in path[:-1] or "settings" in path[:-1]:
                continue
            changed = copy.deepcopy(document)
            renamed(holder(changed, path), path[-1])
            findings = lint(tmp_path, {name: changed})
            (known,) = [each for each in findings if each.rule == "field-known"]
            assert known.fix == f"Did you mean {path[-1]!r}?", path
        (tmp_path / name).unlink()


REFER = ("condition", "expression", "datasourceUid")
REFERENCES = [
    *(
        (RULES_FILE, path)
        for path in places(GROUP)
        if path[-1] in ("condition", "expression", "datasourceUid")
    ),
    *(
        (NOTIFICATIONS, (*path, *([0] if path[-1] != "receiver" else [])))
        for path in places(NOTIFIED)
        if path[0] == "policies" and (path[-1] == "receiver" or path[-1].endswith("_time_intervals"))
    ),
]
SOURCES = {"datasources": [{"name": "P", "uid": "prometheus", "type": "prometheus"}]}


@pytest.mark.parametrize(
    ("name", "path"), REFERENCES, ids=[f"{name}:{'.'.join(map(str, path))}" for name, path in REFERENCES]
)
def test_a_name_that_leads_nowhere_is_named(name: str, path: Path_, tmp_path: Path) -> None:
    document = copy.deepcopy(DOCUMENTS[name])
    holder(document, path)[path[-1]] = "nowhere"
    findings = lint(tmp_path, {name: document, "sources.json": SOURCES})
    assert [each for each in findings if "'nowhere'" in each.message], findings


@pytest.mark.parametrize("key", ["__dashboardUid__", "__panelId__"])
def test_half_a_link_to_a_panel_is_named(key: str, tmp_path: Path) -> None:
    document = copy.deepcopy(GROUP)
    del document["groups"][0]["rules"][0]["annotations"][key]
    (each,) = lint(tmp_path, {RULES_FILE: document})
    assert (each.rule, key in each.message) == ("panel-link", True)


VALUES = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "$x",
        "{{",
        [],
        [[]],
        [None],
        ["a"],
        [{}],
        {},
        {"a": []},
        "(",
        "0s",
        {"type": 1},
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_value_anywhere_ends_the_checks(data: st.DataObject, tmp_path: Path) -> None:
    """Whatever stands in a field, there are findings or none, and never an exception."""
    documents = {RULES_FILE: copy.deepcopy(GROUP), NOTIFICATIONS: copy.deepcopy(NOTIFIED)}
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(documents)))
        every = list(every_place(documents[name]))
        path = data.draw(st.sampled_from(every))
        holder(documents[name], path)[path[-1]] = copy.deepcopy(data.draw(VALUES))
    lint(tmp_path, documents)
    findings = judge(found([tmp_path]), QUERY_CHECKS)
    assert all(each.line >= 1 and each.effect for each in findings)


def every_place(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from every_place(each, (*path, key))
