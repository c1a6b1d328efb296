"""The fields that Grafana and Prometheus read from their files, with what each takes, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# text, whole, flag: as Grafana's own value types read them, which take any scalar and expand `$` in it.
# json-…: what goes through JSON on its way, so that the scalar's own type counts.
# time: a duration of Prometheus. seconds: a whole number that is written as one.
Scalar = Literal["text", "whole", "flag", "time", "seconds", "json-text", "json-flag", "json-time", "any"]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one shape."""

    of: Shape


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping of names to one shape."""

    of: Shape


@dataclass(frozen=True, slots=True)
class Struct:
    """A mapping with known fields.

    Attributes:
        name: how a finding calls it.
        fields: what each field takes.
        required: fields without which Grafana stops.
        enums: the values of fields that have few.
        any_case: read through JSON, whose reader takes a key in any case.
        stripped: fields of which blanks are nothing.
        strict: an unknown field is refused, not ignored.
        lacking: what comes of a required field that is missing, where the file is read all the same.
    """

    name: str
    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    any_case: bool = False
    stripped: tuple[str, ...] = ()
    strict: bool = False
    lacking: str = ""


Shape = Scalar | ListOf | MapOf | Struct | None

TEXTS = ListOf("text")
# The first of each is what Grafana takes where none is given.
NO_DATA_STATES = ("NoData", "Alerting", "OK", "KeepLast")
ERROR_STATES = ("Alerting", "Error", "OK", "KeepLast")
# Grafana takes a uid of these, and no longer; of titles and names the length counts alone.
UID = re.compile(r"[a-zA-Z0-9_-]+\Z")
LONGEST_UID = 40
LONGEST_TITLE = 190
# The scheduler's tick in seconds: intervals of groups are a multiple of it.
TICK = 10

QUERY = Struct(
    "query",
    {
        "refId": "text",
        "queryType": "text",
        "relativeTimeRange": Struct("time range", {"from": "seconds", "to": "seconds"}),
        "datasourceUid": "text",
        "model": MapOf("any"),
    },
    required=("model",),
)
SETTINGS = Struct(
    "notification_settings",
    {
        "receiver": "text",
        "group_by": TEXTS,
        "group_wait": "time",
        "group_interval": "time",
        "repeat_interval": "time",
        "mute_time_intervals": TEXTS,
        "active_time_intervals": TEXTS,
    },
    required=("receiver",),
)
RULE = Struct(
    "rule",
    {
        "uid": "text",
        "title": "text",
        "condition": "text",
        "data": ListOf(QUERY),
        "dasboardUid": "text",  # Grafana's own old misspelling, which it still takes
        "dashboardUid": "text",
        "panelId": "whole",
        "noDataState": "text",
        "execErrState": "text",
        "for": "time",
        "keepFiringFor": "time",
        "missing_series_evals_to_resolve": "whole",
        "annotations": MapOf("text"),
        "labels": MapOf("text"),
        "isPaused": "flag",
        "notification_settings": SETTINGS,
        "record": Struct(
            "record",
            {"metric": "text", "from": "text", "targetDatasourceUid": "text"},
            required=("metric",),
        ),
    },
    required=("uid", "title", "data"),
    enums={"noDataState": NO_DATA_STATES, "execErrState": ERROR_STATES},
)
GROUP = Struct(
    "group",
    {"orgId": "whole", "name": "text", "folder": "text", "interval": "time", "rules": ListOf(RULE)},
    required=("name", "folder", "interval"),
    stripped=("name", "folder"),
)
POINT = Struct(
    "contact point",
    {
        "orgId": "whole",
        "name": "text",
        "receivers": ListOf(
            Struct(
                "receiver",
                {
                    "uid": "text",
                    "type": "text",
                    "settings": MapOf("any"),
                    "disableResolveMessage": "flag",
                },
                required=("uid", "type", "settings"),
                stripped=("uid", "type"),
            )
        ),
    },
    required=("name",),
    stripped=("name",),
)
ROUTE_FIELDS: dict[str, Shape] = {
    "receiver": "json-text",
    "group_by": ListOf("json-text"),
    "match": MapOf("json-text"),
    "match_re": MapOf("json-text"),
    "matchers": ListOf("json-text"),
    "object_matchers": ListOf(ListOf("json-text")),
    "mute_time_intervals": ListOf("json-text"),
    "active_time_intervals": ListOf("json-text"),
    "continue": "json-flag",
    "group_wait": "json-time",
    "group_interval": "json-time",
    "repeat_interval": "json-time",
    "provenance": "json-text",
}
ROUTE = Struct("route", ROUTE_FIELDS, any_case=True)
ROUTE_FIELDS["routes"] = ListOf(ROUTE)
POLICY = Struct("policy", {"orgId": "whole", **ROUTE_FIELDS}, required=("receiver",), any_case=True)
MUTE = Struct(
    "mute time",
    {
        "orgId": "whole",
        "name": "text",
        "time_intervals": ListOf(
            Struct(
                "time interval",
                {
                    "times": ListOf(Struct("time of day", {"start_time": "text", "end_time": "text"})),
                    "weekdays": TEXTS,
                    "days_of_month": TEXTS,
                    "months": TEXTS,
                    "years": TEXTS,
                    "location": "text",
                },
            )
        ),
        "version": "text",
        "provenance": "text",
    },
    required=("name",),
)
TEMPLATE = Struct(
    "template",
    {
        "orgId": "whole",
        "name": "text",
        "template": "text",
        "provenance": "text",
        "resourceversion": "text",
    },
    required=("name", "template"),
)


def _deleted(name: str, key: str, lacking: str = "") -> ListOf:
    fields: dict[str, Shape] = {"orgId": "whole", key: "text"}
    stripped = (key,) if key == "name" else ()
    return ListOf(Struct(name, fields, required=(key,), stripped=stripped, lacking=lacking))


# Its own contact point has none, and is what the first tree of policies leads to.
POINTLESS = "Grafana deletes its default contact point, and can read its notifications no more"

GRAFANA = Struct(
    "file",
    {
        "apiVersion": "any",
        "groups": ListOf(GROUP),
        "deleteRules": _deleted("deleted rule", "uid", "Grafana deletes nothing, without a word"),
        "contactPoints": ListOf(POINT),
        "deleteContactPoints": _deleted("deleted contact point", "uid", POINTLESS),
        "policies": ListOf(POLICY),
        "resetPolicies": ListOf("whole"),
        "muteTimes": ListOf(MUTE),
        "deleteMuteTimes": _deleted("deleted mute time", "name"),
        "templates": ListOf(TEMPLATE),
        "deleteTemplates": _deleted("deleted template", "name"),
    },
)
PROMETHEUS_RULE = Struct(
    "rule",
    {
        "record": "text",
        "alert": "text",
        "expr": "text",
        "for": "time",
        "keep_firing_for": "time",
        "labels": MapOf("text"),
        "annotations": MapOf("text"),
    },
    required=("expr",),
    strict=True,
)
PROMETHEUS = Struct(
    "file",
    {
        "groups": ListOf(
            Struct(
                "group",
                {
                    "name": "text",
                    "interval": "time",
                    "query_offset": "time",
                    "limit": "whole",
                    "labels": MapOf("text"),
                    "rules": ListOf(PROMETHEUS_RULE),
                },
                required=("name",),
                strict=True,
            )
        ),
    },
    strict=True,
)
