"""The unit that a panel shows is the unit that its query has: no bytes for bytes per second."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from dashboards.checks.expressions import Json, Place
from dashboards.checks.finding import Finding, Report, excerpt, file_rule
from dashboards.checks.subject import Subject
from dashboards.checks.units import Dimension

PLAIN, PER_SECOND, TIME, SIZE, FLOW = (0, 0), (-1, 0), (1, 0), (0, 1), (-1, 1)


def _is(exponents: tuple[int, int], *scales: float) -> Callable[[Dimension], bool]:
    wanted = scales or (1.0,)
    return lambda unit: (
        (unit.seconds, unit.bytes) == exponents
        and not unit.moment
        and any(math.isclose(unit.scale, each) for each in wanted)
    )


def _share(scale: float) -> Callable[[Dimension], bool]:
    """Of one, or of so many as there are: of a second of each of eight processors."""
    return lambda unit: _is(PLAIN, scale)(unit) and unit.count in (0, -1, None)


def _plain(unit: Dimension) -> bool:
    """A number, of anything if the query converted it: no unit of Grafana may say what it became."""
    return unit.scale != 1 or _is(PLAIN)(unit)


def _date(unit: Dimension) -> bool:
    """Dates want milliseconds since 1970, which a query gives with a factor of its own."""
    return unit.moment and math.isclose(unit.scale, 1e3)


# What each of Grafana's units takes; others are not judged.
TAKES: dict[str, Callable[[Dimension], bool]] = {
    "s": _is(TIME),
    "ms": _is(TIME, 1e3),
    "µs": _is(TIME, 1e6),
    "ns": _is(TIME, 1e9),
    "m": _is(TIME, 1 / 60),
    "h": _is(TIME, 1 / 3600),
    "d": _is(TIME, 1 / 86_400),
    **dict.fromkeys(("bytes", "decbytes"), _is(SIZE)),
    **dict.fromkeys(("bits", "decbits"), _is(SIZE, 8)),
    **dict.fromkeys(("kbytes", "deckbytes"), _is(SIZE, 2**-10, 1e-3)),
    **dict.fromkeys(("mbytes", "decmbytes"), _is(SIZE, 2**-20, 1e-6)),
    **dict.fromkeys(("gbytes", "decgbytes"), _is(SIZE, 2**-30, 1e-9)),
    **dict.fromkeys(("binBps", "Bps"), _is(FLOW)),
    **dict.fromkeys(("bps", "binbps"), _is(FLOW, 8)),
    "percentunit": _share(1),
    "percent": _share(100),
    **dict.fromkeys(("short", "none"), _plain),
    **dict.fromkeys(("reqps", "cps", "ops", "rps", "wps", "iops", "rowsps", "eps"), _is(PER_SECOND)),
    **dict.fromkeys(("reqpm", "cpm", "opm", "rpm", "wpm"), _is(PER_SECOND, 60)),
    **dict.fromkeys(("dateTimeAsIso", "dateTimeFromNow"), _date),
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
            unit = query.units.observed(query.node)
            shown: str | None = place.thing["options"].get("yAxis", {}).get("unit", "")
        else:
            unit, shown = query.units.of(query.node), shown_unit(place)
        if isinstance(unit, Dimension) and shown is not None and not _takes(shown, unit):
            message = f"the unit is {shown!r}, but the query gives {unit}, in `{excerpt(place.text)}`"
            yield report(place.file, place.where, message, "Correct the unit or the query.")


def shown_unit(place: Place) -> str | None:
    """The unit that the query's values are shown in; None where an override may be for it or not."""
    panel = place.thing
    default = str(panel.get("fieldConfig", {}).get("defaults", {}).get("unit", ""))
    if panel.get("type") == "table":
        name = _column(panel, f"Value #{place.target.get('refId')}") or _column(panel, "Value")
    else:
        name = str(place.target.get("legendFormat", ""))
    for override in panel.get("fieldConfig", {}).get("overrides", ()):
        units = [each["value"] for each in override.get("properties", ()) if each["id"] == "unit"]
        meant = _meant(override["matcher"], name, place) if units else False
        if meant is None:
            return None
        if meant:
            return str(units[0])
    return default


def _meant(matcher: Json, name: str | None, place: Place) -> bool | None:
    """Whether an override is for these values; None where only their labels can tell."""
    kind, wanted = matcher.get("id"), matcher.get("options")
    if kind == "byFrameRefID":
        return bool(wanted == place.target.get("refId"))
    if name is None:
        return False
    if "{{" in name or kind not in ("byName", "byRegexp") or not isinstance(wanted, str):
        return None
    if kind == "byName":
        return wanted == name
    try:
        return re.search(wanted.strip("/"), name) is not None
    except re.error:
        return None  # JavaScript's regular expressions know a little that Python's do not


def _column(panel: Json, field: str) -> str | None:
    for step in panel.get("transformations", ()):
        name = step.get("options", {}).get("renameByName", {}).get(field)
        if name is not None:
            return str(name)
    return None
