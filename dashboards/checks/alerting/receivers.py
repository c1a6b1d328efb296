"""Names that do not exist end Grafana at start, and Alertmanager refuses its file."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import of_grafana
from dashboards.checks.alerting.matchers import TIMES, routes, trees
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule, listed, nearest
from dashboards.checks.provisioned.structs import LONGEST_UID, UID
from dashboards.checks.subject import ALERTMANAGER, Subject
from dashboards.checks.times import seconds

WAITS = ("group_wait", "group_interval", "repeat_interval")


@file_rule("receiver-exists", "every receiver and mute time that is named is there", about="own")
def receivers(subject: Subject, report: Report) -> Iterator[Finding]:
    """Names in routes and rules."""
    for path, root in trees(subject):
        known, intervals = _names(subject, path)
        for where, route in routes(root):
            for message, fix in _named(route, known, intervals, root=route is root):
                yield report(path, where, message, fix)
    for path, where, _, rule in of_grafana(subject):
        if "notification_settings" in rule:
            for message, fix in _named(rule["notification_settings"], *_names(subject, path), root=True):
                yield report(path, where, message, fix)
    yield from _receiver_uids(subject, report)


def _names(subject: Subject, path: str) -> tuple[set[str], set[str]]:
    if path == ALERTMANAGER:
        config = subject.alertmanager
        times = (*config.get("time_intervals", ()), *config.get("mute_time_intervals", ()))
        return {each["name"] for each in config.get("receivers", ())}, {each["name"] for each in times}
    points: list[Json] = []
    mutes: list[Json] = []
    for document in subject.alerting.values():
        points += document.get("contactPoints", ())
        mutes += document.get("muteTimes", ())
    return {each["name"] for each in points}, {each["name"] for each in mutes}


def _named(route: Json, known: set[str], intervals: set[str], *, root: bool) -> Iterator[tuple[str, str]]:
    receiver = route.get("receiver")
    if receiver not in known and (receiver is not None or root):
        fix = nearest(str(receiver), known) or f"There are: {listed(known)}."
        yield f"its receiver {receiver!r} is not there", fix
    for key in TIMES:
        for name in route.get(key, ()):
            if name not in intervals:
                fix = nearest(name, intervals) or f"There are: {listed(intervals)}."
                yield f"its {key} {name!r} is not there", fix
    for key in WAITS:
        time = seconds(route.get(key))
        if key in route and (time is None or (not time and key != "group_wait")):
            yield f"{key} is {route[key]!r}; expected a time above zero", "Correct it."


def _receiver_uids(subject: Subject, report: Report) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for path, document in subject.alerting.items():
        for point in document.get("contactPoints", ()):
            where = f"contact point {point.get('name')}"
            for receiver in point.get("receivers", ()):
                uid = str(receiver.get("uid", ""))
                if not uid or uid in seen:
                    message = f"its receiver's uid {uid!r} is that of {seen.get(uid, 'none')}"
                    yield report(path, where, message, "Give each receiver a uid of its own.")
                elif not UID.match(uid) or len(uid) > LONGEST_UID:
                    message = (
                        f"its receiver's uid is {uid!r}; Grafana takes 1 to 40 of a-z, A-Z, 0-9, _ and -"
                    )
                    yield report(path, where, message, "Choose a shorter name.")
                if not receiver.get("settings"):
                    yield report(path, where, f"receiver {uid!r} has no settings", "Say where it sends to.")
                seen.setdefault(uid, where)
