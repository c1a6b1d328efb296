"""What is right here though a check refuses it: named with its place and the reason, and counted.

A waiver that nothing needs any more is a finding itself: it would hide the next fault at its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.checks.finding import Finding, listed, nearest
from dashboards.errors import DefinitionError
from dashboards.waiver import Waiver

RULE = "waiver-needed"
FIELDS = ("rule", "place", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the checks found.

    Attributes:
        findings: what is to be mended.
        waived: what is not, each with its waiver.
    """

    findings: tuple[Finding, ...]
    waived: tuple[tuple[Finding, Waiver], ...] = ()


def judged(
    findings: Sequence[Finding],
    waivers: Sequence[Waiver],
    known: Collection[str],
    absent: tuple[str, ...] = (),
    idle: Collection[str] = (),
) -> Verdict:
    """The findings that no waiver covers, and one for each waiver that waives nothing, or stands twice.

    Args:
        findings: what the checks found.
        waivers: what is right all the same.
        known: the ids of the checks.
        absent: beginnings of places that are not looked at this time, as those of another engine.
        idle: ids of checks that did not run this time: whether their waivers are needed is not known.

    Raises:
        DefinitionError: a waiver names no check that there is.
    """
    for waiver in waivers:
        if waiver.rule not in known:
            hint = nearest(waiver.rule, known) or "`lint --list` names them."
            raise DefinitionError(
                f"a waiver at {waiver.place!r} names the check {waiver.rule!r}, which is not there; {hint}"
            )
    left, waived = [], []
    needed: set[Waiver] = set()
    for finding in findings:
        covering = [each for each in waivers if _covers(each, finding)]
        if covering:
            waived.append((finding, covering[0]))
            needed.add(covering[0])
        else:
            left.append(finding)
    asked = [each for each in waivers if each.rule not in idle and not each.place.startswith(absent)]
    nothing = "{} finds nothing here that it would waive (reason given: {})"
    left += [
        _told(each, nothing.format(each.rule, each.reason), "Take the waiver out.")
        for each in _first(waivers)
        if each in asked and each not in needed
    ]
    counts = Counter((each.rule, each.place) for each in waivers)
    left += [
        _told(each, f"{each.rule} is waived here {count} times", "Take one of them out.")
        for each in _first(waivers)
        if (count := counts[each.rule, each.place]) > 1
    ]
    return Verdict(findings=tuple(sorted(left, key=_place)), waived=tuple(waived))


def _first(waivers: Sequence[Waiver]) -> list[Waiver]:
    """Of each check and place the first waiver, which is the one that counts."""
    return list({(each.rule, each.place): each for each in reversed(waivers)}.values())[::-1]


def _told(waiver: Waiver, message: str, fix: str) -> Finding:
    return Finding(file=waiver.place, where="waiver", rule=RULE, message=message, fix=fix)


def _place(finding: Finding) -> tuple[str, int, int, Finding]:
    """In the order of the file where the finding knows its line."""
    return finding.file, finding.line, finding.column, finding


def _covers(waiver: Waiver, finding: Finding) -> bool:
    """Whether the finding is at the waiver's place, or inside it."""
    place = f"{finding.file}: {finding.where}"
    inside = (f"{waiver.place},", f"{waiver.place}:")
    return waiver.rule == finding.rule and (place == waiver.place or place.startswith(inside))


def waivers_of(path: str, document: Any) -> tuple[Waiver, ...]:
    """The waivers in a file: a list of objects with `rule`, `place` and `reason`.

    Raises:
        DefinitionError: it holds something else.
    """
    wanted = f"expected a list of objects with {', '.join(FIELDS)}"
    if not isinstance(document, list):
        raise DefinitionError(f"{path}: it holds {type(document).__name__}; {wanted}")
    found = []
    for number, each in enumerate(document, 1):
        if not isinstance(each, Mapping) or set(each) != set(FIELDS):
            names = listed(map(str, each)) if isinstance(each, Mapping) else type(each).__name__
            raise DefinitionError(f"{path}: entry {number} has {names}; {wanted}")
        for key, value in each.items():
            if isinstance(value, Mapping | list):
                raise DefinitionError(f"{path}: entry {number}: {key} is no text; {wanted}")
        found.append(Waiver(**{key: str(value) for key, value in each.items()}))
    return tuple(found)
