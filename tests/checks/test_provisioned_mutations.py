"""Our own files, changed field by field: what matters is refused, and the finding names the field."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboards.checks import RULES as QUERY_CHECKS
from dashboards.checks.finding import Finding
from dashboards.checks.provisioned import found, judge
from dashboards.stack import STACK
from dashboards.write import render

RULES_FILE, NOTIFICATIONS = "rules.json", "notifications.json"
FILES = {
    path.rpartition("/")[2]: json.loads(content)
    for path, content in render(STACK).items()
    if path.startswith("grafana/alerting/") and path.endswith(".json")
}
# A field that is left out is no fault: Grafana has a value of its own, or does without.
OPTIONAL = {
    "apiVersion", "orgId", "for", "keepFiringFor", "missing_series_evals_to_resolve", "noDataState",
    "execErrState", "annotations", "labels", "isPaused", "queryType", "deleteRules", "notification_settings",
    "disableResolveMessage", "to", "from",
}  # fmt: skip
REQUIRED = ("uid", "title", "condition", "data", "folder", "interval", "name")
NAMED = ("condition", "refId")


def first_group() -> dict[str, Any]:
    """The first group with one rule, in a file of its own."""
    document = copy.deepcopy(FILES[RULES_FILE])
    document["groups"] = document["groups"][:1]
    document["groups"][0]["rules"] = document["groups"][0]["rules"][:1]
    return document  # type: ignore[no-any-return]


def lint(folder: Path, documents: dict[str, Any]) -> list[Finding]:
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return judge(found([folder]), QUERY_CHECKS)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        if key not in ("model", "settings", "labels", "annotations"):
            yield from places(each, (*path, key))


def holder(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


GROUP = first_group()
FIELDS = [path for path in places(GROUP) if isinstance(path[-1], str)]
NOTIFIED = FILES[NOTIFICATIONS]
NOTIFIED_FIELDS = [path for path in places(NOTIFIED) if isinstance(path[-1], str)]


@pytest.mark.parametrize("path", FIELDS, ids=lambda path: ".".join(map(str, path)))
def test_a_field_that_is_renamed_is_named(path: tuple[Any, ...], tmp_path: Path) -> None:
    document = copy.deepcopy(GROUP)
    inside = holder(document, path)
    inside[f"{path[-1]}x"] = inside.pop(path[-1])
    findings = lint(tmp_path, {RULES_FILE: document})
    known = [each for each in findings if each.rule == "field-known" and f"'{path[-1]}x'" in each.message]
    assert known, findings
    assert known[0].fix == f"Did you mean {path[-1]!r}?"


@pytest.mark.parametrize("path", FIELDS, ids=lambda path: ".".join(map(str, path)))
def test_a_field_of_another_type_is_named(path: tuple[Any, ...], tmp_path: Path) -> None:
    document = copy.deepcopy(GROUP)
    inside = holder(document, path)
    if path[-1] == "apiVersion":
        return  # Grafana does not read it
    inside[path[-1]] = "text" if isinstance(inside[path[-1]], dict | list) else [1]
    findings = lint(tmp_path, {RULES_FILE: document})
    assert [each for each in findings if each.rule == "field-type" and path[-1] in each.message], findings


@pytest.mark.parametrize(
    "path", [path for path in FIELDS if path[-1] in REQUIRED], ids=lambda path: ".".join(map(str, path))
)
def test_a_field_that_is_missing_is_named(path: tuple[Any, ...], tmp_path: Path) -> None:
    document = copy.deepcopy(GROUP)
    del holder(document, path)[path[-1]]
    findings = lint(tmp_path, {RULES_FILE: document})
    assert [each for each in findings if path[-1] in each.message and "no " in each.message], findings


@pytest.mark.parametrize("path", NOTIFIED_FIELDS, ids=lambda path: ".".join(map(str, path)))
def test_a_field_of_notifications_that_is_renamed_is_named(path: tuple[Any, ...], tmp_path: Path) -> None:
    document = copy.deepcopy(NOTIFIED)
    inside = holder(document, path)
    inside[f"{path[-1]}x"] = inside.pop(path[-1])
    findings = lint(tmp_path, {NOTIFICATIONS: document})
    assert [each for each in findings if each.rule == "field-known" and f"'{path[-1]}x'" in each.message], (
        findings
    )


NAMES = [
    path
    for path in places(NOTIFIED)
    if path[0] == "policies"
    and (path[-1] == "receiver" or (len(path) > 1 and str(path[-2]).endswith("_time_intervals")))
]


@pytest.mark.parametrize("path", NAMES, ids=lambda path: ".".join(map(str, path)))
def test_a_name_that_leads_nowhere_is_named(path: tuple[Any, ...], tmp_path: Path) -> None:
    document = copy.deepcopy(NOTIFIED)
    holder(document, path)[path[-1]] = "nowhere"
    findings = lint(tmp_path, {NOTIFICATIONS: document})
    assert {each.rule for each in findings} <= {"receiver-known", "mute-time-known"}
    assert [each for each in findings if "'nowhere'" in each.message], findings


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
        holder(documents[name], path)[path[-1]] = data.draw(VALUES)
    findings = lint(tmp_path, documents)
    assert all(each.line >= 1 and each.effect for each in findings)


def every_place(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from every_place(each, (*path, key))
