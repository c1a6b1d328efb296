"""This project's own alerting files, changed field by field: renamed, taken out, of another type."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import yaml

from alerts.model import Engine
from dashboards.stack import STACK
from dashboards.write import render

Path = tuple[Any, ...]
Mutation = Callable[[Any, str], None]


def built(engine: Engine, name: str) -> dict[str, Any]:
    """A file of our own output."""
    found = render(replace(STACK, engine=engine))
    path = next(path for path in found if path.endswith(f"/{name}"))
    document: dict[str, Any] = yaml.safe_load(found[path])
    return document


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every field but labels and annotations, which are called as one likes."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        if isinstance(key, str):
            yield (*path, key)
        if key not in ("labels", "annotations", "datasource"):
            yield from places(each, (*path, key))


def holder(document: Any, path: Path) -> Any:
    """What holds the field at the end of a path."""
    for key in path[:-1]:
        document = document[key]
    return document


def renamed(inside: Any, key: str) -> None:
    """A letter too many."""
    inside[f"{key}x"] = inside.pop(key)


def removed(inside: Any, key: str) -> None:
    """Without it."""
    del inside[key]


def mistyped(inside: Any, key: str) -> None:
    """Text for a mapping or list, and a list for text."""
    inside[key] = "text" if isinstance(inside[key], dict | list) else [1]


MUTATIONS: tuple[Mutation, ...] = (renamed, removed, mistyped)


def documents() -> dict[str, dict[str, Any]]:
    """A rule and all notifications, whose secrets and data source a Grafana of a test has not."""
    rules, notified = built("grafana", "rules.json"), built("grafana", "notifications.json")
    rules["groups"] = rules["groups"][:1]
    (rule, *_), rules["groups"][0]["rules"] = rules["groups"][0]["rules"], rules["groups"][0]["rules"][:1]
    rule["notification_settings"] = {"receiver": "grafana-default-email", "group_wait": "30s"}
    text = json.dumps(notified, ensure_ascii=False)
    notified = json.loads(re.sub(r"\$__file\{[^}]*\}", "http://127.0.0.1/x", text))
    return {"rules.json": rules, "notifications.json": notified}


def cleaning(notified: dict[str, Any]) -> str:
    """A file that takes away what the notifications define."""
    receivers = [each for point in notified["contactPoints"] for each in point["receivers"]]
    document = {
        "resetPolicies": [1],
        "deleteContactPoints": [{"uid": each["uid"]} for each in receivers],
        "deleteMuteTimes": [{"name": each["name"]} for each in notified["muteTimes"]],
        "deleteTemplates": [{"name": each["name"]} for each in notified["templates"]],
    }
    return json.dumps(document)


def changes(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The field without numbers, what was done to it, and the file."""
    for path in places(document):
        for mutation in MUTATIONS:
            changed = copy.deepcopy(document)
            mutation(holder(changed, path), path[-1])
            field = ".".join(str(part) for part in path if isinstance(part, str))
            yield field, mutation.__name__, json.dumps(changed, ensure_ascii=False)
