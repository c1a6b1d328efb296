"""The unit that a panel shows is the unit that its query has: no bytes for bytes per second."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dashboards.checks.expressions import Json, Place
from dashboards.checks.finding import Finding, Problem, Report, excerpt, file_rule, query_rule
from dashboards.checks.promql import COMPARISONS, Binary, walk
from dashboards.checks.subject import Query, Subject
from dashboards.checks.units import Dimension

PLAIN = (0, 0)
PER_SECOND = (-1, 0)


def _is(*exponents: tuple[int, int]) -> Callable[[Dimension], bool]:
    return lambda unit: (unit.seconds, unit.bytes) in exponents and not unit.moment


def _share(unit: Dimension) -> bool:
    return (unit.seconds, unit.bytes) == PLAIN and unit.count in (0, None)


def _never(_unit: Dimension) -> bool:
    """Units that want a factor: a query with one has an unknown unit, and is not judged."""
    return False


# What each of Grafana's units takes; others are not judged.
TAKES: dict[str, Callable[[Dimension], bool]] = {
    "s": _is((1, 0)),
    "bytes": _is((0, 1)),
    "decbytes": _is((0, 1)),
    "binBps": _is((-1, 1)),
    "Bps": _is((-1, 1)),
    "percentunit": _share,
    "short": _is(PLAIN),
    "none": _is(PLAIN),
    **dict.fromkeys(("reqps", "cps", "ops", "rps", "wps", "iops"), _is(PER_SECOND)),
    **dict.fromkeys(("ms", "µs", "ns", "m", "h", "d"), _never),
    **dict.fromkeys(("kbytes", "mbytes", "gbytes", "bps", "binbps", "percent"), _never),
    **dict.fromkeys(("dateTimeAsIso", "dateTimeFromNow"), _never),
}


def _takes(shown: str, unit: Dimension) -> bool:
    judge = TAKES.get(shown)
    return judge is None or judge(unit)


@file_rule("panel-unit", "a panel's unit is that of its query", answers=("E19",))
def units(subject: Subject, report: Report) -> Iterator[Finding]:
    """Panels that show one unit as another."""
    for place in subject.places:
        query = subject.queries.get(place.text)
        if place.kind != "panel" or query is None:
            continue
        if place.thing.get("type") == "heatmap":
            unit, shown = (
                query.units.observed(query.node),
                place.thing["options"].get("yAxis", {}).get("unit", ""),
            )
        else:
            unit, shown = query.units.of(query.node), shown_unit(place)
        if isinstance(unit, Dimension) and not _takes(shown, unit):
            message = f"the unit is {shown!r}, but the query gives {unit}, in `{excerpt(place.text)}`"
            yield report(place.file, place.where, message, "Correct the unit or the query.")


def shown_unit(place: Place) -> str:
    """The unit that the query's values are shown in: of its column in a table, or the panel's."""
    panel = place.thing
    default = str(panel.get("fieldConfig", {}).get("defaults", {}).get("unit", ""))
    column = _column(panel, f"Value #{place.target.get('refId')}") or _column(panel, "Value")
    if panel.get("type") != "table" or column is None:
        return default
    for override in panel["fieldConfig"].get("overrides", ()):
        if override["matcher"] == {"id": "byName", "options": column}:
            units = [each["value"] for each in override["properties"] if each["id"] == "unit"]
            return str(units[0]) if units else default
    return default


def _column(panel: Json, field: str) -> str | None:
    for step in panel.get("transformations", ()):
        name = step.get("options", {}).get("renameByName", {}).get(field)
        if name is not None:
            return str(name)
    return None


@query_rule("units-meet", "what is added or compared has one unit", answers=("E19",))
def meeting(query: Query) -> Iterator[Problem]:
    """Seconds added to bytes, or compared with a count."""
    for node, _ in walk(query.node):
        if isinstance(node, Binary) and node.operator in COMPARISONS | {"+", "-"}:
            left, right = query.units.of(node.left), query.units.of(node.right)
            if not isinstance(left, Dimension) or not isinstance(right, Dimension) or left.same(right):
                continue
            if left.moment != right.moment and node.operator in ("+", "-"):
                continue  # a point in time, moved by a stretch of time
            yield Problem(
                f"`{node.operator}` meets {left} with {right}", "Convert one side.", f" {node.operator} "
            )
